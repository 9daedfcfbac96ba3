//! What others tell has happened: booked once, and never refused for a quantity.

use contracts::common::{Reference, ReferenceKind};
use contracts::inventory as pb;

use crate::bed::*;
use crate::past::position;
use crate::verified::verify;

fn fact(key: &str, kind: pb::StockFactType, quantity: i64) -> pb::StockFact {
    pb::StockFact {
        fact_key: key.to_owned(),
        r#type: kind.into(),
        product_id: product(1),
        quantity,
        ..pb::StockFact::default()
    }
}

fn telling(facts: Vec<pb::StockFact>) -> pb::RecordStockFactsRequest {
    pb::RecordStockFactsRequest {
        reference: Some(Reference {
            kind: ReferenceKind::External.into(),
            reference_id: "TILL-7-42".to_owned(),
        }),
        location_id: location(1),
        facts,
        request_id: fresh(),
        ..pb::RecordStockFactsRequest::default()
    }
}

async fn record(
    client: &mut Client,
    facts: Vec<pb::StockFact>,
) -> Result<Vec<pb::StockTransaction>, tonic::Status> {
    let answer = client.record_stock_facts(telling(facts)).await?;
    Ok(answer.into_inner().transactions)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_counts_once_however_often_it_is_told() {
    use pb::StockFactType::Sale;
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let first = record(&mut staff, vec![fact("1", Sale, 3)]).await.unwrap();
    let again = record(&mut staff, vec![fact("1", Sale, 3), fact("2", Sale, 1)])
        .await
        .unwrap();
    assert_eq!(again[0], first[0]);
    assert_eq!(position(&mut staff, 1, 1).await.on_hand, 6);
    let twice = record(&mut staff, vec![fact("3", Sale, 1), fact("3", Sale, 1)])
        .await
        .unwrap();
    assert_eq!(twice[0], twice[1]);
    assert_eq!(position(&mut staff, 1, 1).await.on_hand, 5);
    let other = record(&mut staff, vec![fact("1", Sale, 4)]).await;
    assert_eq!(told(&other, "fact_key"), "1");
    assert_eq!(reason(other), "FACT_CONFLICT");
    verify(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_beyond_the_records_is_booked_and_shows_what_is_wrong() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    reserve(&mut staff, &[(1, 4)]).await.unwrap();
    let sold = record(&mut staff, vec![fact("1", pb::StockFactType::Sale, 7)])
        .await
        .unwrap();
    assert_eq!(sold[0].r#type(), pb::TransactionType::Sale);
    let now = position(&mut staff, 1, 1).await;
    assert_eq!(
        (now.on_hand, now.discrepancy, now.open_shortfall),
        (0, 2, 4)
    );
    verify(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn returned_goods_wait_in_quarantine_for_shelf_or_bin() {
    use pb::StockFactType::{Restock, Return, Scrap};
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    record(&mut staff, vec![fact("1", Return, 5)])
        .await
        .unwrap();
    let back = position(&mut staff, 1, 1).await;
    assert_eq!((back.on_hand, back.quarantined, back.available), (5, 5, 0));
    record(&mut staff, vec![fact("2", Restock, 2), fact("3", Scrap, 2)])
        .await
        .unwrap();
    let now = position(&mut staff, 1, 1).await;
    assert_eq!((now.on_hand, now.quarantined, now.available), (3, 1, 2));
    record(&mut staff, vec![fact("4", Restock, 4)])
        .await
        .unwrap();
    let found = position(&mut staff, 1, 1).await;
    assert_eq!(
        (found.on_hand, found.quarantined, found.available),
        (6, 0, 6)
    );
    verify(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_facts_of_a_call_are_booked_or_none() {
    use pb::StockFactType::Sale;
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    record(&mut staff, vec![fact("1", Sale, 1)]).await.unwrap();
    let mixed = record(&mut staff, vec![fact("9", Sale, 2), fact("1", Sale, 2)]).await;
    assert_eq!(reason(mixed), "FACT_CONFLICT");
    assert_eq!(position(&mut staff, 1, 1).await.on_hand, 9);
    let strange = pb::StockFact {
        product_id: product(40),
        ..fact("5", Sale, 1)
    };
    assert_eq!(
        reason(record(&mut staff, vec![strange]).await),
        "PRODUCT_UNKNOWN"
    );
    // Two at once with the same fact: both hear the one entry.
    let (mut one, mut two) = (bed.staff(), bed.staff());
    let (a, b) = tokio::join!(
        record(&mut one, vec![fact("6", Sale, 1)]),
        record(&mut two, vec![fact("6", Sale, 1)])
    );
    assert_eq!(a.unwrap(), b.unwrap());
    assert_eq!(position(&mut staff, 1, 1).await.on_hand, 8);
}

//! Prices: at once, scheduled, cancelled, and their history.

use std::time::Duration;

use contracts::catalog as pb;
use contracts::convert::timestamp;
use testbed::eventually;
use vocab::Clock;

use crate::SOON;
use crate::bed::*;

fn setting(id: &str, cents: i64) -> pb::SetProductPriceRequest {
    pb::SetProductPriceRequest {
        product_id: id.to_owned(),
        price: euro(cents),
        ..pb::SetProductPriceRequest::default()
    }
}

fn later(id: &str, cents: i64, after: Duration) -> pb::SetProductPriceRequest {
    let at = Clock::system().now().plus(after).unwrap();
    pb::SetProductPriceRequest {
        effective_time: Some(timestamp(at)),
        ..setting(id, cents)
    }
}

async fn history(client: &mut Client, id: &str) -> Vec<(pb::PriceChangeState, i64)> {
    let request = pb::ListProductPricesRequest {
        product_id: id.to_owned(),
        ..pb::ListProductPricesRequest::default()
    };
    let listed = client
        .list_product_prices(request)
        .await
        .unwrap()
        .into_inner();
    let each = listed.price_changes.iter();
    each.map(|it| (it.state(), it.price.as_ref().unwrap().units))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_set_now_holds_now_and_enters_the_history() {
    use pb::PriceChangeState::{Current, Past};
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = made(&mut staff, "A-1").await.product_id;
    let set = staff
        .set_product_price(setting(&id, 900))
        .await
        .unwrap()
        .into_inner();
    let (product, entry) = (set.product.unwrap(), set.price_change.unwrap());
    assert_eq!((product.price, product.version), (euro(900), 2));
    assert_eq!((entry.state(), entry.price), (Current, euro(900)));
    assert_eq!(
        entry.actor.unwrap().r#type(),
        contracts::common::ActorType::User
    );
    assert_eq!(history(&mut staff, &id).await, [(Current, 9), (Past, 10)]);
    let dollars = pb::SetProductPriceRequest {
        price: money("USD", 800),
        ..setting(&id, 0)
    };
    let sold = staff
        .set_product_price(dollars)
        .await
        .unwrap()
        .into_inner()
        .product
        .unwrap();
    assert_eq!(sold.other_prices[0].price, money("USD", 800));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_price_takes_effect_by_itself_within_a_second() {
    use pb::PriceChangeState::{Current, Past, Scheduled};
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = made(&mut staff, "A-1").await.product_id;
    let delay = Duration::from_millis(1_500);
    let set = staff
        .set_product_price(later(&id, 800, delay))
        .await
        .unwrap()
        .into_inner();
    let planned = set
        .price_change
        .unwrap()
        .effective_period
        .unwrap()
        .start_time;
    assert_eq!(
        (
            set.product.unwrap().price,
            set_states(&mut staff, &id).await
        ),
        (euro(1_000), vec![Scheduled, Current])
    );
    let holds = async || {
        let mut staff = bed.staff();
        find(&mut staff, &id).await.unwrap().price == euro(800)
    };
    eventually(SOON, "the price holds", holds).await.unwrap();
    assert_eq!(history(&mut staff, &id).await, [(Current, 8), (Past, 10)]);
    let product = find(&mut staff, &id).await.unwrap();
    let since = contracts::convert::moment(&planned.unwrap()).unwrap();
    let seen = contracts::convert::moment(&product.update_time.unwrap()).unwrap();
    let late = seen.since(since).unwrap();
    assert!(late < Duration::from_secs(1), "{late:?} late");
}

async fn set_states(client: &mut Client, id: &str) -> Vec<pb::PriceChangeState> {
    history(client, id)
        .await
        .into_iter()
        .map(|it| it.0)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_scheduled_prices_are_cancelled() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = made(&mut staff, "A-1").await.product_id;
    let hour = Duration::from_secs(3_600);
    let set = staff
        .set_product_price(later(&id, 800, hour))
        .await
        .unwrap()
        .into_inner();
    let cancel = |price: &str| pb::CancelScheduledPriceRequest {
        product_id: id.clone(),
        price_change_id: price.to_owned(),
        ..pb::CancelScheduledPriceRequest::default()
    };
    let waiting = set.price_change.unwrap().price_change_id;
    let cancelled = staff
        .cancel_scheduled_price(cancel(&waiting))
        .await
        .unwrap()
        .into_inner();
    let cancelled = cancelled.price_change.unwrap();
    assert_eq!(cancelled.state(), pb::PriceChangeState::Cancelled);
    assert!(cancelled.cancel_time.is_some());
    let again = staff
        .cancel_scheduled_price(cancel(&waiting))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.price_change.unwrap(), cancelled);
    let now = staff
        .set_product_price(setting(&id, 700))
        .await
        .unwrap()
        .into_inner();
    let refused = staff
        .cancel_scheduled_price(cancel(&now.price_change.unwrap().price_change_id))
        .await;
    assert_eq!(told(&refused, "state"), "CURRENT");
    assert_eq!(reason(refused), "PRICE_NOT_SCHEDULED");
    let unknown = vocab::PriceId::at(1, [3; 10]).to_string();
    assert_eq!(
        reason(staff.cancel_scheduled_price(cancel(&unknown)).await),
        "RESOURCE_MISSING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_are_refused_where_they_make_no_sense() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = made(&mut staff, "A-1").await.product_id;
    let mixed = pb::SetProductPriceRequest {
        compare_at_price: money("USD", 1),
        ..setting(&id, 900)
    };
    assert_eq!(
        reason(staff.set_product_price(mixed).await),
        "CURRENCY_MISMATCH"
    );
    let negative = pb::SetProductPriceRequest {
        price: euro(-100),
        ..setting(&id, 0)
    };
    assert_eq!(field(staff.set_product_price(negative).await), "price");
    for hours in 1..=100 {
        let after = Duration::from_secs(3_600 * hours);
        staff
            .set_product_price(later(&id, 900, after))
            .await
            .unwrap();
    }
    let full = staff
        .set_product_price(later(&id, 900, Duration::from_secs(1_800)))
        .await;
    assert_eq!(reason(full), "PRICE_SCHEDULE_FULL");
    delete(&mut staff, &id).await.unwrap();
    let deleted = staff.set_product_price(setting(&id, 900)).await;
    assert_eq!(told(&deleted, "deleted"), "true");
    assert_eq!(reason(deleted), "PRODUCT_STATE_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_filtered_and_read_page_by_page() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = made(&mut staff, "A-1").await.product_id;
    for cents in [900, 800, 700] {
        staff.set_product_price(setting(&id, cents)).await.unwrap();
    }
    let dollars = pb::SetProductPriceRequest {
        price: money("USD", 500),
        ..setting(&id, 0)
    };
    staff.set_product_price(dollars).await.unwrap();
    let mut request = pb::ListProductPricesRequest {
        product_id: id.clone(),
        currency_code: "EUR".to_owned(),
        page_size: 2,
        ..pb::ListProductPricesRequest::default()
    };
    let mut seen = Vec::new();
    for _ in 0..5 {
        let page = staff
            .list_product_prices(request.clone())
            .await
            .unwrap()
            .into_inner();
        seen.extend(
            page.price_changes
                .iter()
                .map(|it| it.price.as_ref().unwrap().units),
        );
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [7, 8, 9, 10]);
    request.states = vec![pb::PriceChangeState::Current.into()];
    let current = staff
        .list_product_prices(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(current.price_changes.len(), 1);
    request.product_id = vocab::ProductId::at(1, [3; 10]).to_string();
    assert_eq!(
        reason(staff.list_product_prices(request).await),
        "RESOURCE_MISSING"
    );
}

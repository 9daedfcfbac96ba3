//! Imports of opening stock: row by row, after a break, and with every kind of mistake.

use contracts::inventory as pb;
use futures_util::stream;
use tonic::Status;

use crate::bed::*;
use crate::past::position;
use crate::verified::verify;

fn row(number: u8, at: u8, on_hand: i64) -> pb::OpeningStockRow {
    pb::OpeningStockRow {
        product_id: product(number),
        location_id: location(at),
        on_hand,
        ..pb::OpeningStockRow::default()
    }
}

fn numbered(
    request: &str,
    rows: Vec<(i64, pb::OpeningStockRow)>,
) -> Vec<pb::ImportOpeningStockRequest> {
    let rows = rows
        .into_iter()
        .map(|(sequence, row)| pb::ImportOpeningStockRequest {
            request_id: request.to_owned(),
            sequence,
            row: Some(row),
        });
    rows.collect()
}

async fn import(
    client: &mut Client,
    rows: Vec<pb::ImportOpeningStockRequest>,
) -> Result<pb::ImportOpeningStockResponse, Status> {
    let answer = client.import_opening_stock(stream::iter(rows)).await?;
    Ok(answer.into_inner())
}

fn counts(it: &pb::StockImport) -> (i64, i64, i64) {
    (it.last_sequence, it.applied_count, it.failed_count)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_applied_or_fails_by_itself() {
    use pb::StockImportFailureReason as Why;
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(9, 1)], 1).await.unwrap();
    let broken = pb::OpeningStockRow {
        damaged: 3,
        quarantined: 3,
        ..row(4, 1, 5)
    };
    let ahead = pb::OpeningStockRow {
        effective_time: Some(prost_types::Timestamp {
            seconds: 4_000_000_000,
            nanos: 0,
        }),
        ..row(5, 1, 5)
    };
    let parts = pb::OpeningStockRow {
        damaged: 2,
        quarantined: 1,
        ..row(1, 1, 10)
    };
    let rows = vec![
        (1, parts),
        (2, row(40, 1, 1)),
        (3, row(2, 40, 1)),
        (5, row(9, 1, 7)),
        (6, broken),
        (7, ahead),
        (8, row(2, 1, 0)),
        (9, row(3, 1, 4)),
    ];
    let done = import(&mut staff, numbered(&fresh(), rows)).await.unwrap();
    let import = done.stock_import.unwrap();
    assert_eq!(import.state(), pb::StockImportState::Completed);
    assert_eq!(counts(&import), (9, 2, 6));
    let failed: Vec<_> = import
        .failures
        .iter()
        .map(|it| (it.sequence, it.reason()))
        .collect();
    let expected = [
        (2, Why::ProductUnknown),
        (3, Why::LocationUnknown),
        (5, Why::PositionNotEmpty),
        (6, Why::RowInvalid),
        (7, Why::RowInvalid),
        (8, Why::RowInvalid),
    ];
    assert_eq!(failed, expected);
    let first = position(&mut staff, 1, 1).await;
    assert_eq!(
        (first.on_hand, first.damaged, first.quarantined),
        (10, 2, 1)
    );
    assert_eq!(position(&mut staff, 5, 1).await.version, 0);
    verify(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_break_the_rest_is_sent_under_the_same_request() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let request = fresh();
    let turned = numbered(
        &request,
        vec![(1, row(1, 1, 5)), (2, row(2, 1, 5)), (2, row(3, 1, 5))],
    );
    let broken = import(&mut staff, turned).await;
    assert_eq!(told(&broken, "last_sequence"), "2");
    assert_eq!(reason(broken), "IMPORT_OUT_OF_ORDER");
    let all = pb::ListStockImportsRequest::default();
    let listed = staff.list_stock_imports(all).await.unwrap().into_inner();
    assert_eq!(listed.stock_imports.len(), 1);
    let found = &listed.stock_imports[0];
    assert_eq!(
        (found.state(), counts(found)),
        (pb::StockImportState::Running, (2, 2, 0))
    );
    let rest = vec![
        (1, row(1, 1, 5)),
        (2, row(2, 1, 5)),
        (3, row(3, 1, 5)),
        (4, row(3, 1, 2)),
    ];
    let done = import(&mut staff, numbered(&request, rest.clone()))
        .await
        .unwrap();
    assert_eq!(counts(done.stock_import.as_ref().unwrap()), (4, 4, 0));
    assert_eq!(
        position(&mut staff, 1, 1).await.on_hand,
        5,
        "what was handled is skipped"
    );
    assert_eq!(
        position(&mut staff, 3, 1).await.on_hand,
        7,
        "two lots of one position"
    );
    let again = import(&mut staff, numbered(&request, rest)).await.unwrap();
    assert_eq!(again, done);
    let more = import(&mut staff, numbered(&request, vec![(5, row(4, 1, 1))])).await;
    assert_eq!(told(&more, "state"), "COMPLETED");
    assert_eq!(reason(more), "IMPORT_ENDED");
    let get = pb::GetStockImportRequest {
        import_id: found.import_id.clone(),
    };
    let read = staff.get_stock_import(get).await.unwrap().into_inner();
    assert_eq!(read.stock_import, done.stock_import);
    verify(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_rows_are_booked_in_chunks_and_stay_what_they_are() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let rows = (0..1_000_i64).map(|it| {
        let number = u8::try_from(it % 32 + 1).unwrap();
        let at = u8::try_from(it / 32 % 32 + 1).unwrap();
        (it + 1, row(number, at, it + 1))
    });
    let done = import(&mut staff, numbered(&fresh(), rows.collect()))
        .await
        .unwrap();
    assert_eq!(counts(&done.stock_import.unwrap()), (1_000, 1_000, 0));
    let sum: i64 = sqlx::query_scalar("SELECT sum(on_hand)::bigint FROM positions")
        .fetch_one(&mut bed.admin().await)
        .await
        .unwrap();
    assert_eq!(sum, 500_500);
    verify(&bed.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_one_import_and_its_repetition_answers_as_before() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let request = pb::BatchImportOpeningStockRequest {
        request_id: fresh(),
        rows: vec![row(1, 1, 5), row(40, 1, 5), row(2, 1, 6)],
    };
    let first = staff
        .batch_import_opening_stock(request.clone())
        .await
        .unwrap()
        .into_inner();
    let import = first.stock_import.clone().unwrap();
    assert_eq!(counts(&import), (3, 2, 1));
    assert_eq!(import.state(), pb::StockImportState::Completed);
    let again = staff
        .batch_import_opening_stock(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    assert_eq!(position(&mut staff, 1, 1).await.on_hand, 5);
    let other = pb::BatchImportOpeningStockRequest {
        request_id: fresh(),
        rows: vec![row(1, 1, 9)],
    };
    let refused = staff
        .batch_import_opening_stock(other)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(counts(&refused.stock_import.unwrap()), (1, 0, 1));
    let mut foreign = bed.staff_of(tenant(2));
    let get = pb::GetStockImportRequest {
        import_id: import.import_id,
    };
    assert_eq!(
        reason(foreign.get_stock_import(get).await),
        "RESOURCE_MISSING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_an_import_is_an_opening_and_is_dated_as_its_row() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let at = prost_types::Timestamp {
        seconds: 1_700_000_000,
        nanos: 0,
    };
    let dated = pb::OpeningStockRow {
        effective_time: Some(at),
        ..row(1, 1, 5)
    };
    import(&mut staff, numbered(&fresh(), vec![(1, dated)]))
        .await
        .unwrap();
    let request = pb::ListStockTransactionsRequest {
        product_id: product(1),
        types: vec![pb::TransactionType::Opening.into()],
        ..pb::ListStockTransactionsRequest::default()
    };
    let found = staff
        .list_stock_transactions(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.transactions.len(), 1);
    assert_eq!(found.transactions[0].effective_time, Some(at));
}

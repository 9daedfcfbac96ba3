//! Rules of positions, thresholds that are crossed once, and how locations are chosen.

use contracts::inventory as pb;
use prost_types::FieldMask;
use testbed::eventually;
use tonic::Status;

use crate::SOON;
use crate::bed::*;
use crate::past::position;

async fn set(
    client: &mut Client,
    policy: pb::StockPolicy,
    paths: &[&str],
) -> Result<pb::StockPolicy, Status> {
    let request = pb::UpdateStockPolicyRequest {
        policy: Some(policy),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|it| (*it).to_owned()).collect(),
        }),
        request_id: String::new(),
    };
    let answer = client.update_stock_policy(request).await?;
    Ok(answer.into_inner().policy.unwrap())
}

fn of(number: u8, at: u8) -> pb::StockPolicy {
    pb::StockPolicy {
        product_id: product(number),
        location_id: location(at),
        ..pb::StockPolicy::default()
    }
}

/// Says from when on a position is low.
pub async fn threshold(
    client: &mut Client,
    number: u8,
    at: u8,
    threshold: Option<i64>,
) -> Result<pb::StockPolicy, Status> {
    let policy = pb::StockPolicy {
        low_stock_threshold: threshold,
        ..of(number, at)
    };
    set(client, policy, &["low_stock_threshold"]).await
}

/// How often a position became low, by the facts that were recorded.
async fn crossings(bed: &Bed) -> usize {
    let sql = "SELECT kind, payload FROM events WHERE stream_kind = 'position' ORDER BY position";
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(sql)
        .fetch_all(&mut bed.admin().await)
        .await
        .unwrap();
    // Field 7 of a stored fact says that it crossed the threshold.
    let crossed = |bytes: &[u8]| Crossed::of(bytes).crossed;
    rows.iter().filter(|it| crossed(&it.1)).count()
}

/// The one field of a stored fact that is looked at here.
#[derive(Clone, PartialEq, prost::Message)]
struct Crossed {
    #[prost(bool, tag = "7")]
    crossed: bool,
}

impl Crossed {
    fn of(bytes: &[u8]) -> Self {
        prost::Message::decode(bytes).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_is_told_once_for_each_crossing() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    threshold(&mut staff, 1, 1, Some(5)).await.unwrap();
    assert_eq!(crossings(&bed).await, 0);
    let hold = reserve(&mut staff, &[(1, 5)]).await.unwrap();
    assert_eq!(crossings(&bed).await, 1, "down to it");
    assert!(position(&mut staff, 1, 1).await.low_stock);
    adjust(&mut staff, adjusting(1, 1, -1)).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -1)).await.unwrap();
    assert_eq!(crossings(&bed).await, 1, "and not again below it");
    release(&mut staff, &hold, vec![]).await.unwrap();
    adjust(&mut staff, adjusting(1, 1, -3)).await.unwrap();
    assert_eq!(crossings(&bed).await, 2, "again after it was above");
    threshold(&mut staff, 1, 1, None).await.unwrap();
    threshold(&mut staff, 1, 1, Some(30)).await.unwrap();
    assert_eq!(
        crossings(&bed).await,
        3,
        "and when it comes up to the stock"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn promises_go_as_far_as_the_cap_and_leave_the_safety_stock_alone() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 10)], 1).await.unwrap();
    let rules = pb::StockPolicy {
        safety_stock: 2,
        backorder_cap: 5,
        ..of(1, 1)
    };
    set(&mut staff, rules, &["safety_stock", "backorder_cap"])
        .await
        .unwrap();
    assert_eq!(position(&mut staff, 1, 1).await.promisable, 13);
    assert_eq!(
        reason(reserve(&mut staff, &[(1, 14)]).await),
        "INSUFFICIENT_STOCK"
    );
    reserve(&mut staff, &[(1, 13)]).await.unwrap();
    let now = position(&mut staff, 1, 1).await;
    assert_eq!((now.reserved, now.backordered, now.promisable), (13, 3, 0));
    receive(&mut staff, &[(1, 2)], 1).await.unwrap();
    assert_eq!(position(&mut staff, 1, 1).await.backordered, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_merged_kept_and_guarded_by_their_own_etag() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let first = threshold(&mut staff, 1, 1, Some(3)).await.unwrap();
    let cap = pb::StockPolicy {
        backorder_cap: 4,
        etag: first.etag.clone(),
        ..of(1, 1)
    };
    let second = set(&mut staff, cap.clone(), &["backorder_cap"])
        .await
        .unwrap();
    assert_eq!(
        (second.low_stock_threshold, second.backorder_cap),
        (Some(3), 4)
    );
    let stale = set(&mut staff, cap, &["backorder_cap"]).await;
    assert_eq!(reason(stale), "ETAG_MISMATCH");
    receive(&mut staff, &[(1, 1)], 1).await.unwrap();
    let request = pb::GetStockPolicyRequest {
        product_id: product(1),
        location_id: location(1),
    };
    let kept = staff.get_stock_policy(request).await.unwrap().into_inner();
    assert_eq!(
        kept.policy.unwrap(),
        second,
        "stock does not change its rules"
    );
    receive(&mut staff, &[(2, 1)], 1).await.unwrap();
    let all = pb::ListStockPoliciesRequest::default();
    let listed = staff.list_stock_policies(all).await.unwrap().into_inner();
    assert_eq!(listed.policies.len(), 1, "only what was set");
    let strange = threshold(&mut staff, 40, 1, Some(3)).await;
    assert_eq!(reason(strange), "PRODUCT_UNKNOWN");
}

async fn allocate(client: &mut Client, policy: pb::AllocationPolicy) -> pb::AllocationPolicy {
    let request = pb::UpdateAllocationPolicyRequest {
        policy: Some(policy),
        request_id: String::new(),
    };
    let answer = client.update_allocation_policy(request).await.unwrap();
    answer.into_inner().policy.unwrap()
}

fn preferring(strategy: pb::AllocationStrategy, max: i32) -> Option<pb::AllocationPreference> {
    Some(pb::AllocationPreference {
        strategy: strategy.into(),
        max_locations: max,
        ..pb::AllocationPreference::default()
    })
}

/// The locations that a hold took from, with how much.
fn taken(hold: &pb::Reservation) -> Vec<(String, i64)> {
    let all = hold.lines.iter().flat_map(|it| &it.allocations);
    all.map(|it| (it.location_id.clone(), it.quantity))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn locations_are_chosen_as_the_strategy_says() {
    use pb::AllocationStrategy::{FewestSplits, Given, Priority};
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 2)], 1).await.unwrap();
    receive(&mut staff, &[(1, 3)], 2).await.unwrap();
    receive(&mut staff, &[(1, 9)], 3).await.unwrap();
    let asking = |strategy, max| pb::ReserveStockRequest {
        preference: preferring(strategy, max),
        ..reserving(&[(1, 5)])
    };
    let nearest = staff
        .reserve_stock(asking(Priority, 0))
        .await
        .unwrap()
        .into_inner();
    let nearest = nearest.reservation.unwrap();
    assert_eq!(taken(&nearest), [(location(1), 2), (location(2), 3)]);
    release(&mut staff, &nearest, vec![]).await.unwrap();
    let fewest = staff
        .reserve_stock(asking(FewestSplits, 0))
        .await
        .unwrap()
        .into_inner();
    let fewest = fewest.reservation.unwrap();
    assert_eq!(taken(&fewest), [(location(3), 5)]);
    let one = staff.reserve_stock(asking(Priority, 1)).await;
    assert_eq!(reason(one), "INSUFFICIENT_STOCK", "the first one has two");
    let nowhere = staff.reserve_stock(asking(Given, 0)).await;
    assert_eq!(reason(nowhere), "LOCATION_MISSING");
    let mut given = asking(Given, 0);
    given.lines[0].location_id = location(2);
    given.lines[0].quantity = 1;
    let given = staff.reserve_stock(given).await.unwrap().into_inner();
    assert_eq!(taken(&given.reservation.unwrap()), [(location(2), 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenants_list_of_locations_is_gone_by() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    for at in 1..=3 {
        receive(&mut staff, &[(1, 9)], at).await.unwrap();
    }
    let policy = pb::AllocationPolicy {
        default_strategy: pb::AllocationStrategy::Priority.into(),
        location_ids: vec![location(3), location(2)],
        listed_only: true,
        reservation_ttl: Some(prost_types::Duration {
            seconds: 120,
            nanos: 0,
        }),
        ..pb::AllocationPolicy::default()
    };
    let set = allocate(&mut staff, policy.clone()).await;
    let hold = reserve(&mut staff, &[(1, 12)]).await.unwrap();
    assert_eq!(taken(&hold), [(location(3), 9), (location(2), 3)]);
    assert_eq!(
        reason(reserve(&mut staff, &[(1, 7)]).await),
        "INSUFFICIENT_STOCK"
    );
    let mut usual = reserving(&[(1, 1)]);
    usual.ttl = None;
    let usual = staff.reserve_stock(usual).await.unwrap().into_inner();
    let usual = usual.reservation.unwrap();
    let life = usual.expire_time.unwrap().seconds - usual.create_time.unwrap().seconds;
    assert_eq!(life, 120);
    let request = pb::GetAllocationPolicyRequest {};
    let read = staff
        .get_allocation_policy(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read.policy.unwrap(), set);
    let stale = pb::UpdateAllocationPolicyRequest {
        policy: Some(pb::AllocationPolicy {
            etag: "other".to_owned(),
            ..policy
        }),
        request_id: String::new(),
    };
    let stale = staff.update_allocation_policy(stale).await;
    assert_eq!(reason(stale), "ETAG_MISMATCH");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_takes_what_the_hold_then_takes() {
    use pb::AllocationVerdict::{Chosen, LocationClosed, NoStock, NotNeeded};
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 2)], 1).await.unwrap();
    receive(&mut staff, &[(1, 9)], 2).await.unwrap();
    receive(&mut staff, &[(1, 9)], 3).await.unwrap();
    receive(&mut staff, &[(1, 4)], 4).await.unwrap();
    reserve_at(&mut staff, 4, 4).await;
    close(&bed, 3).await;
    let request = pb::ExplainAllocationRequest {
        lines: lines(&[(1, 5)]),
        ..pb::ExplainAllocationRequest::default()
    };
    let told = staff
        .explain_allocation(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(told.strategy(), pb::AllocationStrategy::FewestSplits);
    assert_eq!((told.location_count, told.shortages.len()), (1, 0));
    let verdicts: Vec<_> = told.explanations[0]
        .candidates
        .iter()
        .map(|it| (it.location_id.clone(), it.verdict(), it.quantity))
        .collect();
    assert_eq!(verdicts.len(), 4);
    assert!(verdicts.contains(&(location(2), Chosen, 5)));
    assert!(verdicts.contains(&(location(1), NotNeeded, 0)));
    assert!(verdicts.contains(&(location(3), LocationClosed, 0)));
    assert!(verdicts.contains(&(location(4), NoStock, 0)));
    let before = position(&mut staff, 1, 2).await;
    assert_eq!(before.reserved, 0, "nothing is held by it");
    let hold = reserve(&mut staff, &[(1, 5)]).await.unwrap();
    assert_eq!(taken(&hold), [(location(2), 5)]);
    // What is in mind follows the log.
    eventually(SOON, "the hold is in mind", async || {
        let short = pb::ExplainAllocationRequest {
            lines: lines(&[(1, 4), (1, 4)]),
            ..pb::ExplainAllocationRequest::default()
        };
        let mut staff = bed.staff();
        let short = staff.explain_allocation(short).await.unwrap();
        let short = short.into_inner();
        let mut told = short
            .shortages
            .iter()
            .map(|it| (it.requested, it.available));
        if told.next() == Some((8, 6)) && told.next().is_none() {
            return Ok(());
        }
        Err(format!("{short:?}"))
    })
    .await
    .unwrap();
}

async fn reserve_at(client: &mut Client, at: u8, quantity: i64) {
    let mut request = reserving(&[(1, quantity)]);
    request.lines[0].location_id = location(at);
    client.reserve_stock(request).await.unwrap();
}

/// Writes down that store closed a location, and waits until nobody has it in mind.
async fn close(bed: &Bed, at: u8) {
    let id: vocab::LocationId = location(at).parse().unwrap();
    sqlx::query("UPDATE known_locations SET open = false WHERE location_id = $1")
        .bind(id.uuid())
        .execute(&mut bed.admin().await)
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(5_200)).await;
}

//! Admission: who gets in, who waits, who is turned away.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use vocab::TenantId;

use super::gate::Gate;
use super::{Gates, MARGIN, come_back, fifths, share};
use crate::contract::{Contracts, Idempotency, Priority};
use crate::proof::edge_settings;

const LONG: Duration = Duration::from_secs(600);

fn tenant(number: u8) -> TenantId {
    TenantId::at(1, [number; 10])
}

/// Lets everything that can run do so.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

type Entered = tokio::task::JoinHandle<Option<super::Permit>>;

fn queue(gate: &Arc<Gate>, whose: u8, priority: Priority) -> Entered {
    let gate = Arc::clone(gate);
    tokio::spawn(async move { gate.enter(tenant(whose), priority, LONG).await })
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_waits_and_not_for_long() {
    let gate = Arc::new(Gate::new(1, 8));
    let wait = Duration::from_millis(50);
    let first = gate.enter(tenant(1), Priority::Browse, wait).await;
    let began = tokio::time::Instant::now();
    assert!(
        gate.enter(tenant(1), Priority::Browse, wait)
            .await
            .is_none()
    );
    assert_eq!(began.elapsed(), wait);
    drop(first);
    assert!(
        gate.enter(tenant(1), Priority::Browse, wait)
            .await
            .is_some()
    );
    assert_eq!(gate.inside(), 0, "every permit is given back");
}

#[tokio::test]
async fn the_urgent_go_first_and_within_a_class_the_newest() {
    let gate = Arc::new(Gate::new(1, 8));
    let mut held = gate.enter(tenant(1), Priority::Browse, LONG).await;
    let mut waiting = Vec::new();
    for (name, priority) in [
        ("old report", Priority::Report),
        ("old browse", Priority::Browse),
        ("checkout", Priority::Checkout),
        ("new browse", Priority::Browse),
    ] {
        waiting.push((name, queue(&gate, 1, priority)));
        settle().await;
    }
    for expected in ["checkout", "new browse", "old browse", "old report"] {
        drop(held.take());
        settle().await;
        let place = waiting.iter().position(|(_, it)| it.is_finished()).unwrap();
        let (name, entered) = waiting.remove(place);
        assert_eq!(name, expected);
        held = entered.await.unwrap();
    }
}

#[tokio::test]
async fn one_tenant_has_at_most_half_while_others_wait() {
    let gate = Arc::new(Gate::new(4, 64));
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(gate.enter(tenant(1), Priority::Browse, LONG).await.unwrap());
    }
    let greedy: Vec<Entered> = (0..8)
        .map(|_| queue(&gate, 1, Priority::Checkout))
        .collect();
    settle().await;
    let modest: Vec<Entered> = (0..2).map(|_| queue(&gate, 2, Priority::Report)).collect();
    settle().await;
    drop(held.pop());
    drop(held.pop());
    settle().await;
    let finished = |them: &[Entered]| them.iter().filter(|it| it.is_finished()).count();
    assert_eq!(
        (finished(&greedy), finished(&modest)),
        (0, 2),
        "urgency buys no more than half"
    );
    drop(held.pop());
    settle().await;
    assert_eq!(
        finished(&greedy),
        1,
        "alone in the line, a tenant may have all"
    );
}

#[tokio::test]
async fn a_full_line_makes_room_for_the_urgent_alone() {
    let gate = Arc::new(Gate::new(1, 2));
    let held = gate.enter(tenant(1), Priority::Browse, LONG).await;
    let (old, new) = (
        queue(&gate, 1, Priority::Report),
        queue(&gate, 1, Priority::Browse),
    );
    settle().await;
    assert!(
        gate.enter(tenant(1), Priority::Report, LONG)
            .await
            .is_none(),
        "no more urgent"
    );
    let urgent = queue(&gate, 1, Priority::Checkout);
    settle().await;
    assert!(old.await.unwrap().is_none(), "the report made room");
    assert!(!new.is_finished() && !urgent.is_finished());
    drop(held);
    assert!(urgent.await.unwrap().is_some());
    assert!(new.await.unwrap().is_some());
}

#[tokio::test]
async fn whoever_goes_away_while_waiting_leaves_no_place_behind() {
    let gate = Arc::new(Gate::new(2, 64));
    for round in 0..200 {
        let held = gate.enter(tenant(1), Priority::Browse, LONG).await;
        let second = gate.enter(tenant(2), Priority::Browse, LONG).await;
        let gone: Vec<Entered> = (0..8).map(|_| queue(&gate, 1, Priority::Browse)).collect();
        let stays = queue(&gate, 2, Priority::Report);
        settle().await;
        if round % 2 == 0 {
            gone.iter().for_each(Entered::abort);
            drop(held);
        } else {
            drop(held);
            gone.iter().for_each(Entered::abort);
        }
        drop(second);
        assert!(stays.await.unwrap().is_some());
        for it in gone {
            drop(it.await);
        }
        assert_eq!(gate.inside(), 0);
    }
}

#[test]
fn the_less_urgent_are_shed_first_and_come_back_last() {
    let longest = Duration::from_millis(300);
    let classes = [
        Priority::Checkout,
        Priority::Operate,
        Priority::Browse,
        Priority::Report,
    ];
    let shares = classes.map(|it| share(longest, it));
    assert_eq!(shares[0], longest);
    assert!(shares.is_sorted_by(|one, next| one > next), "{shares:?}");
    let pauses = classes.map(come_back);
    assert!(pauses.is_sorted_by(|one, next| one < next), "{pauses:?}");
    assert!(shares[3] > MARGIN);
}

#[test]
fn the_urgent_are_let_come_where_others_are_refused_on_sight() {
    let contracts = Contracts::built().unwrap();
    let mut room: HashMap<usize, HashSet<usize>> = HashMap::new();
    let (mut held, settings) = (Vec::new(), edge_settings());
    for service in ["order.v1.Order", "auth.v1.Session", "catalog.v1.Catalog"] {
        for contract in contracts
            .of_service(&format!("retail.{service}Service"))
            .unwrap()
        {
            let gates = Gates::new(&settings, None);
            if contract.idempotency == Idempotency::NoSideEffects {
                assert!(
                    gates.come(&contract).unwrap().is_none(),
                    "{}",
                    contract.path
                );
                continue;
            }
            while let Ok(coming) = gates.come(&contract) {
                held.push(coming.unwrap());
            }
            let found = room.entry(fifths(contract.priority)).or_default();
            found.insert(held.len());
            held.clear();
            assert!(gates.come(&contract).is_ok(), "who left is not counted");
        }
    }
    assert!(room.len() > 1, "{room:?}");
    for (fifths, found) in room {
        let most = settings.writes_in_flight + settings.waiting_max * (1 + fifths);
        assert_eq!(found, HashSet::from([most]));
    }
}

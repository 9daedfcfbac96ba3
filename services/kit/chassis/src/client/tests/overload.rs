//! A peer that fails: what it is still asked to bear.

use std::time::Duration;

use contracts::common::ErrorReason;
use futures_util::StreamExt;
use opentelemetry::metrics::MeterProvider;
use testbed::eventually;
use tonic::Status;

use super::gauges::Gauges;
use super::*;
use crate::client::{BreakerState, Peers};
use crate::fault::{Kind, Reason};

const KEY: &str = "7b9c2f0e-1111-4222-8333-444455556666";

#[tokio::test(start_paused = true)]
async fn a_peer_that_fails_altogether_bears_no_more_than_a_tenth_on_top() {
    let backend = Backend::default();
    backend.rule(|_| Err(Status::unavailable("")));
    backend.delay(Duration::from_millis(10));
    let door = Door::to(backend.edge());
    let peer = Peer::in_memory(&origin(Retries::Here), "auth", &door);
    // All at once, so that the breaker has nothing to go by yet and only the budget holds.
    let calls = (0..400).map(|_| read(&peer, within(900)));
    let done = futures_util::future::join_all(calls).await;
    assert!(done.iter().all(Result::is_err));
    let retries = peer.snapshot().retries;
    assert!(
        backend.calls() >= 400 && backend.calls() <= 440,
        "{}",
        backend.calls()
    );
    assert!((1..=40).contains(&retries), "{retries}");
}

#[tokio::test]
async fn a_hiccup_is_healed_where_it_may_be_and_nowhere_else() {
    let hiccup = |number: usize| match number % 2 {
        1 => Err(Status::unavailable("")),
        _ => Ok(()),
    };
    over_both(Retries::Here, async |rig: Rig| {
        rig.backend.rule(hiccup);
        read(&rig.peer, within(900)).await.unwrap();
        write(&rig.peer, KEY).await.unwrap();
        assert_eq!((rig.backend.calls(), rig.peer.snapshot().retries), (4, 2));
        assert!(
            write(&rig.peer, "").await.is_err(),
            "a write without a key is made once"
        );
        assert_eq!(rig.backend.calls(), 5);
    })
    .await;
    over_both(Retries::Elsewhere, async |rig: Rig| {
        rig.backend.rule(hiccup);
        assert!(
            read(&rig.peer, within(900)).await.is_err(),
            "somebody above us retries"
        );
        assert_eq!(rig.backend.calls(), 1);
    })
    .await;
}

#[tokio::test]
async fn three_attempts_are_enough() {
    over_both(Retries::Here, async |rig: Rig| {
        rig.backend.rule(|_| Err(Status::unavailable("")));
        let failure = write(&rig.peer, KEY).await.unwrap_err();
        assert_eq!(
            (failure.kind(), rig.backend.calls()),
            (Kind::Unavailable, 3)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_breaker_opens_half_opens_and_closes_and_the_gauge_shows_it() {
    let backend = Backend::default();
    let server = backend.serve().await;
    let peer = peer_at(&[server.address], Retries::Elsewhere);
    let (provider, gauges) = Gauges::start();
    let peers = Peers::default().with(peer.clone());
    peers.observe(&provider.meter("retail.chassis"));
    let shown = || {
        provider.force_flush().unwrap();
        gauges.value("retail.peer.breaker", "auth")
    };
    read(&peer, within(900)).await.unwrap();
    assert_eq!(shown(), Some(0));
    backend.rule(|_| Err(Status::unavailable("")));
    let calls = futures_util::stream::iter(0..600).map(|_| read(&peer, within(900)));
    let done: Vec<_> = calls.buffer_unordered(4).collect().await;
    assert_eq!(
        (peer.snapshot().breaker.state, shown()),
        (BreakerState::Open, Some(2))
    );
    let open = Reason::shared(ErrorReason::CircuitOpen);
    let refused = done
        .iter()
        .filter(|it| it.as_ref().is_err_and(|it| it.is(open)));
    let refused = refused.count();
    assert!(refused > 300, "{refused}");
    // What is refused does not touch the network, and says when to come back.
    assert_eq!(backend.calls(), 601 - refused);
    assert_eq!(peer.snapshot().refusals, u64::try_from(refused).unwrap());
    let hint = done
        .iter()
        .rev()
        .find_map(|it| it.as_ref().err()?.view().retry_after);
    assert!(hint.unwrap() <= Duration::from_millis(500));
    backend.heal();
    let mut seen = Vec::new();
    let closed = async || {
        drop(read(&peer, within(900)).await);
        let state = peer.snapshot().breaker.state;
        seen.push(state);
        state == BreakerState::Closed
    };
    eventually(PATIENCE, "the breaker closes", closed)
        .await
        .unwrap();
    assert!(seen.contains(&BreakerState::HalfOpen));
    assert_eq!(shown(), Some(0));
    for _ in 0..50 {
        read(&peer, within(900)).await.unwrap();
    }
}

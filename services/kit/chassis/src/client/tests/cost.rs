//! What a call costs over each transport: the one in memory must stay far cheaper.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

const CALLS: u32 = 1_000;

/// The time of one call, one after the other; the best of three rounds, as others use the machine.
async fn cost(peer: &Peer) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        for _ in 0..CALLS {
            read(peer, within(900)).await.unwrap();
        }
        best = best.min(began.elapsed() / CALLS);
    }
    best
}

#[tokio::test]
async fn a_call_in_memory_costs_a_small_part_of_one_over_tcp() {
    let backend = Backend::default();
    let server = backend.serve().await;
    let network = cost(&peer_at(&[server.address], Retries::Elsewhere)).await;
    let door = Door::to(backend.edge());
    let memory = cost(&Peer::in_memory(&origin(Retries::Elsewhere), "auth", &door)).await;
    println!("network {network:?} memory {memory:?}");
    assert!(
        memory * 2 < network,
        "network {network:?} memory {memory:?}"
    );
}

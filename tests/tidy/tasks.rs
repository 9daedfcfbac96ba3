//! Tasks are spawned by the chassis, which knows their names and ends them in order.

use crate::breach::{Breach, Held, hold};
use crate::sources::Sources;

#[cfg(test)]
mod tests;

const CHASSIS: &str = "services/kit/chassis/";
const BARE: &[&[&str]] = &[&["tokio", "spawn"], &["tokio", "task", "spawn"]];

#[test]
fn no_task_is_spawned_outside_the_chassis() -> Held {
    hold(bare_spawns)
}

fn bare_spawns(sources: &Sources) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (source, rust) in sources
        .rust()
        .filter(|(it, _)| !it.path.starts_with(CHASSIS))
    {
        let bare = rust
            .paths
            .iter()
            .filter(|path| BARE.iter().any(|bare| rust.whole(path) == *bare));
        let advice = "a bare `tokio::spawn`: use the tasks of the chassis, or a `JoinSet`";
        breaches.extend(bare.map(|path| source.breach(path.line, advice)));
    }
    breaches
}

//! The end of a process: steps in order, all under one grace period, each of them logged.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// A grace period that runs from its creation, and that all steps of an end share.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    until: Instant,
}

impl Ending {
    /// Begins the end.
    pub fn within(grace: Duration) -> Self {
        tracing::info!(grace_ms = milliseconds(grace), "shutdown began");
        Self {
            until: now() + grace,
        }
    }

    /// How much of the grace period is left.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(now())
    }

    /// Takes a step; nothing comes back if the grace period ended first, and the step is dropped.
    pub async fn step<T>(&self, name: &'static str, step: impl Future<Output = T>) -> Option<T> {
        let began = now();
        let done = tokio::time::timeout_at(self.until, step).await.ok();
        let took_ms = milliseconds(now().saturating_duration_since(began));
        match done {
            Some(_) => tracing::info!(step.name = name, took_ms, "shutdown step done"),
            None => tracing::warn!(step.name = name, took_ms, "shutdown step cut off"),
        }
        done
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The runtime's clock, which tests can hold.
fn now() -> Instant {
    Instant::now()
}

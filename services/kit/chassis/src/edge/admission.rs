//! How many calls are served at a time, and who goes first when there are more.
//!
//! Permits are taken inside a call and given back when its handler is done. Reads and writes have a
//! gate each. Writes end in the journal, which batches hundreds of them: what bounds them is how
//! long they would wait there, and **invariant:** who would wait too long is told so before the
//! message is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use vocab::TenantId;

mod gate;
mod line;
#[cfg(test)]
mod tests;

use gate::Gate;
pub(super) use gate::Permit;

use super::pressure::{Ahead, Pressure};
use super::settings::EdgeSettings;
use crate::contract::{Contract, Idempotency, Priority};
use crate::deadline::Deadline;
use crate::fault::Fault;

/// What a write needs of its caller's time besides its wait, to be answered.
const MARGIN: Duration = Duration::from_millis(10);

/// The gates of one service.
pub(super) struct Gates {
    reads: Arc<Gate>,
    writes: Arc<Gate>,
    wait_max: Duration,
    pressure: Option<Pressure>,
    write_wait_max: Duration,
    /// Writes that were called and have not begun: the process has not come to them yet.
    coming: Arc<AtomicUsize>,
    writes_max: usize,
    waiting_max: usize,
}

/// A write that was let come and has not begun; dropping it takes it off the count.
pub(super) struct Coming(Arc<AtomicUsize>);

impl Gates {
    pub fn new(settings: &EdgeSettings, pressure: Option<Pressure>) -> Self {
        let gate = |capacity| Arc::new(Gate::new(capacity, settings.waiting_max));
        Self {
            reads: gate(settings.reads_in_flight),
            writes: gate(settings.writes_in_flight),
            wait_max: settings.wait_max,
            pressure,
            write_wait_max: settings.write_wait_max,
            coming: Arc::default(),
            writes_max: settings.writes_in_flight,
            waiting_max: settings.waiting_max,
        }
    }

    /// Lets a write come to its gate, unless it could neither go in nor wait if all came in who are
    /// before it: then nothing more is spent on it than this look. In a flood all else that is done
    /// for the many who are refused is done before the work for those who are not. What was begun
    /// is counted by the gate alone, so that whoever is refused later takes nobody's place.
    pub fn come(&self, contract: &Contract) -> Result<Option<Coming>, Fault> {
        if contract.idempotency == Idempotency::NoSideEffects {
            return Ok(None);
        }
        // The more urgent find room that the less urgent do not.
        let line = self
            .waiting_max
            .saturating_mul(1 + fifths(contract.priority));
        let before = self.coming.fetch_add(1, Ordering::Relaxed) + self.writes.held();
        let coming = Coming(Arc::clone(&self.coming));
        if before < self.writes_max.saturating_add(line) {
            return Ok(Some(coming));
        }
        let ahead = self.pressure.as_ref().map(|it| it.ahead(None).in_all);
        let pause = come_back(contract.priority).max(ahead.unwrap_or_default());
        Err(Fault::overloaded(pause))
    }

    /// Waits for a place, not for long; a fault that says when to come back if there is none, or
    /// if there is too much behind it.
    pub async fn admit(
        &self,
        contract: &Contract,
        tenant: TenantId,
        deadline: Deadline,
    ) -> Result<Permit, Fault> {
        let priority = contract.priority;
        let (gate, ahead) = match contract.idempotency {
            Idempotency::NoSideEffects => (&self.reads, Duration::ZERO),
            Idempotency::Idempotent | Idempotency::Unknown => {
                (&self.writes, self.ahead(tenant, priority, deadline)?)
            }
        };
        let wait = self.wait_max.min(deadline.left());
        let permit = gate.enter(tenant, priority, wait).await;
        permit.ok_or_else(|| Fault::overloaded(come_back(priority).max(ahead)))
    }

    /// How long a write would take behind the gate; a fault if its turn comes later than its class
    /// may wait, or its end later than its caller does.
    fn ahead(
        &self,
        tenant: TenantId,
        priority: Priority,
        deadline: Deadline,
    ) -> Result<Duration, Fault> {
        let ahead = self.pressure.as_ref().map(|it| it.ahead(Some(tenant)));
        let Ahead { queued, in_all } = ahead.unwrap_or_default();
        let patience = deadline.left().saturating_sub(MARGIN);
        if queued > share(self.write_wait_max, priority) || in_all > patience {
            // When all that waits now is done there is room again.
            return Err(Fault::overloaded(come_back(priority).max(in_all)));
        }
        Ok(in_all)
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How much of the longest wait the writes of a class may wait: the less urgent are shed while
/// there is room for the urgent.
fn share(longest: Duration, priority: Priority) -> Duration {
    let fifths = u32::try_from(fifths(priority)).unwrap_or_default();
    longest * fifths / 5
}

/// How many fifths of what there is a class may have.
fn fifths(priority: Priority) -> usize {
    match priority {
        Priority::Checkout => 5,
        Priority::Operate => 4,
        Priority::Browse => 3,
        Priority::Report => 2,
    }
}

/// When to try again at the earliest: those who are shed first come back last.
fn come_back(priority: Priority) -> Duration {
    Duration::from_millis(match priority {
        Priority::Checkout => 100,
        Priority::Operate => 200,
        Priority::Browse => 500,
        Priority::Report => 2_000,
    })
}

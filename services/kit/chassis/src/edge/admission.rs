//! How many calls are served at a time, and who goes first when there are more.
//!
//! Permits are taken inside a call and given back when its handler is done. Reads and writes have a
//! gate each: writes end in the journal, which batches hundreds of them.

use std::sync::Arc;
use std::time::Duration;

use vocab::TenantId;

mod gate;
mod line;
#[cfg(test)]
mod tests;

use gate::{Gate, Permit};

use super::settings::EdgeSettings;
use crate::contract::{Contract, Idempotency, Priority};
use crate::deadline::Deadline;
use crate::fault::Fault;

/// The gates of one service.
pub(super) struct Gates {
    reads: Arc<Gate>,
    writes: Arc<Gate>,
    wait_max: Duration,
}

impl Gates {
    pub fn new(settings: &EdgeSettings) -> Self {
        let gate = |capacity| Arc::new(Gate::new(capacity, settings.waiting_max));
        Self {
            reads: gate(settings.reads_in_flight),
            writes: gate(settings.writes_in_flight),
            wait_max: settings.wait_max,
        }
    }

    /// Waits for a place, not for long; a fault that says when to come back if there is none.
    pub async fn admit(
        &self,
        contract: &Contract,
        tenant: TenantId,
        deadline: Deadline,
    ) -> Result<Permit, Fault> {
        let gate = match contract.idempotency {
            Idempotency::NoSideEffects => &self.reads,
            Idempotency::Idempotent | Idempotency::Unknown => &self.writes,
        };
        let wait = self.wait_max.min(deadline.left());
        let permit = gate.enter(tenant, contract.priority, wait).await;
        permit.ok_or_else(|| Fault::overloaded(come_back(contract.priority)))
    }
}

/// When to try again: those who are shed first come back last.
fn come_back(priority: Priority) -> Duration {
    Duration::from_millis(match priority {
        Priority::Checkout => 100,
        Priority::Operate => 200,
        Priority::Browse => 500,
        Priority::Report => 2_000,
    })
}

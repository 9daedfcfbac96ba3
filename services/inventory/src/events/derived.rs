//! Plain rows that follow from aggregates: there are none yet. What others told of products and
//! locations follows from their events, not from these facts.

use contracts::ops::DifferenceKind;
use journal::{Derived, Value};
use vocab::TenantId;

use crate::app::Inventory;
use crate::domain::{Key, State};

/// Recomputes nothing: every row that follows from facts is an aggregate's own.
#[derive(Debug, Default)]
pub struct InventoryRows;

impl Derived<Inventory> for InventoryRows {
    fn tables(&self) -> &'static [(usize, DifferenceKind)] {
        &[]
    }

    fn see(&mut self, _: TenantId, _: &Key, _: &State) {}

    fn rows(&mut self) -> Vec<(TenantId, Key, State)> {
        Vec::new()
    }

    fn is_empty(&self, _: usize, _: &[Value]) -> bool {
        false
    }
}

//! All SQL of inventory: how its states are stored, and what its doors read.
//!
//! Rows never leave this module. Writing is the journal's; what is here reads.

use chassis::fault::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use journal::Reads;
use sqlx::PgConnection;
use vocab::TenantId;

mod entries;
mod hold_list;
mod holds;
mod imports;
mod known;
mod ledger;
mod listing;
mod migrations;
mod over;
mod positions;
mod store;
mod stored;
mod transactions;
mod transfers;
mod troubles;

pub use hold_list::HoldList;
pub use imports::{ImportList, ImportState};
pub use ledger::{Clocks, Reach, Stretch};
pub use listing::{Condition, PositionCursor, PositionList, PositionOrder};
pub use migrations::migrations;
pub use over::{OVER_HOLDS, OverHold};
pub use positions::Versioned;
pub use store::{InventoryStore, read_fact};
pub use stored::bucket_name;
pub use transactions::{EntryCursor, EntryList};
pub use transfers::{ListCursor, TransferList};
pub use troubles::{DiscrepancyRow, ShortfallRow, TroubleList, Troubles};

/// Reads what inventory keeps, one tenant at a time, with all that was committed before.
#[derive(Clone, Debug)]
pub struct Db {
    reads: Reads,
}

impl Db {
    /// Reads through the connections of a journal.
    pub fn new(reads: Reads) -> Self {
        Self { reads }
    }

    async fn read<T, F>(&self, tenant: TenantId, read: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
        F: Send + 'static,
    {
        self.reads.read_latest(tenant, read).boxed().await
    }
}

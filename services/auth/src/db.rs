//! All SQL of auth: how its states are stored, and what its doors read.
//!
//! Rows never leave this module. Writing is the journal's; what is here reads, but for the trail of
//! auth's own facts, which follows from them.

use chassis::fault::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use journal::{Reads, Unreadable};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{PgConnection, Row};
use vocab::TenantId;

mod audit;
mod finder;
mod lists;
mod machines;
mod migrations;
mod people;
mod revoked;
mod sessions;
mod store;
mod stored;
mod trail;

pub use audit::{AuditCursor, AuditList, AuditPlace, Within};
pub use finder::{Finder, Machine};
pub use lists::{CreationCursor, UserList};
pub use machines::MachineList;
pub use migrations::migrations;
pub use people::{Entry, Known};
pub use revoked::{KINDS as REVOKING_KINDS, Revoked, RevokedCursor, RevokedList};
pub use sessions::{Living, LivingCursor, LivingList};
pub use store::{AuthStore, read_fact};
pub use stored::{StoredContact, StoredLink};
pub use trail::Trail;

use crate::domain::Aggregate;
use stored::StoredAggregate;

/// How many connections those share who find owners and revocations.
const FEW: u32 = 2;

/// A few connections, made when they are needed.
pub fn few(options: &PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(FEW);
    pool.connect_lazy_with(options.clone())
}

/// What belongs to no tenant is stored under this one.
pub fn nobody() -> TenantId {
    TenantId::from_uuid(uuid::Uuid::nil())
}

/// Reads what auth keeps, one tenant at a time, with all that was committed before.
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

/// The aggregate of a row, from its compact form.
fn content(row: &PgRow) -> Result<Aggregate, sqlx::Error> {
    let bytes: Vec<u8> = row.try_get("content")?;
    StoredAggregate::parse(&bytes).map_err(undecodable)
}

fn undecodable(error: Unreadable) -> sqlx::Error {
    sqlx::Error::Decode(error.0.into())
}

/// Takes the one kind of aggregate that a query asks for.
macro_rules! aggregate {
    ($row:expr, $variant:ident) => {
        match $crate::db::content($row)? {
            $crate::domain::Aggregate::$variant(it) => *it,
            other => {
                let text = format!("{:?} is another kind of row", other.key());
                return Err(sqlx::Error::Decode(text.into()));
            }
        }
    };
}
use aggregate;

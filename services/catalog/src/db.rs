//! All SQL of the catalog: how its states are stored, and what its doors read.
//!
//! Rows never leave this module. Writing is the journal's; what is here reads, but for the index of
//! search, which is made anew from what was written.

use chassis::fault::Fault;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use journal::Reads;
use sqlx::PgConnection;
use vocab::TenantId;

mod categories;
mod due;
mod index;
mod migrations;
mod prices;
mod products;
mod rows;
mod search;
mod store;
mod stored;

pub use categories::{CategoryCursor, CategoryList, Placed};
pub use due::{DUE_PRICES, DuePrice};
pub use index::SearchIndex;
pub use migrations::migrations;
pub use prices::{PriceCursor, PriceList};
pub use products::{ProductCursor, ProductKey, ProductList, ProductOrder};
pub use search::{FacetAsked, FacetCounts, SearchCursor, SearchOrder, SearchQuery, Searched};
pub use store::{CatalogStore, read_fact};

/// How old an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// All that was committed before.
    Latest,
    /// As a read replica knows it, where one is set up.
    Plain,
}

/// Reads what the catalog keeps, one tenant at a time.
#[derive(Clone, Debug)]
pub struct Db {
    reads: Reads,
}

impl Db {
    /// Reads through the connections of a journal.
    pub fn new(reads: Reads) -> Self {
        Self { reads }
    }

    async fn read<T, F>(&self, freshness: Freshness, tenant: TenantId, read: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
        F: Send + 'static,
    {
        match freshness {
            Freshness::Latest => self.reads.read_latest(tenant, read).boxed().await,
            Freshness::Plain => self.reads.read(tenant, read).boxed().await,
        }
    }
}

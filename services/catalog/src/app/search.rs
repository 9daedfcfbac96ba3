//! Searching: waiting for the index, widening categories, hits and facets.

use chassis::call::Call;
use chassis::fault::Fault;
use vocab::{CategoryId, ProductId};

use super::App;
use super::reads::Waiting;
use crate::db::{FacetAsked, FacetCounts, SearchQuery, Searched};

/// A search, and what it waits for and counts.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is looked for; its categories are filled in here.
    pub query: SearchQuery,
    /// Only in one of these categories or below; any, if empty.
    pub categories: Vec<CategoryId>,
    /// The product whose version the index must have.
    pub awaited: Option<(ProductId, i64)>,
    /// What to count the hits by.
    pub facets: Vec<FacetAsked>,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// A page of hits.
    pub searched: Searched,
    /// What was counted, in the order asked for.
    pub facets: Vec<FacetCounts>,
}

impl App {
    /// Searches products.
    pub async fn search(&self, call: &Call, asked: Asked) -> Result<Findings, Fault> {
        let Asked {
            mut query,
            categories,
            awaited,
            facets,
        } = asked;
        let waiting = Waiting::of(call);
        if let Some((product, version)) = awaited {
            while self.db.indexed_version(call.tenant, product).await? < version {
                waiting.again().await?;
            }
        }
        if !categories.is_empty() {
            let below = self.db.categories_below(call.tenant, categories).await?;
            query.categories = Some(below);
        }
        let counted = match facets.is_empty() {
            true => Vec::new(),
            false => self.db.facets(call.tenant, query.clone(), facets).await?,
        };
        Ok(Findings {
            searched: self.db.search(call.tenant, query).await?,
            facets: counted,
        })
    }
}

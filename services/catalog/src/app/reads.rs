//! Reading products and categories as a viewer may see them, as fresh as was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chassis::call::Call;
use chassis::deadline::Deadline;
use chassis::fault::{Fault, Kind, Reason};
use tokio::time::sleep;
use vocab::{CategoryId, ProductId};

use super::App;
use crate::db::{Freshness, Placed, ProductList};
use crate::domain::Refusal;
use crate::domain::product::{Product, ProductState};

/// How long to wait before looking again for a version that is not there yet.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// What is left of the deadline for saying that it did not come.
const TO_ANSWER: Duration = Duration::from_millis(250);

/// Products that are read at once for a snapshot.
const SNAPSHOT_PAGE: i64 = 1_000;

/// Who looks: staff see what shoppers do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Staff and services.
    Staff,
    /// Shoppers and guests.
    Shopper,
}

impl Viewer {
    /// Whether this viewer may see a product.
    pub fn sees(self, product: &Product) -> bool {
        self == Self::Staff || !product.is_hidden()
    }
}

impl App {
    /// Returns a product that has at least a version.
    pub async fn product(
        &self,
        call: &Call,
        viewer: Viewer,
        id: ProductId,
        min_version: i64,
    ) -> Result<Arc<Product>, Fault> {
        let waiting = Waiting::of(call);
        let product = loop {
            let found = self.known(call, id, min_version).await?;
            let product = found.ok_or(Refusal::ProductMissing(id))?;
            if product.version >= min_version {
                break product;
            }
            waiting.again().await?;
        };
        match viewer.sees(&product) {
            true => Ok(product),
            false => Err(Refusal::ProductMissing(id).into()),
        }
    }

    /// The product as the cache knows it, or as it is if that is older than asked for.
    async fn known(
        &self,
        call: &Call,
        id: ProductId,
        min_version: i64,
    ) -> Result<Option<Arc<Product>>, Fault> {
        if let Some(cached) = self.cache.find(call.tenant, id).await
            && cached.version >= min_version
        {
            return Ok(Some(cached));
        }
        let found = self.db.product(Freshness::Latest, call.tenant, id).await?;
        let Some(found) = found.map(Arc::new) else {
            return Ok(None);
        };
        self.cache.fill(call.tenant, Arc::clone(&found)).await;
        Ok(Some(found))
    }

    /// Returns those of some products that there are and the viewer may see, by id.
    pub async fn products(
        &self,
        call: &Call,
        viewer: Viewer,
        ids: &[ProductId],
    ) -> Result<BTreeMap<ProductId, Arc<Product>>, Fault> {
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        for id in ids {
            match self.cache.find(call.tenant, *id).await {
                Some(product) => {
                    found.insert(*id, product);
                }
                None => missing.push(*id),
            }
        }
        if !missing.is_empty() {
            let read = self.db.products(Freshness::Latest, call.tenant, missing);
            for product in read.await? {
                let product = Arc::new(product);
                self.cache.fill(call.tenant, Arc::clone(&product)).await;
                found.insert(product.id, product);
            }
        }
        found.retain(|_, product| viewer.sees(product));
        Ok(found)
    }

    /// Lists products.
    pub async fn list_products(
        &self,
        call: &Call,
        list: ProductList,
    ) -> Result<Vec<Product>, Fault> {
        self.db
            .list_products(Freshness::Plain, call.tenant, list)
            .await
    }

    /// Returns some products as they are, deleted or not.
    pub async fn latest(&self, call: &Call, ids: Vec<ProductId>) -> Result<Vec<Product>, Fault> {
        self.db.products(Freshness::Latest, call.tenant, ids).await
    }

    /// Returns a category that there is and all below it.
    pub async fn below(
        &self,
        call: &Call,
        category: CategoryId,
    ) -> Result<BTreeSet<CategoryId>, Fault> {
        let below = self.db.categories_below(call.tenant, vec![category]);
        Ok(below.await?.into_iter().collect())
    }

    /// Returns all products that a viewer may see, in a category or below, as they are.
    pub async fn all_products(
        &self,
        call: &Call,
        viewer: Viewer,
        category: Option<CategoryId>,
    ) -> Result<Vec<Product>, Fault> {
        let mut list = ProductList {
            category,
            below: true,
            limit: SNAPSHOT_PAGE,
            ..ProductList::default()
        };
        if viewer == Viewer::Shopper {
            list.states = vec![ProductState::Active.name()];
        }
        let mut all = Vec::new();
        loop {
            let page = self
                .db
                .list_products(Freshness::Latest, call.tenant, list.clone());
            let page = page.await?;
            let full = i64::try_from(page.len()).is_ok_and(|it| it >= SNAPSHOT_PAGE);
            list.after = page.last().map(|it| list.order.cursor(it));
            all.extend(page);
            if !full {
                return Ok(all);
            }
        }
    }

    /// Returns a category that has at least a version.
    pub async fn category(
        &self,
        call: &Call,
        id: CategoryId,
        min_version: i64,
    ) -> Result<Placed, Fault> {
        let waiting = Waiting::of(call);
        let mut freshness = Freshness::Plain;
        loop {
            let found = self.db.category(freshness, call.tenant, id).await?;
            match found {
                Some(placed) if placed.category.version >= min_version => return Ok(placed),
                None if freshness == Freshness::Latest => {
                    return Err(Refusal::CategoryMissing(id).into());
                }
                Some(_) if freshness == Freshness::Latest => waiting.again().await?,
                // The replica may be behind.
                Some(_) | None => freshness = Freshness::Latest,
            }
        }
    }
}

/// Waits for a version, as long as the caller does.
pub(super) struct Waiting(Deadline);

impl Waiting {
    /// Waits within a call's deadline.
    pub(super) fn of(call: &Call) -> Self {
        Self(call.deadline)
    }

    /// Waits a little; refused when too little time is left to look again and to answer.
    pub(super) async fn again(&self) -> Result<(), Fault> {
        if self.0.left() <= TO_ANSWER {
            let reason = Reason::new(Kind::Unavailable, Reason::SHARED, "PROJECTION_BEHIND");
            return Err(Fault::new(reason, "the version asked for is not there yet"));
        }
        sleep(LOOK_AGAIN).await;
        Ok(())
    }
}

//! Watching products: those that the filters select as they are, then what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use bus::watch::{Sealer, Step};
use bus::{Recorded, Watch, Watched};
use chassis::call::Call;
use chassis::fault::Fault;
use contracts::catalog as pb;
use contracts::catalog::watch_products_response::Update;
use contracts::common::Bookmark;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use prost::Message;
use prost_types::FieldMask;
use tonic::Status;
use vocab::{CategoryId, ProductId};

use super::convert::product;
use super::convert::update::{projected, readable};
use super::{Rpc, id, viewer};
use crate::app::{App, Viewer};
use crate::domain::product::Product;

/// The full name of the rpc, to which its tokens are bound.
const RPC: &str = "retail.catalog.v1.CatalogService/WatchProducts";

/// What one watcher wants to see.
struct Window {
    app: App,
    call: Call,
    viewer: Viewer,
    category: Option<CategoryId>,
    products: BTreeSet<ProductId>,
    mask: Option<FieldMask>,
}

impl Rpc {
    pub(super) async fn watch(
        &self,
        call: Call,
        request: pb::WatchProductsRequest,
    ) -> Result<BoxStream<'static, Result<pb::WatchProductsResponse, Status>>, Fault> {
        readable(request.read_mask.as_ref())?;
        let filters = pb::WatchProductsRequest {
            resume_token: String::new(),
            read_mask: None,
            ..request.clone()
        };
        let products = request.product_ids.iter().map(|it| id("product_ids", it));
        let category = match request.category_id.as_str() {
            "" => None,
            text => Some(id("category_id", text)?),
        };
        let viewer = viewer(&call);
        let scope = [filters.encode_to_vec(), vec![viewer as u8]].concat();
        let sealer = Sealer::new(self.pages.clone(), call.tenant, RPC, scope);
        let window = Window {
            app: self.app.clone(),
            viewer,
            category,
            products: products.collect::<Result<_, _>>()?,
            mask: request.read_mask,
            call,
        };
        let token = request.resume_token;
        let watch = Watch::begin(&self.follower, window, sealer, &token).await?;
        let messages = watch.into_stream().map(|step| match step {
            Ok(step) => Ok(response(step)),
            Err(fault) => Err(Status::from(fault)),
        });
        Ok(messages.boxed())
    }
}

impl Watched for Window {
    type Item = pb::ProductChange;

    fn snapshot(&self) -> BoxFuture<'_, Result<Vec<pb::ProductChange>, Fault>> {
        async move {
            let category = self.below().await?;
            let all = match self.products.is_empty() {
                true => {
                    self.app
                        .all_products(&self.call, self.viewer, self.category)
                        .await?
                }
                false => {
                    let ids = self.products.iter().copied().collect();
                    self.app.latest(&self.call, ids).await?
                }
            };
            let seen = all.iter().filter(|it| self.shows(category.as_ref(), it));
            seen.map(|it| self.shown(pb::ChangeType::Created, it))
                .collect()
        }
        .boxed()
    }

    fn change(&self, _recorded: &Recorded) -> Option<pb::ProductChange> {
        None
    }

    /// Products are sent as they are now: of quick changes only the last is told.
    fn changes<'a>(
        &'a self,
        facts: &'a [Recorded],
    ) -> BoxFuture<'a, Result<Vec<(usize, pb::ProductChange)>, Fault>> {
        async move {
            let touched = self.touched(facts);
            if touched.is_empty() {
                return Ok(Vec::new());
            }
            let category = self.below().await?;
            let ids = touched.keys().copied().collect();
            let now = self.app.latest(&self.call, ids).await?;
            let mut changes = Vec::with_capacity(now.len());
            for it in &now {
                let Some((at, came)) = touched.get(&it.id) else {
                    continue;
                };
                let change = match (self.shows(category.as_ref(), it), came) {
                    (true, true) => self.shown(pb::ChangeType::Created, it)?,
                    (true, false) => self.shown(pb::ChangeType::Updated, it)?,
                    (false, _) => gone(it),
                };
                changes.push((*at, change));
            }
            changes.sort_by_key(|(at, _)| *at);
            Ok(changes)
        }
        .boxed()
    }
}

impl Window {
    /// Whether a product is in view. Deleted ones are in nobody's.
    fn shows(&self, category: Option<&BTreeSet<CategoryId>>, product: &Product) -> bool {
        let stands = |all: &BTreeSet<_>| product.categories().iter().any(|it| all.contains(it));
        product.deleted_at.is_none() && self.viewer.sees(product) && category.is_none_or(stands)
    }

    /// The last fact about each selected product, and whether it may have come into view.
    fn touched(&self, facts: &[Recorded]) -> BTreeMap<ProductId, (usize, bool)> {
        let mut touched = BTreeMap::new();
        for (at, fact) in facts.iter().enumerate() {
            let Ok(id) = fact.stream_id.parse::<ProductId>() else {
                continue;
            };
            let selected = self.products.is_empty() || self.products.contains(&id);
            if fact.tenant == self.call.tenant && selected {
                let came = matches!(
                    fact.kind.as_str(),
                    "product_created" | "product_published" | "product_undeleted"
                );
                let before = touched.get(&id).is_some_and(|(_, came)| *came);
                touched.insert(id, (at, came || before));
            }
        }
        touched
    }

    async fn below(&self) -> Result<Option<BTreeSet<CategoryId>>, Fault> {
        match self.category {
            None => Ok(None),
            Some(category) => self.app.below(&self.call, category).await.map(Some),
        }
    }

    fn shown(&self, kind: pb::ChangeType, it: &Product) -> Result<pb::ProductChange, Fault> {
        let whole = product::product(self.call.tenant, it);
        Ok(pb::ProductChange {
            r#type: kind.into(),
            product: Some(projected(&whole, self.mask.as_ref())?),
        })
    }
}

fn gone(it: &Product) -> pb::ProductChange {
    pb::ProductChange {
        r#type: pb::ChangeType::Deleted.into(),
        product: Some(pb::Product {
            product_id: it.id.to_string(),
            version: it.version,
            ..pb::Product::default()
        }),
    }
}

fn response(step: Step<pb::ProductChange>) -> pb::WatchProductsResponse {
    match step {
        Step::Item { token, item } => pb::WatchProductsResponse {
            resume_token: token,
            update: Some(Update::Change(item)),
        },
        Step::Bookmark {
            token,
            snapshot_complete,
        } => pb::WatchProductsResponse {
            resume_token: token,
            update: Some(Update::Bookmark(Bookmark { snapshot_complete })),
        },
    }
}

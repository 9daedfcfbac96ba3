//! Watching stock: the positions that the filters select as they are, then every change of them.

use std::collections::BTreeSet;

use bus::watch::{Changes, Sealer, Step};
use bus::{Recorded, Watch, Watched};
use chassis::call::Call;
use chassis::fault::Fault;
use contracts::common::Bookmark;
use contracts::inventory as pb;
use contracts::inventory::watch_stock_response::Update;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use prost::Message;
use tonic::Status;
use vocab::{LocationId, ProductId};

use super::Rpc;
use super::convert::entry;
use super::convert::position::Shown;
use super::reads::{locations, products};
use crate::app::App;
use crate::db::{Condition, PositionList};
use crate::domain::Place;
use crate::domain::fact::{PositionChange, PositionFact};

/// The full name of the rpc, to which its tokens are bound.
const RPC: &str = "retail.inventory.v1.InventoryService/WatchStock";

/// What one watcher wants to see.
struct Window {
    app: App,
    call: Call,
    products: BTreeSet<ProductId>,
    locations: BTreeSet<LocationId>,
    low_only: bool,
}

impl Rpc {
    pub(super) async fn watch_stock(
        &self,
        call: Call,
        request: pb::WatchStockRequest,
    ) -> Result<BoxStream<'static, Result<pb::WatchStockResponse, Status>>, Fault> {
        let filters = pb::WatchStockRequest {
            resume_token: String::new(),
            ..request.clone()
        };
        let sealer = Sealer::new(
            self.pages.clone(),
            call.tenant,
            RPC,
            filters.encode_to_vec(),
        );
        let window = Window {
            app: self.app.clone(),
            products: products(&request.product_ids)?.into_iter().collect(),
            locations: locations(&request.location_ids)?.into_iter().collect(),
            low_only: request.low_stock_only,
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
    type Item = pb::StockPosition;

    fn snapshot(&self) -> BoxFuture<'_, Result<Vec<pb::StockPosition>, Fault>> {
        async move {
            let mut list = PositionList {
                products: self.products.iter().copied().collect(),
                locations: self.locations.iter().copied().collect(),
                ..PositionList::default()
            };
            if self.low_only {
                list.conditions.push(Condition::Low);
            }
            let day = self.app.clock().now().utc_date();
            let all = self.app.all_positions(&self.call, list).await?;
            let shown = all.iter().map(|it| {
                let shown = Shown::of(self.call.tenant, &it.position, it.version, it.recorded_at);
                shown.on(day)
            });
            Ok(shown.collect())
        }
        .boxed()
    }

    fn change(&self, _recorded: &Recorded) -> Option<pb::StockPosition> {
        None
    }

    fn changes<'a>(&'a self, facts: &'a [Recorded]) -> Changes<'a, pb::StockPosition> {
        async move {
            let mut changes = Vec::new();
            for (at, recorded) in facts.iter().enumerate() {
                if let Some(fact) = self.selected(recorded)?
                    && self.shows(recorded, &fact).await?
                {
                    changes.push((at, self.shown(recorded, &fact)));
                }
            }
            Ok(changes)
        }
        .boxed()
    }
}

impl Window {
    /// The fact, where it is about a position that the filters select.
    fn selected(&self, recorded: &Recorded) -> Result<Option<PositionFact>, Fault> {
        if recorded.tenant != self.call.tenant {
            return Ok(None);
        }
        let Ok(place) = recorded.stream_id.parse::<Place>() else {
            return Ok(None);
        };
        let product = self.products.is_empty() || self.products.contains(&place.product);
        let location = self.locations.is_empty() || self.locations.contains(&place.location);
        match product && location {
            true => entry::read(recorded).map(Some),
            false => Ok(None),
        }
    }

    /// Whether a watcher of low positions hears of it: it is low, or was until now. What the rules
    /// were before a change of them is looked up.
    async fn shows(&self, recorded: &Recorded, fact: &PositionFact) -> Result<bool, Fault> {
        if !self.low_only || fact.policy.is_low(&fact.after) {
            return Ok(true);
        }
        let before = fact.after - fact.deltas;
        if fact.what != PositionChange::PolicyChanged {
            return Ok(fact.policy.is_low(&before));
        }
        let last = recorded.version - 1;
        let rules = self.app.fact_at(&self.call, fact.place, last).await?;
        Ok(rules.is_some_and(|it| it.policy.is_low(&before)))
    }

    fn shown(&self, recorded: &Recorded, fact: &PositionFact) -> pb::StockPosition {
        let shown = Shown {
            tenant: recorded.tenant,
            place: fact.place,
            levels: &fact.after,
            policy: &fact.policy,
            version: recorded.version,
            at: Some(recorded.recorded_at),
        };
        shown.on(self.app.clock().now().utc_date())
    }
}

fn response(step: Step<pb::StockPosition>) -> pb::WatchStockResponse {
    match step {
        Step::Item { token, item } => pb::WatchStockResponse {
            resume_token: token,
            update: Some(Update::Position(item)),
        },
        Step::Bookmark {
            token,
            snapshot_complete,
        } => pb::WatchStockResponse {
            resume_token: token,
            update: Some(Update::Bookmark(Bookmark { snapshot_complete })),
        },
    }
}

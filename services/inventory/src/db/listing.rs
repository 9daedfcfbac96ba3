//! Lists of positions under the filters of a warehouse, page by page.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;
use vocab::{LocationId, Moment, ProductId, TenantId};

use super::Db;
use super::positions::{Versioned, read};
use crate::domain::Place;

/// The good units that nothing is promised on.
const AVAILABLE: &str = "greatest(0, on_hand - damaged - quarantined - reserved)";

const SELECT: &str = "
    SELECT product_id, location_id, version, recorded_at, on_hand, reserved, damaged,
        quarantined, on_order, in_transit, backordered, open_shortfall, discrepancy,
        shortfall_id, shortfall_peak, low_stock_threshold, safety_stock, backorder_cap,
        preorder_from, preorder_limit, policy_revision, policy_updated_at
    FROM positions WHERE tenant_id = ";

/// A state of a position that a warehouse looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is available.
    OutOfStock,
    /// Some of what is reserved is backordered.
    Backordered,
    /// A shortfall is open.
    Shortfall,
    /// A discrepancy is open.
    Discrepancy,
    /// Some units are damaged.
    Damaged,
    /// Some units are set aside.
    Quarantined,
    /// Something is on order or on its way.
    Inbound,
    /// It is low by its rules.
    Low,
    /// Rules were set for it.
    Ruled,
}

/// What positions are ordered by. Their names decide between equals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PositionOrder {
    /// By product, then location.
    #[default]
    Place,
    /// Those with the least available first.
    Available,
    /// Those with the most available first.
    MostAvailable,
    /// Those that changed last first.
    Updated,
}

/// Where a list of positions goes on: behind the number that it is ordered by, and the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionCursor {
    /// Units, or microseconds; 0 in the order of names.
    pub number: i64,
    /// The position.
    pub place: Place,
}

/// Which positions to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct PositionList {
    /// Only of these products; of all, if there are none.
    pub products: Vec<ProductId>,
    /// Only at these locations; at all, if there are none.
    pub locations: Vec<LocationId>,
    /// Only in all of these states.
    pub conditions: Vec<Condition>,
    /// The order of the list.
    pub order: PositionOrder,
    /// Behind which position the page begins.
    pub after: Option<PositionCursor>,
    /// How many at most.
    pub limit: i64,
}

impl PositionOrder {
    /// The place of a position in a list of this order.
    pub fn cursor(self, it: &Versioned) -> PositionCursor {
        let number = match self {
            Self::Place => 0,
            Self::Available | Self::MostAvailable => it.position.levels.available(),
            Self::Updated => it.recorded_at.map_or(0, Moment::micros),
        };
        PositionCursor {
            number,
            place: it.position.place,
        }
    }

    /// What it is ordered by before the names, and whether backwards.
    fn key(self) -> Option<(&'static str, bool)> {
        match self {
            Self::Place => None,
            Self::Available => Some((AVAILABLE, false)),
            Self::MostAvailable => Some((AVAILABLE, true)),
            Self::Updated => Some(("recorded_at", true)),
        }
    }
}

impl Condition {
    fn text(self) -> &'static str {
        match self {
            Self::OutOfStock => "on_hand - damaged - quarantined - reserved <= 0",
            Self::Backordered => "backordered > 0",
            Self::Shortfall => "open_shortfall > 0",
            Self::Discrepancy => "discrepancy > 0",
            Self::Damaged => "damaged > 0",
            Self::Quarantined => "quarantined > 0",
            Self::Inbound => "on_order + in_transit > 0",
            Self::Low => {
                "low_stock_threshold >= greatest(0, on_hand - damaged - quarantined - reserved)"
            }
            Self::Ruled => "policy_revision > 0",
        }
    }
}

impl Db {
    /// Lists positions.
    pub async fn list_positions(
        &self,
        tenant: TenantId,
        list: PositionList,
    ) -> Result<Vec<Versioned>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let mut query = listing(tenant, &list);
                let rows = query.build().fetch_all(db).await?;
                rows.iter().map(read).collect()
            }
            .boxed()
        })
        .await
    }
}

/// Puts the statement together from the conditions that are asked: one text for all of them would
/// leave every index unused.
fn listing(tenant: TenantId, list: &PositionList) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tenant.uuid());
    if !list.products.is_empty() {
        let ids: Vec<Uuid> = list.products.iter().map(|it| it.uuid()).collect();
        query.push(" AND product_id = ANY (").push_bind(ids);
        query.push(")");
    }
    if !list.locations.is_empty() {
        let ids: Vec<Uuid> = list.locations.iter().map(|it| it.uuid()).collect();
        query.push(" AND location_id = ANY (").push_bind(ids);
        query.push(")");
    }
    for condition in &list.conditions {
        query.push(" AND ").push(condition.text());
    }
    if let Some(after) = &list.after {
        behind(&mut query, list.order, after);
    }
    query.push(" ORDER BY ");
    if let Some((expression, backwards)) = list.order.key() {
        query.push(expression);
        query.push(if backwards { " DESC, " } else { ", " });
    }
    query.push("product_id, location_id LIMIT ");
    query.push_bind(list.limit);
    query
}

fn behind(query: &mut QueryBuilder<Postgres>, order: PositionOrder, after: &PositionCursor) {
    query.push(" AND ");
    if let Some((expression, backwards)) = order.key() {
        query.push("(").push(expression);
        query.push(if backwards { " < " } else { " > " });
        number(query, order, after);
        query.push(" OR ").push(expression).push(" = ");
        number(query, order, after);
        query.push(" AND ");
    }
    let (product, location) = (after.place.product.uuid(), after.place.location.uuid());
    query.push("(product_id, location_id) > (");
    query.push_bind(product).push(", ").push_bind(location);
    query.push(")");
    if order.key().is_some() {
        query.push(")");
    }
}

fn number(query: &mut QueryBuilder<Postgres>, order: PositionOrder, after: &PositionCursor) {
    match order {
        PositionOrder::Updated => {
            let at = Moment::from_micros(after.number).unwrap_or(Moment::FIRST);
            query.push_bind(Stamp(at));
        }
        _ => {
            query.push_bind(after.number);
        }
    }
}

//! Lists of holds, newest first, page by page.

use chassis::call::Call;
use chassis::fault::Fault;
use uuid::Uuid;
use vocab::{LocationId, Moment, ProductId};

use super::App;
use crate::db::HoldList;
use crate::domain::reservation::Reservation;

/// Rows that are read at once.
const RUN: i64 = 500;
/// Runs that one page may take; a page that finds little ends there, and goes on by its token.
const RUNS_MAX: usize = 20;

/// Which holds are asked for.
#[derive(Clone, Debug, Default)]
pub struct HoldsAsked {
    /// What stands in columns.
    pub list: HoldList,
    /// Only holds of this product.
    pub product: Option<ProductId>,
    /// Only holds with units at one of these locations; anywhere, if there are none.
    pub locations: Vec<LocationId>,
    /// Only those that an open shortfall touches.
    pub short_only: bool,
    /// How many a page has.
    pub size: usize,
}

/// A page of holds.
#[derive(Debug, Default)]
pub struct HoldsFound {
    /// The holds, and what time it is for the database.
    pub holds: Vec<(Reservation, Moment)>,
    /// Where the next page begins, if there may be one.
    pub behind: Option<(Moment, Uuid)>,
}

impl App {
    /// A page of holds.
    pub async fn reservations(&self, call: &Call, asked: &HoldsAsked) -> Result<HoldsFound, Fault> {
        let mut found = HoldsFound::default();
        let mut list = HoldList {
            limit: RUN,
            ..asked.list.clone()
        };
        let short = match asked.short_only {
            true => Some(self.short_holds(call).await?),
            false => None,
        };
        for _ in 0..RUNS_MAX {
            let rows = self.db.list_holds(call.tenant, list.clone()).await?;
            let last = (rows.len() as i64) < RUN;
            for (hold, now) in rows {
                list.behind = Some((hold.created_at, hold.id.uuid()));
                let is_short = short.as_ref().is_none_or(|it| it.contains(&hold.id));
                if is_short && asked.shows(&hold) {
                    found.holds.push((hold, now));
                }
                if found.holds.len() >= asked.size {
                    found.behind = list.behind;
                    return Ok(found);
                }
            }
            if last {
                return Ok(found);
            }
        }
        found.behind = list.behind;
        Ok(found)
    }
}

impl HoldsAsked {
    fn shows(&self, hold: &Reservation) -> bool {
        let lines = || hold.lines.iter();
        let of_product = self.product.is_none_or(|product| {
            let held = lines().flat_map(|it| &it.allocations);
            let mut products = lines()
                .map(|it| it.product)
                .chain(held.map(|it| it.product));
            products.any(|it| it == product)
        });
        let mut places = lines().flat_map(|it| &it.allocations);
        let here =
            self.locations.is_empty() || places.any(|it| self.locations.contains(&it.location));
        of_product && here
    }
}

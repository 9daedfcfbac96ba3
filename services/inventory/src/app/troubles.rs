//! Shortfalls with the holds that they touch, and discrepancies.

use chassis::call::Call;
use chassis::fault::Fault;
use vocab::ReservationId;

use super::App;
use crate::db::{DiscrepancyRow, ShortfallRow, TroubleList};
use crate::domain::touched::{Touched, touched};

/// The most live holds that are looked through.
const LIVE_MAX: i64 = 20_000;
/// The most holds that a shortfall lists.
const TOUCHED_MAX: usize = 1_000;

/// A shortfall, and the holds that miss its units now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortfallFound {
    /// The shortfall.
    pub row: ShortfallRow,
    /// The holds; none for a closed one.
    pub holds: Vec<Touched>,
}

impl App {
    /// Shortfalls, newest first.
    pub async fn shortfalls(
        &self,
        call: &Call,
        list: TroubleList,
    ) -> Result<Vec<ShortfallFound>, Fault> {
        let rows = self.db.shortfalls(call.tenant, list).await?;
        let live = match rows.iter().any(|it| it.open > 0) {
            true => self.db.live_holds(call.tenant, LIVE_MAX).await?,
            false => Vec::new(),
        };
        let found = rows.into_iter().map(|row| {
            let mut holds = touched(&live, row.place, row.open);
            holds.truncate(TOUCHED_MAX);
            ShortfallFound { row, holds }
        });
        Ok(found.collect())
    }

    /// The holds that some open shortfall touches.
    pub async fn short_holds(&self, call: &Call) -> Result<Vec<ReservationId>, Fault> {
        let open = TroubleList {
            open: Some(true),
            limit: LIVE_MAX,
            ..TroubleList::default()
        };
        let found = self.shortfalls(call, open).await?;
        let holds = found.iter().flat_map(|it| &it.holds);
        Ok(holds.map(|it| it.id).collect())
    }

    /// Discrepancies, newest first.
    pub async fn discrepancies(
        &self,
        call: &Call,
        list: TroubleList,
    ) -> Result<Vec<DiscrepancyRow>, Fault> {
        self.db.discrepancies(call.tenant, list).await
    }
}

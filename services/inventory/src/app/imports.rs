//! Imports of opening stock: rows go to the journal in chunks, and every row is judged by itself.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;

use chassis::call::Call;
use chassis::fault::{Fault, Kind, Reason};
use journal::{OUTRUN, Submission};
use thiserror::Error;
use uuid::Uuid;
use vocab::{ImportId, LocationId, Moment, ProductId, uuid_time_ms};

use super::{App, unexpected};
use crate::db::{ImportList, ImportState};
use crate::domain::command::{ImportRow, ImportRows};
use crate::domain::import::{Import, RowFailure, RowFault, RowReason};
use crate::domain::{Answer, Command, Mark, is_abandoned};

/// How often a chunk is tried again: each time other rows of it may have turned out not to fit.
const TRIES_MAX: u32 = 16;
/// How long lists go back.
const LISTED_FOR: Duration = Duration::from_secs(90 * 86_400);
/// After so long without a row an import is given up.
const KEPT_FOR: Duration = Duration::from_secs(7 * 86_400);

/// Rows that are handed in together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The request that names the import.
    pub request: Uuid,
    /// The rows, each above the one before.
    pub rows: Vec<ImportRow>,
    /// Whether no more will come.
    pub end: bool,
}

impl App {
    /// The import that a request of the caller makes, or has made.
    pub fn import_of_request(&self, call: &Call, request: Uuid) -> ImportId {
        let submission = Submission::from(call);
        let tenant = call.tenant.uuid();
        let parts: [&[u8]; 3] = [
            tenant.as_bytes(),
            submission.principal.as_bytes(),
            request.as_bytes(),
        ];
        ImportId::derive(uuid_time_ms(request), &parts)
    }

    /// Handles rows: those that were handled are skipped, those that do not fit have failed.
    pub async fn import_rows(&self, call: &Call, chunk: Chunk) -> Result<Import, Fault> {
        let id = self.import_of_request(call, chunk.request);
        let rows = self.judged(call, chunk.rows).await?;
        let mut unfit: BTreeMap<i64, RowFault> = BTreeMap::new();
        for _ in 0..TRIES_MAX {
            let known = self.db.import(call.tenant, id).await?;
            let last = known.as_ref().map_or(0, |it| it.last);
            let fresh = rows.iter().filter(|it| it.sequence > last);
            let fresh = fresh.map(|it| ImportRow {
                sequence: it.sequence,
                row: match unfit.get(&it.sequence) {
                    Some(fault) => Err(fault.clone()),
                    None => it.row.clone(),
                },
            });
            let command = ImportRows {
                id,
                request: Mark(chunk.request.into_bytes()),
                actor: (call.caller.kind.into(), call.caller.id.clone()),
                seen: known.map(|it| it.last),
                rows: fresh.collect(),
                end: chunk.end,
            };
            let command = Command::ImportRows(Box::new(command));
            match self.try_rows(call, command).await? {
                Tried::Done(import) => return Ok(import),
                Tried::Unfit(rows) => unfit.extend(rows),
                Tried::Outrun => {}
            }
        }
        let reason = Reason::new(Kind::Raced, Reason::SHARED, "CONTENDED");
        Err(Fault::new(
            reason,
            "the import was changed by others again and again",
        ))
    }

    async fn try_rows(&self, call: &Call, command: Command) -> Result<Tried, Fault> {
        match self.submit(call, command).await {
            Ok(Answer::Import(import)) => Ok(Tried::Done(*import)),
            Ok(other) => Err(unexpected(&other)),
            Err(fault) if fault.reason() == OUTRUN => match Unfit::of(&fault) {
                Some(rows) => Ok(Tried::Unfit(rows)),
                None => Ok(Tried::Outrun),
            },
            Err(fault) => Err(fault),
        }
    }

    /// Rows whose product or location nobody told of have failed before anything is locked.
    async fn judged(&self, call: &Call, rows: Vec<ImportRow>) -> Result<Vec<ImportRow>, Fault> {
        let places = rows.iter().filter_map(|it| it.row.as_ref().ok());
        let places: Vec<_> = places.map(|it| it.place).collect();
        let products: Vec<ProductId> = places.iter().map(|it| it.product).collect();
        let products = self.known.products(call.tenant, products).await?;
        let locations: Vec<LocationId> = places.iter().map(|it| it.location).collect();
        let locations = self.known.locations(call.tenant, locations).await?;
        let judge = |row: ImportRow| {
            let Ok(opening) = &row.row else {
                return row;
            };
            let place = opening.place;
            let fault = if products.get(&place.product).is_none_or(|it| it.bundle) {
                RowFault::of(RowReason::ProductUnknown, "the product is not known").at("product_id")
            } else if !locations.contains_key(&place.location) {
                RowFault::of(RowReason::LocationUnknown, "the location is not known")
                    .at("location_id")
            } else {
                return row;
            };
            ImportRow {
                sequence: row.sequence,
                row: Err(fault),
            }
        };
        Ok(rows.into_iter().map(judge).collect())
    }

    /// The import with an id, if there is one.
    pub async fn import(&self, call: &Call, id: ImportId) -> Result<Option<Import>, Fault> {
        self.db.import(call.tenant, id).await
    }

    /// A page of imports.
    pub async fn list_imports(
        &self,
        call: &Call,
        mut list: ImportList,
    ) -> Result<Vec<Import>, Fault> {
        let now = self.clock.now();
        list.abandoned_before = now.minus(KEPT_FOR).unwrap_or(Moment::FIRST);
        list.since = now.minus(LISTED_FOR).unwrap_or(Moment::FIRST);
        self.db.list_imports(call.tenant, list).await
    }

    /// Whether an import takes rows now.
    pub fn import_state(&self, import: &Import) -> ImportState {
        match (import.ended, is_abandoned(import, self.clock.now())) {
            (true, _) => ImportState::Completed,
            (false, true) => ImportState::Abandoned,
            (false, false) => ImportState::Running,
        }
    }
}

/// Rows that did not fit, as they travel in a fault that never leaves this service.
#[derive(Debug, Error)]
#[error("rows do not fit what is there")]
pub struct Unfit(pub Vec<RowFailure>);

impl Unfit {
    fn of(fault: &Fault) -> Option<Vec<(i64, RowFault)>> {
        let unfit = fault.source()?.downcast_ref::<Self>()?;
        let rows = unfit.0.iter();
        Some(rows.map(|it| (it.sequence, it.fault.clone())).collect())
    }
}

/// What came of handing rows in.
enum Tried {
    Done(Import),
    Unfit(Vec<(i64, RowFault)>),
    Outrun,
}

//! Why a position's numbers are what they are: the entries behind them, and the documents that
//! they are promised to or awaited from.

use std::collections::BTreeSet;

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Recorded;
use vocab::ReservationId;

use super::App;
use super::past::{Counted, Then, entry_of};
use crate::db::{Clocks, Stretch};
use crate::domain::Place;
use crate::domain::fact::ShortfallMark;
use crate::domain::levels::Levels;
use crate::domain::reservation::Reservation;
use crate::domain::transfer::Transfer;

/// The most holds that are told.
const HOLDS_MAX: usize = 200;
/// How many entries are read at once on the way back.
const PAGE: i64 = 1_000;
/// How often at most: what lies further back is left out.
const PAGES_MAX: usize = 20;

/// What is to be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The position.
    pub place: Place,
    /// By which clocks.
    pub clocks: Clocks,
    /// Where a page goes on: the version that was explained, and the last entry told.
    pub after: Option<(i64, i64)>,
    /// How many entries to tell.
    pub limit: i64,
}

/// Numbers, and why they are so.
#[derive(Clone, Debug)]
pub struct Why {
    /// The numbers.
    pub then: Then,
    /// What they were before the oldest entry of the page.
    pub opening: Levels,
    /// The entries, the last one first, and whether there are more.
    pub entries: Vec<Recorded>,
    /// What stands behind the present numbers, on the first page.
    pub documents: Option<Documents>,
}

/// What stands behind the present numbers of a position.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// Active holds, the youngest first, with what each has there.
    pub holds: Vec<(Reservation, i64)>,
    /// Transfers on their way, with what each brings.
    pub transfers: Vec<(Transfer, i64)>,
    /// The entry that opened the shortfall which is open, and the shortfall as it is.
    pub shortfall: Option<(Recorded, ShortfallMark)>,
    /// The entries that opened discrepancies.
    pub discrepancies: Vec<Recorded>,
}

impl App {
    /// Explains the numbers of a position, a page of entries at a time. One entry beyond the page
    /// is read, to know whether there are more.
    pub async fn why(&self, call: &Call, asked: Question) -> Result<Why, Fault> {
        let (place, bound) = (asked.place, asked.after.map(|it| it.0));
        let then = self.then(call, place, (asked.clocks, bound)).await?;
        let upto = asked.after.map_or(then.counted.upto, |it| it.1 - 1);
        let page = Stretch {
            by: then.counted.by,
            moving: true,
            backwards: true,
            ..Stretch::upto(upto, asked.limit + 1)
        };
        let entries = self.db.stretch(call.tenant, place, page).await?;
        let size = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        let oldest = entries.iter().take(size).last().map(|it| it.version);
        let opening = match oldest {
            Some(oldest) => self.before(call, place, (then.counted, oldest)).await?,
            None => then.position.levels,
        };
        let first = asked.after.is_none() && !asked.clocks.are_past();
        let documents = match first {
            true => Some(self.documents(call, &then).await?),
            false => None,
        };
        Ok(Why {
            then,
            opening,
            entries,
            documents,
        })
    }

    async fn before(
        &self,
        call: &Call,
        place: Place,
        (counted, oldest): (Counted, i64),
    ) -> Result<Levels, Fault> {
        let before = self.sum(call.tenant, place, counted.before(oldest - 1));
        Ok(before.await?.levels)
    }

    async fn documents(&self, call: &Call, then: &Then) -> Result<Documents, Fault> {
        let (place, levels) = (then.position.place, &then.position.levels);
        let mut documents = Documents::default();
        if levels.reserved > 0 {
            documents.holds = self.holds_on(call, then).await?;
        }
        if levels.in_transit > 0 {
            let coming = self.db.transfers_to(call.tenant, place.location).await?;
            let brings = |it: &Transfer| it.awaited(place.product);
            let coming = coming.into_iter().map(|it| (brings(&it), it));
            let coming = coming.filter(|it| it.0 > 0).map(|(units, it)| (it, units));
            documents.transfers = coming.collect();
        }
        if levels.open_shortfall > 0 || levels.discrepancy > 0 {
            self.gaps(call, then, &mut documents).await?;
        }
        Ok(documents)
    }

    /// The youngest active holds, found by the entries that placed them, until all that is
    /// reserved is found.
    async fn holds_on(&self, call: &Call, then: &Then) -> Result<Vec<(Reservation, i64)>, Fault> {
        let place = then.position.place;
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let (mut left, mut upto) = (then.position.levels.reserved, then.version);
        for _ in 0..PAGES_MAX {
            let back = Stretch {
                kinds: vec!["stock_reserved"],
                backwards: true,
                ..Stretch::upto(upto, PAGE)
            };
            let entries = self.db.stretch(call.tenant, place, back).await?;
            let Some(last) = entries.last() else {
                break;
            };
            upto = last.version - 1;
            let mut ids: Vec<ReservationId> = Vec::new();
            for recorded in &entries {
                let fact = entry_of(recorded)?;
                let fresh = fact.holds().iter().rev().map(|it| it.reservation);
                ids.extend(fresh.filter(|it| seen.insert(*it)));
            }
            let mut holds = self.db.holds(call.tenant, ids.clone()).await?;
            holds.sort_by_key(|it| ids.iter().position(|id| *id == it.id));
            for hold in holds.into_iter().filter(Reservation::is_active) {
                let here = hold.held_at(place);
                if here > 0 && found.len() < HOLDS_MAX {
                    left -= here;
                    found.push((hold, here));
                }
            }
            if left <= 0 || found.len() >= HOLDS_MAX {
                break;
            }
        }
        Ok(found)
    }

    /// The entries that opened the shortfall and the discrepancies which are open.
    async fn gaps(&self, call: &Call, then: &Then, documents: &mut Documents) -> Result<(), Fault> {
        let (place, levels) = (then.position.place, &then.position.levels);
        let (mut upto, mut missing) = (then.version, levels.discrepancy);
        let mut open = levels.open_shortfall > 0;
        let mut peak = None;
        for _ in 0..PAGES_MAX {
            let back = Stretch {
                moving: true,
                backwards: true,
                ..Stretch::upto(upto, PAGE)
            };
            let entries = self.db.stretch(call.tenant, place, back).await?;
            let Some(last) = entries.last() else {
                break;
            };
            upto = last.version - 1;
            for recorded in entries {
                let fact = entry_of(&recorded)?;
                if let Some(mark) = fact.shortfall.filter(|_| open) {
                    let highest = *peak.get_or_insert(mark.peak);
                    if mark.opened {
                        open = false;
                        let mark = ShortfallMark {
                            peak: highest,
                            ..mark
                        };
                        documents.shortfall = Some((recorded.clone(), mark));
                    }
                }
                if fact.discrepancy.is_some() && missing > 0 {
                    missing -= fact.deltas.discrepancy;
                    documents.discrepancies.push(recorded);
                }
            }
            if !open && missing <= 0 {
                break;
            }
        }
        Ok(())
    }
}

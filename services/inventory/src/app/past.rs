//! Positions as they were: by what had happened, by what was recorded, or both.
//!
//! **Invariant:** as of a time, a position is the sum of the changes that had taken effect by
//! then; as recorded at a time, it is the fold of the entries recorded by then, the same ever
//! after. Times so young that a commit under way could still fall before them are refused.

use std::time::Duration;

use chassis::call::Call;
use chassis::fault::{Fault, Kind, Reason};
use journal::Recorded;
use vocab::{Moment, TenantId};

use super::App;
use crate::db::{Clocks, Reach, Stretch, read_fact};
use crate::domain::fact::PositionFact;
use crate::domain::levels::Levels;
use crate::domain::position::{Policy, Position};
use crate::domain::{Fact, Place};

/// No transaction of a writer lasts longer.
const COMMITS_WITHIN: Duration = Duration::from_secs(5);
/// How many entries are read at once.
const PAGE: i64 = 1_000;

/// A position at a time, and the entries that make it so.
#[derive(Clone, Debug, PartialEq)]
pub struct Then {
    /// The position. Which shortfall was open is not part of a past one.
    pub position: Position,
    /// The last version that counts.
    pub version: i64,
    /// When that was recorded.
    pub recorded_at: Option<Moment>,
    /// Which entries count.
    pub counted: Counted,
    /// The day by which its rules are read.
    pub at: Moment,
}

/// Which entries of a position count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// All up to this version count.
    pub known: i64,
    /// None above this one does.
    pub upto: i64,
    /// Those between count if they had happened by then.
    pub by: Option<Moment>,
}

impl Counted {
    /// Only those of them up to a version.
    pub fn before(self, version: i64) -> Self {
        let upto = self.upto.min(version);
        Self {
            known: self.known.min(upto),
            upto,
            by: self.by,
        }
    }
}

/// What a stretch of entries comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sum {
    /// The numbers.
    pub levels: Levels,
    /// The rules of the last entry of those that all count.
    pub policy: Policy,
    /// The last version that counts.
    pub version: i64,
    /// When that was recorded.
    pub recorded_at: Option<Moment>,
}

impl App {
    /// A position by some clocks; `upto` bounds the versions of a page that goes on.
    pub async fn then(
        &self,
        call: &Call,
        place: Place,
        (clocks, upto): (Clocks, Option<i64>),
    ) -> Result<Then, Fault> {
        let reach = self.db.reach(call.tenant, place, clocks).await?;
        settled(&reach, clocks)?;
        let upto = upto.map_or(reach.recorded, |it| it.min(reach.recorded));
        let counted = Counted {
            known: reach.known.min(upto),
            upto,
            by: clocks.as_of,
        };
        let sum = self.sum(call.tenant, place, counted).await?;
        let position = Position {
            levels: sum.levels,
            policy: sum.policy,
            ..Position::untouched(place)
        };
        Ok(Then {
            position,
            version: sum.version,
            recorded_at: sum.recorded_at,
            counted,
            at: clocks.as_of.or(clocks.as_recorded).unwrap_or(reach.now),
        })
    }

    /// What the entries come to that count.
    pub async fn sum(
        &self,
        tenant: TenantId,
        place: Place,
        counted: Counted,
    ) -> Result<Sum, Fault> {
        let mut sum = Sum::default();
        let last = Stretch {
            after: counted.known - 1,
            ..Stretch::upto(counted.known, 1)
        };
        for recorded in self.db.stretch(tenant, place, last).await? {
            let fact = entry_of(&recorded)?;
            sum = Sum {
                levels: fact.after,
                policy: fact.policy,
                version: recorded.version,
                recorded_at: Some(recorded.recorded_at),
            };
        }
        let mut after = counted.known;
        while counted.by.is_some() && after < counted.upto {
            let late = Stretch {
                after,
                by: counted.by,
                ..Stretch::upto(counted.upto, PAGE)
            };
            let page = self.db.stretch(tenant, place, late).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = last.version;
            (sum.version, sum.recorded_at) = (last.version, Some(last.recorded_at));
            for recorded in &page {
                sum.levels += entry_of(recorded)?.deltas;
            }
        }
        Ok(sum)
    }
}

/// Refuses times of the ledger before which a commit under way may still fall.
fn settled(reach: &Reach, clocks: Clocks) -> Result<(), Fault> {
    let latest = reach.now.minus(COMMITS_WITHIN).unwrap_or(Moment::FIRST);
    if clocks.as_recorded.is_none_or(|it| it <= latest) {
        return Ok(());
    }
    let name = "RECORD_TIME_TOO_RECENT";
    let reason = Reason::new(Kind::Refused, "retail.inventory", name);
    let fault = Fault::new(reason, "what is recorded until then is not settled yet");
    Err(fault.with("latest_time", latest.to_string()))
}

/// Reads a recorded fact as an entry of a position's ledger.
pub(super) fn entry_of(recorded: &Recorded) -> Result<PositionFact, Fault> {
    match read_fact(&recorded.kind, &recorded.payload).map_err(Fault::bug)? {
        Fact::Position(fact) => Ok(*fact),
        _ => Err(Fault::bug("another fact stands in a position's stream")),
    }
}

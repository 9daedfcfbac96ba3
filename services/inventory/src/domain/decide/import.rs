//! Opening stock, row by row: every row is applied or has failed by itself.
//!
//! **Invariant:** a row is handled once, in the order of its number, and a position begins with
//! the rows of one import or with none.

use std::collections::BTreeMap;

use vocab::Moment;

use super::draft::{Cause, Draft};
use crate::domain::Place;
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::{ImportRow, ImportRows, OpeningRow};
use crate::domain::fact::PositionChange;
use crate::domain::import::{FAILURES_MAX, Import, Opening, RowFailure, RowFault, RowReason};
use crate::domain::key::{self, Key, State, View, latest};
use crate::domain::refusal::Refusal;

/// After so long without a row an import is given up.
const KEPT_FOR: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

/// Whether an import was given up by a time.
pub fn is_abandoned(import: &Import, now: Moment) -> bool {
    let until = import.updated_at.plus(KEPT_FOR).unwrap_or(Moment::LAST);
    !import.ended && until < now
}

/// Handles rows. Rows that turn out not to fit are refused, all of them by name: their positions
/// must not be locked, because nothing will be written there; the caller says so and comes again.
pub(super) fn rows(
    view: &dyn View,
    command: &ImportRows,
    now: Moment,
) -> Result<Decision, Refusal> {
    let mut import = match key::import(view, command.id) {
        Some(known) if command.seen != Some(known.last) => return Err(Refusal::Outrun),
        Some(known) => known.clone(),
        None if command.seen.is_some() => return Err(Refusal::Outrun),
        None => begun(command, now),
    };
    let done = import.ended || is_abandoned(&import, now);
    if done && command.rows.is_empty() {
        return Ok(Draft::new(view, now).answer(Answer::Import(Box::new(import))));
    }
    if done {
        return Err(Refusal::ImportEnded(import.ended));
    }
    let mut going = Going {
        view,
        import: command.id,
        openings: BTreeMap::new(),
    };
    let unfit = going.unfit(&command.rows, now);
    if !unfit.is_empty() {
        return Err(Refusal::RowsUnfit(unfit));
    }
    let mut draft = Draft::new(view, now);
    for row in &command.rows {
        import.last = row.sequence;
        match &row.row {
            Ok(opening) => {
                import.applied += 1;
                going.apply(&mut draft, opening)?;
            }
            Err(fault) => fail(&mut import, row.sequence, fault),
        }
    }
    import.ended = command.end;
    import.updated_at = now.max(import.updated_at);
    let mut decision = draft.answer(Answer::Import(Box::new(import.clone())));
    let own = (Key::Import(import.id), State::Import(Box::new(import)));
    let openings = going.openings.into_iter();
    let openings = openings.map(|(place, it)| (Key::Opening(place), State::Opening(it)));
    decision.plain = std::iter::once(own).chain(openings).collect();
    Ok(decision)
}

fn begun(command: &ImportRows, now: Moment) -> Import {
    Import {
        id: command.id,
        request: command.request,
        ended: false,
        last: 0,
        applied: 0,
        failed: 0,
        failures: Vec::new(),
        actor: command.actor.clone(),
        created_at: now,
        updated_at: now,
    }
}

fn fail(import: &mut Import, sequence: i64, fault: &RowFault) {
    import.failed += 1;
    if import.failures.len() < FAILURES_MAX {
        import.failures.push(RowFailure {
            sequence,
            fault: fault.clone(),
        });
    }
}

struct Going<'a> {
    view: &'a dyn View,
    import: vocab::ImportId,
    openings: BTreeMap<Place, Opening>,
}

impl Going<'_> {
    /// The rows that do not fit what is there.
    fn unfit(&self, rows: &[ImportRow], now: Moment) -> Vec<RowFailure> {
        let unfit = rows.iter().filter_map(|row| {
            let opening = row.row.as_ref().ok()?;
            let ahead = opening.effective_at.is_some_and(|it| it > latest(now));
            let fault = if ahead {
                let text = "the time lies ahead";
                RowFault::of(RowReason::Invalid, text).at("effective_time")
            } else if !self.is_free(opening.place) {
                let text = "the position has entries of its own";
                RowFault::of(RowReason::PositionNotEmpty, text)
            } else {
                return None;
            };
            Some(RowFailure {
                sequence: row.sequence,
                fault,
            })
        });
        unfit.collect()
    }

    /// Whether all entries of a position are of this import; changes of its rules do not count.
    fn is_free(&self, place: Place) -> bool {
        let rules = key::position(self.view, place).map_or(0, |it| it.policy.revision);
        let entries = self.view.version(&Key::Position(place)) - rules;
        let own = key::opening(self.view, place).filter(|it| it.import == self.import);
        entries == own.map_or(0, |it| it.entries)
    }

    fn apply(&mut self, draft: &mut Draft<'_>, row: &OpeningRow) -> Result<(), Refusal> {
        let known = self.openings.get(&row.place).copied();
        let known = known.or_else(|| key::opening(self.view, row.place));
        let entries = known.filter(|it| it.import == self.import);
        let opening = Opening {
            import: self.import,
            entries: entries.map_or(0, |it| it.entries) + 1,
        };
        self.openings.insert(row.place, opening);
        draft.happens(row.effective_at)?;
        let what = PositionChange::Added(Box::new(row.receipt.clone()));
        draft.record(row.place, what, (row.levels, Cause::World));
        Ok(())
    }
}

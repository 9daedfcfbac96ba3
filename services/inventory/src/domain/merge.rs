//! Promises of one commit on one position are one entry of its ledger.
//!
//! Three hundred holds of one article in one batch are one fact, "in this commit these holds were
//! placed", and replay of it gives the same numbers as replay of the three hundred.

use super::Fact;
use super::fact::{Held, PositionChange, PositionFact};

/// The most holds that one entry speaks of.
const HOLDS_MAX: usize = 4_096;

/// Says whether a fact may be merged with its neighbours: promises that came, ended or left, and
/// touched neither a shortfall nor a discrepancy nor named single items.
pub fn merges(fact: &Fact) -> bool {
    let Fact::Position(fact) = fact else {
        return false;
    };
    let calm = fact.shortfall.is_none() && fact.discrepancy.is_none();
    calm && match &fact.what {
        PositionChange::Reserved(_) | PositionChange::Released(..) => true,
        PositionChange::Committed(_, serials) => serials.is_empty(),
        _ => false,
    }
}

/// Adds a later fact to an earlier one about the same position, or declines.
pub fn merge(earlier: &mut Fact, later: &Fact) -> bool {
    match (earlier, later) {
        (Fact::Position(earlier), Fact::Position(later)) => join(earlier, later),
        _ => false,
    }
}

fn join(earlier: &mut PositionFact, later: &PositionFact) -> bool {
    if earlier.policy != later.policy {
        return false;
    }
    let joined = match (&mut earlier.what, &later.what) {
        (PositionChange::Reserved(these), PositionChange::Reserved(those)) => append(these, those),
        (PositionChange::Released(these, why), PositionChange::Released(those, other)) => {
            why == other && append(these, those)
        }
        (PositionChange::Committed(these, _), PositionChange::Committed(those, _)) => {
            append(these, those)
        }
        _ => false,
    };
    if joined {
        earlier.deltas += later.deltas;
        earlier.after = later.after;
        earlier.crossed |= later.crossed;
    }
    joined
}

fn append(these: &mut Vec<Held>, those: &[Held]) -> bool {
    let fits = these.len() + those.len() <= HOLDS_MAX;
    if fits {
        these.extend_from_slice(those);
    }
    fits
}

//! Numbers that are set right, and units that change their condition.

use vocab::Moment;

use super::agree;
use super::draft::{Cause, Draft};
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::{Adjust, MoveUnits};
use crate::domain::fact::{Move, PositionChange};
use crate::domain::key::View;
use crate::domain::levels::{Bucket, Levels};
use crate::domain::refusal::Refusal;

/// Adds or takes units. Only a correction can be refused for the quantity.
pub(super) fn adjust(view: &dyn View, command: &Adjust, now: Moment) -> Result<Decision, Refusal> {
    let mut draft = Draft::since(view, now, command.effective_at)?;
    let place = command.place;
    agree(place, draft.version(place), command.etag.as_deref())?;
    let levels = draft.position(place).levels;
    let asked = &command.adjustment;
    let change = if asked.delta >= 0 {
        Levels::incoming(asked.bucket, asked.delta)
    } else {
        if command.correction {
            corrects(&levels, asked.bucket, -asked.delta)?;
        }
        levels.outgoing(asked.bucket, -asked.delta)
    };
    let what = PositionChange::Adjusted(Box::new(asked.clone()));
    let entry = draft.record(place, what, (change, Cause::World));
    let after = Box::new(draft.position(place).clone());
    Ok(draft.answer(Answer::Position(after, entry)))
}

/// A correction takes what is there, and no good units from under a promise.
fn corrects(levels: &Levels, bucket: Bucket, quantity: i64) -> Result<(), Refusal> {
    let has = match bucket {
        Bucket::Sellable => levels.available(),
        other => levels.within(other),
    };
    if quantity > has {
        return Err(Refusal::StockWouldBeNegative {
            bucket,
            quantity: has,
        });
    }
    Ok(())
}

/// Moves units. That good ones are good no longer is a fact; the other ways are decisions.
pub(super) fn move_units(
    view: &dyn View,
    command: &MoveUnits,
    now: Moment,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::since(view, now, command.effective_at)?;
    let place = command.place;
    agree(place, draft.version(place), command.etag.as_deref())?;
    let asked = &command.units;
    let has = draft.position(place).levels.within(asked.from);
    let beyond = (asked.quantity - has).max(0);
    if beyond > 0 && asked.from != Bucket::Sellable {
        return Err(Refusal::StockWouldBeNegative {
            bucket: asked.from,
            quantity: has,
        });
    }
    let mut change = Levels::moving(asked.from, asked.to, asked.quantity);
    change.on_hand = beyond;
    let what = PositionChange::Moved(Box::new(Move {
        found: beyond,
        ..asked.clone()
    }));
    let entry = draft.record(place, what, (change, Cause::World));
    let after = Box::new(draft.position(place).clone());
    Ok(draft.answer(Answer::Position(after, entry)))
}

//! Goods that come in.

use vocab::Moment;

use super::draft::{Cause, Draft};
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::Receive;
use crate::domain::fact::PositionChange;
use crate::domain::key::View;
use crate::domain::levels::Levels;
use crate::domain::refusal::Refusal;

/// The number of a purchase order among the sorts of documents.
const PURCHASE_ORDER: i32 = 3;

/// Books every line. What purchase orders promised is no longer awaited.
pub(super) fn receive(
    view: &dyn View,
    command: &Receive,
    now: Moment,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::since(view, now, command.effective_at)?;
    let mut entries = Vec::with_capacity(command.lines.len());
    for (place, receipt) in &command.lines {
        let mut change = Levels::incoming(receipt.bucket, receipt.quantity);
        if receipt.reference.kind == PURCHASE_ORDER {
            let awaited = draft.position(*place).levels.on_order;
            change.on_order = -awaited.min(receipt.quantity);
        }
        let what = PositionChange::Added(Box::new(receipt.clone()));
        entries.push(draft.record(*place, what, (change, Cause::World)));
    }
    Ok(draft.answer(Answer::Entries(entries)))
}

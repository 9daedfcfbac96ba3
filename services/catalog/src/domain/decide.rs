//! Decides what a command does. Pure: no clock, no I/O, no logging.

use vocab::Moment;

use super::answer::Decision;
use super::command::Command;
use super::key::View;
use super::refusal::Refusal;

mod categories;
mod draft;
mod families;
mod lifecycle;
mod pricing;
mod products;

/// Decides a command on the states of the keys that it named, all at one time.
pub fn decide(view: &dyn View, command: &Command, now: Moment) -> Result<Decision, Refusal> {
    let mut decision = match command {
        Command::CreateProduct(new) => products::create(view, new, now),
        Command::ReviseProduct(revision) => products::revise(view, revision, now),
        Command::DeleteProduct(on) => lifecycle::delete(view, on, now),
        Command::UndeleteProduct(on) => lifecycle::undelete(view, on, now),
        Command::MoveProduct(transition) => lifecycle::step(view, transition, now),
        Command::SetPrice(setting) => pricing::set(view, setting, now),
        Command::CancelPrice(cancelling) => pricing::cancel(view, cancelling, now),
        Command::EnforcePrices(on) => pricing::enforce(view, on, now),
        Command::CreateCategory(new) => categories::create(view, new, now),
        Command::ReviseCategory(revision) => categories::revise(view, revision, now),
        Command::DeleteCategory(removal) => categories::delete(view, removal, now),
    }?;
    write_absences(view, command, &mut decision);
    Ok(decision)
}

/// What was found absent, and mattered, is written: only that makes absence a lock.
fn write_absences(view: &dyn View, command: &Command, decision: &mut Decision) {
    for key in command.keys() {
        let written = decision.plain.iter().any(|(other, _)| *other == key);
        if !written && view.state(&key).is_none() {
            let empty = key.empty().map(|state| (key, state));
            decision.plain.extend(empty);
        }
    }
}

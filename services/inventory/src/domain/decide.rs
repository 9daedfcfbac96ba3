//! Decides what a command does. Pure: no clock, no I/O, no logging.

use vocab::{Etag, Moment};

use super::answer::Decision;
use super::command::Command;
use super::key::{Key, Location, State, View};
use super::{Answer, Refusal};

mod adjust;
mod draft;
mod ending;
mod firm;
mod grant;
mod hold;
mod import;
mod receive;
mod rules;
mod told;
mod transfer;

pub use import::is_abandoned;

/// Why a hold is released whose time was over.
pub const EXPIRED: &str = "EXPIRED";
/// Why a timed hold is released that an order took over.
pub const ADOPTED: &str = "ADOPTED";

/// Decides a command on the states of the keys that it named, all at one time.
pub fn decide(view: &dyn View, command: &Command, now: Moment) -> Result<Decision, Refusal> {
    match command {
        Command::Receive(it) => receive::receive(view, it, now),
        Command::Adjust(it) => adjust::adjust(view, it, now),
        Command::Move(it) => adjust::move_units(view, it, now),
        Command::Reserve(it) => hold::reserve(view, it, now),
        Command::Extend(it) => hold::extend(view, it, now),
        Command::Commit(it) => hold::commit(view, it, now),
        Command::Release(it) => hold::release(view, it, now),
        Command::Expire(it) => hold::expire(view, it, now),
        Command::HoldFirm(it) => firm::hold(view, it, now),
        Command::CommitFirm(it) => firm::commit(view, it, now),
        Command::ReleaseFirm(it) => firm::release(view, it, now),
        Command::LearnProduct(id, told) => {
            Ok(learn(view, Key::Product(*id), State::Product(told.clone())))
        }
        Command::LearnLocation(id, told) => Ok(learn(
            view,
            Key::Location(*id),
            State::Location(told.clone()),
        )),
        Command::OpenLocation(id, open, version) => {
            let told = opened(view, *id, (*open, *version));
            Ok(learn(view, Key::Location(*id), told))
        }
        Command::CreateTransfer(it) => transfer::create(view, it, now),
        Command::OnTransfer(it) => transfer::step(view, it, now),
        Command::SetPolicy(it) => rules::set_policy(view, it, now),
        Command::SetAllocation(it) => rules::set_allocation(view, it, now),
        Command::RecordFacts(it) => told::record(view, it, now),
        Command::ImportRows(it) => import::rows(view, it, now),
    }
}

/// What is known of a location, open or not from now on.
fn opened(view: &dyn View, id: vocab::LocationId, (open, version): (bool, i64)) -> State {
    let known = match view.state(&Key::Location(id)) {
        Some(State::Location(known)) => (**known).clone(),
        _ => Location {
            code: String::new(),
            time_zone: "UTC".to_owned(),
            open,
            priority: 0,
            version,
        },
    };
    State::Location(Box::new(Location {
        open,
        version,
        ..known
    }))
}

/// Keeps what others told, unless something newer was told before.
fn learn(view: &dyn View, key: Key, told: State) -> Decision {
    let version = |state: &State| match state {
        State::Product(it) => it.version,
        State::Location(it) => it.version,
        _ => 0,
    };
    let known = view.state(&key).map(version);
    let news = known.is_none_or(|it| it < version(&told));
    Decision {
        facts: Vec::new(),
        plain: if news { vec![(key, told)] } else { Vec::new() },
        answer: Answer::Done,
    }
}

/// The mark of one version of a position or a hold.
pub fn etag_of(resource: impl ToString, version: i64) -> Etag {
    Etag::of(resource.to_string(), version)
}

/// Refuses unless the caller's etag, if there is one, is the present one.
fn agree(resource: impl ToString, version: i64, etag: Option<&str>) -> Result<(), Refusal> {
    match etag {
        Some(sent) if !etag_of(resource, version).matches(sent) => Err(Refusal::EtagMismatch),
        _ => Ok(()),
    }
}

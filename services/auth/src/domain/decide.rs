//! Decides what a command does. Pure: no clock, no I/O, no logging.

use vocab::Moment;

use super::answer::{Answer, Decision};
use super::audit::Audited;
use super::command::Command;
use super::key::{Key, State, View};
use super::refusal::Refusal;
use super::rights::Rules;

mod accounts;
mod api_keys;
mod passwords;
mod roles;
mod sessions;
mod signing;
mod steps;
mod tenants;
mod users;

/// Decides a command on the states of the keys that it named, all at one time.
pub fn decide(
    view: &dyn View,
    rules: &Rules,
    command: &Command,
    now: Moment,
) -> Result<Decision, Refusal> {
    let mut decision = match command {
        Command::OpenTenant(new) => tenants::open(view, new, now),
        Command::ReviseTenant(revision) => tenants::revise(view, revision, now),
        Command::SuspendTenant(id, reason, etag) => {
            let asked = (reason.as_deref(), etag.as_deref());
            tenants::suspend(view, *id, asked, now)
        }
        Command::CreateUser(new) => users::create(view, new, now),
        Command::ReviseUser(revision) => users::revise(view, rules, revision, now),
        Command::StepUser(step) => steps::step(view, rules, step, now),
        Command::AcceptInvitation(user, digest, password) => {
            users::accept(view, *user, (digest, password), now)
        }
        Command::CreateRole(new) => roles::create(view, rules, new, now),
        Command::ReviseRole(revision) => roles::revise(view, rules, revision, now),
        Command::DeleteRole(removal) => roles::delete(view, removal, now),
        Command::CreateApiKey(new) => api_keys::create(rules, new, now),
        Command::StepApiKey(id, step) => api_keys::step(view, *id, step, now),
        Command::CreateAccount(new) => accounts::create(view, rules, new, now),
        Command::StepAccount(step) => accounts::step(view, rules, step, now),
        Command::MarkUsed(what) => Ok(marked(Key::Used(*what), State::Used(now))),
        Command::RotateKeys {
            fresh,
            withdraw,
            if_due,
        } => Ok(signing::rotate(view, fresh, (*withdraw, *if_due), now)),
        Command::Try(trying) => sessions::count(view, trying, now),
        Command::Begin(begin) => sessions::begin(view, begin, now),
        Command::ChangePassword(change) => passwords::change(view, change, now),
        Command::Refresh(refreshing) => sessions::refresh(view, refreshing, now),
        Command::End(ending) => sessions::end(view, ending, now),
        Command::Record(acts) => Ok(record(view, acts, now)),
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

fn marked(key: Key, state: State) -> Decision {
    Decision::answering(Answer::Done).keep(key, state)
}

/// Records acts, but for those that are there already.
fn record(view: &dyn View, acts: &[super::Act], now: Moment) -> Decision {
    let mut decision = Decision::answering(Answer::Done);
    let mut count = 0;
    for act in acts {
        let key = Key::Audit(act.id);
        let twice = decision.plain.iter().any(|(other, _)| *other == key);
        if twice || view.state(&key).is_some() {
            continue;
        }
        count += 1;
        let audited = Audited {
            act: act.clone(),
            recorded_at: now,
        };
        decision = decision.keep(key, State::Audit(Box::new(audited)));
    }
    decision.answer = Answer::Count(count);
    decision
}

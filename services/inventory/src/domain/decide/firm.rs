//! Firm holds: an order's own, granted once, ended by the order alone.
//!
//! **Invariant:** repeated steps change nothing and answer the hold as it is. A refusal is kept
//! with the hold until a later attempt, and a release leaves a tombstone where nothing was held,
//! so that a late copy finds the outcome and not another one.

use vocab::Moment;

use super::draft::Draft;
use super::{ADOPTED, ending, grant, hold};
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::{CommitFirm, HoldFirm, OnHold, ReleaseFirm};
use crate::domain::fact::ReservationChange;
use crate::domain::key::{self, View};
use crate::domain::refusal::{NotHeld, Refusal};
use crate::domain::reservation::{HoldState, Reservation, Term};

/// Holds all lines for an order, or remembers why not.
pub(super) fn hold(view: &dyn View, command: &HoldFirm, now: Moment) -> Result<Decision, Refusal> {
    let known = key::reservation(view, command.id);
    if let Some(known) = known
        && let Some(said) = said_before(view, known, (command, now))
    {
        return said;
    }
    match granted(view, command, known.cloned(), now) {
        Ok(decision) => Ok(decision),
        Err(Refusal::NotHeld(why)) => Ok(rejected(view, command, (known.cloned(), why), now)),
        Err(other) => Err(other),
    }
}

/// What was said of this hold before, unless it is open to another attempt.
fn said_before(
    view: &dyn View,
    known: &Reservation,
    (command, now): (&HoldFirm, Moment),
) -> Option<Result<Decision, Refusal>> {
    let Term::Firm {
        ordinal,
        fingerprint,
    } = &known.term
    else {
        return Some(Err(NotHeld::Firm.into()));
    };
    if known.state == HoldState::Revoked {
        return Some(Err(Refusal::HoldRevoked));
    }
    if *fingerprint != command.fingerprint {
        return Some(Err(Refusal::FingerprintMismatch));
    }
    if command.ordinal < *ordinal {
        return Some(Err(Refusal::HoldSuperseded(*ordinal)));
    }
    match &known.state {
        HoldState::Refused(_) if command.ordinal > *ordinal => None,
        HoldState::Refused(why) => {
            let answer = Answer::NotHeld(why.clone());
            Some(Ok(Draft::new(view, now).answer(answer)))
        }
        _ => Some(Ok(hold::as_it_is(view, known, now))),
    }
}

/// Grants the hold: units of a timed hold pass in the same commit.
fn granted(
    view: &dyn View,
    command: &HoldFirm,
    known: Option<Reservation>,
    now: Moment,
) -> Result<Decision, Refusal> {
    let wanted = command.wanted.as_ref().map_err(Clone::clone)?;
    let mut draft = Draft::new(view, now);
    if let Some((on, epoch)) = &command.adopt {
        take_over(&mut draft, view, (on, *epoch), command)?;
    }
    let mut granted = grant::grant(&mut draft, wanted)?;
    grant::promise(&mut draft, command.id, &mut granted.lines);
    let mut after = attempt(command, now);
    after.lines = granted.lines;
    after.adopted = command.adopt.as_ref().map(|(on, _)| on.id);
    Ok(finish(draft, (known, after), ReservationChange::Reserved))
}

/// Ends a timed hold; its units are free for what follows in this commit.
fn take_over(
    draft: &mut Draft<'_>,
    view: &dyn View,
    (on, epoch): (&OnHold, i64),
    command: &HoldFirm,
) -> Result<(), Refusal> {
    let missing = || NotHeld::NotActive("MISSING".to_owned());
    let adopted = key::reservation(view, on.id).ok_or_else(missing)?;
    hold::alive(adopted, epoch, draft.now())?;
    let leaving = ending::parts(adopted, &[])?;
    ending::named(&leaving.moved, &on.places)?;
    ending::give_back(draft, adopted.id, (&leaving.moved, ADOPTED));
    let what = ReservationChange::Adopted(command.id, command.reference.id.clone());
    draft.tell(&mut adopted.clone(), what);
    Ok(())
}

/// Remembers why nothing is held.
fn rejected(
    view: &dyn View,
    command: &HoldFirm,
    (known, why): (Option<Reservation>, NotHeld),
    now: Moment,
) -> Decision {
    let mut after = attempt(command, now);
    after.state = HoldState::Refused(why.clone());
    after.shortages = why.shortages().to_vec();
    let what = ReservationChange::Rejected(why.clone());
    let mut decision = finish(Draft::new(view, now), (known, after), what);
    decision.answer = Answer::NotHeld(why);
    decision
}

fn attempt(command: &HoldFirm, now: Moment) -> Reservation {
    let term = Term::Firm {
        ordinal: command.ordinal,
        fingerprint: command.fingerprint.clone(),
    };
    hold::blank((command.id, command.reference.clone()), term, now)
}

/// Writes the outcome of an attempt, the first one or another.
fn finish(
    mut draft: Draft<'_>,
    (known, after): (Option<Reservation>, Reservation),
    what: ReservationChange,
) -> Decision {
    let hold = match known {
        None => {
            draft.born(&after, what);
            after
        }
        Some(before) => draft.retell(&before, after, what),
    };
    draft.answer(Answer::Reservation(Box::new(hold)))
}

/// Takes a fulfilment's units out of stock. Never refused for stock: money is taken by then.
pub(super) fn commit(
    view: &dyn View,
    command: &CommitFirm,
    now: Moment,
) -> Result<Decision, Refusal> {
    let missing = Refusal::ReservationMissing(command.on.id);
    let known = key::reservation(view, command.on.id).ok_or(missing)?;
    let key = format!("commit:{}", command.key);
    if known.steps.contains(&key) {
        return Ok(hold::as_it_is(view, known, now));
    }
    if !known.is_active() {
        return Err(NotHeld::NotActive(known.state.name().to_owned()).into());
    }
    let leaving = ending::parts(known, &command.parts)?;
    ending::named(&leaving.moved, &command.on.places)?;
    let mut draft = Draft::since(view, now, command.effective_at.map(|it| it.min(now)))?;
    Ok(hold::committed(&mut draft, known, (leaving, key)).finish(draft))
}

/// Gives an order's units back. A whole release always succeeds.
pub(super) fn release(
    view: &dyn View,
    command: &ReleaseFirm,
    now: Moment,
) -> Result<Decision, Refusal> {
    let whole = command.parts.is_empty();
    let Some(known) = key::reservation(view, command.on.id) else {
        if !whole {
            return Err(Refusal::ReservationMissing(command.on.id));
        }
        let term = Term::Firm {
            ordinal: 0,
            fingerprint: String::new(),
        };
        let stone = hold::blank((command.on.id, command.reference.clone()), term, now);
        return Ok(hold::tombstone(view, stone, (&command.reason, now)));
    };
    let key = format!("release:{}", command.key);
    if known.steps.contains(&key) {
        return Ok(hold::as_it_is(view, known, now));
    }
    if matches!(known.state, HoldState::Refused(_)) && whole {
        return Ok(revoked(view, known, (&command.reason, now)));
    }
    if !known.is_active() {
        return hold::ended(view, known, (whole, now));
    }
    let leaving = ending::parts(known, &command.parts)?;
    ending::named(&leaving.moved, &command.on.places)?;
    let mut draft = Draft::new(view, now);
    let why = (leaving, command.reason.clone(), key);
    Ok(hold::released(&mut draft, known, why).finish(draft))
}

/// Closes a refused hold to every later attempt.
fn revoked(view: &dyn View, known: &Reservation, (reason, now): (&str, Moment)) -> Decision {
    let mut draft = Draft::new(view, now);
    let after = Reservation {
        state: HoldState::Revoked,
        release_reason: reason.to_owned(),
        ..known.clone()
    };
    let what = ReservationChange::Revoked(reason.to_owned());
    let hold = draft.retell(known, after, what);
    draft.answer(Answer::Reservation(Box::new(hold)))
}

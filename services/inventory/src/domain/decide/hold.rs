//! Timed holds: granted, extended, committed, released, and over when their time is.
//!
//! **Invariant:** from its end on a hold is never committed, extended or adopted, whether or not
//! the clean-up has come by.

use vocab::{Moment, ReservationId};

use super::draft::Draft;
use super::ending::{self, Leaving};
use super::{EXPIRED, agree, grant};
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::{Extend, OnHold, Release, Reserve, Take};
use crate::domain::fact::ReservationChange;
use crate::domain::key::{self, View};
use crate::domain::refusal::{NotHeld, Refusal};
use crate::domain::reservation::{HoldState, Reference, Reservation, Term};

/// Holds units for a time. One that was granted before is answered as it is.
pub(super) fn reserve(
    view: &dyn View,
    command: &Reserve,
    now: Moment,
) -> Result<Decision, Refusal> {
    if let Some(known) = key::reservation(view, command.id) {
        return match known.state {
            HoldState::Revoked => Err(Refusal::HoldRevoked),
            _ => Ok(as_it_is(view, known, now)),
        };
    }
    let mut draft = Draft::new(view, now);
    let mut granted = grant::grant(&mut draft, &command.wanted)?;
    grant::promise(&mut draft, command.id, &mut granted.lines);
    let term = Term::Timed {
        expires_at: now.plus(command.ttl).unwrap_or(Moment::LAST),
        epoch: 1,
    };
    let mut hold = blank((command.id, command.reference.clone()), term, now);
    (hold.lines, hold.shortages) = (granted.lines, granted.shortages);
    draft.born(&hold, ReservationChange::Reserved);
    Ok(draft.answer(Answer::Reservation(Box::new(hold))))
}

/// A hold that comes into being and holds nothing yet.
pub(super) fn blank(
    (id, reference): (ReservationId, Reference),
    term: Term,
    now: Moment,
) -> Reservation {
    Reservation {
        id,
        reference,
        term,
        state: HoldState::Active,
        lines: Vec::new(),
        shortages: Vec::new(),
        adopted: None,
        adopter: None,
        release_reason: String::new(),
        steps: Vec::new(),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Answers a hold without changing anything. One whose time is over is EXPIRED before anybody
/// says so.
pub(super) fn as_it_is(view: &dyn View, hold: &Reservation, now: Moment) -> Decision {
    let mut shown = hold.clone();
    if hold.is_over(now) {
        shown.state = HoldState::Expired;
    }
    Draft::new(view, now).answer(Answer::Reservation(Box::new(shown)))
}

/// Gives a hold a new end and a new fence.
pub(super) fn extend(view: &dyn View, command: &Extend, now: Moment) -> Result<Decision, Refusal> {
    let hold = timed(view, command.id)?;
    alive(hold, command.epoch, now)?;
    agree(hold.id, hold.version, command.etag.as_deref())?;
    let mut hold = hold.clone();
    let mut draft = Draft::new(view, now);
    let end = now.plus(command.ttl).unwrap_or(Moment::LAST);
    let epoch = hold.epoch() + 1;
    draft.tell(&mut hold, ReservationChange::Extended(end, epoch));
    Ok(draft.answer(Answer::Reservation(Box::new(hold))))
}

/// Takes units of a hold out of stock. Never refused for stock.
pub(super) fn commit(view: &dyn View, command: &Take, now: Moment) -> Result<Decision, Refusal> {
    let hold = timed(view, command.on.id)?;
    alive(hold, command.epoch, now)?;
    agree(hold.id, hold.version, command.etag.as_deref())?;
    let leaving = ending::parts(hold, &command.parts)?;
    ending::named(&leaving.moved, &command.on.places)?;
    let mut draft = Draft::new(view, now);
    Ok(committed(&mut draft, hold, (leaving, String::new())).finish(draft))
}

/// A hold after units left it or were given back.
pub(super) struct Changed(Reservation);

impl Changed {
    /// Ends with the hold as the answer.
    pub fn finish(self, draft: Draft<'_>) -> Decision {
        draft.answer(Answer::Reservation(Box::new(self.0)))
    }
}

/// Takes what leaves out of stock and out of the hold, under a key where a document named one.
pub(super) fn committed(
    draft: &mut Draft<'_>,
    hold: &Reservation,
    (leaving, key): (Leaving, String),
) -> Changed {
    let mut hold = hold.clone();
    ending::take_out(draft, hold.id, &leaving);
    draft.tell(&mut hold, ReservationChange::Committed(leaving.moved, key));
    Changed(hold)
}

/// Gives back what leaves the hold, for a reason, under a key where a document named one.
pub(super) fn released(
    draft: &mut Draft<'_>,
    hold: &Reservation,
    (leaving, reason, key): (Leaving, String, String),
) -> Changed {
    let mut hold = hold.clone();
    ending::give_back(draft, hold.id, (&leaving.moved, &reason));
    let what = ReservationChange::Released(leaving.moved, reason, key);
    draft.tell(&mut hold, what);
    Changed(hold)
}

/// Gives units back. A whole release of what has ended changes nothing; of what never was, it
/// leaves a tombstone where the caller could not know better.
pub(super) fn release(
    view: &dyn View,
    command: &Release,
    now: Moment,
) -> Result<Decision, Refusal> {
    let id = command.on.id;
    let Some(hold) = key::reservation(view, id) else {
        let reference = command.tombstone.clone();
        let reference = reference.ok_or(Refusal::ReservationMissing(id))?;
        let term = Term::Timed {
            expires_at: now,
            epoch: 1,
        };
        let stone = blank((id, reference), term, now);
        return Ok(tombstone(view, stone, (&command.reason, now)));
    };
    if hold.is_firm() {
        return Err(NotHeld::Firm.into());
    }
    agree(id, hold.version, command.etag.as_deref())?;
    if command.epoch.is_some_and(|it| it != hold.epoch()) {
        return Err(NotHeld::EpochStale(hold.epoch()).into());
    }
    if !hold.is_active() || hold.is_over(now) {
        return ended(view, hold, (command.parts.is_empty(), now));
    }
    let leaving = ending::parts(hold, &command.parts)?;
    ending::named(&leaving.moved, &command.on.places)?;
    let mut draft = Draft::new(view, now);
    let why = (leaving, command.reason.clone(), String::new());
    Ok(released(&mut draft, hold, why).finish(draft))
}

/// Answers a release of what has ended: nothing is left for a whole one, and no part is there.
pub(super) fn ended(
    view: &dyn View,
    hold: &Reservation,
    (whole, now): (bool, Moment),
) -> Result<Decision, Refusal> {
    match whole {
        true => Ok(as_it_is(view, hold, now)),
        false => Err(NotHeld::NotActive(state_at(hold, now).to_owned()).into()),
    }
}

/// Leaves a hold that will never be.
pub(super) fn tombstone(
    view: &dyn View,
    mut stone: Reservation,
    (reason, now): (&str, Moment),
) -> Decision {
    stone.state = HoldState::Revoked;
    reason.clone_into(&mut stone.release_reason);
    let mut draft = Draft::new(view, now);
    draft.born(&stone, ReservationChange::Revoked(reason.to_owned()));
    draft.answer(Answer::Reservation(Box::new(stone)))
}

/// Ends a hold whose time is over. Another one is left alone.
pub(super) fn expire(view: &dyn View, command: &OnHold, now: Moment) -> Result<Decision, Refusal> {
    let missing = Refusal::ReservationMissing(command.id);
    let hold = key::reservation(view, command.id).ok_or(missing)?;
    let mut draft = Draft::new(view, now);
    if !hold.is_over(now) {
        return Ok(draft.answer(Answer::Done));
    }
    let leaving = ending::parts(hold, &[])?;
    ending::named(&leaving.moved, &command.places)?;
    let why = (leaving, EXPIRED.to_owned(), String::new());
    Ok(released(&mut draft, hold, why).finish(draft))
}

/// The timed hold under an id.
fn timed(view: &dyn View, id: ReservationId) -> Result<&Reservation, Refusal> {
    let hold = key::reservation(view, id).ok_or(Refusal::ReservationMissing(id))?;
    match hold.is_firm() {
        true => Err(NotHeld::Firm.into()),
        false => Ok(hold),
    }
}

/// Refuses holds that have ended or are over, and callers who do not know the present fence.
pub(super) fn alive(hold: &Reservation, epoch: i64, now: Moment) -> Result<(), NotHeld> {
    if !hold.is_active() {
        return Err(match hold.term {
            Term::Timed { expires_at, .. } if hold.state == HoldState::Expired => {
                NotHeld::Expired(expires_at)
            }
            _ => NotHeld::NotActive(hold.state.name().to_owned()),
        });
    }
    match hold.term {
        Term::Timed { expires_at, .. } if hold.is_over(now) => Err(NotHeld::Expired(expires_at)),
        Term::Timed { epoch: present, .. } if present != epoch => Err(NotHeld::EpochStale(present)),
        Term::Timed { .. } => Ok(()),
        Term::Firm { .. } => Err(NotHeld::Firm),
    }
}

/// The name of a hold's state at a time: one that is over is EXPIRED before anybody says so.
pub(super) fn state_at(hold: &Reservation, now: Moment) -> &'static str {
    match hold.is_over(now) {
        true => HoldState::Expired.name(),
        false => hold.state.name(),
    }
}

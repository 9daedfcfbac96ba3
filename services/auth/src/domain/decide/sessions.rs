//! Signing in, going on, and signing out.

use vocab::{Moment, SessionId, TenantId};

use super::passwords::replaced;
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::{Begin, Ending, Refreshing, Rested, Trying};
use crate::domain::fact::{Aggregate, Happened};
use crate::domain::key::{self, Access, Key, State, View};
use crate::domain::session::{Cause, EndedSession, SESSIONS_MAX, Session, Shown};
use crate::domain::user::UserState;
use crate::domain::{Refusal, tenant::Tenant};

/// Counts a try before it is judged, or refuses it.
pub(super) fn count(view: &dyn View, trying: &Trying, now: Moment) -> Result<Decision, Refusal> {
    let mut decision = Decision::answering(Answer::Done);
    for (digest, threshold) in trying.counted() {
        let counted = key::tries(view, digest).counted(threshold, now);
        let counted = counted.map_err(Refusal::Throttled)?;
        decision = decision.keep(Key::Tries(digest.clone()), State::Tries(counted));
    }
    Ok(decision)
}

/// Takes back tries that proved right.
pub(super) fn proved(view: &dyn View, mut decision: Decision, trying: &Trying) -> Decision {
    for (digest, threshold) in trying.counted() {
        let tries = key::tries(view, digest).proved(threshold);
        decision = decision.keep(Key::Tries(digest.clone()), State::Tries(tries));
    }
    decision
}

/// Begins a session for whoever proved to be somebody.
pub(super) fn begin(view: &dyn View, begin: &Begin, now: Moment) -> Result<Decision, Refusal> {
    let tenant = open_tenant(view, begin.rested.tenant)?;
    let guest = begin.session.user.is_none();
    if guest && tenant.guests_refused {
        return Err(Refusal::GrantNotAllowed);
    }
    rests(view, &begin.rested)?;
    let session = Session {
        generation: 0,
        begun_at: now,
        refreshed_at: now,
        ended_at: None,
        ..begin.session.clone()
    };
    let mut decision = Decision::answering(Answer::Session(Box::new(session.clone()), now));
    if let Some((id, _)) = begin.rested.user {
        let user = key::user(view, id).ok_or(Refusal::Outrun)?;
        let access = key::access(view, id).ok_or(Refusal::Outrun)?;
        if begin.hash.as_deref() != Some(access.hash.as_str()) {
            return Err(Refusal::Outrun);
        }
        let renewing = begin.new_hash.is_some();
        may_sign_in(user.state, user.change_required && !renewing)?;
        room(access, begin)?;
        let access = Access {
            begun: access.begun.saturating_add(1),
            last_at: Some(now),
            ..access.clone()
        };
        let kept = State::Access(Box::new(access.clone()));
        decision = decision.keep(Key::Access(id), kept);
        if let Some(hash) = &begin.new_hash {
            decision = replaced(decision, user, (&access, hash), now);
        }
    }
    decision = proved(view, decision, &begin.proved);
    let cause = match begin.new_hash {
        Some(_) => Cause::PasswordChanged,
        None => Cause::TooManySessions,
    };
    let (decision, _) = ended(view, decision, (&begin.ending, cause), now)?;
    Ok(decision.keep(Key::Session(session.id), State::Session(Box::new(session))))
}

fn may_sign_in(state: UserState, change_required: bool) -> Result<(), Refusal> {
    match state {
        UserState::Active if change_required => Err(Refusal::PasswordChangeRequired),
        UserState::Active => Ok(()),
        UserState::Disabled => Err(Refusal::UserDisabled),
        UserState::Invited | UserState::Erased => Err(Refusal::CredentialsInvalid),
    }
}

/// Sessions that were begun since those living were counted may fill what room there was.
fn room(access: &Access, begin: &Begin) -> Result<(), Refusal> {
    let (begun, living) = begin.counted;
    let since = access.begun.saturating_sub(begun);
    let ending = i64::try_from(begin.ending.len()).unwrap_or(i64::MAX);
    let all = living.saturating_add(since).saturating_sub(ending);
    let renewed = begin.new_hash.is_some() && since > 0;
    match all < SESSIONS_MAX && !renewed {
        true => Ok(()),
        false => Err(Refusal::Outrun),
    }
}

/// Trades a refresh token for the next one.
pub(super) fn refresh(
    view: &dyn View,
    refreshing: &Refreshing,
    now: Moment,
) -> Result<Decision, Refusal> {
    let session = key::session(view, refreshing.session).ok_or(Refusal::CredentialsInvalid)?;
    let over = over(view, session);
    if over || session.expires_at() <= now {
        barred(view, session)?;
        return Err(match over {
            true => Refusal::TokenRevoked,
            false => Refusal::TokenExpired,
        });
    }
    match session.shown(refreshing.generation, now) {
        Shown::Unknown => return Err(Refusal::CredentialsInvalid),
        Shown::Reused => return Err(Refusal::TokenReused),
        Shown::Present | Shown::JustTraded => {}
    }
    open_tenant(view, refreshing.rested.tenant)?;
    barred(view, session)?;
    rests(view, &refreshing.rested)?;
    if session.shown(refreshing.generation, now) == Shown::JustTraded {
        let at = session.refreshed_at;
        let again = Answer::Session(Box::new(session.clone()), at);
        return Ok(Decision::answering(again));
    }
    let next = Session {
        generation: session.generation.saturating_add(1),
        refreshed_at: now,
        ..session.clone()
    };
    let answer = Answer::Session(Box::new(next.clone()), now);
    let decision = Decision::answering(answer);
    Ok(decision.keep(Key::Session(next.id), State::Session(Box::new(next))))
}

/// Says of a user who cannot sign in why, to whoever had the right token.
fn barred(view: &dyn View, session: &Session) -> Result<(), Refusal> {
    let user = session.user.and_then(|id| key::user(view, id));
    match user.map(|it| it.state) {
        Some(UserState::Disabled) => Err(Refusal::UserDisabled),
        Some(UserState::Erased) => Err(Refusal::TokenRevoked),
        Some(UserState::Active | UserState::Invited) | None => Ok(()),
    }
}

/// Whether a session was ended, by itself or with all of its user's.
fn over(view: &dyn View, session: &Session) -> bool {
    let access = session.user.and_then(|id| key::access(view, id));
    let from = access.map_or(Moment::FIRST, |it| it.sessions_from);
    session.ended_at.is_some() || session.begun_at < from
}

/// Ends sessions.
pub(super) fn end(view: &dyn View, ending: &Ending, now: Moment) -> Result<Decision, Refusal> {
    let decision = Decision::answering(Answer::Done);
    let what = (ending.sessions.as_slice(), ending.cause);
    let (mut decision, mut count) = ended(view, decision, what, now)?;
    if let Some(id) = ending.unkept
        && view.state(&Key::Ended(id)).is_none()
    {
        let after = EndedSession {
            id,
            user: None,
            customer: None,
            cause: ending.cause,
            at: now,
        };
        let after = Aggregate::Ended(Box::new(after));
        decision = decision.and(now, after, Happened::SessionRevoked);
        count += 1;
    }
    decision.answer = Answer::Count(count);
    Ok(decision)
}

/// Adds the ends of sessions to a decision, and counts those that had not ended before.
pub(super) fn ended(
    view: &dyn View,
    mut decision: Decision,
    (sessions, cause): (&[SessionId], Cause),
    now: Moment,
) -> Result<(Decision, i64), Refusal> {
    let mut count = 0;
    for id in sessions {
        let session = key::session(view, *id).ok_or(Refusal::Outrun)?;
        if view.state(&Key::Ended(*id)).is_some() {
            continue;
        }
        let after = EndedSession {
            id: *id,
            user: session.user,
            customer: session.customer,
            cause,
            at: now,
        };
        let over = Session {
            ended_at: Some(now),
            ..session.clone()
        };
        decision = decision
            .and(
                now,
                Aggregate::Ended(Box::new(after)),
                Happened::SessionRevoked,
            )
            .keep(Key::Session(*id), State::Session(Box::new(over)));
        count += 1;
    }
    Ok((decision, count))
}

/// The tenant, if it is open.
fn open_tenant(view: &dyn View, id: TenantId) -> Result<&Tenant, Refusal> {
    let tenant = key::tenant(view, id).ok_or(Refusal::CredentialsInvalid)?;
    match tenant.suspended {
        Some(_) => Err(Refusal::TenantSuspended),
        None => Ok(tenant),
    }
}

/// What tokens rest on is as it was read.
fn rests(view: &dyn View, rested: &Rested) -> Result<(), Refusal> {
    let user = rested.user.iter();
    let user = user.map(|(id, version)| (key::user(view, *id).map(|it| it.version), *version));
    let roles = rested.roles.iter();
    let roles = roles.map(|(id, version)| (key::role(view, *id).map(|it| it.version), *version));
    match user.chain(roles).all(|(now, then)| now == Some(then)) {
        true => Ok(()),
        false => Err(Refusal::Outrun),
    }
}

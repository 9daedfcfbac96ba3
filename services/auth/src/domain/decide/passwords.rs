//! A user changes their own password: every other session ends.

use vocab::Moment;

use super::sessions::{ended, proved};
use super::users::of;
use crate::domain::Refusal;
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::Change;
use crate::domain::fact::Happened;
use crate::domain::key::{self, Access, Key, State, View};
use crate::domain::session::Cause;
use crate::domain::user::{PasswordChange, User, UserState};

/// Puts a new password in the place of the one that was proved.
pub(super) fn change(view: &dyn View, change: &Change, now: Moment) -> Result<Decision, Refusal> {
    let missing = Refusal::UserMissing(change.user);
    let user = key::user(view, change.user).ok_or(missing)?;
    let access = key::access(view, change.user).ok_or(Refusal::Outrun)?;
    if access.hash != change.hash || access.begun != change.begun {
        return Err(Refusal::Outrun);
    }
    if user.state != UserState::Active {
        return Err(Refusal::UserDisabled);
    }
    let decision = Decision::answering(Answer::Done);
    let decision = replaced(decision, user, (access, &change.new_hash), now);
    let decision = proved(view, decision, &change.proved);
    let cause = Cause::PasswordChanged;
    let (mut decision, count) = ended(view, decision, (&change.ending, cause), now)?;
    decision.answer = Answer::Count(count);
    Ok(decision)
}

/// Puts another hash in the place of the present one.
pub(super) fn replaced(
    decision: Decision,
    user: &User,
    (access, hash): (&Access, &str),
    now: Moment,
) -> Decision {
    let user = User {
        change_required: false,
        ..user.changed(now)
    };
    let access = Access {
        hash: hash.to_owned(),
        ..access.clone()
    };
    let what = Happened::PasswordChanged(PasswordChange::Own);
    decision
        .and(user.updated_at, of(&user), what)
        .keep(Key::Access(user.id), State::Access(Box::new(access)))
}

//! Users: created, invited, changed and let in.

use vocab::{Moment, RoleId, UserId};

use crate::domain::answer::Decision;
use crate::domain::command::{NewPassword, NewUser, UserRevision};
use crate::domain::fact::{Aggregate, Happened};
use crate::domain::key::{self, Access, Claim, Key, Link, LinkKind, Members, State, View};
use crate::domain::rights::{Giver, Rules};
use crate::domain::user::{PasswordChange, User, UserState};
use crate::domain::{Refusal, agree};

/// Creates a user.
pub(super) fn create(view: &dyn View, new: &NewUser, now: Moment) -> Result<Decision, Refusal> {
    let blank = Decision::answering(crate::domain::Answer::Done);
    let known = |role| key::role(view, role).is_some();
    let (mut decision, user) = made(view, blank, (new, &known), now)?;
    decision.answer = crate::domain::Answer::Now(Aggregate::User(Box::new(user)));
    Ok(decision)
}

/// Adds a user to a decision; their roles are known, or made in the same one.
pub(super) fn made(
    view: &dyn View,
    decision: Decision,
    (new, known): (&NewUser, &dyn Fn(RoleId) -> bool),
    now: Moment,
) -> Result<(Decision, User), Refusal> {
    let email = Claim::Email(new.email.clone());
    if key::holder(view, &email).is_some() {
        return Err(Refusal::EmailExists);
    }
    if let Some(unknown) = new.roles.iter().find(|it| !known(**it)) {
        return Err(Refusal::RoleUnknown(*unknown));
    }
    let user = newcomer(new, now);
    let mut last = user.clone();
    let mut decision = decision.and(now, of(&user), Happened::UserCreated);
    for role in &new.roles {
        last = last.changed(now);
        last.roles.push(*role);
        last.roles.sort_unstable();
        decision = decision.and(now, of(&last), Happened::RoleGranted(*role));
        decision = joined(view, decision, *role, 1);
    }
    if let Some(link) = &new.link {
        last = last.changed(now);
        let what = Happened::UserInvited(link.sealed.clone(), link.expires_at);
        decision = decision.and(now, of(&last), what).keep(
            Key::Link(new.id, LinkKind::Invitation),
            State::Link(Link {
                digest: link.digest,
                expires_at: link.expires_at,
                used: false,
            }),
        );
    }
    let access = Access {
        hash: new
            .password
            .as_ref()
            .map_or_else(String::new, |it| it.0.clone()),
        sessions_from: Moment::FIRST,
        begun: 0,
        last_at: None,
    };
    let alone = i64::from(last.rules_alone(new.admin));
    let decision = decision
        .keep(Key::Access(new.id), State::Access(Box::new(access)))
        .keep(Key::Sealing(new.id), State::SubjectKey(new.key.clone()))
        .keep(
            Key::Claim(email),
            State::Claim(Some(new.id.uuid().as_u128())),
        )
        .keep(Key::Admins, State::Admins(key::admins(view) + alone));
    Ok((decision, last))
}

fn newcomer(new: &NewUser, now: Moment) -> User {
    let state = match new.password {
        Some(_) => UserState::Active,
        None => UserState::Invited,
    };
    User {
        id: new.id,
        version: 1,
        contact: new.contact.clone(),
        locale: new.locale.clone(),
        customer: new.customer,
        state,
        disable_reason: String::new(),
        change_required: new.password.as_ref().is_some_and(|it| it.1),
        has_password: new.password.is_some(),
        roles: Vec::new(),
        locations: Vec::new(),
        email_verified_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// Changes what is said of a user.
pub(super) fn revise(
    view: &dyn View,
    rules: &Rules,
    revision: &UserRevision,
    now: Moment,
) -> Result<Decision, Refusal> {
    let present = present(view, revision.id, revision.etag.as_deref())?;
    if present.version != revision.version || present.roles != revision.roles {
        return Err(Refusal::Outrun);
    }
    if present.state == UserState::Erased {
        return Err(Refusal::UserErased);
    }
    if let Some(giver) = &revision.giver {
        may_touch(view, rules, giver, present)?;
    }
    if revision.paths.is_empty() {
        return Ok(Decision::of(of(present)));
    }
    let mut user = User {
        contact: revision.contact.clone(),
        locale: revision.locale.clone(),
        ..present.changed(now)
    };
    if revision.email.is_some() {
        user.email_verified_at = None;
    }
    let what = Happened::UserUpdated(revision.paths.clone());
    let decision = Decision::with(user.updated_at, of(&user), what);
    match &revision.email {
        Some(email) => moved(view, decision, (revision.id, email), now),
        None => Ok(decision),
    }
}

/// Frees one email and takes another. Links to the old one are of no use any more.
fn moved(
    view: &dyn View,
    decision: Decision,
    (user, (old, new)): (UserId, &(String, String)),
    now: Moment,
) -> Result<Decision, Refusal> {
    let taken = Claim::Email(new.clone());
    if key::holder(view, &taken).is_some() {
        return Err(Refusal::EmailExists);
    }
    let ended = Link {
        digest: [0; 32],
        expires_at: now,
        used: true,
    };
    Ok(decision
        .keep(Key::Claim(Claim::Email(old.clone())), State::Claim(None))
        .keep(Key::Claim(taken), State::Claim(Some(user.uuid().as_u128())))
        .keep(Key::Link(user, LinkKind::Invitation), State::Link(ended)))
}

/// Lets an invited user in with the first password.
pub(super) fn accept(
    view: &dyn View,
    id: UserId,
    (digest, password): (&[u8; 32], &NewPassword),
    now: Moment,
) -> Result<Decision, Refusal> {
    let user = key::user(view, id).ok_or(Refusal::CredentialsInvalid)?;
    let access = key::access(view, id).ok_or(Refusal::CredentialsInvalid)?;
    let link = key::link(view, id, LinkKind::Invitation).ok_or(Refusal::CredentialsInvalid)?;
    if link.used || link.digest != *digest || user.state != UserState::Invited {
        return Err(Refusal::TokenRevoked);
    }
    if link.expires_at <= now {
        return Err(Refusal::TokenExpired);
    }
    let mut verified = user.changed(now);
    verified.email_verified_at = Some(verified.updated_at);
    if let Some(contact) = &password.contact {
        verified.contact.clone_from(contact);
    }
    let mut chosen = verified.changed(now);
    chosen.has_password = true;
    let mut enabled = chosen.changed(now);
    enabled.state = UserState::Active;
    let alone = i64::from(enabled.rules_alone(password.admin));
    let at = enabled.updated_at;
    let chose = Happened::PasswordChanged(PasswordChange::Invitation);
    Ok(Decision::of(of(&enabled))
        .and(at, of(&verified), Happened::EmailVerified)
        .and(at, of(&chosen), chose)
        .and(at, of(&enabled), Happened::UserEnabled)
        .keep(
            Key::Link(id, LinkKind::Invitation),
            State::Link(Link {
                used: true,
                ..link.clone()
            }),
        )
        .keep(Key::Admins, State::Admins(key::admins(view) + alone))
        .keep(
            Key::Access(id),
            State::Access(Box::new(Access {
                hash: password.hash.clone(),
                ..access.clone()
            })),
        ))
}

/// The user under a key, if the caller read them so.
pub(super) fn present<'v>(
    view: &'v dyn View,
    id: UserId,
    etag: Option<&str>,
) -> Result<&'v User, Refusal> {
    let user = key::user(view, id).ok_or(Refusal::UserMissing(id))?;
    agree(&id.to_string(), user.version, etag)?;
    Ok(user)
}

/// Staff are touched by those alone who hold what they hold and reach where they reach.
pub(super) fn may_touch(
    view: &dyn View,
    rules: &Rules,
    giver: &Giver,
    user: &User,
) -> Result<(), Refusal> {
    if user.customer.is_some() {
        return Ok(());
    }
    for id in &user.roles {
        let role = key::role(view, *id).ok_or(Refusal::Outrun)?;
        giver.holds(rules.allowed(role))?;
    }
    // Whoever may do nothing yet reaches nowhere, and harms nobody.
    match user.roles.is_empty() && user.locations.is_empty() {
        true => Ok(()),
        false => giver.reaches(&user.locations),
    }
}

/// Counts who has a role.
pub(super) fn joined(view: &dyn View, decision: Decision, role: RoleId, by: i64) -> Decision {
    let key = Key::Members(role);
    let so_far = decision.plain.iter().rev().find(|(it, _)| *it == key);
    let so_far = match so_far {
        Some((_, State::Members(members))) => *members,
        _ => key::members(view, role),
    };
    let members = Members {
        users: so_far.users + by,
        ..so_far
    };
    decision.keep(key, State::Members(members))
}

/// A user as an aggregate.
pub(super) fn of(user: &User) -> Aggregate {
    Aggregate::User(Box::new(user.clone()))
}

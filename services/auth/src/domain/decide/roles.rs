//! Roles: made, changed and removed by those who hold what they allow.

use vocab::Moment;

use crate::domain::answer::{Answer, Decision};
use crate::domain::command::{NewRole, RoleRemoval, RoleRevision};
use crate::domain::fact::{Aggregate, Happened};
use crate::domain::key::{self, Claim, Key, Members, State, View};
use crate::domain::rights::Rules;
use crate::domain::role::Role;
use crate::domain::{Refusal, agree};

/// Makes a role that nobody has yet.
pub(super) fn create(
    view: &dyn View,
    rules: &Rules,
    new: &NewRole,
    now: Moment,
) -> Result<Decision, Refusal> {
    let content = &new.content;
    known(rules, &content.permissions)?;
    new.giver.holds(&content.permissions)?;
    let claim = Claim::RoleKey(content.key.clone());
    if key::holder(view, &claim).is_some() {
        return Err(Refusal::RoleKeyExists);
    }
    let mut decision = made(Decision::answering(Answer::Done), new, now);
    if let Some(first) = decision.facts.first() {
        decision.answer = Answer::Now(first.after.clone());
    }
    Ok(decision)
}

/// Adds a role to a decision.
pub(super) fn made(decision: Decision, new: &NewRole, now: Moment) -> Decision {
    let content = &new.content;
    let role = Role {
        id: new.id,
        version: 1,
        key: content.key.clone(),
        display_name: content.display_name.clone(),
        description: content.description.clone(),
        permissions: content.permissions.clone(),
        system: new.system,
        deleted_at: None,
        created_at: now,
        updated_at: now,
    };
    let claim = Key::Claim(Claim::RoleKey(content.key.clone()));
    decision
        .and(now, Aggregate::Role(Box::new(role)), Happened::RoleCreated)
        .keep(claim, State::Claim(Some(new.id.uuid().as_u128())))
        .keep(Key::Members(new.id), State::Members(Members::default()))
}

/// Changes a role.
pub(super) fn revise(
    view: &dyn View,
    rules: &Rules,
    revision: &RoleRevision,
    now: Moment,
) -> Result<Decision, Refusal> {
    let present = key::role(view, revision.id).ok_or(Refusal::RoleMissing(revision.id))?;
    if present.system {
        return Err(Refusal::SystemRole);
    }
    agree(
        &revision.id.to_string(),
        present.version,
        revision.etag.as_deref(),
    )?;
    if present.version != revision.version {
        return Err(Refusal::Outrun);
    }
    let new = &revision.content;
    known(rules, &new.permissions)?;
    revision.giver.holds(&present.permissions)?;
    revision.giver.holds(&new.permissions)?;
    if revision.paths.is_empty() {
        return Ok(Decision::of(Aggregate::Role(Box::new(present.clone()))));
    }
    let lessened = !present.permissions.is_subset(&new.permissions);
    let role = Role {
        display_name: new.display_name.clone(),
        description: new.description.clone(),
        permissions: new.permissions.clone(),
        ..present.changed(now)
    };
    let what = Happened::RoleUpdated(revision.paths.clone(), lessened);
    let (at, after) = (role.updated_at, Aggregate::Role(Box::new(role)));
    Ok(Decision::with(at, after, what))
}

/// Removes a role that nobody has.
pub(super) fn delete(
    view: &dyn View,
    removal: &RoleRemoval,
    now: Moment,
) -> Result<Decision, Refusal> {
    let present = key::role(view, removal.id).ok_or(Refusal::RoleMissing(removal.id))?;
    if present.system {
        return Err(Refusal::SystemRole);
    }
    agree(
        &removal.id.to_string(),
        present.version,
        removal.etag.as_deref(),
    )?;
    let Members { users, accounts } = key::members(view, removal.id);
    if users > 0 || accounts > 0 {
        return Err(Refusal::RoleInUse { users, accounts });
    }
    let mut role = present.changed(now);
    role.deleted_at = Some(role.updated_at);
    let claim = Key::Claim(Claim::RoleKey(removal.key.clone()));
    let at = role.updated_at;
    let after = Aggregate::Role(Box::new(role));
    let decision = Decision::answering(Answer::Done).and(at, after, Happened::RoleDeleted);
    Ok(decision.keep(claim, State::Claim(None)))
}

/// Refuses the first permission that no release knows.
pub(super) fn known<'a>(
    rules: &Rules,
    permissions: impl IntoIterator<Item = &'a String>,
) -> Result<(), Refusal> {
    let unknown = permissions
        .into_iter()
        .find(|it| !rules.known.contains(*it));
    unknown.map_or(Ok(()), |it| Err(Refusal::PermissionUnknown(it.clone())))
}

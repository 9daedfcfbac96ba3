//! Service accounts: made, changed, rotated, barred and let in.

use std::collections::BTreeSet;

use vocab::{Moment, RoleId};

use crate::domain::answer::Decision;
use crate::domain::command::{AccountChange, AccountContent, AccountStep, NewAccount};
use crate::domain::fact::{Aggregate, Happened};
use crate::domain::key::{self, Key, Members, State, View};
use crate::domain::machine::Account;
use crate::domain::rights::{Giver, Rules};
use crate::domain::{Refusal, agree};

/// Makes an account with roles that its maker holds.
pub(super) fn create(
    view: &dyn View,
    rules: &Rules,
    new: &NewAccount,
    now: Moment,
) -> Result<Decision, Refusal> {
    let content = &new.content;
    gives(view, rules, &new.giver, content)?;
    let account = Account {
        id: new.id,
        version: 1,
        display_name: content.display_name.clone(),
        roles: content.roles.clone(),
        locations: content.locations.clone(),
        disabled: false,
        secrets: new.secrets.clone(),
        created_at: now,
        updated_at: now,
    };
    let decision = Decision::with(now, of(account), Happened::AccountCreated);
    Ok(joined(view, decision, &content.roles, 1))
}

/// Does something to an account.
pub(super) fn step(
    view: &dyn View,
    rules: &Rules,
    step: &AccountStep,
    now: Moment,
) -> Result<Decision, Refusal> {
    let present = key::account(view, step.id).ok_or(Refusal::AccountMissing(step.id))?;
    agree(&step.id.to_string(), present.version, step.etag.as_deref())?;
    if present.roles != step.roles {
        return Err(Refusal::Outrun);
    }
    let barring = matches!(step.change, AccountChange::Disable(_));
    if !barring {
        holds(view, rules, &step.giver, &present.roles)?;
        step.giver.reaches(&present.locations)?;
    }
    let mut account = present.changed(now);
    let at = account.updated_at;
    let what = match &step.change {
        AccountChange::Revise(content, paths) => {
            return revise(view, rules, (present, step, content, paths), account);
        }
        AccountChange::Rotate(secret, overlap) => {
            account.secrets = present.secrets.rotated(secret.clone(), *overlap, now);
            Happened::AccountSecretRotated
        }
        AccountChange::Disable(reason) if !present.disabled => {
            account.disabled = true;
            Happened::AccountDisabled(reason.clone())
        }
        AccountChange::Enable if present.disabled => {
            account.disabled = false;
            Happened::AccountEnabled
        }
        AccountChange::Disable(_) | AccountChange::Enable => {
            return Ok(Decision::of(of(present.clone())));
        }
    };
    Ok(Decision::with(at, of(account), what))
}

fn revise(
    view: &dyn View,
    rules: &Rules,
    (present, step, content, paths): (&Account, &AccountStep, &AccountContent, &[String]),
    account: Account,
) -> Result<Decision, Refusal> {
    gives(view, rules, &step.giver, content)?;
    if paths.is_empty() {
        return Ok(Decision::of(of(present.clone())));
    }
    let lessened = allowed(view, rules, &present.roles)?
        .difference(&allowed(view, rules, &content.roles)?)
        .next()
        .is_some()
        || narrows(&present.locations, &content.locations);
    let account = Account {
        display_name: content.display_name.clone(),
        roles: content.roles.clone(),
        locations: content.locations.clone(),
        ..account
    };
    let what = Happened::AccountUpdated(paths.to_vec(), lessened);
    let decision = Decision::with(account.updated_at, of(account), what);
    let decision = joined(view, decision, &present.roles, -1);
    Ok(joined(view, decision, &content.roles, 1))
}

/// Whether some place that was reached is not any more.
fn narrows(before: &[vocab::LocationId], after: &[vocab::LocationId]) -> bool {
    match (before.is_empty(), after.is_empty()) {
        (_, true) => false,
        (true, false) => true,
        (false, false) => before.iter().any(|it| !after.contains(it)),
    }
}

fn gives(
    view: &dyn View,
    rules: &Rules,
    giver: &Giver,
    content: &AccountContent,
) -> Result<(), Refusal> {
    holds(view, rules, giver, &content.roles)?;
    giver.reaches(&content.locations)
}

fn holds(view: &dyn View, rules: &Rules, giver: &Giver, roles: &[RoleId]) -> Result<(), Refusal> {
    giver.holds(&allowed(view, rules, roles)?)
}

fn allowed(view: &dyn View, rules: &Rules, roles: &[RoleId]) -> Result<BTreeSet<String>, Refusal> {
    let mut all = BTreeSet::new();
    for id in roles {
        let role = key::role(view, *id).ok_or(Refusal::RoleUnknown(*id))?;
        all.extend(rules.allowed(role).iter().cloned());
    }
    Ok(all)
}

/// Counts which accounts have roles.
fn joined(view: &dyn View, mut decision: Decision, roles: &[RoleId], by: i64) -> Decision {
    for role in roles {
        let key = Key::Members(*role);
        let so_far = decision.plain.iter().rev().find(|(it, _)| *it == key);
        let so_far = match so_far {
            Some((_, State::Members(members))) => *members,
            _ => key::members(view, *role),
        };
        let members = Members {
            accounts: so_far.accounts + by,
            ..so_far
        };
        decision = decision.keep(key, State::Members(members));
    }
    decision
}

fn of(account: Account) -> Aggregate {
    Aggregate::Account(Box::new(account))
}

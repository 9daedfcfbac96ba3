//! Tenants: opened all at once, changed, closed and opened again.

use vocab::{Moment, TenantId};

use super::{roles, users};
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::{NewTenant, TenantContent, TenantRevision};
use crate::domain::fact::{Aggregate, Happened};
use crate::domain::key::{self, Key, State, View};
use crate::domain::tenant::Tenant;
use crate::domain::{Refusal, agree};

/// Opens a tenant with its roles and its first user.
pub(super) fn open(view: &dyn View, new: &NewTenant, now: Moment) -> Result<Decision, Refusal> {
    let code = Key::Code(new.content.code.clone());
    if view.state(&code).is_some() || key::tenant(view, new.id).is_some() {
        return Err(Refusal::CodeExists);
    }
    let blank = Tenant {
        id: new.id,
        version: 1,
        code: String::new(),
        display_name: String::new(),
        suspended: None,
        currency: String::new(),
        locale: String::new(),
        time_zone: String::new(),
        settings: Vec::new(),
        guests_refused: false,
        operator: new.operator,
        created_at: now,
        updated_at: now,
    };
    let tenant = filled(blank, &new.content);
    let after = Aggregate::Tenant(Box::new(tenant.clone()));
    let mut decision = Decision::of(after.clone())
        .and(now, after, Happened::TenantCreated(new.admin.id))
        .keep(code, State::Code(new.id));
    for role in &new.roles {
        decision = roles::made(decision, role, now);
    }
    let known = |role| new.roles.iter().any(|it| it.id == role);
    let (mut decision, user) = users::made(view, decision, (&new.admin, &known), now)?;
    decision.answer = Answer::Opened(Box::new(tenant), Box::new(user));
    Ok(decision)
}

/// Says something else of a tenant.
pub(super) fn revise(
    view: &dyn View,
    revision: &TenantRevision,
    now: Moment,
) -> Result<Decision, Refusal> {
    let present = present(view, revision.id, revision.etag.as_deref())?;
    if present.version != revision.version {
        return Err(Refusal::Outrun);
    }
    if revision.paths.is_empty() {
        return Ok(Decision::of(Aggregate::Tenant(Box::new(present.clone()))));
    }
    let tenant = filled(present.changed(now), &revision.content);
    let (at, after) = (tenant.updated_at, Aggregate::Tenant(Box::new(tenant)));
    let what = Happened::TenantUpdated(revision.paths.clone());
    Ok(Decision::with(at, after, what))
}

/// Closes a tenant for a reason, or opens it again.
pub(super) fn suspend(
    view: &dyn View,
    id: TenantId,
    (reason, etag): (Option<&str>, Option<&str>),
    now: Moment,
) -> Result<Decision, Refusal> {
    let present = present(view, id, etag)?;
    if present.operator && reason.is_some() {
        return Err(Refusal::OperatorTenant);
    }
    if present.suspended.is_some() == reason.is_some() {
        return Ok(Decision::of(Aggregate::Tenant(Box::new(present.clone()))));
    }
    let what = match reason {
        Some(_) => Happened::TenantSuspended,
        None => Happened::TenantResumed,
    };
    let tenant = Tenant {
        suspended: reason.map(str::to_owned),
        ..present.changed(now)
    };
    let (at, after) = (tenant.updated_at, Aggregate::Tenant(Box::new(tenant)));
    Ok(Decision::with(at, after, what))
}

fn present<'v>(
    view: &'v dyn View,
    id: TenantId,
    etag: Option<&str>,
) -> Result<&'v Tenant, Refusal> {
    let tenant = key::tenant(view, id).ok_or(Refusal::TenantMissing(id))?;
    agree(&tenant.id.to_string(), tenant.version, etag)?;
    Ok(tenant)
}

fn filled(tenant: Tenant, content: &TenantContent) -> Tenant {
    Tenant {
        code: content.code.clone(),
        display_name: content.display_name.clone(),
        currency: content.currency.clone(),
        locale: content.locale.clone(),
        time_zone: content.time_zone.clone(),
        settings: content.settings.clone(),
        guests_refused: content.guests_refused,
        ..tenant
    }
}

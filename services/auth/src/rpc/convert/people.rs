//! Users and roles, both ways.

use chassis::fault::Fault;
use contracts::auth as pb;
use contracts::validate::Path;
use prost_types::FieldMask;
use vocab::{Etag, TenantId};

use super::{merge, optional_time, paths, text, texts, time, unfit};
use crate::app::{Contact, Person, RoleAsked, UserAsked, UserChanged};
use crate::domain::{Role, User, UserState};

/// Writes a state.
pub fn state(it: UserState) -> pb::UserState {
    match it {
        UserState::Active => pb::UserState::Active,
        UserState::Disabled => pb::UserState::Disabled,
        UserState::Invited => pb::UserState::Invited,
        UserState::Erased => pb::UserState::Erased,
    }
}

/// Reads the states of a filter; without any all but the erased.
pub fn states(sent: &[i32]) -> Vec<UserState> {
    if sent.is_empty() {
        return vec![UserState::Active, UserState::Disabled, UserState::Invited];
    }
    let all = UserState::ALL.into_iter();
    all.filter(|it| sent.contains(&i32::from(state(*it))))
        .collect()
}

/// Reads a user that is to be created.
pub fn asked(wire: pb::User, initial_password: &str) -> UserAsked {
    UserAsked {
        contact: Contact {
            email: wire.email,
            display_name: wire.display_name,
        },
        locale: wire.locale,
        password: (!initial_password.is_empty()).then(|| initial_password.to_owned()),
    }
}

/// What an update makes of a user.
pub fn revised(
    tenant: TenantId,
    present: &Person,
    sent: &pb::User,
    mask: Option<&FieldMask>,
) -> Result<UserChanged, Fault> {
    let before = user(tenant, present);
    let merged = merge(&before, sent, mask, "user")?;
    Ok(changed(&before, merged))
}

/// What a user makes of themself; what is empty stays as it is.
pub fn edited(tenant: TenantId, present: &Person, name: &str, locale: &str) -> UserChanged {
    let before = user(tenant, present);
    let mut merged = before.clone();
    if !name.is_empty() {
        name.clone_into(&mut merged.display_name);
    }
    if !locale.is_empty() {
        locale.clone_into(&mut merged.locale);
    }
    changed(&before, merged)
}

fn changed(before: &pb::User, merged: pb::User) -> UserChanged {
    UserChanged {
        paths: paths(&[
            ("email", merged.email != before.email),
            ("display_name", merged.display_name != before.display_name),
            ("locale", merged.locale != before.locale),
        ]),
        contact: Contact {
            email: merged.email,
            display_name: merged.display_name,
        },
        locale: merged.locale,
    }
}

/// Writes a user for those who may see what is personal.
pub fn user(tenant: TenantId, it: &Person) -> pb::User {
    let user = &it.known.user;
    let id = user.id.to_string();
    pb::User {
        tenant_id: tenant.to_string(),
        email: it.contact.email.clone(),
        display_name: it.contact.display_name.clone(),
        locale: user.locale.clone(),
        customer_id: text(user.customer),
        state: state(user.state).into(),
        disable_reason: user.disable_reason.clone(),
        password_change_required: user.change_required,
        role_ids: texts(&user.roles),
        location_ids: texts(&user.locations),
        email_verify_time: optional_time(user.email_verified_at),
        last_sign_in_time: optional_time(it.known.last_at),
        etag: Etag::of(&id, user.version).to_string(),
        create_time: time(user.created_at),
        update_time: time(user.updated_at),
        user_id: id,
    }
}

/// Writes a user as events show it.
pub fn snapshot(user: &User) -> pb::UserSnapshot {
    pb::UserSnapshot {
        user_id: user.id.to_string(),
        customer_id: text(user.customer),
        state: state(user.state).into(),
        role_ids: texts(&user.roles),
        location_ids: texts(&user.locations),
        locale: user.locale.clone(),
        email_verified: user.email_verified_at.is_some(),
    }
}

/// Reads a role that is to be made.
pub fn role_asked(wire: pb::Role) -> RoleAsked {
    RoleAsked {
        key: wire.key,
        display_name: wire.display_name,
        description: wire.description,
        permissions: wire.permissions.into_iter().collect(),
        paths: Vec::new(),
    }
}

/// What an update makes of a role.
pub fn role_revised(
    tenant: TenantId,
    present: &Role,
    sent: &pb::Role,
    mask: Option<&FieldMask>,
) -> Result<RoleAsked, Fault> {
    let before = role(tenant, present);
    let merged = merge(&before, sent, mask, "role")?;
    if merged.key != before.key {
        let root = Path::Root;
        let at = root.field("role");
        let at = at.field("key");
        return Err(unfit(&at, "immutable", "cannot be changed"));
    }
    let mut asked = role_asked(merged);
    asked.paths = paths(&[
        ("display_name", asked.display_name != present.display_name),
        ("description", asked.description != present.description),
        ("permissions", asked.permissions != present.permissions),
    ]);
    Ok(asked)
}

/// Writes a role.
pub fn role(tenant: TenantId, it: &Role) -> pb::Role {
    let id = it.id.to_string();
    pb::Role {
        tenant_id: tenant.to_string(),
        key: it.key.clone(),
        display_name: it.display_name.clone(),
        description: it.description.clone(),
        permissions: it.permissions.iter().cloned().collect(),
        system: it.system,
        etag: Etag::of(&id, it.version).to_string(),
        create_time: time(it.created_at),
        update_time: time(it.updated_at),
        role_id: id,
    }
}

//! Tenants, roles and users.

use journal::Unreadable;
use vocab::Moment;

use super::{
    all_bytes, bytes, id, ids, micros, moment, optional_bytes, optional_id, optional_moment,
    unreadable,
};
use crate::domain::{Role, Tenant, User, UserState};

/// A tenant.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredTenant {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(int64, tag = "2")]
    version: i64,
    #[prost(string, tag = "3")]
    code: String,
    #[prost(string, tag = "4")]
    display_name: String,
    #[prost(string, optional, tag = "5")]
    suspended: Option<String>,
    #[prost(string, tag = "6")]
    currency: String,
    #[prost(string, tag = "7")]
    locale: String,
    #[prost(string, tag = "8")]
    time_zone: String,
    #[prost(bytes = "vec", tag = "9")]
    settings: Vec<u8>,
    #[prost(bool, tag = "10")]
    guests_refused: bool,
    #[prost(bool, tag = "11")]
    operator: bool,
    #[prost(int64, tag = "12")]
    created_at: i64,
    #[prost(int64, tag = "13")]
    updated_at: i64,
}

impl From<&Tenant> for StoredTenant {
    fn from(it: &Tenant) -> Self {
        Self {
            id: bytes(it.id),
            version: it.version,
            code: it.code.clone(),
            display_name: it.display_name.clone(),
            suspended: it.suspended.clone(),
            currency: it.currency.clone(),
            locale: it.locale.clone(),
            time_zone: it.time_zone.clone(),
            settings: it.settings.clone(),
            guests_refused: it.guests_refused,
            operator: it.operator,
            created_at: it.created_at.micros(),
            updated_at: it.updated_at.micros(),
        }
    }
}

impl TryFrom<StoredTenant> for Tenant {
    type Error = Unreadable;

    fn try_from(it: StoredTenant) -> Result<Self, Unreadable> {
        Ok(Self {
            id: id(&it.id)?,
            version: it.version,
            code: it.code,
            display_name: it.display_name,
            suspended: it.suspended,
            currency: it.currency,
            locale: it.locale,
            time_zone: it.time_zone,
            settings: it.settings,
            guests_refused: it.guests_refused,
            operator: it.operator,
            created_at: moment(it.created_at)?,
            updated_at: moment(it.updated_at)?,
        })
    }
}

/// A role.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredRole {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(int64, tag = "2")]
    version: i64,
    #[prost(string, tag = "3")]
    key: String,
    #[prost(string, tag = "4")]
    display_name: String,
    #[prost(string, tag = "5")]
    description: String,
    #[prost(string, repeated, tag = "6")]
    permissions: Vec<String>,
    #[prost(bool, tag = "7")]
    system: bool,
    #[prost(int64, optional, tag = "8")]
    deleted_at: Option<i64>,
    #[prost(int64, tag = "9")]
    created_at: i64,
    #[prost(int64, tag = "10")]
    updated_at: i64,
}

impl From<&Role> for StoredRole {
    fn from(it: &Role) -> Self {
        Self {
            id: bytes(it.id),
            version: it.version,
            key: it.key.clone(),
            display_name: it.display_name.clone(),
            description: it.description.clone(),
            permissions: it.permissions.iter().cloned().collect(),
            system: it.system,
            deleted_at: micros(it.deleted_at),
            created_at: it.created_at.micros(),
            updated_at: it.updated_at.micros(),
        }
    }
}

impl TryFrom<StoredRole> for Role {
    type Error = Unreadable;

    fn try_from(it: StoredRole) -> Result<Self, Unreadable> {
        Ok(Self {
            id: id(&it.id)?,
            version: it.version,
            key: it.key,
            display_name: it.display_name,
            description: it.description,
            permissions: it.permissions.into_iter().collect(),
            system: it.system,
            deleted_at: optional_moment(it.deleted_at)?,
            created_at: moment(it.created_at)?,
            updated_at: moment(it.updated_at)?,
        })
    }
}

/// A user.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredUser {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(int64, tag = "2")]
    version: i64,
    #[prost(bytes = "vec", tag = "3")]
    contact: Vec<u8>,
    #[prost(string, tag = "4")]
    locale: String,
    #[prost(bytes = "vec", tag = "5")]
    customer: Vec<u8>,
    #[prost(string, tag = "6")]
    state: String,
    #[prost(string, tag = "7")]
    disable_reason: String,
    #[prost(bool, tag = "8")]
    change_required: bool,
    #[prost(bool, tag = "9")]
    has_password: bool,
    #[prost(bytes = "vec", repeated, tag = "10")]
    roles: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "11")]
    locations: Vec<Vec<u8>>,
    #[prost(int64, optional, tag = "12")]
    email_verified_at: Option<i64>,
    #[prost(int64, tag = "13")]
    created_at: i64,
    #[prost(int64, tag = "14")]
    updated_at: i64,
}

impl From<&User> for StoredUser {
    fn from(it: &User) -> Self {
        Self {
            id: bytes(it.id),
            version: it.version,
            contact: it.contact.clone(),
            locale: it.locale.clone(),
            customer: optional_bytes(it.customer),
            state: it.state.name().to_owned(),
            disable_reason: it.disable_reason.clone(),
            change_required: it.change_required,
            has_password: it.has_password,
            roles: all_bytes(&it.roles),
            locations: all_bytes(&it.locations),
            email_verified_at: it.email_verified_at.map(Moment::micros),
            created_at: it.created_at.micros(),
            updated_at: it.updated_at.micros(),
        }
    }
}

impl TryFrom<StoredUser> for User {
    type Error = Unreadable;

    fn try_from(it: StoredUser) -> Result<Self, Unreadable> {
        let state = UserState::ALL
            .into_iter()
            .find(|one| one.name() == it.state);
        Ok(Self {
            id: id(&it.id)?,
            version: it.version,
            contact: it.contact,
            locale: it.locale,
            customer: optional_id(&it.customer)?,
            state: state.ok_or_else(|| unreadable("state", &it.state))?,
            disable_reason: it.disable_reason,
            change_required: it.change_required,
            has_password: it.has_password,
            roles: ids(&it.roles)?,
            locations: ids(&it.locations)?,
            email_verified_at: optional_moment(it.email_verified_at)?,
            created_at: moment(it.created_at)?,
            updated_at: moment(it.updated_at)?,
        })
    }
}

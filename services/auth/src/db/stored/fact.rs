//! Facts and answers. One form serves all kinds of facts; the kind beside it says which parts are
//! read.

use journal::Unreadable;

use super::{StoredAggregate, StoredSession, bytes, id, moment, unreadable};
use crate::domain::{Aggregate, Answer, Fact, Happened, PasswordChange};

/// A fact.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredFact {
    #[prost(int64, tag = "1")]
    at: i64,
    #[prost(message, optional, tag = "2")]
    after: Option<StoredAggregate>,
    #[prost(string, repeated, tag = "3")]
    names: Vec<String>,
    #[prost(bytes = "vec", tag = "4")]
    other: Vec<u8>,
    #[prost(bool, tag = "5")]
    lessened: bool,
    #[prost(int64, tag = "6")]
    until: i64,
    #[prost(string, tag = "7")]
    reason: String,
}

/// An answer: the parts that it has.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredAnswer {
    #[prost(message, optional, tag = "1")]
    now: Option<StoredAggregate>,
    #[prost(message, optional, tag = "2")]
    with: Option<StoredAggregate>,
    #[prost(message, optional, tag = "3")]
    session: Option<StoredSession>,
    #[prost(int64, tag = "4")]
    at: i64,
    #[prost(int64, optional, tag = "5")]
    count: Option<i64>,
}

impl StoredFact {
    /// The kind of a fact, and the fact.
    pub fn of(fact: &Fact) -> (&'static str, Self) {
        let mut stored = Self {
            at: fact.at.micros(),
            after: Some((&fact.after).into()),
            ..Self::default()
        };
        let kind = match &fact.what {
            Happened::TenantCreated(admin) => {
                stored.other = bytes(*admin);
                "tenant_created"
            }
            Happened::TenantUpdated(paths) | Happened::UserUpdated(paths) => {
                stored.names.clone_from(paths);
                simple(&fact.what)
            }
            Happened::RoleGranted(role) | Happened::RoleRevoked(role) => {
                stored.other = bytes(*role);
                simple(&fact.what)
            }
            Happened::PasswordChanged(how) => {
                stored.reason = way(*how).to_owned();
                "password_changed"
            }
            Happened::UserInvited(link, until) => {
                stored.other.clone_from(link);
                stored.until = until.micros();
                "user_invited"
            }
            Happened::RoleUpdated(paths, lessened) | Happened::AccountUpdated(paths, lessened) => {
                stored.names.clone_from(paths);
                stored.lessened = *lessened;
                simple(&fact.what)
            }
            Happened::AccountDisabled(reason) => {
                stored.reason.clone_from(reason);
                "service_account_disabled"
            }
            Happened::KeysRotated(withdrawn) => {
                stored.names.clone_from(withdrawn);
                "signing_key_rotated"
            }
            other => simple(other),
        };
        (kind, stored)
    }

    /// Reads a fact of a kind.
    pub fn read(self, kind: &str) -> Result<Fact, Unreadable> {
        let what = self.what(kind)?;
        let after = self
            .after
            .ok_or_else(|| Unreadable("no aggregate".to_owned()))?;
        Ok(Fact {
            at: moment(self.at)?,
            after: after.try_into()?,
            what,
        })
    }

    fn what(&self, kind: &str) -> Result<Happened, Unreadable> {
        let paths = || self.names.clone();
        Ok(match kind {
            "tenant_created" => Happened::TenantCreated(id(&self.other)?),
            "tenant_updated" => Happened::TenantUpdated(paths()),
            "user_updated" => Happened::UserUpdated(paths()),
            "role_granted" => Happened::RoleGranted(id(&self.other)?),
            "role_revoked" => Happened::RoleRevoked(id(&self.other)?),
            "password_changed" => Happened::PasswordChanged(way_of(&self.reason)?),
            "user_invited" => Happened::UserInvited(self.other.clone(), moment(self.until)?),
            "role_updated" => Happened::RoleUpdated(paths(), self.lessened),
            "service_account_updated" => Happened::AccountUpdated(paths(), self.lessened),
            "service_account_disabled" => Happened::AccountDisabled(self.reason.clone()),
            "signing_key_rotated" => Happened::KeysRotated(paths()),
            other => {
                let found = SIMPLE.iter().find(|(_, name)| *name == other);
                let found = found.map(|(what, _)| what.clone());
                found.ok_or_else(|| unreadable("kind", other))?
            }
        })
    }
}

/// What has no more to say than its name.
const SIMPLE: &[(Happened, &str)] = &[
    (Happened::TenantSuspended, "tenant_suspended"),
    (Happened::TenantResumed, "tenant_resumed"),
    (Happened::UserCreated, "user_created"),
    (Happened::UserDisabled, "user_disabled"),
    (Happened::UserEnabled, "user_enabled"),
    (Happened::UserErased, "user_erased"),
    (Happened::EmailVerified, "email_verified"),
    (Happened::RoleCreated, "role_created"),
    (Happened::RoleDeleted, "role_deleted"),
    (Happened::ApiKeyCreated, "api_key_created"),
    (Happened::ApiKeyRotated, "api_key_rotated"),
    (Happened::ApiKeyRevoked, "api_key_revoked"),
    (Happened::AccountCreated, "service_account_created"),
    (Happened::AccountEnabled, "service_account_enabled"),
    (
        Happened::AccountSecretRotated,
        "service_account_secret_rotated",
    ),
    (Happened::SessionRevoked, "session_revoked"),
];

/// The kind of a fact whose name does not depend on what it carries.
fn simple(what: &Happened) -> &'static str {
    match what {
        Happened::TenantUpdated(_) => "tenant_updated",
        Happened::UserUpdated(_) => "user_updated",
        Happened::RoleGranted(_) => "role_granted",
        Happened::RoleRevoked(_) => "role_revoked",
        Happened::RoleUpdated(..) => "role_updated",
        Happened::AccountUpdated(..) => "service_account_updated",
        other => {
            let found = SIMPLE.iter().find(|(it, _)| it == other);
            found.map_or("", |(_, name)| name)
        }
    }
}

const WAYS: [(PasswordChange, &str); 3] = [
    (PasswordChange::Own, "OWN"),
    (PasswordChange::Administrator, "ADMINISTRATOR"),
    (PasswordChange::Invitation, "INVITATION"),
];

fn way(how: PasswordChange) -> &'static str {
    let found = WAYS.iter().find(|(it, _)| *it == how);
    found.map_or("", |(_, name)| name)
}

fn way_of(name: &str) -> Result<PasswordChange, Unreadable> {
    let found = WAYS.iter().find(|(_, it)| *it == name);
    let found = found.map(|(how, _)| *how);
    found.ok_or_else(|| unreadable("way of a password", name))
}

impl From<&Answer> for StoredAnswer {
    fn from(answer: &Answer) -> Self {
        let mut stored = Self::default();
        match answer {
            Answer::Opened(tenant, admin) => {
                stored.now = Some((&Aggregate::Tenant(tenant.clone())).into());
                stored.with = Some((&Aggregate::User(admin.clone())).into());
            }
            Answer::Now(after) => stored.now = Some(after.into()),
            Answer::Session(session, at) => {
                stored.session = Some((&**session).into());
                stored.at = at.micros();
            }
            Answer::Count(count) => stored.count = Some(*count),
            Answer::Done => {}
        }
        stored
    }
}

impl TryFrom<StoredAnswer> for Answer {
    type Error = Unreadable;

    fn try_from(it: StoredAnswer) -> Result<Self, Unreadable> {
        if let Some(session) = it.session {
            return Ok(Self::Session(Box::new(session.try_into()?), moment(it.at)?));
        }
        if let Some(count) = it.count {
            return Ok(Self::Count(count));
        }
        let now = it.now.map(Aggregate::try_from).transpose()?;
        let with = it.with.map(Aggregate::try_from).transpose()?;
        Ok(match (now, with) {
            (Some(Aggregate::Tenant(tenant)), Some(Aggregate::User(admin))) => {
                Self::Opened(tenant, admin)
            }
            (Some(now), _) => Self::Now(now),
            (None, _) => Self::Done,
        })
    }
}

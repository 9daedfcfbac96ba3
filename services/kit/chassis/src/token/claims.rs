//! What a token says: the claims as auth's contract lists them, read strictly.

use std::time::Duration;

use contracts::common::ActorType;
use serde::{Deserialize, Deserializer, Serialize};
use vocab::{ApiKeyId, CustomerId, LocationId, ServiceAccountId, TenantId, UserId};

use crate::call::{Caller, Permissions};

/// The most locations that a token binds to.
const LOCATIONS_MAX: usize = 100;
/// The longest subject, and the longest id of a session or a token.
const NAME_MAX: usize = 64;

/// What a token is to say; for whoever issues one.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The tenant.
    pub tenant: TenantId,
    /// The id of the user, guest, key or account, the name of a service, or `system`.
    pub subject: String,
    /// What it allows.
    pub permissions: Vec<String>,
    /// The customer, of shoppers and guests.
    pub customer: Option<CustomerId>,
    /// The locations that it is bound to; none: the whole tenant.
    pub locations: Vec<LocationId>,
    /// The session that it belongs to.
    pub session: String,
    /// Who accepts it: the name of a service, or [`super::MESH`].
    pub audience: String,
    /// How long it works.
    pub life: Duration,
}

/// The claims as they stand in a token. A claim that stands twice is refused by the reader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    pub aud: Audience,
    pub iat: Seconds,
    pub nbf: Seconds,
    pub exp: Seconds,
    pub jti: String,
    pub tid: String,
    pub sub: String,
    pub sid: String,
    pub prm: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cus: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loc: Vec<String>,
}

/// One name or several.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    pub fn names(&self, accepted: &[String]) -> bool {
        match self {
            Self::One(name) => accepted.contains(name),
            Self::Several(names) => names.iter().any(|name| accepted.contains(name)),
        }
    }
}

/// A time in milliseconds, written in seconds as a number and never as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seconds(pub i64);

impl Serialize for Seconds {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1_000 == 0 {
            to.serialize_i64(self.0 / 1_000)
        } else {
            to.serialize_f64(self.0 as f64 / 1_000.0)
        }
    }
}

/// The last second of the year 9999: beyond it nobody means a time.
const SECONDS_MAX: f64 = 253_402_300_799.0;

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(from)?;
        let seconds = number
            .as_f64()
            .filter(|it| (0.0..=SECONDS_MAX).contains(it));
        let seconds = seconds.ok_or_else(|| serde::de::Error::custom("no time"))?;
        Ok(Self((seconds * 1_000.0).round() as i64))
    }
}

impl Claims {
    /// The tenant and the caller; nothing if any part is not what it must be.
    pub fn caller(&self) -> Option<(TenantId, Caller)> {
        let tenant: TenantId = self.tid.parse().ok()?;
        if tenant.uuid().is_nil() {
            return None;
        }
        let short = |text: &str| (1..=NAME_MAX).contains(&text.len());
        if !short(&self.sid) || !short(&self.jti) || !short(&self.sub) {
            return None;
        }
        if self.loc.len() > LOCATIONS_MAX {
            return None;
        }
        let locations: Result<Vec<LocationId>, _> = self.loc.iter().map(|it| it.parse()).collect();
        let subject = self.subject()?;
        let permissions = Permissions::These(self.prm.iter().cloned().collect());
        let caller = Caller {
            kind: subject.kind,
            id: subject.id,
            user: subject.user,
            customer: subject.customer,
            session: self.sid.clone(),
            locations: locations.ok()?,
            permissions,
        };
        Some((tenant, caller))
    }

    fn subject(&self) -> Option<Subject> {
        let user: Option<UserId> = self.sub.parse().ok();
        if let Some(text) = &self.cus {
            let customer: CustomerId = text.parse().ok()?;
            // A guest has no user; then the subject is the customer.
            let known = user.is_some() || self.sub == *text;
            return known.then(|| Subject {
                kind: ActorType::Customer,
                id: text.clone(),
                user,
                customer: Some(customer),
            });
        }
        Some(Subject {
            kind: kind_of(&self.sub, user)?,
            id: self.sub.clone(),
            user,
            customer: None,
        })
    }
}

struct Subject {
    kind: ActorType,
    id: String,
    user: Option<UserId>,
    customer: Option<CustomerId>,
}

/// What acts without a customer, by the form of its id.
fn kind_of(subject: &str, user: Option<UserId>) -> Option<ActorType> {
    let kind = if user.is_some() {
        ActorType::User
    } else if subject.parse::<ApiKeyId>().is_ok() {
        ActorType::ApiKey
    } else if subject.parse::<ServiceAccountId>().is_ok() {
        ActorType::ServiceAccount
    } else if subject == "system" {
        ActorType::System
    } else if is_service_name(subject) {
        ActorType::Service
    } else {
        return None;
    };
    Some(kind)
}

/// Names of services have no underscore, which every id has.
pub(crate) fn is_service_name(text: &str) -> bool {
    let first = text
        .bytes()
        .next()
        .is_some_and(|it| it.is_ascii_lowercase());
    let allowed = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    first && text.len() <= NAME_MAX && text.bytes().all(allowed)
}

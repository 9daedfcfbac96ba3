//! Any aggregate, in facts, answers and rows.

use journal::Unreadable;
use prost::Message;

use super::machines::{StoredAccount, StoredApiKey, StoredKeys};
use super::people::{StoredRole, StoredTenant, StoredUser};
use super::read;
use super::session::StoredEnd;
use crate::domain::Aggregate;

/// An aggregate of one kind.
#[derive(Clone, PartialEq, Eq, prost::Oneof)]
pub enum Kind {
    /// A tenant.
    #[prost(message, tag = "1")]
    Tenant(StoredTenant),
    /// A role.
    #[prost(message, tag = "2")]
    Role(StoredRole),
    /// A user.
    #[prost(message, tag = "3")]
    User(StoredUser),
    /// An API key.
    #[prost(message, tag = "4")]
    ApiKey(StoredApiKey),
    /// A service account.
    #[prost(message, tag = "5")]
    Account(StoredAccount),
    /// A session that was ended.
    #[prost(message, tag = "6")]
    Ended(StoredEnd),
    /// The keys that sign.
    #[prost(message, tag = "7")]
    Keys(StoredKeys),
}

/// An aggregate.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredAggregate {
    /// What it is.
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub kind: Option<Kind>,
}

impl StoredAggregate {
    /// Reads an aggregate from its bytes.
    pub fn parse(bytes: &[u8]) -> Result<Aggregate, Unreadable> {
        read::<Self>(bytes)?.try_into()
    }

    /// The bytes of an aggregate.
    pub fn write(it: &Aggregate) -> Vec<u8> {
        Self::from(it).encode_to_vec()
    }
}

impl From<&Aggregate> for StoredAggregate {
    fn from(it: &Aggregate) -> Self {
        let kind = match it {
            Aggregate::Tenant(it) => Kind::Tenant((&**it).into()),
            Aggregate::Role(it) => Kind::Role((&**it).into()),
            Aggregate::User(it) => Kind::User((&**it).into()),
            Aggregate::ApiKey(it) => Kind::ApiKey((&**it).into()),
            Aggregate::Account(it) => Kind::Account((&**it).into()),
            Aggregate::Ended(it) => Kind::Ended((&**it).into()),
            Aggregate::Keys(it) => Kind::Keys((&**it).into()),
        };
        Self { kind: Some(kind) }
    }
}

impl TryFrom<StoredAggregate> for Aggregate {
    type Error = Unreadable;

    fn try_from(it: StoredAggregate) -> Result<Self, Unreadable> {
        let kind = it
            .kind
            .ok_or_else(|| Unreadable("no aggregate".to_owned()))?;
        Ok(match kind {
            Kind::Tenant(it) => Self::Tenant(Box::new(it.try_into()?)),
            Kind::Role(it) => Self::Role(Box::new(it.try_into()?)),
            Kind::User(it) => Self::User(Box::new(it.try_into()?)),
            Kind::ApiKey(it) => Self::ApiKey(Box::new(it.try_into()?)),
            Kind::Account(it) => Self::Account(Box::new(it.try_into()?)),
            Kind::Ended(it) => Self::Ended(Box::new(it.try_into()?)),
            Kind::Keys(it) => Self::Keys(Box::new(it.try_into()?)),
        })
    }
}

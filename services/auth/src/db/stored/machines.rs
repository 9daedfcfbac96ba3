//! API keys, service accounts and the keys that sign.

use journal::Unreadable;

use super::{
    all_bytes, bytes, digest, id, ids, micros, moment, optional_bytes, optional_id, optional_moment,
};
use crate::domain::{Account, ApiKey, KeySet, KeyUse, Secrets, SigningKey};

/// What opens something.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredSecrets {
    #[prost(bytes = "vec", tag = "1")]
    newest: Vec<u8>,
    #[prost(string, tag = "2")]
    hint: String,
    #[prost(bytes = "vec", tag = "3")]
    old: Vec<u8>,
    #[prost(int64, tag = "4")]
    old_until: i64,
}

impl From<&Secrets> for StoredSecrets {
    fn from(it: &Secrets) -> Self {
        let old = it.old.as_ref();
        Self {
            newest: it.newest.to_vec(),
            hint: it.hint.clone(),
            old: old.map(|(digest, _)| digest.to_vec()).unwrap_or_default(),
            old_until: old.map(|(_, until)| until.micros()).unwrap_or_default(),
        }
    }
}

impl TryFrom<StoredSecrets> for Secrets {
    type Error = Unreadable;

    fn try_from(it: StoredSecrets) -> Result<Self, Unreadable> {
        let old = match it.old.is_empty() {
            true => None,
            false => Some((digest(&it.old)?, moment(it.old_until)?)),
        };
        Ok(Self {
            newest: digest(&it.newest)?,
            hint: it.hint,
            old,
        })
    }
}

/// An API key.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredApiKey {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(int64, tag = "2")]
    version: i64,
    #[prost(string, tag = "3")]
    display_name: String,
    #[prost(string, repeated, tag = "4")]
    permissions: Vec<String>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    locations: Vec<Vec<u8>>,
    #[prost(bytes = "vec", tag = "6")]
    maker: Vec<u8>,
    #[prost(message, optional, tag = "7")]
    secrets: Option<StoredSecrets>,
    #[prost(int64, optional, tag = "8")]
    expires_at: Option<i64>,
    #[prost(int64, optional, tag = "9")]
    revoked_at: Option<i64>,
    #[prost(string, tag = "10")]
    revoke_reason: String,
    #[prost(int64, tag = "11")]
    created_at: i64,
}

impl From<&ApiKey> for StoredApiKey {
    fn from(it: &ApiKey) -> Self {
        let revoked = it.revoked.as_ref();
        Self {
            id: bytes(it.id),
            version: it.version,
            display_name: it.display_name.clone(),
            permissions: it.permissions.iter().cloned().collect(),
            locations: all_bytes(&it.locations),
            maker: optional_bytes(it.maker),
            secrets: Some((&it.secrets).into()),
            expires_at: micros(it.expires_at),
            revoked_at: revoked.map(|(at, _)| at.micros()),
            revoke_reason: revoked.map(|(_, why)| why.clone()).unwrap_or_default(),
            created_at: it.created_at.micros(),
        }
    }
}

impl TryFrom<StoredApiKey> for ApiKey {
    type Error = Unreadable;

    fn try_from(it: StoredApiKey) -> Result<Self, Unreadable> {
        let revoked = optional_moment(it.revoked_at)?;
        Ok(Self {
            id: id(&it.id)?,
            version: it.version,
            display_name: it.display_name,
            permissions: it.permissions.into_iter().collect(),
            locations: ids(&it.locations)?,
            maker: optional_id(&it.maker)?,
            secrets: it.secrets.unwrap_or_default().try_into()?,
            expires_at: optional_moment(it.expires_at)?,
            revoked: revoked.map(|at| (at, it.revoke_reason)),
            created_at: moment(it.created_at)?,
        })
    }
}

/// A service account.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredAccount {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(int64, tag = "2")]
    version: i64,
    #[prost(string, tag = "3")]
    display_name: String,
    #[prost(bytes = "vec", repeated, tag = "4")]
    roles: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    locations: Vec<Vec<u8>>,
    #[prost(bool, tag = "6")]
    disabled: bool,
    #[prost(message, optional, tag = "7")]
    secrets: Option<StoredSecrets>,
    #[prost(int64, tag = "8")]
    created_at: i64,
    #[prost(int64, tag = "9")]
    updated_at: i64,
}

impl From<&Account> for StoredAccount {
    fn from(it: &Account) -> Self {
        Self {
            id: bytes(it.id),
            version: it.version,
            display_name: it.display_name.clone(),
            roles: all_bytes(&it.roles),
            locations: all_bytes(&it.locations),
            disabled: it.disabled,
            secrets: Some((&it.secrets).into()),
            created_at: it.created_at.micros(),
            updated_at: it.updated_at.micros(),
        }
    }
}

impl TryFrom<StoredAccount> for Account {
    type Error = Unreadable;

    fn try_from(it: StoredAccount) -> Result<Self, Unreadable> {
        Ok(Self {
            id: id(&it.id)?,
            version: it.version,
            display_name: it.display_name,
            roles: ids(&it.roles)?,
            locations: ids(&it.locations)?,
            disabled: it.disabled,
            secrets: it.secrets.unwrap_or_default().try_into()?,
            created_at: moment(it.created_at)?,
            updated_at: moment(it.updated_at)?,
        })
    }
}

/// The keys that sign.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredKeys {
    #[prost(int64, tag = "1")]
    version: i64,
    #[prost(message, repeated, tag = "2")]
    keys: Vec<StoredKey>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredKey {
    #[prost(string, tag = "1")]
    kid: String,
    #[prost(string, tag = "2")]
    public: String,
    #[prost(bytes = "vec", tag = "3")]
    sealed: Vec<u8>,
    #[prost(int64, optional, tag = "4")]
    signs_since: Option<i64>,
    #[prost(int64, optional, tag = "5")]
    published_until: Option<i64>,
}

impl From<&KeySet> for StoredKeys {
    fn from(it: &KeySet) -> Self {
        let keys = it.keys.iter().map(|key| {
            let (signs_since, published_until) = match key.used {
                KeyUse::Next => (None, None),
                KeyUse::Signs(since) => (Some(since.micros()), None),
                KeyUse::Signed(until) => (None, Some(until.micros())),
            };
            StoredKey {
                kid: key.kid.clone(),
                public: key.public.clone(),
                sealed: key.sealed.clone(),
                signs_since,
                published_until,
            }
        });
        Self {
            version: it.version,
            keys: keys.collect(),
        }
    }
}

impl TryFrom<StoredKeys> for KeySet {
    type Error = Unreadable;

    fn try_from(it: StoredKeys) -> Result<Self, Unreadable> {
        let keys = it.keys.into_iter().map(|key| {
            let used = match (key.signs_since, key.published_until) {
                (_, Some(until)) => KeyUse::Signed(moment(until)?),
                (Some(since), None) => KeyUse::Signs(moment(since)?),
                (None, None) => KeyUse::Next,
            };
            Ok(SigningKey {
                kid: key.kid,
                public: key.public,
                sealed: key.sealed,
                used,
            })
        });
        Ok(Self {
            version: it.version,
            keys: keys.collect::<Result<_, Unreadable>>()?,
        })
    }
}

//! Other systems as callers: API keys with permissions of their own, and accounts with roles.

use std::collections::BTreeSet;
use std::time::Duration;

use vocab::{ApiKeyId, LocationId, Moment, RoleId, ServiceAccountId, UserId};

/// A digest of a secret, by which it is recognised.
pub type Digest = [u8; 32];

/// The secrets that open something: the newest, and the one before for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// The digest of the newest.
    pub newest: Digest,
    /// The last letters of the newest, to tell keys apart.
    pub hint: String,
    /// The digest of the one before, and until when it works.
    pub old: Option<(Digest, Moment)>,
}

/// A key that opens without a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// How often it changed.
    pub version: i64,
    /// Which system holds it.
    pub display_name: String,
    /// What it allows, for good.
    pub permissions: BTreeSet<String>,
    /// Where, sorted; none for everywhere.
    pub locations: Vec<LocationId>,
    /// The user who made it.
    pub maker: Option<UserId>,
    /// What opens it.
    pub secrets: Secrets,
    /// When it ends by itself.
    pub expires_at: Option<Moment>,
    /// When it was ended, and why.
    pub revoked: Option<(Moment, String)>,
    /// Since when it is there.
    pub created_at: Moment,
}

/// Another system with roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: ServiceAccountId,
    /// How often it changed.
    pub version: i64,
    /// Which system it stands for.
    pub display_name: String,
    /// What it may do, sorted.
    pub roles: Vec<RoleId>,
    /// Where, sorted; none for everywhere.
    pub locations: Vec<LocationId>,
    /// Whether it is barred.
    pub disabled: bool,
    /// What opens it.
    pub secrets: Secrets,
    /// Since when it is there.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

/// Whose last use is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UseOf {
    /// A key.
    ApiKey(ApiKeyId),
    /// An account.
    Account(ServiceAccountId),
}

impl Secrets {
    /// The first secret of something new.
    pub fn first(newest: Digest, hint: String) -> Self {
        Self {
            newest,
            hint,
            old: None,
        }
    }

    /// Another secret; the one until now works for as long as is said, and the one before ends.
    #[must_use]
    pub(super) fn rotated(&self, to: (Digest, String), overlap: Duration, now: Moment) -> Self {
        let until = now.plus(overlap).unwrap_or(Moment::LAST);
        Self {
            newest: to.0,
            hint: to.1,
            old: Some((self.newest, until)).filter(|_| until > now),
        }
    }

    /// The digests that open at a moment.
    pub fn open_at(&self, now: Moment) -> impl Iterator<Item = &Digest> {
        let old = self.old.iter().filter(move |(_, until)| now < *until);
        std::iter::once(&self.newest).chain(old.map(|(digest, _)| digest))
    }
}

impl ApiKey {
    /// Whether it opens anything at a moment.
    pub fn works_at(&self, now: Moment) -> bool {
        self.revoked.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

impl Account {
    /// The next version of it, changed at a moment.
    #[must_use]
    pub(super) fn changed(&self, now: Moment) -> Self {
        Self {
            version: self.version.saturating_add(1),
            updated_at: super::not_before(now, self.updated_at),
            ..self.clone()
        }
    }
}

//! A named set of permissions.

use std::collections::BTreeSet;

use vocab::{Moment, RoleId};

/// A role as it is, or the tombstone of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// How often it changed.
    pub version: i64,
    /// Names it in settings and scripts.
    pub key: String,
    /// How people call it.
    pub display_name: String,
    /// For whom it is meant.
    pub description: String,
    /// What it allows. For a role of the system the release says it, whatever stands here.
    pub permissions: BTreeSet<String>,
    /// Whether every tenant has it, and nobody changes it.
    pub system: bool,
    /// Since when it is gone.
    pub deleted_at: Option<Moment>,
    /// Since when it is there.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

impl Role {
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

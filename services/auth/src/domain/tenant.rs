//! One retailer: its name, defaults and settings.

use vocab::{Moment, TenantId};

/// A tenant as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// How often it changed.
    pub version: i64,
    /// What people type to say where they sign in.
    pub code: String,
    /// How the retailer is called.
    pub display_name: String,
    /// Why it is closed; nothing while it is open.
    pub suspended: Option<String>,
    /// The currency of prices that name none.
    pub currency: String,
    /// The language of messages; empty for the usual one.
    pub locale: String,
    /// Where its days begin; empty for UTC.
    pub time_zone: String,
    /// How services behave for it, in the form of the contract; empty for every default.
    pub settings: Vec<u8>,
    /// Whether guests are refused, as the settings say.
    pub guests_refused: bool,
    /// Whether it runs the installation.
    pub operator: bool,
    /// Since when it is there.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

impl Tenant {
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

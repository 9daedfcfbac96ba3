//! Somebody who signs in with a password.

use vocab::{CustomerId, LocationId, Moment, RoleId, UserId};

/// A user as they are. What is personal is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// How often they changed.
    pub version: i64,
    /// Email and name, sealed with the user's own key; empty once erased.
    pub contact: Vec<u8>,
    /// The language of messages; empty for the tenant's.
    pub locale: String,
    /// The customer that tokens name; nothing for staff.
    pub customer: Option<CustomerId>,
    /// Whether they can sign in.
    pub state: UserState,
    /// Why they were barred.
    pub disable_reason: String,
    /// Whether the password has to be changed first.
    pub change_required: bool,
    /// Whether there is a password at all.
    pub has_password: bool,
    /// What they may do, sorted.
    pub roles: Vec<RoleId>,
    /// Where they may do it, sorted; none for everywhere.
    pub locations: Vec<LocationId>,
    /// Since when mail is known to arrive.
    pub email_verified_at: Option<Moment>,
    /// Since when they are there.
    pub created_at: Moment,
    /// When they last changed.
    pub updated_at: Moment,
}

/// Whether a user can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserState {
    /// Can sign in.
    Active,
    /// Barred.
    Disabled,
    /// Has no password yet.
    Invited,
    /// Only the id is left.
    Erased,
}

/// The ways in which a password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// By the user, who knew the old one.
    Own,
    /// By staff.
    Administrator,
    /// The first one of an invited user.
    Invitation,
}

impl UserState {
    /// Its name, as it is stored and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Disabled => "DISABLED",
            Self::Invited => "INVITED",
            Self::Erased => "ERASED",
        }
    }

    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Disabled, Self::Invited, Self::Erased];
}

impl User {
    /// The next version of them, changed at a moment.
    #[must_use]
    pub(super) fn changed(&self, now: Moment) -> Self {
        Self {
            version: self.version.saturating_add(1),
            updated_at: super::not_before(now, self.updated_at),
            ..self.clone()
        }
    }

    /// Whether they could open every door of the tenant alone: active, admin, bound to no location.
    pub fn rules_alone(&self, admin: RoleId) -> bool {
        let unbound = self.locations.is_empty();
        self.state == UserState::Active && unbound && self.roles.contains(&admin)
    }
}

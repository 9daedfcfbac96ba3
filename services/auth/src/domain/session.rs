//! A sign-in and everything that is refreshed from it.

use vocab::{CustomerId, Moment, SessionId, UserId};

use super::after;

/// How many living sessions a user has at most.
pub const SESSIONS_MAX: i64 = 100;
/// A session ends so many seconds after its sign-in.
const LIFE: u64 = 30 * 86_400;
/// It ends so many seconds after its last refresh.
const IDLE: u64 = 7 * 86_400;
/// Within so many seconds a repeated refresh has the same answer: the first may have been lost.
const GRACE: u64 = 10;

/// A session as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who signed in; nothing for a guest.
    pub user: Option<UserId>,
    /// The customer that its tokens name.
    pub customer: Option<CustomerId>,
    /// What its refresh tokens are made from, sealed.
    pub seed: Vec<u8>,
    /// What the program called itself, sealed.
    pub agent: Vec<u8>,
    /// How many refresh tokens there were before the present one.
    pub generation: i64,
    /// When somebody signed in.
    pub begun_at: Moment,
    /// When the present refresh token was given out.
    pub refreshed_at: Moment,
    /// When it was ended before its time.
    pub ended_at: Option<Moment>,
}

/// What became of a refresh token that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It is the present one.
    Present,
    /// It was traded a moment ago, and the answer may have been lost.
    JustTraded,
    /// It was traded before: one of two who have it may be a thief.
    Reused,
    /// There never was such a token.
    Unknown,
}

impl Session {
    /// When it ends by itself, if it is not refreshed.
    pub fn expires_at(&self) -> Moment {
        after(self.refreshed_at, IDLE).min(after(self.begun_at, LIFE))
    }

    /// Judges a refresh token by its generation.
    pub(super) fn shown(&self, generation: i64, now: Moment) -> Shown {
        let before = self.generation.saturating_sub(1);
        if generation == self.generation {
            Shown::Present
        } else if generation == before && now < after(self.refreshed_at, GRACE) {
            Shown::JustTraded
        } else if (0..self.generation).contains(&generation) {
            Shown::Reused
        } else {
            Shown::Unknown
        }
    }
}

/// A session that was ended before its time, as its one fact tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Which one.
    pub id: SessionId,
    /// Whose it was.
    pub user: Option<UserId>,
    /// The customer that its tokens named.
    pub customer: Option<CustomerId>,
    /// What brought it about.
    pub cause: Cause,
    /// When.
    pub at: Moment,
}

/// Why tokens are withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The holder signed out.
    SignedOut,
    /// Staff ended the sessions.
    Administrator,
    /// The password changed.
    PasswordChanged,
    /// A refresh token was used twice.
    TokenReused,
    /// The user was disabled or erased.
    UserDisabled,
    /// Roles, locations or the customer changed.
    RightsChanged,
    /// The key was revoked, or the account disabled.
    ClientRevoked,
    /// The tenant was suspended.
    TenantSuspended,
    /// The user has more sessions than are kept.
    TooManySessions,
    /// The key that signed may be known to others.
    KeyWithdrawn,
}

impl Cause {
    /// Every cause with its number in the contract, by which it is stored too.
    pub const NUMBERS: [(Self, i16); 10] = [
        (Self::SignedOut, 1),
        (Self::Administrator, 2),
        (Self::PasswordChanged, 3),
        (Self::TokenReused, 4),
        (Self::UserDisabled, 5),
        (Self::RightsChanged, 6),
        (Self::ClientRevoked, 7),
        (Self::TenantSuspended, 8),
        (Self::TooManySessions, 9),
        (Self::KeyWithdrawn, 11),
    ];

    /// Its number.
    pub fn number(self) -> i16 {
        let found = Self::NUMBERS.iter().find(|(it, _)| *it == self);
        found.map_or(0, |(_, number)| *number)
    }

    /// The cause of a number.
    pub fn of(number: i16) -> Option<Self> {
        let found = Self::NUMBERS.iter().find(|(_, it)| *it == number);
        found.map(|(cause, _)| *cause)
    }
}

//! Commands about signing in and out.

use vocab::{RoleId, SessionId, TenantId, UserId};

use crate::domain::key::Key;
use crate::domain::session::{Cause, Session};
use crate::domain::tries::Threshold;

/// Tries to count, by the digests of an account and of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trying {
    /// Of the account.
    pub account: Option<String>,
    /// Of the address.
    pub address: Option<String>,
}

impl Trying {
    /// What is counted, and by which threshold.
    pub fn counted(&self) -> impl Iterator<Item = (&String, Threshold)> {
        let account = self.account.iter().map(|it| (it, Threshold::Account));
        let address = self.address.iter().map(|it| (it, Threshold::Address));
        account.chain(address)
    }

    /// The keys of what is counted.
    pub fn keys(&self) -> Vec<Key> {
        self.counted()
            .map(|(it, _)| Key::Tries(it.clone()))
            .collect()
    }
}

/// What tokens rest on, as it was read: their rights are what they were then, or nothing is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rested {
    /// The tenant, which has to be open.
    pub tenant: TenantId,
    /// The user, and their version.
    pub user: Option<(UserId, i64)>,
    /// The roles that are not of the system, and their versions.
    pub roles: Vec<(RoleId, i64)>,
}

impl Rested {
    /// The keys of what is rested on.
    pub fn keys(&self) -> Vec<Key> {
        let user = self.user.iter();
        let user = user.flat_map(|(it, _)| [Key::User(*it), Key::Access(*it)]);
        user.chain(self.roles.iter().map(|(it, _)| Key::Role(*it)))
            .collect()
    }
}

/// A sign-in that was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// The session that begins; its times are set when it is decided.
    pub session: Session,
    /// What its tokens rest on.
    pub rested: Rested,
    /// The hash that the password was compared with; nothing for a guest.
    pub hash: Option<String>,
    /// A password that takes its place.
    pub new_hash: Option<String>,
    /// Tries that proved right.
    pub proved: Trying,
    /// How many sessions were begun when those living were counted, and how many live.
    pub counted: (i64, i64),
    /// Sessions that end with it: all others for a new password, the idlest for too many.
    pub ending: Vec<SessionId>,
}

/// A user changes their own password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub user: UserId,
    /// The hash that the present password was compared with.
    pub hash: String,
    /// The hash of the new one.
    pub new_hash: String,
    /// Tries that proved right.
    pub proved: Trying,
    /// How many sessions were begun when those living were read.
    pub begun: i64,
    /// All of them but the one that calls.
    pub ending: Vec<SessionId>,
}

impl Change {
    /// The keys that matter.
    pub fn keys(&self) -> Vec<Key> {
        let mut keys = vec![Key::User(self.user), Key::Access(self.user)];
        keys.extend(self.proved.keys());
        for ended in &self.ending {
            keys.extend([Key::Session(*ended), Key::Ended(*ended)]);
        }
        keys
    }
}

/// A refresh token that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshing {
    /// Of which session.
    pub session: SessionId,
    /// Which of its tokens, counted from nought.
    pub generation: i64,
    /// What the new tokens rest on.
    pub rested: Rested,
}

/// Sessions to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Those that are kept; a machine's is not.
    pub sessions: Vec<SessionId>,
    /// The session of a machine, which its token alone knows.
    pub unkept: Option<SessionId>,
    /// What brought it about.
    pub cause: Cause,
}

impl Ending {
    /// The keys that matter.
    pub fn keys(&self) -> Vec<Key> {
        let kept = self.sessions.iter();
        let mut keys: Vec<Key> = kept
            .flat_map(|it| [Key::Session(*it), Key::Ended(*it)])
            .collect();
        keys.extend(self.unkept.map(Key::Ended));
        keys
    }
}

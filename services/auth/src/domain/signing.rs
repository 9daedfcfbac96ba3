//! The keys that sign access tokens: one signs, some come next, and those before stay published
//! until their last token has expired.
//!
//! Services ask for keys every five minutes. That several come next lets as many rotations follow
//! one another within that time without a token that nobody can verify.

use vocab::Moment;

use super::after;

/// For so many seconds a key that has signed stays published: longer than any token lives.
pub const PUBLISHED_AFTER: u64 = 3_600;
/// Without anybody's doing another key signs after so many seconds.
const SIGNS_FOR: u64 = 30 * 86_400;
/// How many keys are published before they sign.
const AHEAD: usize = 3;
/// How many fresh keys a rotation needs at most: the first one makes the key that signs too.
pub const FRESH_MAX: usize = AHEAD + 1;

/// All keys that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    /// How often the set changed.
    pub version: i64,
    /// The keys, in the order in which they were made.
    pub keys: Vec<SigningKey>,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name.
    pub kid: String,
    /// The public half, as the contract writes it.
    pub public: String,
    /// The private half, sealed.
    pub sealed: Vec<u8>,
    /// What it is there for.
    pub used: KeyUse,
}

/// What a key is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Signs after the one that signs now.
    Next,
    /// Signs since a moment.
    Signs(Moment),
    /// Signed before; published until a moment.
    Signed(Moment),
}

impl KeySet {
    /// The key that signs.
    pub fn signing(&self) -> Option<&SigningKey> {
        let signs = |it: &&SigningKey| matches!(it.used, KeyUse::Signs(_));
        self.keys.iter().find(signs)
    }

    /// The keys that verify at a moment.
    pub fn published_at(&self, now: Moment) -> impl Iterator<Item = &SigningKey> {
        self.keys.iter().filter(move |it| match it.used {
            KeyUse::Next | KeyUse::Signs(_) => true,
            KeyUse::Signed(until) => now < until,
        })
    }

    /// Whether it is time for another key.
    pub fn is_due(&self, now: Moment) -> bool {
        self.signing().is_none_or(|it| match it.used {
            KeyUse::Signs(since) => after(since, SIGNS_FOR) <= now,
            KeyUse::Next | KeyUse::Signed(_) => false,
        })
    }

    /// Lets the next key sign and fresh ones come after it. Withdrawn keys are gone at once.
    #[must_use]
    pub(super) fn rotated(&self, fresh: &[SigningKey], withdraw: bool, now: Moment) -> Self {
        let mut keys: Vec<SigningKey> = Vec::new();
        let mut promoted = false;
        for key in self.published_at(now) {
            let used = match key.used {
                KeyUse::Next if !promoted => {
                    promoted = true;
                    KeyUse::Signs(now)
                }
                KeyUse::Signs(_) if withdraw => continue,
                KeyUse::Signed(_) if withdraw => continue,
                KeyUse::Signs(_) => KeyUse::Signed(after(now, PUBLISHED_AFTER)),
                other => other,
            };
            keys.push(SigningKey {
                used,
                ..key.clone()
            });
        }
        let next = keys.iter().filter(|it| it.used == KeyUse::Next).count();
        let more = fresh.iter().take(AHEAD.saturating_sub(next));
        keys.extend(more.map(|it| SigningKey {
            used: KeyUse::Next,
            ..it.clone()
        }));
        Self {
            version: self.version.saturating_add(1),
            keys,
        }
    }
}

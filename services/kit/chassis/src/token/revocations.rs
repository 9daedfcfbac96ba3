//! Tokens that were withdrawn before their time, as far as they could still be shown.
//!
//! What is withdrawn is told by auth, and forgotten when no token is left that it could concern.
//! **Invariant:** there are at most so many entries, and whatever makes room withdraws more, never
//! less.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use vocab::{Moment, TenantId};

use super::verifier::Identity;

/// Entries that are kept one by one.
const KEPT_MAX: usize = 100_000;

/// Which tokens are withdrawn. Ids are those that a token carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Withdrawn {
    /// Those of one session.
    Session(String),
    /// Those of a user, guest, key or account, in every session.
    Subject(String),
    /// Every one of the tenant.
    Tenant,
}

/// A withdrawal, as auth tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Tokens of a tenant that were issued before a moment.
    Tokens {
        /// Whose.
        tenant: TenantId,
        /// Which.
        what: Withdrawn,
        /// Issued before this.
        cutoff: Moment,
        /// From then on there is none left.
        expires: Moment,
    },
    /// Tokens that a key signed, whenever they say they were issued.
    Key {
        /// The name of the key.
        kid: String,
        /// From then on there is none left.
        expires: Moment,
    },
    /// Every token that was issued before a moment: what is not understood is not let through.
    All {
        /// Issued before this.
        cutoff: Moment,
        /// From then on there is none left.
        expires: Moment,
    },
}

/// What is withdrawn. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Revocations(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    tokens: HashMap<(TenantId, Withdrawn), Span>,
    keys: HashMap<String, Moment>,
    all: Option<Span>,
}

/// Until when something counts, and what it concerns.
#[derive(Clone, Copy, Debug)]
struct Span {
    cutoff: Moment,
    expires: Moment,
}

impl Span {
    /// Of two about the same the later counts, and for as long as either.
    fn joined(self, other: Self) -> Self {
        Self {
            cutoff: self.cutoff.max(other.cutoff),
            expires: self.expires.max(other.expires),
        }
    }

    fn concerns(&self, issued_ms: i64) -> bool {
        issued_ms.saturating_mul(1_000) < self.cutoff.micros()
    }
}

impl Revocations {
    /// Withdraws tokens from now on. Hearing of it again changes nothing.
    pub fn add(&self, revocation: Revocation, now: Moment) {
        let mut known = self.write();
        match revocation {
            Revocation::Tokens {
                tenant,
                what,
                cutoff,
                expires,
            } => known.add(tenant, what, Span { cutoff, expires }, now),
            Revocation::Key { kid, expires } => {
                known.keys.retain(|_, until| now < *until);
                known.keys.insert(kid, expires);
            }
            Revocation::All { cutoff, expires } => known.add_all(Span { cutoff, expires }),
        }
    }

    /// Whether a token was withdrawn.
    pub fn withdraw(&self, identity: &Identity) -> bool {
        let known = self.read();
        if known.is_empty() {
            return false;
        }
        let issued = identity.issued_ms;
        if known.keys.contains_key(&identity.kid) || known.all.is_some_and(|it| it.concerns(issued))
        {
            return true;
        }
        let caller = &identity.caller;
        let user = caller.user.map(|it| it.to_string());
        let mut concerned = vec![
            Withdrawn::Tenant,
            Withdrawn::Session(caller.session.clone()),
            Withdrawn::Subject(caller.id.clone()),
        ];
        concerned.extend(user.map(Withdrawn::Subject));
        concerned.into_iter().any(|what| {
            let span = known.tokens.get(&(identity.tenant, what));
            span.is_some_and(|it| it.concerns(issued))
        })
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        let known = self.read();
        known.tokens.len() + known.keys.len() + usize::from(known.all.is_some())
    }

    /// Whether nothing is withdrawn.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.keys.is_empty() && self.all.is_none()
    }

    fn add(&mut self, tenant: TenantId, what: Withdrawn, span: Span, now: Moment) {
        let key = (tenant, what);
        if self.tokens.len() >= KEPT_MAX && !self.tokens.contains_key(&key) {
            self.tokens.retain(|_, it| now < it.expires);
        }
        if self.tokens.len() >= KEPT_MAX {
            self.fold(tenant, span);
            return;
        }
        let entry = self.tokens.entry(key).or_insert(span);
        *entry = entry.joined(span);
    }

    /// Makes room: all that is known of a tenant becomes one entry for the whole of it, or, where
    /// that makes none, one entry for everybody.
    fn fold(&mut self, tenant: TenantId, span: Span) {
        let of_tenant = self.tokens.extract_if(|(of, _), _| *of == tenant);
        let folded = of_tenant.fold((0, span), |(count, all), (_, it)| {
            (count + 1, all.joined(it))
        });
        let (count, span) = folded;
        if count > 0 {
            self.tokens.insert((tenant, Withdrawn::Tenant), span);
        } else {
            self.add_all(span);
        }
    }

    fn add_all(&mut self, span: Span) {
        self.all = Some(self.all.map_or(span, |it| it.joined(span)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(number: u64) -> TenantId {
        TenantId::derive(None, &[&number.to_be_bytes()])
    }

    fn moment(seconds: i64) -> Moment {
        Moment::from_micros(seconds * 1_000_000).unwrap()
    }

    fn of(tenant: TenantId, what: Withdrawn, cutoff: i64) -> Revocation {
        Revocation::Tokens {
            tenant,
            what,
            cutoff: moment(cutoff),
            expires: moment(cutoff + 600),
        }
    }

    #[test]
    fn there_are_never_more_than_fit_and_making_room_withdraws_more() {
        let known = Revocations::default();
        for number in 0..KEPT_MAX {
            let what = Withdrawn::Session(number.to_string());
            known.add(of(tenant(1), what, 100), moment(1));
        }
        assert_eq!(known.len(), KEPT_MAX);
        known.add(
            of(tenant(1), Withdrawn::Session("last".into()), 50),
            moment(1),
        );
        assert_eq!(known.len(), 1);
        let folded = known.read().tokens[&(tenant(1), Withdrawn::Tenant)];
        assert_eq!(folded.cutoff, moment(100), "the latest cutoff counts");
    }

    #[test]
    fn what_has_expired_makes_room_first() {
        let known = Revocations::default();
        for number in 0..KEPT_MAX {
            let what = Withdrawn::Session(number.to_string());
            known.add(of(tenant(1), what, 100), moment(1));
        }
        let late = Withdrawn::Session("last".into());
        known.add(of(tenant(2), late, 2_000), moment(1_000));
        assert_eq!(known.len(), 1);
    }

    #[test]
    fn a_tenant_that_finds_no_room_closes_the_door_for_everybody() {
        let known = Revocations::default();
        for number in 0..KEPT_MAX {
            let what = Withdrawn::Session(number.to_string());
            known.add(of(tenant(1), what, 100), moment(1));
        }
        known.add(of(tenant(2), Withdrawn::Tenant, 70), moment(1));
        assert!(known.read().all.is_some_and(|it| it.cutoff == moment(70)));
    }
}

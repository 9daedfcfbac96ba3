//! Whom a service refused, kept until somebody takes it to the audit trail.
//!
//! A refusal costs its caller no time: it is put aside and told later, and what does not fit is
//! counted and dropped.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use contracts::common::Actor;
use tokio::sync::Notify;
use vocab::{Moment, TenantId};

/// How many are kept.
const KEPT_MAX: usize = 10_000;

/// Somebody who was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// In whose tenant.
    pub tenant: TenantId,
    /// Who.
    pub actor: Actor,
    /// The rpc.
    pub method: Arc<str>,
    /// The reason of the refusal.
    pub reason: String,
    /// The permission that was asked for.
    pub permission: String,
    /// The chain that the call belongs to.
    pub correlation: String,
    /// The trace of the call.
    pub trace_id: String,
    /// The session of the token.
    pub session: String,
    /// When.
    pub at: Moment,
}

/// Refusals on their way. Clones share them.
#[derive(Clone, Default)]
pub struct Refusals(Arc<Shared>);

#[derive(Default)]
struct Shared {
    kept: Mutex<VecDeque<Refused>>,
    more: Notify,
    dropped: AtomicU64,
}

impl Refusals {
    /// Puts one aside.
    pub fn put(&self, refused: Refused) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        kept.push_back(refused);
        drop(kept);
        self.0.more.notify_one();
    }

    /// Puts some back that could not be told, before those that came later.
    pub fn put_back(&self, refused: Vec<Refused>) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for one in refused.into_iter().rev() {
            if kept.len() < KEPT_MAX {
                kept.push_front(one);
            } else {
                self.0.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Waits for some, and takes at most so many of one tenant, in their order.
    pub async fn take(&self, most: usize) -> Vec<Refused> {
        loop {
            let taken = self.taken(most);
            if !taken.is_empty() {
                return taken;
            }
            self.0.more.notified().await;
        }
    }

    fn taken(&self, most: usize) -> Vec<Refused> {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tenant) = kept.front().map(|it| it.tenant) else {
            return Vec::new();
        };
        let (mut taken, mut left) = (Vec::new(), VecDeque::new());
        for one in kept.drain(..) {
            if one.tenant == tenant && taken.len() < most {
                taken.push(one);
            } else {
                left.push_back(one);
            }
        }
        *kept = left;
        taken
    }

    /// How many did not fit.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(tenant: u8, reason: &str) -> Refused {
        Refused {
            tenant: TenantId::at(1, [tenant; 10]),
            actor: Actor::default(),
            method: "a.B/C".into(),
            reason: reason.to_owned(),
            permission: String::new(),
            correlation: String::new(),
            trace_id: String::new(),
            session: String::new(),
            at: Moment::FIRST,
        }
    }

    #[tokio::test]
    async fn those_of_one_tenant_are_taken_together_and_in_order() {
        let refusals = Refusals::default();
        for (tenant, reason) in [(1, "A"), (2, "B"), (1, "C")] {
            refusals.put(refused(tenant, reason));
        }
        let reasons = |them: Vec<Refused>| them.into_iter().map(|it| it.reason).collect::<Vec<_>>();
        let first = refusals.take(10).await;
        refusals.put_back(first);
        assert_eq!(reasons(refusals.take(10).await), ["A", "C"]);
        assert_eq!(reasons(refusals.take(10).await), ["B"]);
    }

    #[tokio::test]
    async fn what_does_not_fit_is_counted() {
        let refusals = Refusals::default();
        for _ in 0..KEPT_MAX + 2 {
            refusals.put(refused(1, "A"));
        }
        assert_eq!(refusals.dropped(), 2);
        assert_eq!(refusals.take(usize::MAX).await.len(), KEPT_MAX);
    }
}

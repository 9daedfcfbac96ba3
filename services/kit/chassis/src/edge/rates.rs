//! How often one caller and one tenant may call. Limits are counted per process.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use contracts::common::ActorType;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use vocab::TenantId;

use super::caller::Known;
use super::settings::EdgeSettings;
use crate::fault::Fault;
use crate::recent::Recent;
use crate::server::PeerIdentity;

/// Callers whose calls are counted at a time; who called least lately is forgotten first.
const CALLERS_MAX: usize = 50_000;
const TENANTS_MAX: usize = 10_000;

type Limiter = Arc<DefaultDirectRateLimiter>;

/// Whose calls are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Caller(TenantId, String),
    Address(Option<IpAddr>),
}

/// The limits of one service.
pub(super) struct Rates {
    clock: DefaultClock,
    caller: Quota,
    tenant: Quota,
    callers: Recent<Key, Limiter>,
    tenants: Recent<TenantId, Limiter>,
}

impl Rates {
    pub fn new(settings: &EdgeSettings) -> Self {
        Self {
            clock: DefaultClock::default(),
            caller: quota(settings.calls_per_caller),
            tenant: quota(settings.calls_per_tenant),
            callers: Recent::of(CALLERS_MAX),
            tenants: Recent::of(TENANTS_MAX),
        }
    }

    /// Counts a call; a fault if its caller or its tenant has used up their limit. Services are
    /// bounded by admission, because behind them wait callers that were counted already.
    pub fn check(
        &self,
        known: &Known,
        tenant: TenantId,
        peer: Option<&PeerIdentity>,
    ) -> Result<(), Fault> {
        let (key, counted) = match known.tenant {
            Some(_) if known.caller.kind == ActorType::Service => return Ok(()),
            Some(_) => (Key::Caller(tenant, known.caller.id.clone()), Some(tenant)),
            None => (Key::Address(peer.map(|it| it.address.ip())), None),
        };
        let caller = self.callers.find_or(&key, || limiter(self.caller));
        self.count(&caller, "caller")?;
        let Some(tenant) = counted else { return Ok(()) };
        let tenant = self.tenants.find_or(&tenant, || limiter(self.tenant));
        self.count(&tenant, "tenant")
    }

    fn count(&self, limiter: &Limiter, whose: &'static str) -> Result<(), Fault> {
        limiter.check().map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            Fault::rate_limited(whose, wait)
        })
    }
}

fn limiter(quota: Quota) -> Limiter {
    Arc::new(RateLimiter::direct(quota))
}

/// So many a second, and twice as many at once.
fn quota(per_second: u32) -> Quota {
    let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(per_second).allow_burst(per_second.saturating_add(per_second.get()))
}

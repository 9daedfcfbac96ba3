//! What lies in front of the writes of a service, so that one which would come too late is refused
//! before anything was spent on it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use vocab::TenantId;

/// How long a write that came now would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// Until its turn comes, at the usual pace: what grows when more comes than is done.
    pub queued: Duration,
    /// Until it is done, with what holds everything up at the moment, such as a database that does
    /// not answer.
    pub in_all: Duration,
}

/// Tells how long a write of a tenant that came now would take, as the one write path of the
/// service sees it; without a tenant, behind all that waits. Clones ask the same one.
#[derive(Clone)]
pub struct Pressure(Arc<dyn Fn(Option<TenantId>) -> Ahead + Send + Sync>);

impl Pressure {
    /// The pressure that an estimate tells. It is asked with every write, so it should be cheap.
    pub fn of(estimate: impl Fn(Option<TenantId>) -> Ahead + Send + Sync + 'static) -> Self {
        Self(Arc::new(estimate))
    }

    /// How long a write of this tenant would take.
    pub fn ahead(&self, tenant: Option<TenantId>) -> Ahead {
        (self.0)(tenant)
    }
}

impl fmt::Debug for Pressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pressure")
    }
}

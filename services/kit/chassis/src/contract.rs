//! The operational contract of every rpc, taken at the start from what the generator wrote.
//!
//! **Invariant:** an rpc without a contract is not served: [`Contracts::built`] refuses, and the
//! server does not start. Nothing is reflected; a call costs one lookup.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

mod built;
mod declared;
mod image;
mod policy;
#[cfg(test)]
mod tests;

pub use declared::{Declared, Undeclared};
pub use image::ContractError;
pub use policy::{Access, Idempotency, Priority, Scope, ScopeField};

use crate::fault::Reason;

/// What one rpc promises and demands, besides its messages.
#[derive(Debug)]
pub struct Contract {
    /// Its path, such as `/retail.order.v1.OrderService/CreateOrder`.
    pub path: String,
    /// Its full name, such as `retail.order.v1.OrderService/CreateOrder`.
    pub method: Arc<str>,
    /// Who may call it.
    pub access: Access,
    /// Who goes first under overload.
    pub priority: Priority,
    /// How long it may take when the caller sent no deadline.
    pub deadline: Duration,
    /// How often it may be repeated.
    pub idempotency: Idempotency,
    /// Whether it answers with a stream; the deadline then is that of the first message.
    pub streams: bool,
    declared: Vec<Declared>,
    undeclared: AtomicU64,
}

impl Contract {
    /// The reasons of its own that it may refuse with, sorted by name.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// Says whether it may refuse with a reason: its own or a shared one, of the same kind.
    /// Tests fail on the error; in production it is counted, and the fault is sent all the same.
    pub fn declares(&self, reason: Reason) -> Result<(), Undeclared> {
        if declared::is_shared(reason) || self.declared.iter().any(|it| it.is(reason)) {
            return Ok(());
        }
        self.count_undeclared();
        Err(Undeclared {
            path: self.path.clone(),
            reason,
        })
    }

    /// The same for a reason that is known by its texts alone, as at the end of a stream.
    pub(crate) fn declares_named(&self, domain: &str, name: &str) -> bool {
        let own = |it: &Declared| it.name == name && it.domain == domain;
        let declared = domain == Reason::SHARED || self.declared.iter().any(own);
        if !declared {
            self.count_undeclared();
        }
        declared
    }

    fn count_undeclared(&self) {
        self.undeclared.fetch_add(1, Ordering::Relaxed);
    }
}

/// Milliseconds that a deadline may have, as the contract says.
const DEADLINE_MS: std::ops::RangeInclusive<i32> = 50..=60_000;

/// The contracts of all rpcs of the mesh.
#[derive(Clone, Debug)]
pub struct Contracts(Arc<HashMap<String, Arc<Contract>>>);

impl Contracts {
    /// Those that this program was built with.
    pub fn built() -> Result<Self, ContractError> {
        Ok(Self::of(built::contracts(contracts::rpc::RPCS)?))
    }

    /// Reads them out of a descriptor image, which costs some megabytes for good.
    pub fn read(image: &[u8]) -> Result<Self, ContractError> {
        Ok(Self::of(image::contracts(image)?))
    }

    fn of(contracts: Vec<Contract>) -> Self {
        let by_path = contracts.into_iter();
        let by_path = by_path.map(|it| (it.path.clone(), Arc::new(it)));
        Self(Arc::new(by_path.collect()))
    }

    /// Finds the contract of the rpc that is called by a path.
    pub fn find(&self, path: &str) -> Option<&Arc<Contract>> {
        self.0.get(path)
    }

    /// The contracts of one service, by path; an error if there are none, so that a service which
    /// the image does not know is not served.
    pub fn of_service(&self, service: &str) -> Result<Vec<Arc<Contract>>, ContractError> {
        let start = format!("/{service}/");
        let within = self.0.values().filter(|it| it.path.starts_with(&start));
        let mut found: Vec<_> = within.cloned().collect();
        found.sort_by(|a, b| a.path.cmp(&b.path));
        if found.is_empty() {
            return Err(ContractError::NoService(service.to_owned()));
        }
        Ok(found)
    }

    /// The contracts of all rpcs, by path.
    pub fn all(&self) -> Vec<Arc<Contract>> {
        let mut all: Vec<_> = self.0.values().cloned().collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }

    /// Every permission that any rpc asks for: what an administrator holds.
    pub fn permissions(&self) -> BTreeSet<&str> {
        let asked = self.0.values().filter_map(|it| match &it.access {
            Access::Permission { permission, .. } => Some(permission.as_str()),
            Access::Public => None,
        });
        asked.collect()
    }

    /// How often rpcs refused with reasons that they do not declare.
    pub fn undeclared(&self) -> u64 {
        let counts = self.0.values();
        counts.map(|it| it.undeclared.load(Ordering::Relaxed)).sum()
    }

    /// Every path with every reason that it declares, sorted: what a coverage test ticks off.
    pub fn coverage(&self) -> Vec<(String, String)> {
        let all = self.0.values();
        let mut pairs: Vec<_> = all
            .flat_map(|it| {
                it.declared
                    .iter()
                    .map(|reason| (it.path.clone(), reason.name.clone()))
            })
            .collect();
        pairs.sort();
        pairs
    }
}

fn deadline(milliseconds: i32) -> Result<Duration, &'static str> {
    let in_range = DEADLINE_MS.contains(&milliseconds);
    let milliseconds = u64::try_from(milliseconds).ok().filter(|_| in_range);
    milliseconds
        .map(Duration::from_millis)
        .ok_or("names no deadline from 50 to 60000 ms")
}

/// The domain in `ErrorInfo`: the package without its version.
fn domain(package: &str) -> String {
    let context = package.rsplit_once('.').map(|(context, _)| context);
    context.unwrap_or(package).to_owned()
}

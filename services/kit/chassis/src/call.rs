//! Who calls, for whom, until when, as part of what: the value that every piece of work carries.
//!
//! A handler makes it with [`Call::open`], which also judges the message; jobs, consumers and
//! sagas have no caller and take [`Call::of_service`]. **Invariant:** what `open` returns keeps the
//! rules of its contract and stays within the scope of its caller.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use contracts::mask::Input;
use prost::Message;
use vocab::{LocationId, TenantId};

use crate::contract::{Access, Scope};
use crate::deadline::Deadline;
use crate::fault::Fault;
use crate::telemetry::TraceContext;

mod attempt;
mod caller;
mod entered;
mod scope;
#[cfg(test)]
mod tests;

pub use attempt::Attempt;
pub use caller::Caller;
pub(crate) use caller::Permissions;
pub use contracts::common::ActorType;
pub(crate) use entered::Entered;
pub use scope::Owner;

/// The header in which a service names the tenant that it acts for.
pub const TENANT_HEADER: &str = "x-tenant-id";
/// The header in which a service names the first command or saga of the chain.
pub const CORRELATION_HEADER: &str = "x-correlation-id";
/// The header in which a service names the event or request that made it call.
pub const CAUSATION_HEADER: &str = "x-causation-id";

/// Who calls, for whom, until when, as part of what.
#[derive(Clone, Debug)]
pub struct Call {
    /// The tenant whose data this is about; the nil id where a public rpc is called by nobody.
    pub tenant: TenantId,
    /// Who acts.
    pub caller: Arc<Caller>,
    /// The rpc, consumer or job, as in `retail.order.v1.OrderService/CreateOrder`.
    pub method: Arc<str>,
    /// Until when somebody waits.
    pub deadline: Deadline,
    /// The span that the work belongs to.
    pub trace: Option<TraceContext>,
    /// The first command or saga of the chain.
    pub correlation: String,
    /// The event or request that directly caused this; empty at the start of a chain.
    pub causation: String,
    /// Why, as one upper-case word; empty where the facts say it all.
    pub reason: String,
    /// What a repetition is recognised by; nothing where the caller named no `request_id`.
    pub attempt: Option<Attempt>,
    /// The service that the client certificate of the connection names.
    pub peer: Option<Arc<str>>,
    /// Where the connection comes from; nothing within one process.
    pub address: Option<IpAddr>,
    scope: Scope,
}

impl Call {
    /// Begins a handler: clears what only the server sets, judges the message by the rules of its
    /// contract, and compares or fills the field that holds the owner or the location.
    pub fn open<M: Input + Message>(request: tonic::Request<M>) -> Result<(Self, M), Fault> {
        let (_, extensions, mut message) = request.into_parts();
        let entered = Entered::of(&extensions)?;
        judge(&mut message)?;
        let attempt = Attempt::of_request(&message)?;
        let call = Self::of_entered(entered, attempt);
        scope::enforce(&call.caller, &entered.contract.access, &mut message)?;
        Ok((call, message))
    }

    /// Begins a handler whose caller sends a stream. Each message passes [`judge`] as it comes;
    /// what it names of an owner or a location is for the handler to compare.
    pub fn open_stream<S>(request: tonic::Request<S>) -> Result<(Self, S), Fault> {
        let (_, extensions, messages) = request.into_parts();
        let entered = Entered::of(&extensions)?;
        let call = Self::of_entered(entered, None);
        scope::admit(&call.caller, &entered.contract.access)?;
        Ok((call, messages))
    }

    /// Work that a service does on its own, with everything of a tenant in reach.
    pub fn of_service(
        service: &str,
        tenant: TenantId,
        method: impl Into<Arc<str>>,
        budget: Duration,
    ) -> Self {
        Self {
            tenant,
            caller: Arc::new(Caller::service(service)),
            method: method.into(),
            deadline: Deadline::within(budget),
            trace: TraceContext::current(),
            correlation: entered::fresh_correlation(),
            causation: String::new(),
            reason: String::new(),
            attempt: None,
            peer: None,
            address: None,
            scope: Scope::Tenant,
        }
    }

    /// Names the chain that the work belongs to, and what directly caused it.
    #[must_use]
    pub fn caused_by(
        mut self,
        correlation: impl Into<String>,
        causation: impl Into<String>,
    ) -> Self {
        self.correlation = correlation.into();
        self.causation = causation.into();
        self
    }

    /// Says why, as one upper-case word.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Says whether the caller may see what belongs to these owners: for `response.` scopes, with
    /// what the handler loaded. A handler answers "no" with [`Fault::missing`].
    pub fn may_see_owner(&self, owners: &[Owner]) -> bool {
        let owns = || owners.iter().any(|owner| self.caller.is(*owner));
        match self.scope {
            Scope::Tenant | Scope::Everyone => true,
            Scope::Location | Scope::Own => self.caller.customer.is_none() || owns(),
            Scope::Caller => owns(),
        }
    }

    /// Says whether the caller may see what lies at a location.
    pub fn may_see_location(&self, location: LocationId) -> bool {
        self.visible_locations()
            .is_none_or(|them| them.contains(&location))
    }

    /// The only locations that the caller may see; nothing for the whole tenant.
    pub fn visible_locations(&self) -> Option<&[LocationId]> {
        let bound = self.scope == Scope::Location && !self.caller.locations.is_empty();
        bound.then_some(self.caller.locations.as_slice())
    }

    fn of_entered(entered: &Entered, attempt: Option<Attempt>) -> Self {
        let trace = TraceContext::current();
        let scope = match entered.contract.access {
            Access::Permission { scope, .. } => scope,
            Access::Public => Scope::Everyone,
        };
        Self {
            tenant: entered.tenant,
            caller: Arc::clone(&entered.caller),
            method: Arc::clone(&entered.contract.method),
            deadline: entered.deadline,
            correlation: entered.correlation(attempt.as_ref(), trace.as_ref()),
            causation: entered.causation.clone(),
            trace,
            reason: String::new(),
            attempt,
            peer: entered.peer.clone(),
            address: entered.address,
            scope,
        }
    }
}

/// Clears what only the server sets, and judges a message by the rules of its contract.
pub fn judge<M: Input>(message: &mut M) -> Result<(), Fault> {
    message.clear_output_only();
    message.validate().map_err(Fault::invalid)
}

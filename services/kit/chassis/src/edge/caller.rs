//! Who calls, whether they may, and for which tenant.

use std::sync::Arc;

use contracts::common::{ActorType, ErrorReason};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use vocab::TenantId;

use super::Shared;
use crate::call::{CAUSATION_HEADER, CORRELATION_HEADER, Caller, TENANT_HEADER};
use crate::contract::{Access, Contract};
use crate::fault::Fault;
use crate::server::PeerIdentity;

/// The longest name of a chain or a cause, as facts keep it.
const CHAIN_MAX: usize = 64;

/// Who calls, and the tenant of their token.
pub(super) struct Known {
    pub caller: Arc<Caller>,
    /// Nothing where nobody known calls a public rpc.
    pub tenant: Option<TenantId>,
}

/// Finds out who calls. A public rpc takes a token that works and minds none that does not.
pub(super) async fn identify(
    shared: &Shared,
    contract: &Contract,
    headers: &HeaderMap,
    peer: Option<&PeerIdentity>,
) -> Result<Known, Fault> {
    let believed = believe(shared, headers, peer).await;
    match (believed, &contract.access) {
        (Ok(known), _) => Ok(known),
        (Err(_), Access::Public) => Ok(Known {
            caller: Arc::new(Caller::nobody(&shared.service)),
            tenant: None,
        }),
        (Err(fault), Access::Permission { .. }) => Err(fault),
    }
}

async fn believe(
    shared: &Shared,
    headers: &HeaderMap,
    peer: Option<&PeerIdentity>,
) -> Result<Known, Fault> {
    let token = bearer(headers).ok_or_else(Fault::unauthenticated)?;
    let identity = shared.verifier.verify(token).await;
    let identity = identity.map_err(|why| Fault::unauthenticated().because(why))?;
    // Whoever stole the token of a service does not have its certificate.
    let certified = peer.and_then(|it| it.service.as_deref());
    let is_service = identity.caller.kind == ActorType::Service;
    if is_service && certified.is_some_and(|it| it != identity.caller.id) {
        return Err(Fault::unauthenticated().because("the token is of another service"));
    }
    Ok(Known {
        caller: Arc::clone(&identity.caller),
        tenant: Some(identity.tenant),
    })
}

/// The token of the one header; two are as good as none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (only, none) = (all.next()?, all.next());
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    (none.is_none() && scheme.eq_ignore_ascii_case("bearer")).then_some(token)
}

/// Refuses what the token does not allow.
pub(super) fn permit(contract: &Contract, caller: &Caller) -> Result<(), Fault> {
    match &contract.access {
        Access::Permission { permission, .. } if !caller.may(permission) => {
            Err(Fault::denied(permission.clone()))
        }
        Access::Permission { .. } | Access::Public => Ok(()),
    }
}

/// Finds the tenant: that of the token. Only a service may name another.
pub(super) fn tenant(headers: &HeaderMap, known: &Known) -> Result<TenantId, Fault> {
    let Some(own) = known.tenant else {
        return Ok(TenantId::from_uuid(uuid::Uuid::nil()));
    };
    let mut all = headers.get_all(TENANT_HEADER).iter();
    let Some(only) = all.next() else {
        return Ok(own);
    };
    let named = only.to_str().ok().and_then(|it| it.parse().ok());
    let named = named.filter(|it: &TenantId| !it.uuid().is_nil() && all.next().is_none());
    let named = named.ok_or_else(|| {
        let message = "the tenant that the call names is none";
        Fault::shared(ErrorReason::TenantMissing, message)
    })?;
    if named == own || known.caller.kind == ActorType::Service {
        return Ok(named);
    }
    Err(Fault::denied("tenant").because("only a service names another tenant"))
}

/// The chain and the cause that a service names; others begin a chain.
pub(super) fn chain(headers: &HeaderMap, caller: &Caller) -> (Option<String>, Option<String>) {
    if caller.kind != ActorType::Service {
        return (None, None);
    }
    let text = |name| {
        let value = headers.get(name)?.to_str().ok()?;
        let fits = (1..=CHAIN_MAX).contains(&value.len());
        fits.then(|| value.to_owned())
    };
    (text(CORRELATION_HEADER), text(CAUSATION_HEADER))
}

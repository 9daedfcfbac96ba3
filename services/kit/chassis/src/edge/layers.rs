//! The layers in their order, around one handler.

use std::sync::Arc;

use http::Request;
use tonic::body::Body;
use tower::Service;

use super::admission::Permit;
use super::caller::{self, Known};
use super::refusals::Refusing;
use super::{Edge, OPEN_DEADLINE, Shared, frames, limits, span};
use crate::call::Entered;
use crate::contract::Contract;
use crate::deadline::{Deadline, GRPC_TIMEOUT};
use crate::fault::Fault;
use crate::server::PeerIdentity;

type Response = http::Response<Body>;

/// A call that the layers let pass.
struct Passed {
    deadline: Deadline,
    /// Whether the caller named the deadline.
    named: bool,
    /// Its place inside, to be held as long as its handler works.
    permit: Permit,
    /// Tells the audit trail if the handler denies it.
    refusing: Refusing,
}

/// Answers an rpc that has a contract.
pub(super) async fn answer(
    mut edge: Edge,
    contract: &Arc<Contract>,
    mut request: Request<Body>,
) -> Result<Response, Fault> {
    let Passed {
        deadline,
        named,
        permit,
        refusing,
    } = match pass(&edge.shared, contract, &mut request).await {
        Ok(passed) => passed,
        Err(fault) => {
            frames::discard(request.into_body()).await;
            return Err(fault);
        }
    };
    let most = edge.shared.decode_max(contract);
    let request = request.map(|body| frames::limited(body, most));
    let handling = async move {
        let Ok(response) = edge.routes.call(request).await;
        drop(permit);
        refusing.answered(&response);
        response
    };
    let mut response = deadline.bound(handling).await?;
    if contract.streams {
        let bound = super::stream::Bound { deadline, named };
        response.extensions_mut().insert(bound);
    }
    Ok(response)
}

/// Answers health and reflection, which are open to everybody and have limits all the same.
pub(super) async fn answer_open(mut edge: Edge, request: Request<Body>) -> Result<Response, Fault> {
    limits::check(request.headers())?;
    let deadline = Deadline::within(OPEN_DEADLINE);
    let request = request.map(|body| frames::limited(body, limits::DECODE_MAX_BYTES));
    let Ok(response) = deadline.bound(edge.routes.call(request)).await?;
    Ok(response)
}

/// Takes a request through the layers in front of its handler. Its message is not touched.
async fn pass(
    shared: &Arc<Shared>,
    contract: &Arc<Contract>,
    request: &mut Request<Body>,
) -> Result<Passed, Fault> {
    limits::check(request.headers())?;
    let deadline = Deadline::of_headers(request.headers(), contract.deadline)?;
    let named = request.headers().contains_key(GRPC_TIMEOUT);
    let entering = enter(shared, contract, request, deadline);
    let (permit, refusing) = deadline.bound(entering).await??;
    Ok(Passed {
        deadline,
        named,
        permit,
        refusing,
    })
}

async fn enter(
    shared: &Arc<Shared>,
    contract: &Arc<Contract>,
    request: &mut Request<Body>,
    deadline: Deadline,
) -> Result<(Permit, Refusing), Fault> {
    let peer = request.extensions_mut().remove::<PeerIdentity>();
    let known = caller::identify(shared, contract, request.headers(), peer.as_ref()).await?;
    let (correlation, causation) = caller::chain(request.headers(), &known.caller);
    let refusing = Refusing::of(shared, contract, &known, correlation.as_deref());
    let permitted = caller::permit(contract, &known.caller);
    refusing.seen(permitted)?;
    let tenant = refusing.seen(caller::tenant(request.headers(), &known))?;
    span().record("tenant.id", tracing::field::display(tenant));
    span().record("actor.kind", known.caller.kind.as_str_name());
    shared.rates.check(&known, tenant, peer.as_ref())?;
    let permit = shared.gates.admit(contract, tenant, deadline).await?;
    let Known { caller, .. } = known;
    request.extensions_mut().insert(deadline);
    request.extensions_mut().insert(Entered {
        contract: Arc::clone(contract),
        tenant,
        caller,
        deadline,
        correlation,
        causation: causation.unwrap_or_default(),
        address: peer.as_ref().map(|it| it.address.ip()),
        peer: peer.and_then(|it| it.service),
    });
    Ok((permit, refusing))
}

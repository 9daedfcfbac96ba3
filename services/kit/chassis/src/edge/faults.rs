//! Every failure passes here once on its way out: it is logged, counted, and has a reason.

use std::sync::Arc;

use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::{Shared, limits, span};
use crate::contract::Contract;
use crate::fault::{self, Cause, Fault, Kind, Reason, StatusView};

type Response = http::Response<Body>;

/// Whose reason it is where gRPC itself answered.
const GRPC: &str = "grpc";

/// An answer that is nothing but a fault, to be judged and written by [`settle`].
pub(super) fn of(fault: Fault) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Status::from(fault));
    response
}

/// Judges an answer. A good one passes untouched.
pub(super) fn settle(
    shared: &Shared,
    contract: Option<&Arc<Contract>>,
    mut response: Response,
) -> Response {
    let Some(status) = response.extensions_mut().remove::<Status>() else {
        return response;
    };
    if status.code() == Code::Ok {
        response.extensions_mut().insert(status);
        return response;
    }
    let settled = match Cause::of(&status) {
        Some(cause) => declared(shared, contract, cause.reason).map(|()| status),
        None => Ok(of_stranger(status)),
    };
    let status = settled.unwrap_or_else(Status::from);
    #[cfg(feature = "proof")]
    if let (Some(contract), Some(view)) = (contract, StatusView::of(&status)) {
        super::provoked::note(&contract.method, &view.reason);
    }
    report(shared, &status);
    status.into_http()
}

/// The same for the end of a stream, whose status has lost everything but its texts.
pub(super) fn settle_end(shared: &Shared, contract: &Contract, status: &Status) {
    if let Some(view) = StatusView::of(status) {
        if !contract.declares_named(&view.domain, &view.reason) {
            tracing::error!(fault.reason = view.reason, "reason not declared");
        }
        #[cfg(feature = "proof")]
        super::provoked::note(&contract.method, &view.reason);
        shared.meters.failed(view.kind, &view.reason);
        say(view.kind, &view.reason, || status.message().to_owned());
    }
}

/// In tests a reason that the contract does not declare is a defect that nobody overlooks; in
/// production it is counted, and the caller gets the answer all the same.
fn declared(
    shared: &Shared,
    contract: Option<&Arc<Contract>>,
    reason: Reason,
) -> Result<(), Fault> {
    let Some(Err(undeclared)) = contract.map(|it| it.declares(reason)) else {
        return Ok(());
    };
    if shared.strict {
        return Err(Fault::bug(undeclared));
    }
    tracing::error!(fault.reason = reason.name, "reason not declared");
    Ok(())
}

/// Logs and counts, once and with the whole chain.
fn report(shared: &Shared, status: &Status) {
    if let Some(cause) = Cause::of(status) {
        let reason = cause.reason;
        span().record("fault.reason", reason.name);
        shared.meters.failed(reason.kind, reason.name);
        say(reason.kind, reason.name, || fault::chain(cause));
    } else if let Some(view) = StatusView::of(status) {
        span().record("fault.reason", &view.reason);
        shared.meters.failed(view.kind, &view.reason);
        say(view.kind, &view.reason, || status.message().to_owned());
    }
}

/// A person must act on a defect, should know of what does not answer, and need not of a refusal:
/// there may be thousands of those a second, so their text is made for those who read it.
fn say(kind: Kind, reason: &str, error: impl FnOnce() -> String) {
    match kind {
        Kind::Bug => tracing::error!(fault.reason = reason, error = error(), "rpc failed"),
        Kind::Unavailable | Kind::Late => {
            tracing::warn!(fault.reason = reason, error = error(), "rpc failed");
        }
        Kind::Invalid
        | Kind::Unauthenticated
        | Kind::Denied
        | Kind::NotFound
        | Kind::Exists
        | Kind::Refused
        | Kind::Raced
        | Kind::Exhausted
        | Kind::Expired => {
            tracing::debug!(fault.reason = reason, error = error(), "rpc refused");
        }
    }
}

/// Gives a reason to what gRPC's own parts answer. A fault that came through them, such as that of
/// a body, has lost its cause and kept its reason.
fn of_stranger(status: Status) -> Status {
    if StatusView::of(&status).is_some_and(|it| !it.reason.is_empty()) {
        return status;
    }
    let message = status.message();
    match status.code() {
        Code::OutOfRange => limits::too_large().because(status).into(),
        Code::Internal if is_undecodable(message) => {
            let text = "must be one message in the form that the contract says";
            limits::refused("message", text).because(status).into()
        }
        Code::Internal | Code::Unknown | Code::DataLoss => Fault::bug(status).into(),
        code => {
            let mut details = ErrorDetails::new();
            details.set_error_info(name(code), GRPC, std::collections::HashMap::new());
            Status::with_error_details(code, message, details)
        }
    }
}

/// What tonic says of bytes that are no message; it has no code of its own for that.
fn is_undecodable(message: &str) -> bool {
    const TEXTS: [&str; 5] = [
        "failed to decode Protobuf message",
        "Missing request message",
        "Unexpected EOF decoding stream",
        "protocol error: received message with",
        "Error decompressing",
    ];
    TEXTS.iter().any(|text| message.starts_with(text))
}

/// The name of a code as everybody writes it.
fn name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

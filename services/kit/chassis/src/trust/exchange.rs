//! The token of the service itself, exchanged well before it ends.

use std::time::Duration;

use contracts::auth as pb;
use contracts::auth::auth_service_client::AuthServiceClient;
use contracts::auth::issue_token_request::Grant as Asked;
use contracts::convert::moment;
use thiserror::Error;
use tokio::time::sleep;
use vocab::Moment;

use super::{AUTH, PATIENCE, Trust, operator};
use crate::client::Onward;
use crate::fault;
use crate::settings::Secret;
use crate::tasks::TaskResult;
use crate::token::{Grant, Signer, SignerError};

/// How long what proves the service works.
const PROOF: Duration = Duration::from_secs(60);
/// How soon it is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest pause between two tries.
const AGAIN_MAX: Duration = Duration::from_secs(15);
/// A token is used for at least so long.
const LEAST: Duration = Duration::from_secs(5);

/// Says why there is no token.
#[derive(Debug, Error)]
enum NoToken {
    #[error("auth gave none")]
    Refused(#[source] Box<tonic::Status>),
    #[error("nothing can be proved")]
    Proof(#[source] SignerError),
    #[error("what auth gave is no token")]
    Token(#[from] crate::client::InvalidToken),
}

/// Exchanges the token for ever.
pub(super) async fn keep(trust: Trust) -> TaskResult {
    let mut pause = AGAIN;
    loop {
        match exchanged(&trust).await {
            Ok(life) => {
                pause = AGAIN;
                sleep((life / 2).max(LEAST)).await;
            }
            Err(error) => {
                let error = fault::chain(&error);
                tracing::warn!(error, "no token of our own");
                sleep(pause).await;
                pause = (pause * 2).min(AGAIN_MAX);
            }
        }
    }
}

/// Asks for a token, and says how long it works.
async fn exchanged(trust: &Trust) -> Result<Duration, NoToken> {
    let now = trust.clock.now();
    let grant = pb::ServiceExchangeGrant {
        audience: String::new(),
        assertion: assertion(trust, now)?,
    };
    let request = pb::IssueTokenRequest {
        grant: Some(Asked::ServiceExchange(grant)),
        permissions: Vec::new(),
    };
    let channel = trust.auth.for_call(Onward::within(PATIENCE));
    let answer = AuthServiceClient::new(channel).issue_token(request).await;
    let answer = answer.map_err(|it| NoToken::Refused(Box::new(it)))?;
    let answer = answer.into_inner();
    let token = Secret::new(answer.access_token.clone());
    trust.credentials.replace(&token)?;
    let end = answer.expire_time.as_ref().and_then(|it| moment(it).ok());
    let micros = end.map_or(0, |it| it.micros().saturating_sub(now.micros()));
    Ok(Duration::from_micros(micros.max(0).unsigned_abs()))
}

/// What proves the service; empty where its certificate does.
fn assertion(trust: &Trust, now: Moment) -> Result<String, NoToken> {
    match &trust.signer {
        Some(signer) => proof(signer, trust.name, now).map_err(NoToken::Proof),
        None => Ok(String::new()),
    }
}

/// What a service with a key of its own proves itself to auth with, for a minute.
pub fn proof(signer: &Signer, name: &str, now: Moment) -> Result<String, SignerError> {
    let grant = Grant {
        tenant: operator(),
        subject: name.to_owned(),
        permissions: Vec::new(),
        customer: None,
        locations: Vec::new(),
        session: "assertion".to_owned(),
        audience: AUTH.to_owned(),
        life: PROOF,
    };
    signer.sign(&grant, now)
}

//! What a service asks of auth: the keys that verify tokens, a token of its own, which tokens were
//! withdrawn; and what it tells auth: whom it refused.
//!
//! Everything is asked again and again, in tasks of its own, and used from memory: a call never
//! waits for auth. **Invariant:** what is not heard of in time is looked for by another way: after
//! the watch has gone quiet, a list is asked for every half minute.

use std::sync::Arc;
use std::time::Duration;

use contracts::auth as pb;
use contracts::auth::auth_service_client::AuthServiceClient;
use vocab::{Clock, TenantId};

mod exchange;
mod refusals;
mod report;
mod settings;
mod withdrawn;

pub use exchange::proof;
pub use refusals::{Refusals, Refused};
pub use settings::TrustSettings;
pub use withdrawn::revocation;

use crate::client::{Credentials, Onward, Peer};
use crate::tasks::{OnFailure, OnShutdown, Tasks};
use crate::token::{Fetch, Jwk, Jwks, KeyError, KeySource, Revocations, Signer};

/// The service that is asked.
pub const AUTH: &str = "auth";
/// The tenant of whoever runs the installation, to which services belong.
pub fn operator() -> TenantId {
    TenantId::derive(None, &[b"operator"])
}

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// A task that begins again when it fails.
const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_millis(100),
    pause_max: Duration::from_secs(10),
};

/// The tasks of one service that ask auth.
#[derive(Clone)]
pub(crate) struct Trust {
    /// The service that asks.
    pub name: &'static str,
    /// The way to auth.
    pub auth: Peer,
    /// The token that the service shows, exchanged here.
    pub credentials: Credentials,
    /// What is withdrawn.
    pub revocations: Revocations,
    /// Whom it refused.
    pub refusals: Refusals,
    /// What proves the service where no certificate does.
    pub signer: Option<Arc<Signer>>,
    /// The time.
    pub clock: Clock,
}

impl Trust {
    /// The keys that verify tokens.
    pub fn keys(&self) -> KeySource {
        let auth = self.auth.clone();
        let fetch: Fetch = Arc::new(move || {
            let auth = auth.clone();
            Box::pin(async move { keys(&auth).await })
        });
        KeySource::Fetch(fetch)
    }

    /// Starts what asks and tells.
    pub fn start(self, tasks: &Tasks) {
        let trust = self.clone();
        tasks.spawn("identity", RESTART, OnShutdown::Abort, move |_| {
            exchange::keep(trust.clone())
        });
        let trust = self.clone();
        tasks.spawn("withdrawn tokens", RESTART, OnShutdown::Abort, move |_| {
            withdrawn::watch(trust.clone())
        });
        let trust = self.clone();
        tasks.spawn(
            "withdrawn tokens asked",
            RESTART,
            OnShutdown::Abort,
            move |_| withdrawn::poll(trust.clone()),
        );
        tasks.spawn("refusals", RESTART, OnShutdown::Abort, move |_| {
            report::tell(self.clone())
        });
    }
}

async fn keys(auth: &Peer) -> Result<Jwks, KeyError> {
    let channel = auth.for_call(Onward::within(PATIENCE));
    let mut client = AuthServiceClient::new(channel);
    let answer = client.get_jwks(pb::GetJwksRequest {}).await;
    let answer = answer.map_err(|it| KeyError::Unread(Box::new(it)))?;
    let keys = answer.into_inner().keys.into_iter().map(|it| Jwk {
        kid: it.kid,
        kty: it.kty,
        alg: it.alg,
        usage: it.r#use,
        crv: it.crv,
        x: it.x,
    });
    Ok(Jwks {
        keys: keys.collect(),
    })
}

//! Fills gaps of what was heard from the owner of the events, by its `ops` rpc.

use std::time::Duration;

use chassis::client::{Onward, Peer};
use chassis::fault::Fault;
use contracts::ops as pb;
use contracts::ops::ops_service_client::OpsServiceClient;
use futures_util::future::BoxFuture;
use vocab::TenantId;

use super::{Fetched, Refetch};

/// How long an owner may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// The owner of one context's events, as a peer.
#[derive(Clone)]
pub struct Owner(Peer);

impl Owner {
    /// Asks a peer, by whose name its context goes.
    pub fn new(peer: Peer) -> Self {
        Self(peer)
    }
}

impl Refetch for Owner {
    fn fetch<'a>(
        &'a self,
        tenant: TenantId,
        stream: &'a str,
        (from, to): (i64, i64),
    ) -> BoxFuture<'a, Result<Vec<Fetched>, Fault>> {
        Box::pin(async move {
            let onward = Onward::within(PATIENCE).of_tenant(tenant);
            let mut owner = OpsServiceClient::new(self.0.for_call(onward));
            let request = pb::FetchStreamRequest {
                service: self.0.name().to_owned(),
                aggregate_id: stream.to_owned(),
                from_version: from,
                to_version: to,
            };
            let answer = owner.fetch_stream(request).await;
            let answer = answer.map_err(|status| self.0.failure(status))?;
            let events = answer.into_inner().events.into_iter();
            let fetched = events.map(|it| Fetched {
                subject: it.subject,
                event_type: it.event_type,
                payload: it.payload.unwrap_or_default().value.into(),
            });
            Ok(fetched.collect())
        })
    }
}

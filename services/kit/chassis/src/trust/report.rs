//! Takes refusals to the audit trail.

use std::time::Duration;

use contracts::auth as pb;
use contracts::auth::audit_service_client::AuditServiceClient;
use contracts::convert::timestamp;
use tokio::time::sleep;
use uuid::Builder;
use vocab::AuditId;

use super::{PATIENCE, Refused, Trust};
use crate::client::Onward;
use crate::fault;
use crate::tasks::TaskResult;

/// How many are told at once.
const MOST: usize = 500;
/// How long others may join those that are told.
const GATHER: Duration = Duration::from_millis(200);
/// How soon it is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// Tells for ever.
pub(super) async fn tell(trust: Trust) -> TaskResult {
    loop {
        let first = trust.refusals.take(1).await;
        trust.refusals.put_back(first);
        sleep(GATHER).await;
        let taken = trust.refusals.take(MOST).await;
        if let Err(error) = told(&trust, &taken).await {
            tracing::warn!(error = fault::chain(&error), "refusals not told");
            trust.refusals.put_back(taken);
            sleep(AGAIN).await;
        }
    }
}

async fn told(trust: &Trust, taken: &[Refused]) -> Result<(), tonic::Status> {
    let Some(tenant) = taken.first().map(|it| it.tenant) else {
        return Ok(());
    };
    let records = taken.iter().map(|it| record(trust, it));
    let request = pb::RecordAuditEntriesRequest {
        records: records.collect(),
        request_id: Builder::from_random_bytes(random()).into_uuid().to_string(),
    };
    let onward = Onward::within(PATIENCE).of_tenant(tenant);
    let mut client = AuditServiceClient::new(trust.auth.for_call(onward));
    client.record_audit_entries(request).await.map(|_| ())
}

/// An entry has the same id however often it is told.
fn record(trust: &Trust, it: &Refused) -> pb::AuditRecord {
    let tenant = it.tenant.uuid();
    let parts: [&[u8]; 6] = [
        trust.name.as_bytes(),
        tenant.as_bytes(),
        it.method.as_bytes(),
        it.actor.actor_id.as_bytes(),
        it.correlation.as_bytes(),
        it.reason.as_bytes(),
    ];
    let id = AuditId::derive(Some(it.at.millis()), &parts);
    pb::AuditRecord {
        audit_id: id.to_string(),
        actor: Some(it.actor.clone()),
        method: it.method.to_string(),
        outcome: pb::AuditOutcome::Denied.into(),
        reason: it.reason.clone(),
        permission: it.permission.clone(),
        aggregate_type: String::new(),
        aggregate_id: String::new(),
        correlation_id: it.correlation.clone(),
        request_id: String::new(),
        trace_id: it.trace_id.clone(),
        session_id: session(&it.session),
        act_time: Some(timestamp(it.at)),
    }
}

/// Sessions of development are no ids.
fn session(text: &str) -> String {
    let id = text.parse::<vocab::SessionId>();
    id.map(|it| it.to_string()).unwrap_or_default()
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        tracing::error!("the system has no randomness");
    }
    bytes
}

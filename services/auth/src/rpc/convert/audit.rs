//! Entries of the audit trail, both ways.

use chassis::fault::Fault;
use contracts::auth as pb;
use contracts::common::Actor;
use vocab::{Moment, TenantId};

use super::{id, read_time, sent, time};
use crate::domain::{Act, Audited, Outcome};

/// Reads an act that a service reports.
pub fn act(wire: pb::AuditRecord) -> Result<Act, Fault> {
    let actor = sent("records.actor", wire.actor)?;
    let at = read_time("records.act_time", wire.act_time.as_ref())?;
    let outcome = i16::try_from(wire.outcome).ok().and_then(Outcome::of);
    Ok(Act {
        id: id("records.audit_id", &wire.audit_id)?,
        actor: (
            i16::try_from(actor.r#type).unwrap_or_default(),
            actor.actor_id,
        ),
        method: wire.method,
        outcome: sent("records.outcome", outcome)?,
        reason: wire.reason,
        permission: wire.permission,
        on: (wire.aggregate_type, wire.aggregate_id, 0),
        event: None,
        correlation: wire.correlation_id,
        request_id: wire.request_id,
        trace_id: wire.trace_id,
        session: wire.session_id,
        at: at.unwrap_or(Moment::FIRST),
    })
}

/// Writes an entry.
pub fn entry(tenant: TenantId, it: &Audited) -> pb::AuditEntry {
    let act = &it.act;
    let event = act.event.as_ref();
    pb::AuditEntry {
        audit_id: act.id.to_string(),
        tenant_id: tenant.to_string(),
        actor: Some(Actor {
            r#type: act.actor.0.into(),
            actor_id: act.actor.1.clone(),
        }),
        method: act.method.clone(),
        outcome: i32::from(act.outcome.number()),
        reason: act.reason.clone(),
        permission: act.permission.clone(),
        aggregate_type: act.on.0.clone(),
        aggregate_id: act.on.1.clone(),
        aggregate_version: act.on.2,
        event_id: event.map(|(id, _)| id.to_string()).unwrap_or_default(),
        event_type: event.map(|(_, kind)| kind.clone()).unwrap_or_default(),
        correlation_id: act.correlation.clone(),
        request_id: act.request_id.clone(),
        trace_id: act.trace_id.clone(),
        session_id: act.session.clone(),
        act_time: time(act.at),
        create_time: time(it.recorded_at),
    }
}

//! The audit trail of all other services, gathered from the metadata of their events.

use bus::consumer::Delivery;
use bus::{Listen, Poison};
use contracts::convert::{id, moment};
use vocab::EventId;

use crate::domain::{Act, Command, Outcome, audit_of};

/// The contexts whose events are gathered: each with its durable and the service that owns them.
pub const AUDITED: [AuditIntake; 9] = [
    AuditIntake::of("catalog", "auth-catalog", "catalog"),
    AuditIntake::of("inventory", "auth-inventory", "inventory"),
    AuditIntake::of("store", "auth-store", "store"),
    AuditIntake::of("order", "auth-order", "order"),
    AuditIntake::of("payment", "auth-payment", "payment"),
    AuditIntake::of("notification", "auth-notification", "notification"),
    AuditIntake::of("forecast", "auth-forecast", "planning"),
    AuditIntake::of("replenishment", "auth-replenishment", "planning"),
    AuditIntake::of("planning", "auth-planning", "planning"),
];
/// The services that own them.
pub const OWNERS: [&str; 7] = [
    "catalog",
    "inventory",
    "store",
    "order",
    "payment",
    "notification",
    "planning",
];

/// Gathers the events of one context.
#[derive(Clone, Copy, Debug)]
pub struct AuditIntake {
    /// The context.
    source: &'static str,
    /// The durable.
    name: &'static str,
    /// The service that fills gaps.
    pub owner: &'static str,
}

impl AuditIntake {
    const fn of(source: &'static str, name: &'static str, owner: &'static str) -> Self {
        Self {
            source,
            name,
            owner,
        }
    }
}

impl Listen<Command> for AuditIntake {
    fn name(&self) -> &'static str {
        self.name
    }

    fn source(&self) -> &'static str {
        self.source
    }

    /// One of several parts makes one entry.
    fn effect(&self, delivery: &Delivery) -> Result<Option<Command>, Poison> {
        let metadata = &delivery.metadata;
        if metadata.part > 1 {
            return Ok(None);
        }
        let unreadable = |what: &str| Poison::Unreadable(what.to_owned());
        let event: EventId = id(&metadata.event_id).map_err(|_| unreadable("the id"))?;
        let actor = metadata
            .actor
            .clone()
            .ok_or_else(|| unreadable("the actor"))?;
        let at = metadata.record_time.as_ref().and_then(|it| moment(it).ok());
        let trace = metadata.traceparent.split('-').nth(1);
        Ok(Some(Command::Record(vec![Act {
            id: audit_of(event),
            actor: (
                i16::try_from(actor.r#type).unwrap_or_default(),
                actor.actor_id,
            ),
            method: metadata.method.clone(),
            outcome: Outcome::Allowed,
            reason: metadata.reason.clone(),
            permission: String::new(),
            on: (
                metadata.aggregate_type.clone(),
                metadata.aggregate_id.clone(),
                metadata.aggregate_version,
            ),
            event: Some((event, delivery.event_type.clone())),
            correlation: metadata.correlation_id.clone(),
            request_id: metadata.request_id.clone(),
            trace_id: trace.unwrap_or_default().to_owned(),
            session: String::new(),
            at: at.ok_or_else(|| unreadable("the time"))?,
        }])))
    }
}

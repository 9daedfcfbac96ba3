//! Who submits a command, for whom, until when, and as part of what.

use std::sync::Arc;
use std::time::Duration;

use chassis::call::{Attempt, Call};
use chassis::deadline::Deadline;
use contracts::common::ActorType;
use uuid::Uuid;
use vocab::TenantId;

/// Everything about a command that is not the command. It becomes the metadata of its facts.
#[derive(Clone, Debug)]
pub struct Submission {
    /// For whom. Every state that the command names is this tenant's.
    pub tenant: TenantId,
    /// Who did it.
    pub actor: Actor,
    /// Whose request ids these are; those of two principals never meet.
    pub principal: String,
    /// The full name of the rpc, job or step, such as `retail.order.v1.OrderService/CancelOrder`.
    pub method: Arc<str>,
    /// The first command or saga of the chain that this belongs to.
    pub correlation: String,
    /// What led to this directly: a request, an event, a step.
    pub causation: String,
    /// Why, as the caller says; may be empty.
    pub reason: String,
    /// The W3C trace context to link later work to; may be empty.
    pub traceparent: String,
    /// After this nobody waits any more.
    pub deadline: Deadline,
    /// The request that may come again; without one every submission is a new one.
    pub attempt: Option<Attempt>,
    /// Whether a refusal is final and repeated too, as steps of a saga need it.
    pub final_refusals: bool,
}

/// Who did something: a kind of actor and the id within it, never a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The kind of actor.
    pub kind: ActorType,
    /// Its id.
    pub id: String,
}

/// How long an answer is remembered for repetitions of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// 24 hours.
    Day,
    /// Seven days: stock, money and documents.
    Week,
}

impl Memory {
    pub(crate) const fn duration(self) -> Duration {
        const DAY: Duration = Duration::from_secs(86_400);
        match self {
            Self::Day => DAY,
            Self::Week => Duration::from_secs(7 * 86_400),
        }
    }
}

impl Submission {
    /// A submission by a service on its own behalf, as jobs and sagas make them.
    pub fn of_service(
        service: impl Into<String>,
        tenant: TenantId,
        method: impl Into<Arc<str>>,
        deadline: Deadline,
    ) -> Self {
        let id = service.into();
        Self {
            tenant,
            principal: id.clone(),
            actor: Actor {
                kind: ActorType::Service,
                id,
            },
            method: method.into(),
            correlation: String::new(),
            causation: String::new(),
            reason: String::new(),
            traceparent: String::new(),
            deadline,
            attempt: None,
            final_refusals: false,
        }
    }

    /// Makes it a request that may come again.
    #[must_use]
    pub fn attempt(self, request_id: Uuid, fingerprint: [u8; 32]) -> Self {
        Self {
            attempt: Some(Attempt {
                request_id,
                fingerprint,
            }),
            ..self
        }
    }

    /// Remembers a refusal like an answer, so that a late attempt cannot succeed after it.
    #[must_use]
    pub fn final_refusals(self) -> Self {
        Self {
            final_refusals: true,
            ..self
        }
    }
}

impl From<&Call> for Submission {
    /// What a handler submits: its call says everything.
    fn from(call: &Call) -> Self {
        let kind = call.caller.kind;
        let trace = call.trace.as_ref();
        Self {
            tenant: call.tenant,
            actor: Actor {
                kind,
                id: call.caller.id.clone(),
            },
            principal: format!("{}:{}", i32::from(kind), call.caller.id),
            method: Arc::clone(&call.method),
            correlation: call.correlation.clone(),
            causation: call.causation.clone(),
            reason: call.reason.clone(),
            traceparent: trace.map(|it| it.traceparent()).unwrap_or_default(),
            deadline: call.deadline,
            attempt: call.attempt,
            final_refusals: false,
        }
    }
}

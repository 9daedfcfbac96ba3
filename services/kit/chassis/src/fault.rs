//! Faults: the one way in which anything here fails towards a caller.
//!
//! A fault has a closed [`Kind`], which decides everything mechanical, and a stable [`Reason`],
//! which callers match. **Invariant:** what a caller reads holds no internal text; the cause stays
//! behind as the source, for our own log.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use contracts::common::ErrorReason;
use contracts::validate::Violations;

mod details;
mod kind;
mod reason;
mod status;
#[cfg(test)]
mod tests;
mod view;

pub use details::DETAILS_MAX_BYTES;
pub use kind::{Consumer, Kind, Retry};
pub use reason::Reason;
pub(crate) use status::Cause;
pub use view::{StatusView, reason_of};

use details::Details;

/// What a caller reads of a defect.
const DEFECT: &str = "internal error";

/// One failure: kind, reason, a text for people, typed details, and the cause for our own log.
pub struct Fault(Box<Parts>);

struct Parts {
    reason: Reason,
    message: Cow<'static, str>,
    details: Details,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A refusal with a reason. The message says to the caller what is so; it holds nothing
    /// internal and nothing personal.
    pub fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Parts {
            reason,
            message: message.into(),
            details: Details::default(),
            source: None,
        }))
    }

    /// A refusal for one of the reasons that every rpc may have.
    pub fn shared(reason: ErrorReason, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::shared(reason), message)
    }

    /// A request that breaks rules of its contract.
    pub fn invalid(violations: Violations) -> Self {
        let mut fault = Self::shared(ErrorReason::ValidationFailed, "the request is not valid");
        fault.0.details.violations = Some(violations);
        fault
    }

    /// A resource that does not exist for this caller.
    pub fn missing(resource_type: &'static str, name: impl Into<String>) -> Self {
        Self::shared(ErrorReason::ResourceMissing, "there is no such resource")
            .about(resource_type, name)
    }

    /// A resource that was to be created and is there already.
    pub fn exists(resource_type: &'static str, name: impl Into<String>) -> Self {
        Self::shared(ErrorReason::ResourceExists, "the resource exists already")
            .about(resource_type, name)
    }

    /// A call without a token that is trusted here.
    pub fn unauthenticated() -> Self {
        Self::shared(
            ErrorReason::TokenInvalid,
            "the token is missing or not valid",
        )
    }

    /// A caller who lacks a permission, which the metadata names.
    pub fn denied(permission: impl Into<String>) -> Self {
        Self::shared(ErrorReason::PermissionMissing, "the caller may not do this")
            .with("permission", permission)
    }

    /// A resource that changed since the caller read it.
    pub fn etag_mismatch() -> Self {
        let message = "the resource has changed since it was read";
        Self::shared(ErrorReason::EtagMismatch, message)
    }

    /// A limit that a caller has used up, and when to try again.
    pub fn rate_limited(subject: impl Into<String>, retry_after: Duration) -> Self {
        let mut fault = Self::shared(ErrorReason::RateLimited, "the rate limit is used up");
        let limit = (subject.into(), "calls in a time");
        fault.0.details.quota = Some(limit);
        fault.retry_after(retry_after)
    }

    /// A server with more to do than it can finish in time.
    pub fn overloaded(retry_after: Duration) -> Self {
        Self::shared(ErrorReason::Overloaded, "the server is overloaded").retry_after(retry_after)
    }

    /// A part that is needed and does not answer.
    pub fn unavailable(dependency: &'static str) -> Self {
        let message = "a part that is needed does not answer";
        Self::shared(ErrorReason::DependencyUnavailable, message).with("dependency", dependency)
    }

    /// A deadline that has passed.
    pub fn late() -> Self {
        Self::shared(ErrorReason::DeadlinePassed, "the deadline has passed")
    }

    /// A defect of ours, with its cause. A caller reads "internal error" and the trace id.
    pub fn bug(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::shared(ErrorReason::Internal, DEFECT).because(source)
    }

    /// Adds one value for machines, under a name in snake_case.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.0.details.metadata.push((key, value.into()));
        self
    }

    /// Names the resource that it is about.
    #[must_use]
    pub fn about(mut self, resource_type: &'static str, name: impl Into<String>) -> Self {
        self.0.details.resource = Some((resource_type, name.into()));
        self
    }

    /// Names a condition that would have to hold, and what it is a condition of.
    #[must_use]
    pub fn unless(mut self, subject: impl Into<String>, text: &'static str) -> Self {
        self.0.details.conditions.push((subject.into(), text));
        self
    }

    /// Adds a message of the contract that says more, by its full name. What is too much for an
    /// answer is left out.
    #[must_use]
    pub fn detail(mut self, full_name: &'static str, message: &impl prost::Message) -> Self {
        self.0.details.messages.push(prost_types::Any {
            type_url: format!("type.googleapis.com/{full_name}"),
            value: message.encode_to_vec(),
        });
        self
    }

    /// Says when a retry can help.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.details.retry_after = Some(delay);
        self
    }

    /// Names the trace that holds more.
    #[must_use]
    pub fn traced(mut self, trace_id: impl Into<String>) -> Self {
        self.0.details.trace_id = Some(trace_id.into());
        self
    }

    /// Keeps the cause, for our own log.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The closed kind, from which code, HTTP status, retry and consumer action follow.
    pub fn kind(&self) -> Kind {
        self.0.reason.kind
    }

    /// The stable reason.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// When a retry can help, as the answer says it; nothing where none can.
    pub fn delay(&self) -> Option<Duration> {
        details::retry_after(self)
    }

    /// What the caller reads; of a defect always the same.
    pub fn message(&self) -> &str {
        match self.kind() {
            Kind::Bug => DEFECT,
            _ => &self.0.message,
        }
    }
}

/// Writes an error and all its causes in one line, for the log and never for a caller.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message(), self.0.reason.name)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("reason", &self.0.reason)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|it| it as &(dyn Error + 'static))
    }
}

impl From<Violations> for Fault {
    fn from(violations: Violations) -> Self {
        Self::invalid(violations)
    }
}

//! How a call to a peer failed, and by one rule what the caller of this service reads of it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use contracts::common::ErrorReason;
use tonic::{Code, Status};

use crate::fault::{Fault, Kind, Reason, StatusView};

/// The header by which a server asks for a pause, or with anything but a number for no retry.
pub(super) const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// A call that a peer did not answer as it was asked.
///
/// Whoever can do something about a reason matches it with [`Failure::is`]; what is left becomes a
/// [`Fault`] with `?`, by this rule:
///
/// | the peer says | our caller reads |
/// |---|---|
/// | unavailable, or that our token is not valid | `DEPENDENCY_UNAVAILABLE` with the peer's name |
/// | too late, cancelled | `DEADLINE_PASSED` |
/// | a limit is used up | `OVERLOADED` |
/// | a race is lost | `ETAG_MISMATCH` passed on, else `CONTENDED` |
/// | not found, exists, expired, each with a shared reason | the same |
/// | anything else: we asked for what cannot be, and did not expect it | `INTERNAL` |
pub struct Failure {
    peer: &'static str,
    status: Status,
    view: StatusView,
}

impl Failure {
    pub(super) fn new(peer: &'static str, status: Status) -> Self {
        // A failure that says OK is an answer that no client could make sense of.
        let view = StatusView::of(&status).unwrap_or_else(|| StatusView {
            kind: Kind::Bug,
            reason: String::new(),
            domain: String::new(),
            metadata: Default::default(),
            violations: Vec::new(),
            retry_after: None,
            trace_id: None,
        });
        Self { peer, status, view }
    }

    /// The peer that was called.
    pub fn peer(&self) -> &'static str {
        self.peer
    }

    /// How the call failed.
    pub fn kind(&self) -> Kind {
        self.view.kind
    }

    /// Says whether the peer refused for this reason.
    pub fn is(&self, reason: Reason) -> bool {
        self.view.reason == reason.name && self.view.domain == reason.domain
    }

    /// All that the peer said, in typed form.
    pub fn view(&self) -> &StatusView {
        &self.view
    }

    /// What the peer said, for whoever passes it on untouched.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// How long the peer asks to be spared: `Err` if it asks not to be called again at all.
    pub(super) fn pushback(&self) -> Result<Option<Duration>, ()> {
        let Some(text) = self.status.metadata().get(PUSHBACK) else {
            return Ok(self.view.retry_after);
        };
        let milliseconds = text.to_str().ok().and_then(|it| it.parse().ok());
        milliseconds.map(Duration::from_millis).map(Some).ok_or(())
    }

    fn shared_reason(&self) -> Option<ErrorReason> {
        let name = format!("ERROR_REASON_{}", self.view.reason);
        let found = ErrorReason::from_str_name(&name);
        found.filter(|it| self.is(Reason::shared(*it)))
    }

    fn fault(&self) -> Fault {
        match self.view.kind {
            Kind::Unavailable | Kind::Unauthenticated => {
                let default = Kind::Unavailable.default_delay().unwrap_or_default();
                Fault::unavailable(self.peer).retry_after(self.view.retry_after.unwrap_or(default))
            }
            Kind::Late => Fault::late().with("dependency", self.peer),
            Kind::Exhausted => {
                let default = Kind::Exhausted.default_delay().unwrap_or_default();
                Fault::overloaded(self.view.retry_after.unwrap_or(default))
            }
            Kind::Raced if !self.is(Reason::shared(ErrorReason::EtagMismatch)) => {
                let message = "somebody else changed the same thing";
                Fault::shared(ErrorReason::Contended, message)
            }
            Kind::Raced | Kind::NotFound | Kind::Exists | Kind::Expired => self.passed_on(),
            Kind::Invalid | Kind::Denied | Kind::Refused | Kind::Bug => self.defect(),
        }
    }

    /// A shared reason means the same to everybody; a peer's own does not to our callers.
    fn passed_on(&self) -> Fault {
        match self.shared_reason() {
            Some(reason) => Fault::shared(reason, self.status.message().to_owned()),
            None => self.defect(),
        }
    }

    fn defect(&self) -> Fault {
        Fault::bug("a peer gave an answer that the code does not expect")
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        let fault = failure.fault();
        fault.because(failure)
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        Self::from(Fault::from(failure))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (peer, code) = (self.peer, self.status.code());
        write!(f, "{peer} answered {code:?} {}", self.view.reason)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("peer", &self.peer)
            .field("code", &self.status.code())
            .field("reason", &self.view.reason)
            .field("message", &self.status.message())
            .finish_non_exhaustive()
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.status.source()
    }
}

/// A deadline that passed while a peer was waited for, as the peer's server would say it.
pub(super) fn late(peer: &'static str) -> Status {
    Status::from(Fault::late().with("dependency", peer))
}

/// A peer that could not be reached, or fell silent in the middle of an answer.
pub(super) fn unreachable(
    peer: &'static str,
    cause: impl Into<Box<dyn Error + Send + Sync>>,
) -> Status {
    Status::from(Fault::unavailable(peer).because(cause))
}

/// A peer that is spared because it failed too often.
pub(super) fn spared(peer: &'static str, retry_after: Duration) -> Status {
    let message = "a part that is needed fails and is not called";
    let fault = Fault::shared(ErrorReason::CircuitOpen, message);
    Status::from(fault.with("dependency", peer).retry_after(retry_after))
}

/// tonic says CANCELLED where a timeout of its own ran out; callers read that time ran out.
pub(super) fn straighten(status: Status, peer: &'static str) -> Status {
    match status.code() {
        Code::Cancelled => Status::from(Fault::late().with("dependency", peer).because(Box::<
            dyn Error + Send + Sync,
        >::from(
            status
        ))),
        _ => status,
    }
}

//! One attempt as breaker, balancer, span and counters see it: it ends exactly once.

use std::time::Duration;

use contracts::common::ErrorReason;
use tonic::{Code, Status};
use tracing::Span;

use super::endpoint::Load;
use super::peer::Peer;
use crate::fault::{Reason, StatusView};

/// A peer is not judged by a call that had less time than this.
const FAIR: Duration = Duration::from_millis(25);

/// What an attempt says of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It answers, if only with a refusal.
    Well,
    /// It does not.
    Fails,
    /// It does not, and said nothing at all.
    Silent,
    /// Nothing can be said.
    Unfair,
}

/// An attempt under way. Dropped before its end, it was given up by its caller.
pub(super) struct Trial {
    peer: Peer,
    given: Duration,
    span: Span,
    load: Option<Load>,
    ended: bool,
}

impl Trial {
    /// An attempt that the breaker let pass and that has so much time.
    pub(super) fn begin(peer: Peer, given: Duration, span: Span) -> Self {
        peer.counts().begin();
        Self {
            peer,
            given,
            span,
            load: None,
            ended: false,
        }
    }

    /// Who answers it.
    pub(super) fn carried_by(&mut self, load: Load) {
        self.load = Some(load);
    }

    pub(super) fn peer(&self) -> &'static str {
        self.peer.name()
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// The peer answered without a failure.
    pub(super) fn succeeded(&mut self) {
        self.end(Code::Ok, Verdict::Well);
    }

    /// The peer answered with a failure.
    pub(super) fn answered(&mut self, status: &Status) {
        let verdict = match status.code() {
            Code::DeadlineExceeded | Code::Cancelled if self.given < FAIR => Verdict::Unfair,
            Code::DeadlineExceeded | Code::Cancelled => Verdict::Fails,
            Code::Unavailable if is(status, ErrorReason::ProjectionBehind) => Verdict::Well,
            Code::Unavailable => Verdict::Fails,
            Code::ResourceExhausted if is(status, ErrorReason::Overloaded) => Verdict::Fails,
            _ => Verdict::Well,
        };
        self.end(status.code(), verdict);
    }

    /// The peer could not be reached, or broke off.
    pub(super) fn broke(&mut self) {
        self.end(Code::Unavailable, Verdict::Fails);
    }

    /// Time ran out without an answer.
    pub(super) fn ran_out(&mut self) {
        let fair = self.given >= FAIR;
        let verdict = if fair {
            Verdict::Silent
        } else {
            Verdict::Unfair
        };
        self.end(Code::DeadlineExceeded, verdict);
    }

    fn end(&mut self, code: Code, verdict: Verdict) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.span.record("rpc.grpc.status_code", code as i64);
        if verdict != Verdict::Well {
            self.span.record("otel.status_code", "ERROR");
        }
        match verdict {
            Verdict::Well => self.peer.breaker().good(),
            Verdict::Fails | Verdict::Silent => self.peer.breaker().bad(),
            Verdict::Unfair => self.peer.breaker().withdraw(),
        }
        self.peer.counts().end(code == Code::Ok);
        let Some(load) = &self.load else { return };
        match verdict {
            Verdict::Well => load.endpoint().answered(),
            Verdict::Fails => load.endpoint().failed(),
            Verdict::Silent => load.endpoint().silent(),
            Verdict::Unfair => (),
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if !self.ended {
            self.span
                .record("rpc.grpc.status_code", Code::Cancelled as i64);
            self.peer.breaker().withdraw();
            self.peer.counts().end(false);
        }
    }
}

/// Says whether a peer gave a shared reason.
fn is(status: &Status, reason: ErrorReason) -> bool {
    let reason = Reason::shared(reason);
    let view = StatusView::of(status);
    view.is_some_and(|it| it.domain == reason.domain && it.reason == reason.name)
}

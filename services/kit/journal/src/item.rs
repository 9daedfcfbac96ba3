//! A command on its way through the journal, and the end of the line to its caller.

use chassis::fault::Fault;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;
use uuid::Uuid;

use crate::ledger::{Key, Ledger};
use crate::submission::Submission;

/// The answer that a caller waits for.
pub(crate) type Reply<L> = Result<<L as Ledger>::Answer, Fault>;

/// A submitted command.
pub(crate) struct Item<L: Ledger> {
    pub submission: Submission,
    pub command: L::Command,
    /// Sorted, each once.
    pub keys: Vec<L::Key>,
    /// Of its wait, from the queue to the answer.
    pub span: Span,
    pub queued_at: Instant,
    reply: oneshot::Sender<Reply<L>>,
}

impl<L: Ledger> Item<L> {
    /// Takes a command and returns it with the line on which its answer comes.
    pub fn new(
        submission: Submission,
        command: L::Command,
        keys: Vec<L::Key>,
    ) -> (Self, oneshot::Receiver<Reply<L>>) {
        let (reply, answer) = oneshot::channel();
        let item = Self {
            command,
            keys,
            span: waiting(&submission),
            submission,
            queued_at: Instant::now(),
            reply,
        };
        (item, answer)
    }

    /// Answers. A caller who is gone misses it, and nothing else happens.
    pub fn answer(self, reply: Reply<L>) {
        drop(self.reply.send(reply));
    }

    /// Says whether nobody waits any more.
    pub fn is_given_up(&self) -> bool {
        self.reply.is_closed()
    }

    /// Says whether the caller's time is up.
    pub fn is_late(&self) -> bool {
        self.submission.deadline.left().is_zero()
    }

    /// Returns the tenant that a key of this command is stored under.
    pub fn owner(&self, key: &L::Key) -> Uuid {
        if key.is_global() {
            Uuid::nil()
        } else {
            self.submission.tenant.uuid()
        }
    }
}

/// How a `traceparent` ends that somebody keeps.
const SAMPLED: &str = "-01";

/// The span of a command that waits for its batch. What nobody keeps costs nothing.
fn waiting(submission: &Submission) -> Span {
    if submission.traceparent.ends_with(SAMPLED) {
        tracing::info_span!("journal submit", batch.id = Empty, batch.commands = Empty)
    } else {
        Span::none()
    }
}

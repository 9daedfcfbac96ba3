//! How redrives and resyncs are begun in the journal of a service that listens.

use chassis::fault::Fault;
use futures_util::future::BoxFuture;
use journal::{Journal, Ledger, Submission};

use super::super::Asker;
use crate::consuming::{Command, Consuming, Followed};

/// What the journal remembers these steps by. The rpcs around them are remembered by their own
/// names: a request that broke off in between begins nothing twice when it comes again.
const REDRIVE: &str = "bus.DeadLetters/Redrive";
const RESYNC: &str = "bus.DeadLetters/Resync";

/// How redrives and resyncs are begun: by the journal of the service.
pub trait Letters: Send + Sync + 'static {
    /// Begins a redrive.
    fn redrive(&self, asker: &Asker, followed: Followed) -> BoxFuture<'_, Result<(), Fault>>;

    /// Begins a resync, for a reason.
    fn resync(
        &self,
        asker: &Asker,
        followed: Followed,
        reason: String,
    ) -> BoxFuture<'_, Result<(), Fault>>;
}

/// Begins redrives in the journal of a service that listens.
pub struct Redriver<L: Ledger> {
    service: &'static str,
    journal: Journal<Consuming<L>>,
}

impl<L: Ledger> Redriver<L> {
    /// Takes the service's name and its journal.
    pub fn new(service: &'static str, journal: Journal<Consuming<L>>) -> Self {
        Self { service, journal }
    }

    fn submission(&self, asker: &Asker, method: &'static str, reason: &str) -> Submission {
        let made = Submission::of_service(self.service, asker.tenant, method, asker.deadline);
        Submission {
            actor: asker.actor.clone(),
            principal: asker.principal.clone(),
            reason: reason.to_owned(),
            attempt: asker.attempt,
            ..made
        }
    }
}

impl<L: Ledger> Letters for Redriver<L> {
    fn redrive(&self, asker: &Asker, followed: Followed) -> BoxFuture<'_, Result<(), Fault>> {
        let submission = self.submission(asker, REDRIVE, "");
        let actor = actor_of(asker);
        let command = Command::Redrive { followed, actor };
        Box::pin(async move { self.journal.submit(submission, command).await.map(|_| ()) })
    }

    fn resync(
        &self,
        asker: &Asker,
        followed: Followed,
        reason: String,
    ) -> BoxFuture<'_, Result<(), Fault>> {
        let submission = self.submission(asker, RESYNC, &reason);
        let actor = actor_of(asker);
        let command = Command::BeginResync {
            followed,
            actor,
            reason,
        };
        Box::pin(async move { self.journal.submit(submission, command).await.map(|_| ()) })
    }
}

fn actor_of(asker: &Asker) -> (i16, String) {
    let kind: i32 = asker.actor.kind.into();
    (
        i16::try_from(kind).unwrap_or_default(),
        asker.actor.id.clone(),
    )
}

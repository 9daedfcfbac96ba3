//! One delivery: what it means, what the journal says to it, and what follows from that.

use std::time::Duration;

use chassis::deadline::Deadline;
use chassis::fault::{Consumer as Action, Fault, Kind};
use chassis::telemetry::TraceContext;
use journal::{Ledger, Submission};
use uuid::Uuid;
use vocab::Id;

use super::{Consumer, Delivery, Poison};
use crate::consuming::{Command, LetterReason, Parking, reason};

/// How long a command of a consumer may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// What became of a delivery.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Nothing is left to do: acknowledge.
    Done,
    /// Events before it are missing.
    Gap,
    /// Its owner was restored to an earlier point.
    Restored,
    /// Try again; a defect only so many times.
    Again(Fault),
}

impl<L: Ledger> Consumer<L>
where
    L::Command: Clone,
{
    /// Applies a delivery, or says why that cannot be done now.
    pub(super) async fn apply(&self, delivery: &Delivery, attempt: u32) -> Outcome {
        if delivery.place.is_none() {
            let poison = Poison::Unreadable("no metadata".to_owned());
            return self.park(delivery, &poison).await;
        }
        match self.listen.effect(delivery) {
            Ok(effect) => {
                let delivered = self.deliver(delivery, effect).await;
                self.judge(delivery, delivered, attempt).await
            }
            Err(poison) => self.park(delivery, &poison).await,
        }
    }

    /// Hands a delivery to the journal.
    async fn deliver(&self, delivery: &Delivery, effect: Option<L::Command>) -> Result<(), Fault> {
        let Some(place) = delivery.place else {
            return Err(Fault::bug("a delivery without a place"));
        };
        let command = match (self.settings.inbox, effect) {
            (false, Some(effect)) => Command::Own(effect),
            (_, effect) => Command::Deliver {
                followed: delivery.followed(self.listen.name()),
                place,
                effect,
            },
        };
        self.submit(delivery, command).await
    }

    async fn judge(
        &self,
        delivery: &Delivery,
        delivered: Result<(), Fault>,
        attempt: u32,
    ) -> Outcome {
        let Err(fault) = delivered else {
            return Outcome::Done;
        };
        match fault.reason() {
            reason::KNOWN => return Outcome::Done,
            reason::GAP => return Outcome::Gap,
            reason::HISTORY => return Outcome::Restored,
            reason::PARKED => return self.note(delivery).await,
            _ => (),
        }
        match action(&fault, attempt < self.settings.attempts) {
            Next::Again => Outcome::Again(fault),
            Next::Without => match self.deliver(delivery, None).await {
                Ok(()) => Outcome::Done,
                Err(fault) => Outcome::Again(fault),
            },
            Next::Park(why) => self.park_for(delivery, why, fault.reason().name).await,
        }
    }

    /// Puts a stream aside at a delivery that this build cannot apply.
    pub(super) async fn park(&self, delivery: &Delivery, poison: &Poison) -> Outcome {
        let (why, name) = match poison {
            Poison::Unreadable(_) => (LetterReason::Unreadable, ""),
            Poison::KindUnknown => (LetterReason::KindUnknown, ""),
            Poison::Refused(reason) => (LetterReason::Refused, reason.as_str()),
        };
        self.park_for(delivery, why, name).await
    }

    /// Puts a stream aside for a reason.
    pub(super) async fn park_for(
        &self,
        delivery: &Delivery,
        why: LetterReason,
        name: &str,
    ) -> Outcome {
        let consumer = self.listen.name();
        let stream = delivery.stream.as_str();
        tracing::error!(
            consumer.name = consumer,
            stream,
            why = why.word(),
            name,
            "stream parked"
        );
        let parking = self.parking(delivery, Some(why), name);
        let parked = self
            .submit(delivery, self.park_command(delivery, parking))
            .await;
        match parked {
            Ok(()) => {
                self.tally.park();
                Outcome::Done
            }
            Err(fault) if fault.reason() == reason::KNOWN => Outcome::Done,
            Err(fault) => Outcome::Again(fault),
        }
    }

    /// Notes how far a stream has come that stands still.
    async fn note(&self, delivery: &Delivery) -> Outcome {
        let parking = self.parking(delivery, None, "");
        match self
            .submit(delivery, self.park_command(delivery, parking))
            .await
        {
            Ok(()) => Outcome::Done,
            // It flows again: what was refused a moment ago may be next now.
            Err(fault) => Outcome::Again(fault),
        }
    }

    fn park_command(&self, delivery: &Delivery, parking: Parking) -> Command<L::Command> {
        Command::Park {
            followed: delivery.followed(self.listen.name()),
            parking: Box::new(parking),
        }
    }

    fn parking(&self, delivery: &Delivery, why: Option<LetterReason>, name: &str) -> Parking {
        let trace = TraceContext::current();
        Parking {
            id: Id::from_uuid(letter_id(self.listen.name(), delivery)),
            place: delivery.place,
            why,
            error_reason: name.to_owned(),
            trace_id: trace.map(|it| it.trace_id()).unwrap_or_default(),
            source: self.listen.source().to_owned(),
            stream_kind: delivery.metadata.aggregate_type.clone(),
            subject: delivery.subject.clone(),
            event_type: delivery.event_type.clone(),
            payload: delivery.payload.to_vec(),
            build: self.parts.build.clone(),
        }
    }

    /// Submits in the name of this service, as part of the event's chain.
    pub(super) async fn submit(
        &self,
        delivery: &Delivery,
        command: Command<L::Command>,
    ) -> Result<(), Fault> {
        let deadline = Deadline::within(DEADLINE);
        let method = format!("{}/{}", self.parts.service, self.listen.name());
        let mut submission =
            Submission::of_service(self.parts.service, delivery.tenant, method, deadline);
        let metadata = &delivery.metadata;
        submission.correlation = metadata.correlation_id.clone();
        submission.causation = metadata.event_id.clone();
        let trace = TraceContext::current().map(|it| it.traceparent());
        submission.traceparent = trace.unwrap_or_else(|| metadata.traceparent.clone());
        self.journal.submit(submission, command).await.map(|_| ())
    }
}

/// What follows from a fault of the service's own rules.
pub(super) enum Next {
    /// Try again.
    Again,
    /// The event is taken as done, without an effect.
    Without,
    /// The stream stands still.
    Park(LetterReason),
}

pub(super) fn action(fault: &Fault, may_retry: bool) -> Next {
    match fault.kind().consumer() {
        Action::Retry => Next::Again,
        Action::RetryThenPoison if may_retry => Next::Again,
        Action::Ack | Action::PublishThenAck => Next::Without,
        Action::Poison | Action::RetryThenPoison => match fault.kind() {
            Kind::Bug => Next::Park(LetterReason::Defect),
            _ => Next::Park(LetterReason::Refused),
        },
    }
}

/// The id of the letter that this message would begin: the same at each try.
fn letter_id(consumer: &str, delivery: &Delivery) -> Uuid {
    let parts = [
        consumer.as_bytes(),
        delivery.stream.as_bytes(),
        &delivery.payload,
    ];
    vocab::DeadLetterId::derive(None, &parts).uuid()
}

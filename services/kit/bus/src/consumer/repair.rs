//! Gaps filled from the owner, streams redriven, present states taken in place of events.

use chassis::fault::Fault;
use journal::Ledger;
use vocab::{Id, TenantId};

use super::apply::{Next, Outcome, action};
use super::cursor::Standing;
use super::{Consumer, Delivery};
use crate::consuming::{Command, Followed, LetterReason, reason};

/// How many times a redrive asks the owner before it lets others have a turn.
const ROUNDS_MAX: usize = 1_000;

/// How a redriven event ended.
enum Redriven {
    /// Applied, or known already.
    Applied,
    /// The stream flows again, or the redrive was ended by somebody.
    Over,
    /// To be tried later.
    Later,
}

impl<L: Ledger> Consumer<L>
where
    L::Command: Clone,
{
    /// Applies what is missing before a delivery. What the owner does not have either lets the
    /// stream stand still.
    pub(super) async fn fill(&self, delivery: &Delivery) -> Result<(), Fault> {
        let Some(place) = delivery.place else {
            return Ok(());
        };
        let next = self.next_version(delivery.tenant, &delivery.stream).await?;
        if next > place.version {
            return Ok(());
        }
        let versions = (next, place.version);
        let fetched = self
            .fetch(delivery.tenant, &delivery.stream, versions)
            .await?;
        let first = fetched.first().and_then(|it| it.place);
        if first.is_none_or(|it| it.version != next) {
            let parked = self.park_for(delivery, LetterReason::Gap, "").await;
            return match parked {
                Outcome::Again(fault) => Err(fault),
                _ => Ok(()),
            };
        }
        for event in &fetched {
            match self.apply(event, self.settings.attempts).await {
                Outcome::Done => (),
                Outcome::Gap | Outcome::Restored => return Ok(()),
                Outcome::Again(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Reads the present state of a stream whose owner was restored.
    pub(super) async fn restored(&self, delivery: &Delivery) -> Result<(), Fault> {
        if self.settle(delivery.tenant, &delivery.stream).await? {
            return Ok(());
        }
        let why = LetterReason::Refused;
        match self.park_for(delivery, why, reason::HISTORY.name).await {
            Outcome::Again(fault) => Err(fault),
            _ => Ok(()),
        }
    }

    /// Takes the owner's present state in place of all events up to its version.
    pub(super) async fn settle(&self, tenant: TenantId, stream: &str) -> Result<bool, Fault> {
        if !self.listen.is_resyncable() {
            return Ok(false);
        }
        let Some(present) = self.listen.resync(tenant, stream).await? else {
            return Ok(false);
        };
        let command = Command::Settle {
            followed: self.followed(stream),
            place: present.place,
            effect: present.effect,
        };
        match self.submit(&nameless(tenant, stream), command).await {
            Err(fault) if fault.reason() != reason::KNOWN => Err(fault),
            _ => Ok(true),
        }
    }

    /// Tries to apply what is parked, as far as it was seen to go.
    pub(super) async fn redrive(&self, work: &Standing) -> Result<(), Fault> {
        let tenant = Id::from_uuid(work.tenant);
        for round in 0..ROUNDS_MAX {
            let next = self.next_version(tenant, &work.stream).await?;
            // All that was seen is applied: with its last version the stream flows again.
            if round > 0 && next > work.highest {
                return Ok(());
            }
            let versions = (next, work.highest.max(next));
            let fetched = self.fetch(tenant, &work.stream, versions).await?;
            if fetched.is_empty() {
                let nameless = nameless(tenant, &work.stream);
                self.park_for(&nameless, LetterReason::Gap, "").await;
                return Ok(());
            }
            for event in &fetched {
                match self.redrive_one(event).await {
                    Redriven::Applied => (),
                    Redriven::Over | Redriven::Later => return Ok(()),
                }
            }
        }
        Ok(())
    }

    async fn redrive_one(&self, event: &Delivery) -> Redriven {
        let Some(place) = event.place else {
            self.park_for(event, LetterReason::Unreadable, "").await;
            return Redriven::Over;
        };
        let effect = match self.listen.effect(event) {
            Ok(effect) => effect,
            Err(poison) => {
                self.park(event, &poison).await;
                return Redriven::Over;
            }
        };
        let mut effect = effect;
        for attempt in 1..=self.settings.attempts {
            let command = Command::Redeliver {
                followed: self.followed(&event.stream),
                place,
                effect: effect.clone(),
            };
            let Err(fault) = self.submit(event, command).await else {
                return Redriven::Applied;
            };
            match fault.reason() {
                reason::KNOWN => return Redriven::Applied,
                reason::NOT_PARKED => return Redriven::Over,
                reason::GAP => {
                    self.park_for(event, LetterReason::Gap, "").await;
                    return Redriven::Over;
                }
                _ => (),
            }
            match action(&fault, attempt < self.settings.attempts) {
                Next::Again => (),
                Next::Without => effect = None,
                Next::Park(why) => {
                    self.park_for(event, why, fault.reason().name).await;
                    return Redriven::Over;
                }
            }
        }
        Redriven::Later
    }

    /// Begins a redrive of its own accord.
    pub(super) async fn begin_redrive(&self, work: &Standing) -> Result<(), Fault> {
        let tenant = Id::from_uuid(work.tenant);
        let service = contracts::common::ActorType::Service as i16;
        let command = Command::Redrive {
            followed: self.followed(&work.stream),
            actor: (service, self.parts.service.to_owned()),
        };
        self.submit(&nameless(tenant, &work.stream), command).await
    }

    async fn fetch(
        &self,
        tenant: TenantId,
        stream: &str,
        versions: (i64, i64),
    ) -> Result<Vec<Delivery>, Fault> {
        let fetched = self.refetch.fetch(tenant, stream, versions).await?;
        self.tally.refetch(fetched.len());
        Ok(fetched.iter().filter_map(Delivery::of_fetched).collect())
    }

    /// The version that the next message of a stream has to have.
    async fn next_version(&self, tenant: TenantId, stream: &str) -> Result<i64, Fault> {
        let (consumer, stream) = (self.listen.name(), stream.to_owned());
        let reads = self.journal.reads();
        let read = reads.read_latest(tenant, move |connection| {
            Box::pin(async move {
                let sql = "SELECT applied_version, part, parts FROM inbox
                    WHERE consumer = $1 AND stream_id = $2";
                sqlx::query_as(sql)
                    .bind(consumer)
                    .bind(stream)
                    .fetch_optional(connection)
                    .await
            })
        });
        let applied: Option<(i64, i32, i32)> = read.await?;
        Ok(applied.map_or(1, |(version, part, parts)| {
            version + i64::from(part >= parts)
        }))
    }

    fn followed(&self, stream: &str) -> Followed {
        Followed {
            consumer: self.listen.name().to_owned(),
            stream: stream.to_owned(),
        }
    }
}

/// A stream without a message.
fn nameless(tenant: TenantId, stream: &str) -> Delivery {
    Delivery {
        tenant,
        stream: stream.to_owned(),
        subject: String::new(),
        event_type: String::new(),
        metadata: contracts::common::EventMetadata::default(),
        payload: bytes::Bytes::new(),
        place: None,
    }
}

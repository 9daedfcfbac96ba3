//! One lead of a consumer: reads, applies, acknowledges, repairs.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::{AckKind, Message};
use chassis::tasks::Shutdown;
use journal::Ledger;
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::time::Instant;
use tracing::{Instrument, Span};
use vocab::Id;

use super::apply::Outcome;
use super::cursor::{self, Taken};
use super::order::in_order;
use super::reader::Reader;
use super::{Consumer, Delivery, Ended};
use crate::cause;
use crate::leader::{Lead, pause};

/// The first pause before something is tried again.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// The longest one.
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// After how long the broker is told that a message is still worked on.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// A consumer that leads.
pub(super) struct Reign<'a, L: Ledger> {
    consumer: &'a Consumer<L>,
    shutdown: &'a Shutdown,
    lead: Lead,
    taken: Taken,
    scan: PgPool,
    looked: Option<Instant>,
}

/// A message in hand.
struct InHand {
    message: Message,
    delivery: Delivery,
    attempt: u32,
    /// In the trace of its cause, if that one is kept and still grows.
    span: Span,
}

impl<'a, L: Ledger> Reign<'a, L>
where
    L::Command: Clone,
{
    pub async fn begin(
        consumer: &'a Consumer<L>,
        mut lead: Lead,
        shutdown: &'a Shutdown,
    ) -> Result<Self, Ended> {
        let (parts, name) = (&consumer.parts, consumer.listen.name());
        let connection = lead.connection();
        let taken = cursor::take(connection, name, &parts.instance, &parts.build).await?;
        let scan = PgPoolOptions::new().max_connections(1);
        let scan = scan.connect_lazy_with(parts.scan.clone());
        let reign = Self {
            consumer,
            shutdown,
            lead,
            taken,
            scan,
            looked: None,
        };
        reign.redrive_unknown().await?;
        Ok(reign)
    }

    /// Reads until the lead is lost or the process ends; a reader that breaks is opened again.
    pub async fn work(&mut self) -> Result<(), Ended> {
        let mut rest = PAUSE_MIN;
        while !self.shutdown.is_requested() {
            let broke = match self.read(&mut rest).await {
                Err(Ended::Reader(why)) => why,
                other => return other,
            };
            self.consumer.tally.reopen();
            let name = self.consumer.listen.name();
            tracing::warn!(consumer.name = name, why = broke, "reader is opened again");
            self.told("reconnecting", None).await?;
            pause(rest, self.shutdown).await;
            rest = PAUSE_MAX.min(rest * 2);
        }
        Ok(())
    }

    async fn read(&mut self, rest: &mut Duration) -> Result<(), Ended> {
        let consumer = self.consumer;
        let (name, source) = (consumer.listen.name(), consumer.listen.source());
        let jetstream = &consumer.parts.jetstream;
        let mut reader = Reader::open(jetstream, name, source, &consumer.settings).await?;
        self.look_for_holes(&reader).await?;
        while !self.shutdown.is_requested() {
            let chunk = reader.chunk(consumer.settings.look_every).await?;
            if !chunk.is_empty() {
                *rest = PAUSE_MIN;
                self.process(chunk).await?;
            }
            self.look(&mut reader).await?;
        }
        Ok(())
    }

    /// Applies a chunk, whatever it takes. Nothing is handed back to the broker.
    async fn process(&mut self, chunk: Vec<Message>) -> Result<(), Ended> {
        let mut waiting = self.in_hand(chunk).await;
        let whole = span_of(&waiting);
        let history = waiting.iter().map(|it| it.delivery.metadata.history).max();
        let (mut rest, mut told) = (PAUSE_MIN, Instant::now());
        while !waiting.is_empty() {
            if self.shutdown.is_requested() {
                return Err(Ended::Shutdown);
            }
            let before = waiting.len();
            waiting = self.try_all(waiting).instrument(whole.clone()).await;
            if waiting.is_empty() {
                break;
            }
            if waiting.len() == before {
                self.lead.holds().await?;
                pause(rest, self.shutdown).await;
                rest = PAUSE_MAX.min(rest * 2);
            }
            if told.elapsed() > PROGRESS_EVERY {
                told = Instant::now();
                for it in &waiting {
                    it.message.ack_with(AckKind::Progress).await.ok();
                }
            }
        }
        let who = (self.consumer.listen.name(), self.taken.epoch);
        cursor::applied(self.lead.connection(), who, history.unwrap_or(0)).await
    }

    /// Reads messages; one whose subject is not ours has no stream to stand still.
    async fn in_hand(&self, chunk: Vec<Message>) -> Vec<InHand> {
        let mut read = Vec::with_capacity(chunk.len());
        for message in chunk {
            match Delivery::of_message(&message) {
                Some(delivery) => read.push(InHand {
                    span: delivery.span(self.consumer.listen.name()),
                    message,
                    delivery,
                    attempt: 1,
                }),
                None => {
                    let subject = message.subject.as_str();
                    tracing::error!(subject, "a message of nobody was passed over");
                    message.ack().await.ok();
                }
            }
        }
        read
    }

    /// Tries everything once and returns what is left, in order.
    async fn try_all(&self, waiting: Vec<InHand>) -> Vec<InHand> {
        let consumer = self.consumer;
        let tries = waiting.iter().map(|it| {
            let apply = consumer.apply(&it.delivery, it.attempt);
            let apply = apply.instrument(it.span.clone());
            Box::pin(apply) as futures_util::future::BoxFuture<'_, Outcome>
        });
        let outcomes = in_order(tries.collect()).await;
        let mut left = Vec::new();
        let mut stopped = BTreeSet::new();
        for (mut it, outcome) in waiting.into_iter().zip(outcomes) {
            if matches!(outcome, Outcome::Done) {
                // A lost ack is delivered again, and known.
                it.message.ack().await.ok();
                consumer.tally.acknowledge();
                continue;
            }
            let stream = (it.delivery.tenant, it.delivery.stream.clone());
            let first = stopped.insert(stream);
            match outcome {
                Outcome::Gap if first => self.fill(&it).await,
                Outcome::Restored if first => {
                    let restored = consumer.restored(&it.delivery).await;
                    warn(&it, restored);
                }
                Outcome::Done | Outcome::Gap | Outcome::Restored => (),
                Outcome::Again(fault) => {
                    it.attempt += 1;
                    warn(&it, Err(fault));
                }
            }
            left.push(it);
        }
        left
    }

    /// A gap may fill by itself when messages of a lost leader come again. Then it is refetched.
    async fn fill(&self, it: &InHand) {
        pause(self.consumer.settings.gap_wait, self.shutdown).await;
        warn(it, self.consumer.fill(&it.delivery).await);
    }

    /// Looks for work and tells how it goes, now and then.
    async fn look(&mut self, reader: &mut Reader) -> Result<(), Ended> {
        let every = self.consumer.settings.look_every;
        if self.looked.is_some_and(|at| at.elapsed() < every) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        let info = reader.info().await?;
        self.told("live", Some(&info)).await?;
        for work in cursor::begun(&self.scan, self.consumer.listen.name()).await? {
            let done = if work.state == "resyncing" {
                let tenant = Id::from_uuid(work.tenant);
                self.consumer.settle(tenant, &work.stream).await.map(|_| ())
            } else {
                self.consumer.redrive(&work).await
            };
            if let Err(fault) = done {
                let stream = work.stream.as_str();
                tracing::warn!(stream, error = %fault, "dead letter is tried again later");
            }
        }
        Ok(())
    }

    async fn told(
        &mut self,
        state: &str,
        info: Option<&async_nats::jetstream::consumer::Info>,
    ) -> Result<(), Ended> {
        let who = (self.consumer.listen.name(), self.taken.epoch);
        let info = info.map(|it| (it, created_ns(it)));
        cursor::observe(self.lead.connection(), who, state, info).await
    }

    /// A durable that begins behind what was acknowledged here has not seen what lies between.
    async fn look_for_holes(&mut self, reader: &Reader) -> Result<(), Ended> {
        let info = reader.opened();
        let fresh = info.delivered.consumer_sequence == 0;
        let known = self.taken.stream_created_ns;
        let recreated = known.is_some_and(|it| it != created_ns(info));
        // A new durable begins before the first message that the stream still holds.
        let late = known.is_none() && info.delivered.stream_sequence > 0;
        if fresh && (recreated || late) {
            self.told("resyncing", Some(info)).await?;
            if let Err(fault) = self.consumer.listen.missed().await {
                return Err(Ended::Reader(fault.to_string()));
            }
        }
        self.taken.stream_created_ns = Some(created_ns(info));
        Ok(())
    }

    /// A newer build knows more kinds: it tries again what an older one did not know.
    async fn redrive_unknown(&self) -> Result<(), Ended> {
        let (name, build) = (self.consumer.listen.name(), &self.consumer.parts.build);
        for work in cursor::unknown_to_others(&self.scan, name, build).await? {
            if let Err(fault) = self.consumer.begin_redrive(&work).await {
                tracing::warn!(stream = work.stream, error = %fault, "not redriven");
            }
        }
        Ok(())
    }
}

fn warn(it: &InHand, done: Result<(), chassis::fault::Fault>) {
    if let Err(fault) = done {
        let (stream, attempt) = (it.delivery.stream.as_str(), it.attempt);
        tracing::warn!(stream, attempt, error = %fault, "delivery is tried again");
    }
}

/// When the durable was created: another time is another durable.
fn created_ns(info: &async_nats::jetstream::consumer::Info) -> i64 {
    i64::try_from(info.created.unix_timestamp_nanos()).unwrap_or(i64::MAX)
}

/// Where the work shows that is on no single delivery: in the span of the only one, or in a trace
/// of its own that is linked to the writes which the chunk tells of.
fn span_of(waiting: &[InHand]) -> Span {
    if let [only] = waiting
        && !only.span.is_none()
    {
        return only.span.clone();
    }
    let count = waiting.len();
    let span = tracing::info_span!(parent: None, "consume events", event.count = count);
    cause::link(&span, waiting.iter().map(|it| it.delivery.cause()));
    span
}

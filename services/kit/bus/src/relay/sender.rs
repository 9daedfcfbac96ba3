//! Brings messages into the stream whatever happens on the way: sends, looks, goes on behind what
//! is stored.

use std::time::Duration;

use chassis::tasks::Shutdown;
use journal::Recorded;
use sqlx::PgConnection;
use tokio::time::Instant;

use super::chain::Chain;
use super::cursor::{Cursor, Mark};
use super::house::note;
use super::rewind::{Cause, went_back};
use super::stream::{Seen, Unseen, look};
use super::{Ended, Relay};
use crate::leader::pause;
use crate::provision::stream_of;
use crate::publish::{Outgoing, outgoing};

/// The first pause between two looks at a broker that does not answer.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest one.
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How long a broker is waited for within a pass.
const AWAY_AFTER: Duration = Duration::from_secs(30);

/// What a leading relay sends with.
pub(super) struct Sender<'a> {
    pub relay: &'a Relay,
    pub shutdown: &'a Shutdown,
    pub cursor: Cursor,
    pub chain: Chain<'a>,
    pub stream: String,
}

/// Why sending stopped before everything was stored.
pub(super) enum Stopped {
    /// The lead is over.
    Ended(Ended),
    /// The stream went back; the pass is given up and begun again from further back.
    WentBack(Cause, Mark),
    /// The broker is away for long; the pass is given up, so that it keeps no transaction open.
    Away,
}

impl From<Ended> for Stopped {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl<'a> Sender<'a> {
    pub fn new(relay: &'a Relay, cursor: Cursor, shutdown: &'a Shutdown) -> Self {
        let context = relay.publish.context();
        Self {
            relay,
            shutdown,
            cursor,
            chain: Chain {
                jetstream: &relay.jetstream,
                context,
                settings: &relay.settings,
                last: 0,
            },
            stream: stream_of(context),
        }
    }

    /// Brings a chunk into the stream, completely and in order.
    pub async fn deliver(
        &mut self,
        connection: &mut PgConnection,
        chunk: &[Recorded],
    ) -> Result<(), Stopped> {
        let messages = self.mapped(chunk);
        let mut rest = messages.as_slice();
        self.relay.gauges.lag_is(rest.len());
        while !rest.is_empty() {
            let run = self.chain.run(rest).await;
            self.remember_stored();
            rest = self.advance(rest, run.stored);
            if run.used_before {
                let mark = self.seen(connection, true).await?.mark();
                return Err(Stopped::WentBack(Cause::AcknowledgedTwice, mark));
            }
            if run.broken && !rest.is_empty() {
                self.relay.gauges.add_break();
                let stored = self.take_up(connection, rest).await?;
                rest = self.advance(rest, stored);
            } else if run.broken {
                // Only duplicates at the very end: the next run has to know the end again.
                self.take_up(connection, &[]).await?;
            }
        }
        let highest = chunk.iter().map(|it| it.position).max();
        self.cursor.position = self.cursor.position.max(highest.unwrap_or(0));
        Ok(())
    }

    /// Looks where the stream stands, and returns how many of the messages it holds already: those
    /// up to the one that it ends with, because the chain kept them in order.
    pub async fn take_up(
        &mut self,
        connection: &mut PgConnection,
        rest: &[Outgoing],
    ) -> Result<usize, Stopped> {
        let seen = self.seen(connection, !rest.is_empty()).await?;
        let mark = seen.mark();
        if let Some(cause) = went_back(&self.cursor, mark) {
            return Err(Stopped::WentBack(cause, mark));
        }
        self.cursor.mark = Some(mark);
        self.chain.last = seen.info.state.last_sequence;
        let Some(last) = &seen.last_message else {
            return Ok(0);
        };
        let found = rest.iter().position(|it| it.message_id == *last);
        Ok(found.map_or(0, |at| at + 1))
    }

    /// Sees the stream, and waits for it as long as the lead lasts; within a pass not for ever.
    async fn seen(&self, connection: &mut PgConnection, in_pass: bool) -> Result<Seen, Stopped> {
        let mut rest = PAUSE_MIN;
        let began = Instant::now();
        loop {
            self.cursor.is_mine(connection).await?;
            if in_pass && began.elapsed() > AWAY_AFTER {
                return Err(Stopped::Away);
            }
            if self.shutdown.is_requested() {
                return Err(Ended::Shutdown.into());
            }
            match look(&self.relay.jetstream, &self.stream).await {
                Ok(seen) => return Ok(seen),
                Err(Unseen::Missing) => {
                    tracing::warn!(stream.name = self.stream, "relay waits for its stream");
                    note(connection, "missing").await?;
                }
                Err(Unseen::Unreachable(why)) => {
                    tracing::warn!(stream.name = self.stream, why, "relay waits for the broker");
                    note(connection, "unreachable").await?;
                }
            }
            pause(rest, self.shutdown).await;
            rest = PAUSE_MAX.min(rest * 2);
        }
    }

    /// What facts are published as. One that cannot be mapped is a defect of this build: it is
    /// reported and left out, and its consumers, who miss its version, park that one stream.
    fn mapped(&self, chunk: &[Recorded]) -> Vec<Outgoing> {
        let mut messages = Vec::with_capacity(chunk.len());
        let history = self.cursor.place.history;
        for recorded in chunk {
            match outgoing(self.relay.publish.as_ref(), recorded, history) {
                Ok(mapped) => messages.extend(mapped),
                Err(error) => {
                    self.relay.gauges.add_unpublishable();
                    tracing::error!(
                        event.id = %recorded.event_id,
                        error = %error,
                        "fact cannot be published"
                    );
                }
            }
        }
        messages
    }

    fn advance<'m>(&self, rest: &'m [Outgoing], stored: usize) -> &'m [Outgoing] {
        self.relay.gauges.add_published(stored);
        let rest = rest.get(stored..).unwrap_or_default();
        self.relay.gauges.lag_is(rest.len());
        rest
    }

    /// What was acknowledged must still be there whenever the stream is looked at.
    fn remember_stored(&mut self) {
        let stored = i64::try_from(self.chain.last).unwrap_or(i64::MAX);
        if let Some(mark) = &mut self.cursor.mark {
            mark.sequence = mark.sequence.max(stored);
        }
    }
}

//! One lead of a relay, from the lock to its loss: pass after pass over the log.

use chassis::tasks::Shutdown;
use tracing::Instrument;

use super::cursor::{Cursor, Mark};
use super::house::House;
use super::rewind::{Cause, rewind};
use super::sender::{Sender, Stopped};
use super::spans::Spans;
use super::{Ended, Relay};
use crate::leader::Lead;
use crate::log::{Log, Pass, Snapshot};

/// A relay that leads.
pub(super) struct Reign<'a> {
    log: Log,
    sender: Sender<'a>,
    house: House,
    /// Whether what is sent next was sent before.
    rewinding: bool,
}

impl<'a> Reign<'a> {
    pub async fn begin(
        relay: &'a Relay,
        lead: Lead,
        shutdown: &'a Shutdown,
    ) -> Result<Self, Ended> {
        let log = Log::on(lead.into_connection()).await?;
        let mut log = log.reading(relay.settings.reading);
        let place = log.place().clone();
        let cursor = Cursor::take(log.connection(), &relay.instance, &place).await?;
        tracing::info!(relay.epoch = cursor.epoch, "relay leads");
        Ok(Self {
            log,
            sender: Sender::new(relay, cursor, shutdown),
            house: House::default(),
            rewinding: false,
        })
    }

    /// Publishes until the lead is lost or the process ends.
    pub async fn work(&mut self) -> Result<(), Ended> {
        let mut nudged = self.sender.relay.nudged.clone();
        self.attach().await?;
        while !self.sender.shutdown.is_requested() {
            let published = match self.pass().await {
                Ok(published) => published,
                Err(stopped) => {
                    self.recover(stopped).await?;
                    continue;
                }
            };
            self.keep_house().await?;
            if published == 0 {
                tokio::select! {
                    () = nudged.within(self.sender.relay.settings.poll) => (),
                    () = self.sender.shutdown.requested() => (),
                }
            }
        }
        Ok(())
    }

    /// Sees where the stream stands, and whether this is the database that the cursor knew.
    async fn attach(&mut self) -> Result<(), Ended> {
        self.recover(Stopped::Away).await?;
        let place = self.log.place().clone();
        let known = std::mem::replace(&mut self.sender.cursor.place, place);
        let raised = known.history != 0 && known.history != self.log.place().history;
        match self.sender.cursor.mark {
            Some(mark) if raised => self.go_back(Cause::HistoryRaised, mark).await,
            _ => Ok(()),
        }
    }

    /// Goes on after a stop: from further back, or when the broker is there again.
    async fn recover(&mut self, stopped: Stopped) -> Result<(), Ended> {
        let stopped = match stopped {
            Stopped::Away => match self.sender.take_up(self.log.connection(), &[]).await {
                Ok(_) => return Ok(()),
                Err(stopped) => stopped,
            },
            other => other,
        };
        match stopped {
            Stopped::Ended(ended) => Err(ended),
            Stopped::WentBack(cause, seen) => self.go_back(cause, seen).await,
            // Outside of a pass the broker is waited for without an end.
            Stopped::Away => Ok(()),
        }
    }

    async fn go_back(&mut self, cause: Cause, seen: Mark) -> Result<(), Ended> {
        let sender = &mut self.sender;
        sender.relay.gauges.add_rewind();
        sender.chain.last = u64::try_from(seen.sequence).unwrap_or(0);
        if !sender.relay.settings.rewind {
            sender.cursor.mark = Some(seen);
            return Ok(());
        }
        self.rewinding = true;
        tracing::warn!(rewind.cause = cause.name(), "the stream went back");
        rewind(&mut sender.cursor, self.log.connection(), cause, seen).await
    }

    /// Reads and sends once; the cursor moves when everything is acknowledged. Returns how many
    /// events it was.
    async fn pass(&mut self) -> Result<u64, Stopped> {
        let old = self.sender.cursor.snapshot.clone();
        let replaying = self.sender.cursor.replaying;
        let pass = if replaying {
            let window = self.sender.relay.settings.replay_window.as_secs();
            let seconds = i64::try_from(window).unwrap_or(i64::MAX);
            self.log.prefix(&old, seconds).await
        } else {
            self.log.since(&old).await
        };
        let mut pass = pass.map_err(Ended::from)?;
        let sent = send_all(&mut pass, &mut self.sender).await;
        let read = pass.read();
        if let Err(stopped) = sent {
            pass.give_up().await.map_err(Ended::from)?;
            return Err(stopped);
        }
        let new = pass.end().await.map_err(Ended::from)?;
        self.move_cursor(new, replaying, read).await?;
        Ok(read)
    }

    async fn move_cursor(
        &mut self,
        new: Snapshot,
        replaying: bool,
        read: u64,
    ) -> Result<(), Stopped> {
        let cursor = &mut self.sender.cursor;
        if !replaying {
            cursor.snapshot = new;
        }
        cursor.replaying = false;
        if read > 0 || replaying {
            cursor.save(self.log.connection()).await?;
        }
        if std::mem::take(&mut self.rewinding) || replaying {
            let cursor = &self.sender.cursor;
            cursor.end_rewind(self.log.connection(), read).await?;
        }
        self.sender.relay.gauges.lag_is(0);
        Ok(())
    }

    async fn keep_house(&mut self) -> Result<(), Ended> {
        let connection = self.log.connection();
        match self.house.keep(&mut self.sender, connection).await {
            Ok(()) => Ok(()),
            Err(stopped) => self.recover(stopped).await,
        }
    }
}

/// Sends what a pass reads, chunk by chunk.
async fn send_all(pass: &mut Pass<'_>, sender: &mut Sender<'_>) -> Result<(), Stopped> {
    while let Some(chunk) = pass.next().await.map_err(Ended::from)? {
        let spans = Spans::of(&chunk);
        let delivered = sender.deliver(pass.connection(), &chunk);
        delivered.instrument(spans.whole.clone()).await?;
    }
    Ok(())
}

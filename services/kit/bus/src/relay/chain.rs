//! Sends messages in a chain: each names the sequence before it, so the broker takes them in this
//! order or not at all, whoever else sends and whatever is sent twice.

use std::collections::VecDeque;
use std::future::IntoFuture;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishError};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use tokio::time::Instant;

use super::RelaySettings;
use crate::publish::{Outgoing, headers};

/// How a run of sending ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// How many messages from the first on are known to be stored.
    pub stored: usize,
    /// Whether the chain broke: nobody knows what became of the rest.
    pub broken: bool,
    /// Whether a message is missing, so that nothing behind it counts.
    hole: bool,
    /// Whether an acknowledgement carried a sequence that was used before.
    pub used_before: bool,
}

/// The end of the stream as the relay knows it.
pub(super) struct Chain<'a> {
    pub jetstream: &'a Context,
    pub context: &'static str,
    pub settings: &'a RelaySettings,
    /// The stream's last sequence.
    pub last: u64,
}

/// A message on its way.
struct Flying {
    ack: PublishAckFuture,
    until: Instant,
}

impl Chain<'_> {
    /// Sends until everything is acknowledged or the chain breaks. When it breaks, nothing more is
    /// sent, and whatever is on its way is let to its end.
    pub async fn run(&mut self, messages: &[Outgoing]) -> Run {
        let base = self.last;
        let mut run = Run::default();
        let mut flying = VecDeque::new();
        let mut waiting = messages.iter().zip(base..);
        loop {
            while !run.broken && flying.len() < self.settings.window {
                let Some((message, behind)) = waiting.next() else {
                    break;
                };
                match self.send(message, behind).await {
                    Ok(sent) => flying.push_back(sent),
                    Err(_) => run.broken = true,
                }
            }
            let Some(sent) = flying.pop_front() else {
                return run;
            };
            let expected = match self.settings.chained {
                true => Some(base + run.stored as u64 + 1),
                false => None,
            };
            self.judge(&mut run, acknowledged(sent).await, expected);
        }
    }

    async fn send(&self, message: &Outgoing, behind: u64) -> Result<Flying, PublishError> {
        let until = Instant::now() + self.settings.ack_within;
        let outbound = PublishMessage::build()
            .payload(message.payload.clone())
            .headers(headers(
                message,
                self.context,
                Some(behind).filter(|_| self.settings.chained),
            ));
        let ack = self
            .jetstream
            .send_publish(message.subject.clone(), outbound)
            .await?;
        Ok(Flying { ack, until })
    }

    /// A duplicate is stored already, so it counts; but the numbers behind it are off by one, so
    /// the chain is broken. Once something is missing, nothing behind it counts.
    fn judge(&mut self, run: &mut Run, ack: Option<PublishAck>, expected: Option<u64>) {
        match ack {
            Some(ack)
                if !run.hole && !ack.duplicate && expected.is_none_or(|it| it == ack.sequence) =>
            {
                run.stored += 1;
                self.last = ack.sequence;
            }
            Some(ack) if !run.hole && ack.duplicate => {
                run.stored += 1;
                run.broken = true;
            }
            Some(ack) => {
                run.used_before |= !ack.duplicate && ack.sequence <= self.last;
                run.hole = true;
                run.broken = true;
            }
            None => {
                run.hole = true;
                run.broken = true;
            }
        }
    }
}

/// Waits for an acknowledgement until its time is up, counted from the send.
async fn acknowledged(sent: Flying) -> Option<PublishAck> {
    let ack = tokio::time::timeout_at(sent.until, sent.ack.into_future()).await;
    ack.ok()?.ok()
}

//! What a leading relay does beside publishing: checkpoints, a look at the stream, cleaning up.

use std::collections::VecDeque;

use async_nats::jetstream::stream::Stream;
use futures_util::TryStreamExt;
use sqlx::PgConnection;
use tokio::time::Instant;

use super::sender::{Sender, Stopped};
use super::stream::{Unseen, find, within};
use super::{Ended, rewind::went_back};
use crate::log::Bounded;

/// The share of its space from which a stream is alarming.
const FILLING_PERCENT: u64 = 70;
/// The most durables that a stream may have; more of them and nothing is purged.
const DURABLES_MAX: usize = 256;
/// The most floors that are remembered: an hour of looks, four a minute.
const FLOORS_MAX: usize = 1_024;

/// What was done when, and what every durable had acknowledged at some times.
#[derive(Default)]
pub(super) struct House {
    looked: Option<Instant>,
    checked: Option<Instant>,
    checkpoint: i64,
    floors: VecDeque<(Instant, u64)>,
}

impl House {
    /// Does what is due. It is called between two passes, when everything read is acknowledged.
    pub async fn keep(
        &mut self,
        sender: &mut Sender<'_>,
        connection: &mut PgConnection,
    ) -> Result<(), Stopped> {
        let settings = &sender.relay.settings;
        if is_due(&mut self.checked, settings.checkpoint_every) {
            self.take_checkpoint(sender, connection).await?;
        }
        if is_due(&mut self.looked, settings.keep_house_every) {
            self.look(sender, connection).await?;
        }
        Ok(())
    }

    async fn take_checkpoint(
        &mut self,
        sender: &Sender<'_>,
        connection: &mut PgConnection,
    ) -> Result<(), Ended> {
        let Some(mark) = sender.cursor.mark else {
            return Ok(());
        };
        if mark.sequence == self.checkpoint || sender.cursor.replaying {
            return Ok(());
        }
        let sql = "INSERT INTO relay_checkpoints (stream_created_ns, sequence, snapshot, position)
            SELECT $1, $2, $3::text::pg_snapshot, $4
            FROM relay_cursor WHERE epoch = $5";
        sqlx::query(sql)
            .bind(mark.created_ns)
            .bind(mark.sequence)
            .bind(sender.cursor.snapshot.to_string())
            .bind(sender.cursor.position)
            .bind(sender.cursor.epoch)
            .execute(&mut *connection)
            .bounded()
            .await?;
        self.checkpoint = mark.sequence;
        let sql = "DELETE FROM relay_checkpoints
            WHERE taken_at < clock_timestamp() - make_interval(secs => $1)";
        sqlx::query(sql)
            .bind(sender.relay.settings.replay_window.as_secs_f64())
            .execute(connection)
            .bounded()
            .await?;
        Ok(())
    }

    /// Looks at the stream although nothing is to be sent: it may have gone back meanwhile.
    async fn look(
        &mut self,
        sender: &mut Sender<'_>,
        connection: &mut PgConnection,
    ) -> Result<(), Stopped> {
        let stream = match find(&sender.relay.jetstream, &sender.stream).await {
            Ok(stream) => stream,
            Err(Unseen::Missing) => return Ok(note(connection, "missing").await?),
            Err(Unseen::Unreachable(_)) => return Ok(note(connection, "unreachable").await?),
        };
        let info = stream.cached_info();
        let mark = super::stream::mark_of(info);
        if let Some(cause) = went_back(&sender.cursor, mark) {
            return Err(Stopped::WentBack(cause, mark));
        }
        sender.chain.last = info.state.last_sequence;
        sender.cursor.mark = Some(mark);
        observe(sender, &stream, connection).await?;
        if let Ok(Some(floor)) = within(floor(&stream)).await {
            self.purge(sender, &stream, floor).await;
        }
        Ok(())
    }

    /// Removes what every durable had acknowledged an hour ago. Readers pass over what is gone.
    async fn purge(&mut self, sender: &Sender<'_>, stream: &Stream, floor: u64) {
        self.floors.push_back((Instant::now(), floor));
        while self.floors.len() > FLOORS_MAX {
            self.floors.pop_front();
        }
        let mut old = None;
        while let Some((at, floor)) = self.floors.front() {
            if at.elapsed() < sender.relay.settings.purge_after {
                break;
            }
            old = Some(*floor);
            self.floors.pop_front();
        }
        let first = stream.cached_info().state.first_sequence;
        let Some(floor) = old.filter(|floor| *floor >= first && *floor > 0) else {
            return;
        };
        if let Err(error) = within(stream.purge().sequence(floor + 1)).await {
            tracing::warn!(error = %error, "stream was not cleaned up");
        }
    }
}

fn is_due(last: &mut Option<Instant>, every: std::time::Duration) -> bool {
    let due = last.is_none_or(|at| at.elapsed() >= every);
    if due {
        *last = Some(Instant::now());
    }
    due
}

/// The sequence up to which every durable has acknowledged; nothing where there is no durable.
async fn floor(stream: &Stream) -> Option<u64> {
    let names: Vec<String> = stream.consumer_names().try_collect().await.ok()?;
    if names.is_empty() || names.len() > DURABLES_MAX {
        return None;
    }
    let mut lowest = u64::MAX;
    for name in names {
        let info = stream.consumer_info(&name).await.ok()?;
        lowest = lowest.min(info.ack_floor.stream_sequence);
    }
    Some(lowest)
}

/// Tells operators that the stream cannot be filled now.
pub(super) async fn note(connection: &mut PgConnection, state: &str) -> Result<(), Ended> {
    let sql = "UPDATE relay_cursor
        SET stream_state = $1, state = 'waiting', observed_at = clock_timestamp()";
    sqlx::query(sql)
        .bind(state)
        .execute(connection)
        .bounded()
        .await?;
    Ok(())
}

async fn observe(
    sender: &Sender<'_>,
    stream: &Stream,
    connection: &mut PgConnection,
) -> Result<(), Ended> {
    let info = stream.cached_info();
    let most = u64::try_from(info.config.max_bytes)
        .unwrap_or(u64::MAX)
        .max(1);
    let percent = info.state.bytes.saturating_mul(100) / most;
    sender.relay.gauges.usage_is(percent);
    let filling = percent >= FILLING_PERCENT;
    if filling {
        tracing::error!(
            stream.name = sender.stream,
            percent,
            "the stream is filling up"
        );
    }
    let sql = "UPDATE relay_cursor
        SET stream_state = $2, stream_first_sequence = $3, stream_last_sequence = $4,
          stream_bytes = $5, stream_bytes_max = $6, observed_at = clock_timestamp(),
          state = 'publishing', stream_created_ns = $7,
          acknowledged_sequence = $4
        WHERE epoch = $1";
    let signed = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
    sqlx::query(sql)
        .bind(sender.cursor.epoch)
        .bind(if filling { "filling" } else { "healthy" })
        .bind(signed(info.state.first_sequence))
        .bind(signed(info.state.last_sequence))
        .bind(signed(info.state.bytes))
        .bind(info.config.max_bytes)
        .bind(sender.cursor.mark.map(|it| it.created_ns))
        .execute(connection)
        .bounded()
        .await?;
    Ok(())
}

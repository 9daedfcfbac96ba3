//! The stream went back: how that is noticed, and from where it is filled again.

use sqlx::PgConnection;

use super::Ended;
use super::cursor::{Cursor, Mark};
use crate::log::{Bounded, Snapshot};

/// How a relay noticed that its stream went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The stream was gone and was created again.
    StreamRecreated,
    /// The stream's last sequence lies below the last acknowledged one.
    SequenceWentBack,
    /// An acknowledgement carried a sequence that was used before.
    AcknowledgedTwice,
    /// The service was restored to an earlier point.
    HistoryRaised,
}

impl Cause {
    /// As it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StreamRecreated => "stream_recreated",
            Self::SequenceWentBack => "sequence_went_back",
            Self::AcknowledgedTwice => "acknowledged_twice",
            Self::HistoryRaised => "history_raised",
        }
    }

    /// Reads what is stored.
    pub fn of_name(name: &str) -> Option<Self> {
        let all = [
            Self::StreamRecreated,
            Self::SequenceWentBack,
            Self::AcknowledgedTwice,
            Self::HistoryRaised,
        ];
        all.into_iter().find(|it| it.name() == name)
    }
}

/// Compares what is seen with what was acknowledged. That a broker answers nothing, or that a
/// stream has no leader, is no sign of loss.
pub(super) fn went_back(cursor: &Cursor, seen: Mark) -> Option<Cause> {
    let known = cursor.mark?;
    if known.created_ns != seen.created_ns {
        return Some(Cause::StreamRecreated);
    }
    (seen.sequence < known.sequence).then_some(Cause::SequenceWentBack)
}

/// Moves the cursor back: to the newest checkpoint that the stream still holds, or else to a replay
/// of the whole window.
pub(super) async fn rewind(
    cursor: &mut Cursor,
    connection: &mut PgConnection,
    cause: Cause,
    seen: Mark,
) -> Result<(), Ended> {
    let before = cursor.mark.map_or(0, |it| it.sequence);
    let found = checkpoint(connection, seen).await?;
    let usable = cause != Cause::HistoryRaised && !cursor.replaying;
    match found.filter(|_| usable) {
        Some((snapshot, position)) => {
            cursor.snapshot = snapshot;
            cursor.position = position;
        }
        None => cursor.replaying = true,
    }
    cursor.mark = Some(seen);
    cursor.save_rewind(connection, cause.name(), before).await?;
    forget(connection, seen).await
}

async fn checkpoint(
    connection: &mut PgConnection,
    seen: Mark,
) -> Result<Option<(Snapshot, i64)>, Ended> {
    let sql = "SELECT snapshot::text, position FROM relay_checkpoints
        WHERE stream_created_ns = $1 AND sequence <= $2
        ORDER BY sequence DESC, id DESC LIMIT 1";
    let found: Option<(String, i64)> = sqlx::query_as(sql)
        .bind(seen.created_ns)
        .bind(seen.sequence)
        .fetch_optional(connection)
        .bounded()
        .await?;
    let Some((text, position)) = found else {
        return Ok(None);
    };
    let snapshot = text.parse().map_err(crate::log::LogError::from)?;
    Ok(Some((snapshot, position)))
}

/// Checkpoints that promise more than the stream holds are worth nothing.
async fn forget(connection: &mut PgConnection, seen: Mark) -> Result<(), Ended> {
    let sql = "DELETE FROM relay_checkpoints WHERE stream_created_ns <> $1 OR sequence > $2";
    sqlx::query(sql)
        .bind(seen.created_ns)
        .bind(seen.sequence)
        .execute(connection)
        .bounded()
        .await?;
    Ok(())
}

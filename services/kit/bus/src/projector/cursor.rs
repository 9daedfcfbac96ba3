//! A projection's row: which copy is served, and how far each copy is applied.

use sqlx::{PgConnection, Row};

use super::{Copy, Ended};
use crate::log::{Bounded, LogError, Snapshot};

/// How far one copy is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Everything that this shows is applied.
    pub snapshot: Snapshot,
    /// In the midst of a pass: where it leads to.
    pub target: Option<Snapshot>,
    /// In the midst of a pass: up to where it came. Else the highest position applied.
    pub position: i64,
}

/// The row of a projection.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    pub epoch: i64,
    pub failed: bool,
    pub version: i32,
    pub served: Copy,
    pub progress: Progress,
    /// The version of the build that fills a second copy, and how far that is. Without progress it
    /// was asked for and not begun.
    pub rebuild: Option<(i32, Option<Progress>)>,
}

const COLUMNS: &str = "epoch, state, projector_version, served_copy, snapshot::text AS snapshot,
    target::text AS target, position, rebuild_version,
    rebuild_snapshot::text AS rebuild_snapshot, rebuild_target::text AS rebuild_target,
    rebuild_position";

impl Cursor {
    /// Begins a lead. A projection that nobody knows yet begins with what this build makes of it.
    pub async fn take(
        connection: &mut PgConnection,
        name: &str,
        version: i32,
        leader: &str,
    ) -> Result<Self, LogError> {
        let sql = format!(
            "INSERT INTO projection_cursors AS p (name, projector_version, leader, epoch, built_at)
            VALUES ($1, $2, $3, 1, clock_timestamp())
            ON CONFLICT (name) DO UPDATE SET epoch = p.epoch + 1, leader = $3
            RETURNING {COLUMNS}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(name)
            .bind(version)
            .bind(leader)
            .fetch_one(connection)
            .bounded()
            .await?;
        read(&row)
    }

    /// Reads the row again: an operator may have asked for a rebuild.
    pub async fn again(&mut self, connection: &mut PgConnection, name: &str) -> Result<(), Ended> {
        let sql = format!("SELECT {COLUMNS} FROM projection_cursors WHERE name = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(name)
            .fetch_one(connection)
            .bounded()
            .await?;
        let read = read(&row)?;
        if read.epoch != self.epoch {
            return Err(Ended::Deposed);
        }
        *self = read;
        Ok(())
    }
}

fn read(row: &sqlx::postgres::PgRow) -> Result<Cursor, LogError> {
    let state: &str = row.try_get("state")?;
    let rebuild: Option<i32> = row.try_get("rebuild_version")?;
    let begun = progress(
        row,
        "rebuild_snapshot",
        "rebuild_target",
        "rebuild_position",
    )?;
    let progress = progress(row, "snapshot", "target", "position")?;
    Ok(Cursor {
        epoch: row.try_get("epoch")?,
        failed: state == "failed",
        version: row.try_get("projector_version")?,
        served: Copy::of_number(row.try_get("served_copy")?),
        progress: progress.ok_or_else(|| LogError::Damaged("a cursor".to_owned()))?,
        rebuild: rebuild.map(|version| (version, begun)),
    })
}

fn progress(
    row: &sqlx::postgres::PgRow,
    snapshot: &str,
    target: &str,
    position: &str,
) -> Result<Option<Progress>, LogError> {
    let Some(snapshot) = row.try_get::<Option<&str>, _>(snapshot)? else {
        return Ok(None);
    };
    let target: Option<&str> = row.try_get(target)?;
    Ok(Some(Progress {
        snapshot: snapshot.parse()?,
        target: target.map(str::parse).transpose()?,
        position: row.try_get(position)?,
    }))
}

/// Saves how far a copy is applied, in the transaction of its effect.
pub(super) async fn save(
    connection: &mut PgConnection,
    name: &str,
    epoch: i64,
    rebuilding: bool,
    progress: &Progress,
) -> Result<(), Ended> {
    let served = "UPDATE projection_cursors
        SET snapshot = $3::text::pg_snapshot, target = $4::text::pg_snapshot, position = $5,
          applied_at = clock_timestamp(), state = 'live', failed_event = NULL, failure = ''
        WHERE name = $1 AND epoch = $2";
    let second = "UPDATE projection_cursors
        SET rebuild_snapshot = $3::text::pg_snapshot, rebuild_target = $4::text::pg_snapshot,
          rebuild_position = $5
        WHERE name = $1 AND epoch = $2";
    let done = sqlx::query(if rebuilding { second } else { served })
        .bind(name)
        .bind(epoch)
        .bind(progress.snapshot.to_string())
        .bind(progress.target.as_ref().map(Snapshot::to_string))
        .bind(progress.position)
        .execute(connection)
        .bounded()
        .await?;
    unless_deposed(done.rows_affected())
}

/// Remembers the event at which the projection stands still.
pub(super) async fn fail(
    connection: &mut PgConnection,
    name: &str,
    epoch: i64,
    (event, why): (uuid::Uuid, &str),
) -> Result<(), Ended> {
    let sql = "UPDATE projection_cursors
        SET state = 'failed', failed_event = $3, failure = $4
        WHERE name = $1 AND epoch = $2";
    let done = sqlx::query(sql)
        .bind(name)
        .bind(epoch)
        .bind(event)
        .bind(why)
        .execute(connection)
        .bounded()
        .await?;
    unless_deposed(done.rows_affected())
}

/// Begins a rebuild whose copy is empty.
pub(super) async fn begin_rebuild(
    connection: &mut PgConnection,
    name: &str,
    epoch: i64,
    version: i32,
) -> Result<(), Ended> {
    let sql = "UPDATE projection_cursors
        SET rebuild_version = $3, rebuild_snapshot = '1:1:', rebuild_target = NULL,
          rebuild_position = 0,
          rebuild_end_position = coalesce((SELECT max(position) FROM events), 0),
          rebuild_began_at = coalesce(rebuild_began_at, clock_timestamp())
        WHERE name = $1 AND epoch = $2";
    let done = sqlx::query(sql)
        .bind(name)
        .bind(epoch)
        .bind(version)
        .execute(connection)
        .bounded()
        .await?;
    unless_deposed(done.rows_affected())
}

/// Exchanges the copies.
pub(super) async fn exchange(
    connection: &mut PgConnection,
    name: &str,
    epoch: i64,
) -> Result<(), Ended> {
    let sql = "UPDATE projection_cursors
        SET served_copy = 1 - served_copy, projector_version = rebuild_version,
          snapshot = rebuild_snapshot, target = rebuild_target, position = rebuild_position,
          applied_at = clock_timestamp(), built_at = clock_timestamp(),
          state = 'live', failed_event = NULL, failure = '',
          rebuild_version = NULL, rebuild_snapshot = NULL, rebuild_target = NULL,
          rebuild_position = 0, rebuild_end_position = 0, rebuild_began_at = NULL,
          rebuild_actor_type = 0, rebuild_actor_id = ''
        WHERE name = $1 AND epoch = $2";
    let done = sqlx::query(sql)
        .bind(name)
        .bind(epoch)
        .execute(connection)
        .bounded()
        .await?;
    unless_deposed(done.rows_affected())
}

fn unless_deposed(rows: u64) -> Result<(), Ended> {
    if rows == 1 {
        return Ok(());
    }
    Err(Ended::Deposed)
}

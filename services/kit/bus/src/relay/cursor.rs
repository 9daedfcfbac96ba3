//! The relay's row: how far it has published, and in whose reign.

use sqlx::{PgConnection, Row};

use super::Ended;
use crate::log::{Bounded, LogError, Place, Snapshot};

/// The broker's stream at one moment, as far as the cursor depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// When the stream was created, in nanoseconds: another time is another stream.
    pub created_ns: i64,
    /// The last sequence that the relay knows to be stored.
    pub sequence: i64,
}

/// How far the relay has come.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    pub epoch: i64,
    pub snapshot: Snapshot,
    pub position: i64,
    pub place: Place,
    /// Nothing before the stream was first seen.
    pub mark: Option<Mark>,
    /// Whether a replay of the window was begun and not ended.
    pub replaying: bool,
}

impl Cursor {
    /// Begins a reign: raises the epoch and reads the row. What another cluster's snapshot says
    /// means nothing here, so it is replaced by one that shows nothing.
    pub async fn take(
        connection: &mut PgConnection,
        leader: &str,
        place: &Place,
    ) -> Result<Self, LogError> {
        let sql = "UPDATE relay_cursor
            SET epoch = epoch + 1, leader = $1, led_at = clock_timestamp(), state = 'waiting'
            RETURNING epoch, snapshot::text AS snapshot, position, cluster, history,
              stream_created_ns, acknowledged_sequence, replaying";
        let row = sqlx::query(sql)
            .bind(leader)
            .fetch_one(connection)
            .bounded()
            .await?;
        let cluster: String = row.try_get("cluster")?;
        let text: String = row.try_get("snapshot")?;
        let snapshot: Snapshot = text.parse()?;
        let foreign = !cluster.is_empty() && cluster != place.cluster;
        let created_ns: Option<i64> = row.try_get("stream_created_ns")?;
        let sequence = row.try_get("acknowledged_sequence")?;
        Ok(Self {
            epoch: row.try_get("epoch")?,
            snapshot: if foreign {
                Snapshot::of_nothing()
            } else {
                snapshot
            },
            position: row.try_get("position")?,
            place: Place {
                cluster,
                timeline: place.timeline,
                history: row.try_get("history")?,
            },
            mark: created_ns.map(|created_ns| Mark {
                created_ns,
                sequence,
            }),
            replaying: row.try_get("replaying")?,
        })
    }

    /// Saves what was acknowledged. An old cursor only repeats, so nobody waits for the disk.
    pub async fn save(&self, connection: &mut PgConnection) -> Result<(), Ended> {
        let sql = "WITH lazily AS (SELECT set_config('synchronous_commit', 'off', true))
            UPDATE relay_cursor
            SET snapshot = $2::text::pg_snapshot, position = $3, cluster = $4, history = $5,
              stream_created_ns = $6, acknowledged_sequence = $7, replaying = $8,
              acknowledged_at = clock_timestamp(), state = 'publishing'
            FROM lazily WHERE epoch = $1";
        let done = self.bound(sql).execute(&mut *connection).bounded().await?;
        self.unless_deposed(connection, done.rows_affected()).await
    }

    /// Saves where a rewind goes on from, and waits for the disk.
    pub async fn save_rewind(
        &self,
        connection: &mut PgConnection,
        cause: &'static str,
        before: i64,
    ) -> Result<(), Ended> {
        let sql = "UPDATE relay_cursor
            SET snapshot = $2::text::pg_snapshot, position = $3, cluster = $4, history = $5,
              stream_created_ns = $6, acknowledged_sequence = $7, replaying = $8,
              state = 'rewinding', stream_state = 'went_back',
              rewind_count = rewind_count + 1, rewind_cause = $9,
              rewind_began_at = clock_timestamp(), rewind_ended_at = NULL,
              rewind_found_sequence = $7, rewind_acknowledged_sequence = $10,
              rewind_event_count = 0
            WHERE epoch = $1";
        let query = self.bound(sql).bind(cause).bind(before);
        let done = query.execute(&mut *connection).bounded().await?;
        self.unless_deposed(connection, done.rows_affected()).await
    }

    /// Notes that everything was published again.
    pub async fn end_rewind(
        &self,
        connection: &mut PgConnection,
        events: u64,
    ) -> Result<(), Ended> {
        let sql = "UPDATE relay_cursor
            SET rewind_ended_at = clock_timestamp(), rewind_event_count = $2
            WHERE epoch = $1 AND rewind_ended_at IS NULL";
        sqlx::query(sql)
            .bind(self.epoch)
            .bind(i64::try_from(events).unwrap_or(i64::MAX))
            .execute(connection)
            .bounded()
            .await?;
        Ok(())
    }

    /// Makes sure that nobody else leads.
    pub async fn is_mine(&self, connection: &mut PgConnection) -> Result<(), Ended> {
        let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM relay_cursor")
            .fetch_one(connection)
            .bounded()
            .await?;
        if epoch == self.epoch {
            return Ok(());
        }
        Err(Ended::Deposed(epoch))
    }

    async fn unless_deposed(&self, connection: &mut PgConnection, rows: u64) -> Result<(), Ended> {
        if rows == 1 {
            return Ok(());
        }
        self.is_mine(connection).await?;
        let text = "the relay's cursor has no row".to_owned();
        Err(LogError::Damaged(text).into())
    }

    fn bound(
        &self,
        sql: &'static str,
    ) -> sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments> {
        sqlx::query(sql)
            .bind(self.epoch)
            .bind(self.snapshot.to_string())
            .bind(self.position)
            .bind(&self.place.cluster)
            .bind(self.place.history)
            .bind(self.mark.map(|it| it.created_ns))
            .bind(self.mark.map_or(0, |it| it.sequence))
            .bind(self.replaying)
    }
}

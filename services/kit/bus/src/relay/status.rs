//! What the relay's row tells to operators, from whatever replica they ask.

use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

/// How a service's events get to the broker.
#[derive(Clone, Debug, FromRow)]
pub struct Status {
    /// Raised at each change of the leader.
    pub epoch: i64,
    /// The replica that led last.
    pub leader: String,
    /// Since when.
    pub led_at: Option<OffsetDateTime>,
    /// `publishing`, `rewinding` or `waiting`.
    pub state: String,
    /// The highest position that was published.
    pub position: i64,
    /// The snapshot up to which everything is acknowledged.
    pub snapshot: String,
    /// The last acknowledged sequence.
    pub acknowledged_sequence: i64,
    /// When that was.
    pub acknowledged_at: Option<OffsetDateTime>,
    /// Whether the replica that led last still holds the lock.
    pub led: bool,
    /// How often the stream went back.
    pub rewind_count: i64,
    /// The last time.
    #[sqlx(flatten)]
    pub rewound: Rewound,
    /// The stream as it was last seen.
    #[sqlx(flatten)]
    pub observed: Observed,
}

/// One repair of a stream that went back.
#[derive(Clone, Debug, FromRow)]
pub struct Rewound {
    /// How it was noticed; empty when it never was.
    pub rewind_cause: String,
    /// When it began.
    pub rewind_began_at: Option<OffsetDateTime>,
    /// When everything was published again.
    pub rewind_ended_at: Option<OffsetDateTime>,
    /// The stream's last sequence when it was found.
    pub rewind_found_sequence: i64,
    /// The last sequence that had been acknowledged.
    pub rewind_acknowledged_sequence: i64,
    /// Events published again.
    pub rewind_event_count: i64,
}

/// The broker's stream as the relay last saw it.
#[derive(Clone, Debug, FromRow)]
pub struct Observed {
    /// `healthy`, `filling`, `went_back`, `missing` or `unreachable`.
    pub stream_state: String,
    /// The oldest message that it held.
    pub stream_first_sequence: i64,
    /// The newest one.
    pub stream_last_sequence: i64,
    /// What it took.
    pub stream_bytes: i64,
    /// What it may take.
    pub stream_bytes_max: i64,
    /// When it was created.
    pub stream_created_ns: Option<i64>,
    /// When it was looked at.
    pub observed_at: Option<OffsetDateTime>,
}

/// How much is committed and not yet acknowledged.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct Behind {
    /// How many events; counted up to ten thousand.
    pub lag: i64,
    /// Since when the oldest of them waits.
    pub oldest_at: Option<OffsetDateTime>,
}

/// Reads the relay's row. The lock is looked for among those of this database.
pub async fn status(pool: &PgPool, context: &str) -> Result<Status, sqlx::Error> {
    let sql = "SELECT c.epoch, c.leader, c.led_at, c.state, c.position,
          c.snapshot::text AS snapshot, c.acknowledged_sequence, c.acknowledged_at,
          c.rewind_count, c.rewind_cause, c.rewind_began_at, c.rewind_ended_at,
          c.rewind_found_sequence, c.rewind_acknowledged_sequence, c.rewind_event_count,
          c.stream_state, c.stream_first_sequence, c.stream_last_sequence, c.stream_bytes,
          c.stream_bytes_max, c.stream_created_ns, c.observed_at,
          EXISTS (
            SELECT 1 FROM pg_locks l, pg_database d
            WHERE d.datname = current_database() AND l.database = d.oid
              AND l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
              AND (l.classid::bigint << 32) | l.objid::bigint = hashtextextended($1, 0)
          ) AS led
        FROM relay_cursor c";
    let name = super::lock_name(context);
    sqlx::query_as(sql).bind(name).fetch_one(pool).await
}

/// Counts what the relay has still to publish, from a connection that sees every tenant.
pub async fn behind(connection: &mut PgConnection) -> Result<Behind, sqlx::Error> {
    let sql = "SELECT count(*) AS lag, min(recorded_at) AS oldest_at FROM (
          SELECT e.recorded_at FROM relay_cursor c, events e
          WHERE e.xid >= pg_snapshot_xmax(c.snapshot)
          UNION ALL
          SELECT e.recorded_at FROM relay_cursor c, pg_snapshot_xip(c.snapshot) x
            JOIN events e ON e.xid = x
          LIMIT 10000
        ) waiting";
    sqlx::query_as(sql).fetch_one(connection).await
}

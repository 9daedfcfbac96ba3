//! A consumer's row for operators and its next leader, and the work that stands in other rows.

use async_nats::jetstream::consumer::Info;
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Ended;
use crate::log::{Bounded, LogError};

/// What the row says when a lead begins.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Taken {
    pub epoch: i64,
    pub stream_created_ns: Option<i64>,
}

/// A stream about which something was begun, or has to be.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Standing {
    #[sqlx(rename = "tenant_id")]
    pub tenant: Uuid,
    #[sqlx(rename = "stream_id")]
    pub stream: String,
    #[sqlx(rename = "highest_version")]
    pub highest: i64,
    pub state: String,
}

/// Begins a lead.
pub(super) async fn take(
    connection: &mut PgConnection,
    name: &str,
    leader: &str,
    build: &str,
) -> Result<Taken, LogError> {
    let sql = "INSERT INTO consumer_cursors AS c (name, epoch, leader, build)
        VALUES ($1, 1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET epoch = c.epoch + 1, leader = $2, build = $3
        RETURNING epoch, stream_created_ns";
    sqlx::query_as(sql)
        .bind(name)
        .bind(leader)
        .bind(build)
        .fetch_one(connection)
        .bounded()
        .await
}

/// Tells how the consumer gets on. An older leader finds out that it is one.
pub(super) async fn observe(
    connection: &mut PgConnection,
    (name, epoch): (&str, i64),
    state: &str,
    info: Option<(&Info, i64)>,
) -> Result<(), Ended> {
    let sql = "UPDATE consumer_cursors
        SET state = $3, observed_at = clock_timestamp(),
          acknowledged_sequence = coalesce($4, acknowledged_sequence),
          lag = coalesce($5, lag), pending = coalesce($6, pending),
          stream_created_ns = coalesce($7, stream_created_ns)
        WHERE name = $1 AND epoch = $2";
    let signed = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
    let floor = info.map(|(it, _)| signed(it.ack_floor.stream_sequence));
    let pending = info.map(|(it, _)| signed(it.num_ack_pending as u64));
    let lag = info.map(|(it, _)| signed(it.num_pending.saturating_add(it.num_ack_pending as u64)));
    let done = sqlx::query(sql)
        .bind(name)
        .bind(epoch)
        .bind(state)
        .bind(floor)
        .bind(lag)
        .bind(pending)
        .bind(info.map(|(_, created_ns)| created_ns))
        .execute(connection)
        .bounded()
        .await?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    Err(Ended::Deposed)
}

/// Tells when something was last applied, and in which of its lives the source was.
pub(super) async fn applied(
    connection: &mut PgConnection,
    (name, epoch): (&str, i64),
    history: i64,
) -> Result<(), Ended> {
    let sql = "UPDATE consumer_cursors
        SET applied_at = clock_timestamp(), source_history = greatest(source_history, $3)
        WHERE name = $1 AND epoch = $2";
    let done = sqlx::query(sql)
        .bind(name)
        .bind(epoch)
        .bind(history)
        .execute(connection)
        .bounded()
        .await?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    Err(Ended::Deposed)
}

/// The most streams that are worked on in one round.
const WORK_MAX: i64 = 100;

/// Streams whose redrive or resync was begun, oldest first.
pub(super) async fn begun(scan: &PgPool, name: &str) -> Result<Vec<Standing>, LogError> {
    let sql = "SELECT tenant_id, stream_id, highest_version, state FROM dead_letters
        WHERE consumer = $1 AND state IN ('redriving', 'resyncing')
        ORDER BY parked_at LIMIT $2";
    let rows = sqlx::query_as(sql).bind(name).bind(WORK_MAX);
    rows.fetch_all(scan).bounded().await
}

/// Streams that another build did not know the kind of.
pub(super) async fn unknown_to_others(
    scan: &PgPool,
    name: &str,
    build: &str,
) -> Result<Vec<Standing>, LogError> {
    let sql = "SELECT tenant_id, stream_id, highest_version, state FROM dead_letters
        WHERE consumer = $1 AND state = 'parked' AND reason = 'kind_unknown' AND build <> $2
        ORDER BY parked_at LIMIT $3";
    let rows = sqlx::query_as(sql).bind(name).bind(build).bind(WORK_MAX);
    rows.fetch_all(scan).bounded().await
}

/// How a consumer gets on.
#[derive(Clone, Debug, FromRow)]
pub struct ConsumerStatus {
    /// Names it.
    pub name: String,
    /// The replica that led last.
    pub leader: String,
    /// Whether somebody holds its lock.
    pub led: bool,
    /// `live`, `resyncing` or `reconnecting`.
    pub state: String,
    /// The stream's sequence up to which everything is acknowledged.
    pub acknowledged_sequence: i64,
    /// Messages not yet acknowledged, delivered or not.
    pub lag: i64,
    /// Messages delivered and not acknowledged.
    pub pending: i64,
    /// The highest history number seen of the source.
    pub source_history: i64,
    /// When something was last applied.
    pub applied_at: Option<OffsetDateTime>,
    /// When that was told.
    pub observed_at: Option<OffsetDateTime>,
}

const SELECT: &str = "SELECT c.name, c.leader, c.state, c.acknowledged_sequence, c.lag, c.pending,
      c.source_history, c.applied_at, c.observed_at,
      EXISTS (
        SELECT 1 FROM pg_locks l, pg_database d
        WHERE d.datname = current_database() AND l.database = d.oid
          AND l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND (l.classid::bigint << 32) | l.objid::bigint
            = hashtextextended('consumer ' || c.name, 0)
      ) AS led
    FROM consumer_cursors c";

/// Reads the rows of all consumers, as the role of the service.
pub async fn consumer_statuses(
    connection: &mut PgConnection,
) -> Result<Vec<ConsumerStatus>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY c.name"));
    sqlx::query_as(sql).fetch_all(connection).await
}

/// Reads the row of one consumer.
pub async fn consumer_status(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Option<ConsumerStatus>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE c.name = $1"));
    let row = sqlx::query_as(sql).bind(name);
    row.fetch_optional(connection).await
}

//! What a projection's row tells to operators, and their one command.

use sqlx::FromRow;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// How a projection gets on.
#[derive(Clone, Debug, FromRow)]
pub struct ProjectionStatus {
    /// Names it.
    pub name: String,
    /// `live` or `failed`.
    pub state: String,
    /// The version of the build that made the served copy.
    pub projector_version: i32,
    /// The highest position applied.
    pub position: i64,
    /// When it last applied an event.
    pub applied_at: Option<OffsetDateTime>,
    /// When the served copy was last built whole.
    pub built_at: Option<OffsetDateTime>,
    /// The event at which it stands still.
    pub failed_event: Option<Uuid>,
    /// The version that a second copy is built with.
    pub rebuild_version: Option<i32>,
    /// Up to where that is applied.
    pub rebuild_position: i64,
    /// The log's end when it began.
    pub rebuild_end_position: i64,
    /// When it began.
    pub rebuild_began_at: Option<OffsetDateTime>,
    /// Who asked for it.
    pub rebuild_actor_type: i16,
    /// Who asked for it.
    pub rebuild_actor_id: String,
    /// Events recorded and not applied; counted up to ten thousand.
    pub lag: i64,
    /// When the oldest of them was recorded.
    pub oldest_at: Option<OffsetDateTime>,
}

const SELECT: &str = "SELECT p.name, p.state, p.projector_version, p.position, p.applied_at,
      p.built_at, p.failed_event, p.rebuild_version, p.rebuild_position,
      p.rebuild_end_position, p.rebuild_began_at, p.rebuild_actor_type, p.rebuild_actor_id,
      w.lag, w.oldest_at
    FROM projection_cursors p, LATERAL (
      SELECT count(*) AS lag, min(recorded_at) AS oldest_at FROM (
        SELECT e.recorded_at FROM events e
        WHERE e.xid >= pg_snapshot_xmax(p.snapshot)
          AND (p.target IS NULL OR e.position > p.position)
        UNION ALL
        SELECT e.recorded_at FROM pg_snapshot_xip(p.snapshot) x JOIN events e ON e.xid = x
        WHERE p.target IS NULL OR e.position > p.position
        LIMIT 10000
      ) waiting
    ) w";

/// Reads the rows of some projections, from a connection that sees every tenant.
pub async fn projection_statuses(
    connection: &mut PgConnection,
) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY p.name"));
    sqlx::query_as(sql).fetch_all(connection).await
}

/// Reads the row of one projection.
pub async fn projection_status(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Option<ProjectionStatus>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE p.name = $1"));
    let row = sqlx::query_as(sql).bind(name);
    row.fetch_optional(connection).await
}

/// Asks for a rebuild, which the leading replica begins. False if one is under way.
pub async fn request_rebuild(
    connection: &mut PgConnection,
    name: &str,
    (actor_type, actor_id): (i16, &str),
) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE projection_cursors
        SET rebuild_version = projector_version, rebuild_began_at = clock_timestamp(),
          rebuild_actor_type = $2, rebuild_actor_id = $3
        WHERE name = $1 AND rebuild_version IS NULL";
    let done = sqlx::query(sql)
        .bind(name)
        .bind(actor_type)
        .bind(actor_id)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

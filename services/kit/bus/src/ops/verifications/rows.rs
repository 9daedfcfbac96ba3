//! The rows of runs and of what they found.

use journal::{DIFFERENCES_MAX, Difference, Report};
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;
use vocab::VerificationId;

use super::super::refold::Scope;

/// How much of a value is kept.
const VALUE_MAX: usize = 256;

/// A run as it stands.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Run {
    pub verification_id: Uuid,
    pub state: String,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub stream_count: i64,
    pub event_count: i64,
    pub difference_count: i64,
    pub position: i64,
    pub error: String,
    pub actor_type: i16,
    pub actor_id: String,
    pub started_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
}

/// A difference as it is kept.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Row {
    pub number: i32,
    pub kind: i32,
    pub tenant_id: Uuid,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub version: i64,
    pub field: String,
    pub stored_value: String,
    pub folded_value: String,
}

/// Where a page of runs ended: when the last one started, and which it is.
pub(super) type Place = (i64, Uuid);

/// Which differences are read.
pub(super) struct Wanted {
    pub verification: VerificationId,
    /// Of any kind: 0.
    pub kind: i32,
    pub after: i32,
    pub most: i64,
}

/// How a run ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub state: &'static str,
    pub error: &'static str,
}

const SELECT: &str = "SELECT verification_id, state, aggregate_type, aggregate_id, stream_count,
      event_count, difference_count, position, error, actor_type, actor_id, started_at, ended_at
    FROM verifications WHERE started_at > clock_timestamp() - interval '30 days'";

/// Reads one run.
pub(super) async fn find(
    connection: &mut PgConnection,
    id: VerificationId,
) -> Result<Option<Run>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("{SELECT} AND verification_id = $1"));
    let row = sqlx::query_as(sql).bind(id.uuid());
    row.fetch_optional(connection).await
}

/// Reads the run that is running.
pub(super) async fn running(connection: &mut PgConnection) -> Result<Option<Run>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("{SELECT} AND state = 'running'"));
    sqlx::query_as(sql).fetch_optional(connection).await
}

/// Reads a page of runs, newest first.
pub(super) async fn list(
    connection: &mut PgConnection,
    before: Option<Place>,
    most: i64,
) -> Result<Vec<Run>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!(
        "{SELECT} AND ($1::bigint IS NULL OR (started_at, verification_id)
            < (to_timestamp(0) + $1 * interval '1 microsecond', $2))
        ORDER BY started_at DESC, verification_id DESC LIMIT $3"
    ));
    sqlx::query_as(sql)
        .bind(before.map(|it| it.0))
        .bind(before.map(|it| it.1))
        .bind(most)
        .fetch_all(connection)
        .await
}

/// Begins a run, and forgets those whose time is over.
pub(super) async fn insert(
    connection: &mut PgConnection,
    scope: &Scope,
    (actor_type, actor_id): (i16, &str),
) -> Result<VerificationId, sqlx::Error> {
    const OLD: &str = "started_at < clock_timestamp() - interval '30 days'";
    let sql = format!(
        "DELETE FROM verification_differences WHERE verification_id IN (
          SELECT verification_id FROM verifications WHERE {OLD})"
    );
    let differences = sqlx::query(sqlx::AssertSqlSafe(sql));
    differences.execute(&mut *connection).await?;
    let sql = sqlx::AssertSqlSafe(format!("DELETE FROM verifications WHERE {OLD}"));
    sqlx::query(sql).execute(&mut *connection).await?;
    let sql = "INSERT INTO verifications (aggregate_type, aggregate_id, actor_type, actor_id)
        VALUES ($1, $2, $3, $4) RETURNING verification_id";
    let id: Uuid = sqlx::query_scalar(sql)
        .bind(&scope.aggregate_type)
        .bind(&scope.aggregate_id)
        .bind(actor_type)
        .bind(actor_id)
        .fetch_one(connection)
        .await?;
    Ok(VerificationId::from_uuid(id))
}

/// Ends a run that is running. False if none of this id is.
pub(super) async fn end(
    connection: &mut PgConnection,
    id: VerificationId,
    end: End,
) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE verifications SET state = $2, error = $3, ended_at = clock_timestamp()
        WHERE verification_id = $1 AND state = 'running'";
    let ended = sqlx::query(sql).bind(id.uuid()).bind(end.state);
    let ended = ended.bind(end.error).execute(connection).await?;
    Ok(ended.rows_affected() == 1)
}

/// Saves how far a run has come. False if it is running no more.
pub(super) async fn advance(
    connection: &mut PgConnection,
    id: VerificationId,
    report: &Report,
) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE verifications
        SET stream_count = $2, event_count = $3, difference_count = $4, position = $5
        WHERE verification_id = $1 AND state = 'running'";
    let saved = sqlx::query(sql)
        .bind(id.uuid())
        .bind(report.streams.cast_signed())
        .bind(report.facts.cast_signed())
        .bind(report.found.cast_signed())
        .bind(report.position)
        .execute(connection)
        .await?;
    Ok(saved.rows_affected() == 1)
}

/// Keeps differences behind those that are kept already.
pub(super) async fn keep(
    connection: &mut PgConnection,
    id: VerificationId,
    (kept, new): (usize, &[Difference]),
) -> Result<(), sqlx::Error> {
    let sql =
        "INSERT INTO verification_differences VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    for (number, difference) in (kept + 1..=DIFFERENCES_MAX).zip(new) {
        let column = difference.column.as_ref();
        let text = |of: Option<&String>| of.map(|it| cut(it)).unwrap_or_default();
        sqlx::query(sql)
            .bind(id.uuid())
            .bind(i32::try_from(number).unwrap_or(i32::MAX))
            .bind(i32::from(difference.kind))
            .bind(difference.tenant.uuid())
            .bind(&difference.of)
            .bind(&difference.id)
            .bind(difference.version)
            .bind(column.map_or("", |it| it.name))
            .bind(text(column.map(|it| &it.stored)))
            .bind(text(column.map(|it| &it.folded)))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Reads a page of differences, in the order in which they were found.
pub(super) async fn differences(
    connection: &mut PgConnection,
    wanted: &Wanted,
) -> Result<Vec<Row>, sqlx::Error> {
    let sql = "SELECT number, kind, tenant_id, aggregate_type, aggregate_id, version, field,
          stored_value, folded_value
        FROM verification_differences
        WHERE verification_id = $1 AND ($2 = 0 OR kind = $2) AND number > $3
        ORDER BY number LIMIT $4";
    sqlx::query_as(sql)
        .bind(wanted.verification.uuid())
        .bind(wanted.kind)
        .bind(wanted.after)
        .bind(wanted.most)
        .fetch_all(connection)
        .await
}

/// The beginning of a text, with no zero in it, which the database does not take.
fn cut(text: &str) -> String {
    text.chars()
        .filter(|it| *it != '\0')
        .take(VALUE_MAX)
        .collect()
}

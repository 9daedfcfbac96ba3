//! Whose log is read: which cluster, on which timeline, in which of the database's lives.

use sqlx::PgConnection;

use super::{Bounded, LogError};

/// What a snapshot is worth nothing without: in another cluster its numbers mean something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The cluster's own number and the database's in it.
    pub cluster: String,
    /// Which timeline the cluster writes; another one follows each restore.
    pub timeline: u32,
    /// Which of its lives the database is in.
    pub history: i64,
}

impl Place {
    /// Asks the server. One that is a standby is refused.
    pub async fn of(connection: &mut PgConnection) -> Result<Self, LogError> {
        let standby: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()")
            .fetch_one(&mut *connection)
            .bounded()
            .await?;
        if standby {
            return Err(LogError::Standby);
        }
        let sql = "SELECT c.system_identifier::text || '.' || d.oid::text,
                   substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), h.number
            FROM pg_control_system() c, pg_database d, history h
            WHERE d.datname = current_database()";
        let (cluster, timeline, history): (String, String, i64) =
            sqlx::query_as(sql).fetch_one(connection).bounded().await?;
        let timeline = u32::from_str_radix(&timeline, 16)
            .map_err(|_| LogError::Damaged(format!("timeline {timeline}")))?;
        Ok(Self {
            cluster,
            timeline,
            history,
        })
    }
}

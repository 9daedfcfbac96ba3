//! One pass over the log: by one statement while there is little, else through a cursor of the
//! server in one transaction. A million events sorted once take a second and a half, in pages a
//! minute and a half.

use journal::Recorded;
use sqlx::{AssertSqlSafe, PgConnection};

use super::{Bounded, Log, LogError, Snapshot};

/// How many events are handed out at once.
pub const CHUNK: usize = 1_000;

/// How the difference is made. Everything but the default loses or turns round events and exists
/// to show that tests notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// What the new snapshot shows and the old one does not.
    #[default]
    BySnapshots,
    /// Whatever lies behind the largest position seen: loses late commits.
    ByPositionAlone,
    /// Whatever lies below the oldest open transaction: turns streams round.
    ByOldestOpen,
}

/// What the new snapshot shows beyond the old one, sorted by position: the tail that the old one
/// could not show, and what was open in it and is not any more.
const DIFFERENCE: &str = "WHERE e.xid >= pg_snapshot_xmax($1::text::pg_snapshot)
      AND e.xid < pg_snapshot_xmax($2::text::pg_snapshot)
      AND pg_visible_in_snapshot(e.xid, $2::text::pg_snapshot)
    UNION ALL
    SELECT {columns} FROM pg_snapshot_xip($1::text::pg_snapshot) x
      JOIN events e ON e.xid = x
    WHERE pg_visible_in_snapshot(x, $2::text::pg_snapshot)
    ORDER BY position";

/// Kept in the shape of the difference, so that all of them take the same parameters.
const BEHIND_POSITION: &str = "WHERE e.position > split_part($1, '@', 2)::bigint
      AND $2::text IS NOT NULL
    ORDER BY position";

const BELOW_OLDEST: &str = "WHERE e.xid >= pg_snapshot_xmin($1::text::pg_snapshot)
      AND e.xid < pg_snapshot_xmin($2::text::pg_snapshot)
    ORDER BY position";

const PREFIX: &str = "WHERE pg_visible_in_snapshot(e.xid, $1::text::pg_snapshot)
      AND e.recorded_at >= clock_timestamp() - make_interval(secs => $2::text::float8)
    ORDER BY position";

/// What is read, one chunk after the other.
pub struct Pass<'log> {
    log: &'log mut Log,
    new: Snapshot,
    durable: u64,
    first: Option<Vec<Recorded>>,
    fetching: bool,
    read: u64,
}

impl<'log> Pass<'log> {
    pub(super) async fn between(
        log: &'log mut Log,
        old: Snapshot,
        new: Snapshot,
    ) -> Result<Self, LogError> {
        let (condition, from) = match log.reading {
            Reading::BySnapshots => (DIFFERENCE, old.to_string()),
            Reading::ByPositionAlone => (BEHIND_POSITION, format!("@{}", log.read_up_to)),
            Reading::ByOldestOpen => (BELOW_OLDEST, old.to_string()),
        };
        let durable = old.durable();
        let to = new.to_string();
        Self::begin(log, new, durable, (condition, from, to)).await
    }

    pub(super) async fn prefix(
        log: &'log mut Log,
        of: Snapshot,
        seconds: i64,
    ) -> Result<Self, LogError> {
        let question = (PREFIX, of.to_string(), seconds.to_string());
        let durable = of.durable();
        Self::begin(log, of, durable, question).await
    }

    async fn begin(
        log: &'log mut Log,
        new: Snapshot,
        durable: u64,
        question: (&'static str, String, String),
    ) -> Result<Self, LogError> {
        let (condition, from, to) = question;
        let columns = Recorded::COLUMNS;
        let select = format!("SELECT {columns} FROM events e {condition}");
        let select = select.replace("{columns}", columns);
        let few = format!("{select} LIMIT {}", CHUNK + 1);
        let first = fetch(&mut log.connection, few, &[&from, &to]).await?;
        let mut pass = Self {
            log,
            new,
            durable,
            first: None,
            fetching: false,
            read: 0,
        };
        if first.len() <= CHUNK {
            pass.first = Some(first);
        } else {
            pass.declare(&select, &from, &to).await?;
        }
        Ok(pass)
    }

    async fn declare(&mut self, select: &str, from: &str, to: &str) -> Result<(), LogError> {
        let connection = &mut self.log.connection;
        sqlx::query("BEGIN")
            .execute(&mut *connection)
            .bounded()
            .await?;
        self.fetching = true;
        let declare = format!("DECLARE pass NO SCROLL CURSOR FOR {select}");
        sqlx::query(AssertSqlSafe(declare))
            .bind(from)
            .bind(to)
            .persistent(false)
            .execute(connection)
            .bounded()
            .await?;
        Ok(())
    }

    /// Returns the next events in order of position; nothing behind the last.
    pub async fn next(&mut self) -> Result<Option<Vec<Recorded>>, LogError> {
        let chunk = match self.first.take() {
            Some(first) => first,
            None if self.fetching => {
                let fetch_more = format!("FETCH {CHUNK} FROM pass");
                fetch(&mut self.log.connection, fetch_more, &[]).await?
            }
            None => Vec::new(),
        };
        self.read += chunk.len() as u64;
        for event in &chunk {
            self.durable = self.durable.max(event.xid);
            self.log.read_up_to = self.log.read_up_to.max(event.position);
        }
        Ok(Some(chunk).filter(|it| !it.is_empty()))
    }

    /// Whether nothing is behind the chunk that was read last.
    pub fn is_last(&self, chunk: &[Recorded]) -> bool {
        !self.fetching || chunk.len() < CHUNK
    }

    /// The connection, to look something up between two chunks. What is written on it during a
    /// large pass is written when the pass ends.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.log.connection
    }

    /// How many events were read so far.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Ends the pass and returns the snapshot to go on from, cut to what is durable.
    pub async fn end(mut self) -> Result<Snapshot, LogError> {
        if std::mem::take(&mut self.fetching) {
            sqlx::query("COMMIT")
                .execute(&mut self.log.connection)
                .bounded()
                .await?;
        }
        let kept = match self.log.reading {
            Reading::BySnapshots | Reading::ByOldestOpen => self.new.cut(self.durable),
            Reading::ByPositionAlone => self.new.clone(),
        };
        Ok(kept)
    }

    /// Gives the pass up, as if it had not been.
    pub async fn give_up(mut self) -> Result<(), LogError> {
        if std::mem::take(&mut self.fetching) {
            sqlx::query("ROLLBACK")
                .execute(&mut self.log.connection)
                .bounded()
                .await?;
        }
        Ok(())
    }
}

async fn fetch(
    connection: &mut PgConnection,
    sql: String,
    parameters: &[&str],
) -> Result<Vec<Recorded>, LogError> {
    let mut query = sqlx::query_as(AssertSqlSafe(sql));
    for parameter in parameters {
        query = query.bind(*parameter);
    }
    query.fetch_all(connection).bounded().await
}

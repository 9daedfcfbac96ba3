//! The proof after each run that its numbers stand for something: what was acknowledged is there
//! once, nothing else is, and what is reserved is what reservations hold.

use std::collections::HashSet;

use anyhow::{Context, ensure};
use journal::Verify;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use testbed::Database;
use uuid::Uuid;

use crate::load::Run;
use crate::stock::Stock;

/// Takes the lines of reservations apart: product, location and quantity, 40 bytes each.
const HELD: &str = "SELECT substring(lines FROM 1 + 40 * n FOR 16) AS product, \
     sum(('x' || encode(substring(lines FROM 33 + 40 * n FOR 8), 'hex'))::bit(64)::bigint) AS held \
     FROM TABLE_OF_RESERVATIONS, generate_series(0, length(lines) / 40 - 1) AS n GROUP BY 1";
/// Streams whose versions have a gap, or of which one stands twice.
const GAPS: &str = "SELECT count(*) FROM (SELECT 1 FROM events GROUP BY tenant_id, stream_id \
     HAVING count(*) <> max(version) OR min(version) <> 1) AS gap";

/// Whose tables are looked at.
#[derive(Clone, Copy, Debug)]
pub enum Tables {
    /// Those of the journal, and of raw batches.
    Ours,
    /// Those of the usual service.
    Usual,
}

/// The book of one database: what should be there so far.
pub struct Proof {
    url: String,
    log_url: String,
    tables: Tables,
    /// How many reservations there were after the last run.
    stored: i64,
}

impl Proof {
    /// Opens the book of a database without reservations.
    pub fn of(database: &Database, tables: Tables) -> Self {
        Self {
            url: database.admin_url(),
            log_url: database.log_url(),
            tables,
            stored: 0,
        }
    }

    /// Compares what a run acknowledged with what is stored.
    pub async fn after(&mut self, run: &Run) -> anyhow::Result<()> {
        let mut db = PgConnection::connect(&self.url).await?;
        let once: HashSet<Uuid> = run.acknowledged.iter().copied().collect();
        ensure!(
            once.len() == run.acknowledged.len(),
            "two answers to one request"
        );
        let (positions, reservations) = self.tables.names();
        let ids = run.acknowledged.clone();
        let query = format!("SELECT count(*) FROM {reservations} WHERE reservation_id = ANY ($1)");
        let query = sqlx::query(AssertSqlSafe(query)).bind(ids);
        let found: i64 = query.fetch_one(&mut db).await?.try_get(0)?;
        ensure!(
            found == i64::try_from(once.len())?,
            "{found} of {} acknowledged reservations are there",
            once.len()
        );
        let all = number(&mut db, format!("SELECT count(*) FROM {reservations}")).await?;
        let expected = self.stored + found;
        // Who gave up waiting does not know what became of the request.
        let unknown = i64::try_from(run.failed)?;
        ensure!(
            (expected..=expected + unknown).contains(&all),
            "{all} reservations are there, {expected} were acknowledged, {unknown} are unknown"
        );
        self.stored = all;
        let held = HELD.replace("TABLE_OF_RESERVATIONS", reservations);
        let wrong = format!(
            "SELECT count(*) FROM {positions} AS p FULL JOIN ({held}) AS h \
             ON h.product = uuid_send(p.product_id) \
             WHERE coalesce(p.reserved, -1) <> coalesce(h.held, 0)"
        );
        let wrong = number(&mut db, wrong).await?;
        ensure!(
            wrong == 0,
            "{wrong} positions do not hold what reservations do"
        );
        db.close().await?;
        Ok(())
    }

    /// Folds all facts anew and compares them with the rows; says how many facts there were.
    pub async fn verified(&self) -> anyhow::Result<u64> {
        let mut log = PgConnection::connect(&self.log_url).await?;
        let gaps = number(&mut log, GAPS.to_owned()).await?;
        ensure!(gaps == 0, "{gaps} streams have gaps");
        let verify = Verify::new(&Stock, &Stock).context("the tables are described")?;
        let report = verify.run(&mut log).await?;
        ensure!(
            report.found == 0,
            "verify found {:?}",
            report.differences.first()
        );
        log.close().await?;
        Ok(report.facts)
    }
}

impl Tables {
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Ours => ("position", "reservation"),
            Self::Usual => ("usual_position", "usual_reservation"),
        }
    }
}

async fn number(db: &mut PgConnection, sql: String) -> anyhow::Result<i64> {
    let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(db).await?;
    Ok(row.try_get(0)?)
}

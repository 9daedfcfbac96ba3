//! A range of one stream as its owner publishes it, read from the log: how gaps are filled.

use std::sync::Arc;

use chassis::fault::Fault;
use futures_util::future::BoxFuture;
use journal::Recorded;
use sqlx::postgres::PgPool;
use vocab::TenantId;

use super::{Outgoing, Publish, outgoing};
use crate::consumer::{Fetched, Refetch};

/// The most events of one answer.
const EVENTS_MAX: i64 = 1_000;
/// The most bytes of one answer; the first version is given whatever it takes.
const BYTES_MAX: usize = 1024 * 1024;

/// What was found of a stream.
#[derive(Clone, Debug)]
pub struct Range {
    /// Messages by version and part, without gaps; empty where the stream ends before them.
    pub messages: Vec<Outgoing>,
    /// The newest version of the stream; 0 where nothing was ever recorded.
    pub last_version: i64,
    /// Which of its lives the owner is in.
    pub history: i64,
}

/// The streams of one owner, read as the role of the log.
#[derive(Clone)]
pub struct Streams {
    log: PgPool,
    publish: Arc<dyn Publish>,
}

impl Streams {
    /// Takes the log of the owner and how it publishes.
    pub fn new(log: PgPool, publish: Arc<dyn Publish>) -> Self {
        Self { log, publish }
    }

    /// Reads whole versions from one to another, as many as fit.
    pub async fn range(
        &self,
        tenant: TenantId,
        stream: &str,
        (from, to): (i64, i64),
    ) -> Result<Range, Fault> {
        let sql = "SELECT h.number, coalesce((
              SELECT max(e.version) FROM events e WHERE e.tenant_id = $1 AND e.stream_id = $2
            ), 0) FROM history h";
        let (history, last_version): (i64, i64) = sqlx::query_as(sql)
            .bind(tenant.uuid())
            .bind(stream)
            .fetch_one(&self.log)
            .await
            .map_err(journal::fault)?;
        let facts = self.facts(tenant, stream, (from, to)).await?;
        let mut messages = Vec::new();
        let mut size = 0;
        for fact in &facts {
            // What cannot be published now cannot be fetched either; a later build can.
            let Ok(mapped) = outgoing(self.publish.as_ref(), fact, history) else {
                break;
            };
            size += mapped.iter().map(|it| it.payload.len()).sum::<usize>();
            if !messages.is_empty() && size > BYTES_MAX {
                break;
            }
            messages.extend(mapped);
        }
        Ok(Range {
            messages,
            last_version,
            history,
        })
    }

    async fn facts(
        &self,
        tenant: TenantId,
        stream: &str,
        (from, to): (i64, i64),
    ) -> Result<Vec<Recorded>, Fault> {
        let columns = Recorded::COLUMNS;
        let sql = format!(
            "SELECT {columns} FROM events
            WHERE tenant_id = $1 AND stream_id = $2 AND version BETWEEN $3 AND $4
            ORDER BY version LIMIT {EVENTS_MAX}"
        );
        let facts = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(tenant.uuid())
            .bind(stream)
            .bind(from)
            .bind(to);
        facts.fetch_all(&self.log).await.map_err(journal::fault)
    }
}

impl Refetch for Streams {
    fn fetch<'a>(
        &'a self,
        tenant: TenantId,
        stream: &'a str,
        versions: (i64, i64),
    ) -> BoxFuture<'a, Result<Vec<Fetched>, Fault>> {
        Box::pin(async move {
            let range = self.range(tenant, stream, versions).await?;
            let fetched = range.messages.into_iter().map(|it| Fetched {
                subject: it.subject,
                event_type: it.event_type.to_owned(),
                payload: it.payload,
            });
            Ok(fetched.collect())
        })
    }
}

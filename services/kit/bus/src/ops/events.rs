//! Events by id, by stream, by chain: as they are published, whether they were sent yet or not.

use chassis::fault::Fault;
use contracts::common::EventRecord;
use contracts::convert::{id, moment};
use contracts::ops as pb;
use journal::Recorded;
use sqlx::FromRow;
use uuid::Uuid;
use vocab::{EventId, Moment, TenantId};

use super::record::record;
use super::{Asker, Ops, STREAM_UNKNOWN, page_size};
use crate::publish::outgoing;

/// A version of a stream, found by something else.
#[derive(Clone, Debug, FromRow)]
struct Found {
    stream_id: String,
    version: i64,
    position: i64,
}

/// The index of the served copy, narrowed down by what was asked for.
const SELECT: &str = "SELECT i.stream_id, i.version, i.position FROM event_index i
    WHERE i.copy = (SELECT served_copy FROM projection_cursors WHERE name = 'event_index')
      AND i.tenant_id = $1
      AND ($2 = '' OR i.correlation_id = $2) AND ($3 = '' OR i.causation_id = $3)
      AND ($4 = '' OR i.actor_id = $4) AND ($5 = '' OR i.stream_kind = $5)
      AND ($6 = '' OR i.stream_id = $6) AND (cardinality($7::text[]) = 0 OR i.event_type = ANY ($7))
      AND i.recorded_at >= to_timestamp(0) + $8 * interval '1 microsecond'
      AND i.recorded_at < to_timestamp(0) + $9 * interval '1 microsecond'";
const NEWEST: &str = " AND i.position < $10 ORDER BY i.position DESC LIMIT $11";
const OLDEST: &str = " AND i.position > $10 ORDER BY i.position LIMIT $11";

impl Ops {
    /// Lists events of the tenant.
    pub async fn list_events(
        &self,
        asker: &Asker,
        message: pb::ListEventsRequest,
    ) -> Result<pb::ListEventsResponse, Fault> {
        self.here(&message.service)?;
        let list = filters(&message);
        let size = page_size(message.page_size);
        let after = self.opened(asker, &list, &message.page_token)?;
        let after = after
            .map(|it| it.parse::<i64>().map_err(Fault::bug))
            .transpose()?;
        let mut found = self.found(asker.tenant, &message, after, size + 1).await?;
        let more = found.len() > size;
        found.truncate(size);
        let last = found.last().map(|it| it.position.to_string());
        let mut events = Vec::with_capacity(found.len());
        for it in &found {
            events.extend(
                self.version(asker.tenant, &it.stream_id, it.version)
                    .await?,
            );
        }
        let next_page_token = match last.filter(|_| more) {
            Some(last) => self.sealed(asker, &list, &last)?,
            None => String::new(),
        };
        Ok(pb::ListEventsResponse {
            events,
            next_page_token,
        })
    }

    async fn found(
        &self,
        tenant: TenantId,
        message: &pb::ListEventsRequest,
        after: Option<i64>,
        most: usize,
    ) -> Result<Vec<Found>, Fault> {
        let rising = message.order_by == "record_time";
        let (sort, first) = if rising {
            (OLDEST, 0)
        } else {
            (NEWEST, i64::MAX)
        };
        let period = message.record_period.as_ref();
        let (from, to) = (
            period.and_then(|it| it.start_time.as_ref()),
            period.and_then(|it| it.end_time.as_ref()),
        );
        let from = from.map(moment).transpose().map_err(Fault::bug)?;
        let to = to.map(moment).transpose().map_err(Fault::bug)?;
        let mut tx = self.of_tenant(tenant).await?;
        let found = sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT}{sort}")))
            .bind(tenant.uuid())
            .bind(&message.correlation_id)
            .bind(&message.causation_id)
            .bind(&message.actor_id)
            .bind(&message.aggregate_type)
            .bind(&message.aggregate_id)
            .bind(&message.event_types)
            .bind(from.unwrap_or(Moment::FIRST).micros())
            .bind(to.unwrap_or(Moment::LAST).micros())
            .bind(after.unwrap_or(first))
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx)
            .await;
        let found = found.map_err(journal::fault)?;
        tx.commit().await.map_err(journal::fault)?;
        Ok(found)
    }

    /// The messages of one version.
    async fn version(
        &self,
        tenant: TenantId,
        stream: &str,
        version: i64,
    ) -> Result<Vec<EventRecord>, Fault> {
        let range = self
            .0
            .streams
            .range(tenant, stream, (version, version))
            .await?;
        Ok(range.messages.into_iter().map(record).collect())
    }

    /// Returns one event.
    pub async fn find_event(
        &self,
        asker: &Asker,
        message: pb::GetEventRequest,
    ) -> Result<pb::GetEventResponse, Fault> {
        self.here(&message.service)?;
        let missing = || Fault::missing("event", message.event_id.clone());
        let event: EventId = id(&message.event_id).map_err(|_| missing())?;
        let recorded = self.recorded(asker.tenant, event.uuid()).await?;
        let recorded = recorded.ok_or_else(missing)?;
        let history = self.history().await?;
        let publish = self.parts().publish.as_ref();
        let messages = outgoing(publish, &recorded, history).map_err(Fault::bug)?;
        let part = usize::try_from(message.part.max(1) - 1).unwrap_or_default();
        let found = messages.into_iter().nth(part).ok_or_else(missing)?;
        let event = Some(record(found));
        Ok(pb::GetEventResponse { event })
    }

    async fn recorded(&self, tenant: TenantId, event: Uuid) -> Result<Option<Recorded>, Fault> {
        let columns = Recorded::COLUMNS;
        let sql = "SELECT stream_id, version, position FROM event_index
            WHERE copy = (SELECT served_copy FROM projection_cursors WHERE name = 'event_index')
              AND tenant_id = $1 AND event_id = $2";
        let mut tx = self.of_tenant(tenant).await?;
        let found: Option<Found> = sqlx::query_as(sql)
            .bind(tenant.uuid())
            .bind(event)
            .fetch_optional(&mut *tx)
            .await
            .map_err(journal::fault)?;
        tx.commit().await.map_err(journal::fault)?;
        let Some(found) = found else { return Ok(None) };
        let sql = format!(
            "SELECT {columns} FROM events
            WHERE tenant_id = $1 AND stream_id = $2 AND version = $3"
        );
        let recorded = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(tenant.uuid())
            .bind(found.stream_id)
            .bind(found.version);
        let log = &self.parts().log;
        recorded.fetch_optional(log).await.map_err(journal::fault)
    }

    /// Returns a range of one stream's versions.
    pub async fn fetch_stream(
        &self,
        asker: &Asker,
        message: pb::FetchStreamRequest,
    ) -> Result<pb::FetchStreamResponse, Fault> {
        self.here(&message.service)?;
        let to = match message.to_version {
            0 => i64::MAX,
            to if to >= message.from_version => to,
            _ => return Err(turned_round()),
        };
        let versions = (message.from_version, to);
        let stream = &message.aggregate_id;
        let range = self.0.streams.range(asker.tenant, stream, versions).await?;
        if range.last_version == 0 {
            let text = "nothing was ever recorded under this aggregate";
            return Err(Fault::new(STREAM_UNKNOWN, text));
        }
        Ok(pb::FetchStreamResponse {
            events: range.messages.into_iter().map(record).collect(),
            last_version: range.last_version,
            history: range.history,
        })
    }

    pub(super) async fn history(&self) -> Result<i64, Fault> {
        let read = sqlx::query_scalar("SELECT number FROM history");
        let read = read.fetch_one(&self.parts().log).await;
        read.map_err(journal::fault)
    }
}

fn turned_round() -> Fault {
    use contracts::validate::{Path, Violations};
    let mut found = Violations::default();
    let text = "must not lie below from_version";
    found.add(&Path::Root.field("to_version"), "fetch_stream.range", text);
    Fault::invalid(found)
}

/// Spells out list and filters, which stay the same between pages.
fn filters(message: &pb::ListEventsRequest) -> String {
    let same = pb::ListEventsRequest {
        page_token: String::new(),
        page_size: 0,
        ..message.clone()
    };
    format!("ListEvents {same:?}")
}

//! Dead letters: listed, shown, redriven, given up for the owner's present state.

use chassis::fault::Fault;
use contracts::common::{Actor, EventRecord};
use contracts::ops as pb;
use prost::Message as _;
use sqlx::FromRow;
use time::OffsetDateTime;
use uuid::Uuid;
use vocab::{DeadLetterId, Id, TenantId};

use super::once::Begun;
use super::projections::judged;
use super::record::any;
use super::times::timestamp;
use super::words::{reason_of, state_of, word_of_reason, word_of_state};
use super::{Asker, Ops, RESYNC_IMPOSSIBLE, damaged, page_size};
use crate::consuming::{Followed, LetterReason};

mod redriver;

pub use redriver::{Letters, Redriver};

const REDRIVE: &str = "retail.ops.v1.OpsService/RedriveDeadLetter";
const REDRIVE_ALL: &str = "retail.ops.v1.OpsService/RedriveConsumer";
const RESYNC: &str = "retail.ops.v1.OpsService/ResyncDeadLetter";

/// How many dead letters are redriven at once where the caller does not say.
const REDRIVE_LIMIT: i32 = 100;

/// A row of the table.
#[derive(Clone, Debug, FromRow)]
struct Row {
    tenant_id: Uuid,
    dead_letter_id: Uuid,
    consumer: String,
    source: String,
    stream_kind: String,
    stream_id: String,
    state: String,
    reason: String,
    history: i64,
    parked_version: i64,
    highest_version: i64,
    deliveries: i64,
    attempts: i64,
    error_reason: String,
    trace_id: String,
    subject: String,
    event_type: String,
    payload: Vec<u8>,
    actor_type: i16,
    actor_id: String,
    parked_at: OffsetDateTime,
    attempted_at: OffsetDateTime,
    resolved_at: Option<OffsetDateTime>,
}

const SELECT: &str = "SELECT tenant_id, dead_letter_id, consumer, source, stream_kind, stream_id,
      state, reason, history, parked_version, highest_version, deliveries, attempts, error_reason,
      trace_id, subject, event_type, payload, actor_type, actor_id, parked_at, attempted_at,
      resolved_at
    FROM dead_letters
    WHERE tenant_id = $1 AND dead_letter_id <> '00000000-0000-0000-0000-000000000000'
      AND (resolved_at IS NULL OR resolved_at > clock_timestamp() - interval '30 days')";

impl Ops {
    /// Lists dead letters of the tenant, oldest first.
    pub async fn list_dead_letters(
        &self,
        asker: &Asker,
        message: pb::ListDeadLettersRequest,
    ) -> Result<pb::ListDeadLettersResponse, Fault> {
        self.here(&message.service)?;
        let list = filters(&message);
        let after = self.opened(asker, &list, &message.page_token)?;
        let size = page_size(message.page_size);
        let mut rows = self
            .letters(asker.tenant, &message, after, size + 1)
            .await?;
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more).map(place);
        let next_page_token = match last {
            Some(last) => self.sealed(asker, &list, &last)?,
            None => String::new(),
        };
        let dead_letters = rows.into_iter().map(|it| self.letter(it, false)).collect();
        Ok(pb::ListDeadLettersResponse {
            dead_letters,
            next_page_token,
        })
    }

    async fn letters(
        &self,
        tenant: TenantId,
        message: &pb::ListDeadLettersRequest,
        after: Option<String>,
        most: usize,
    ) -> Result<Vec<Row>, Fault> {
        let states: Vec<&str> = match message.states.is_empty() {
            true => vec!["parked", "redriving", "resyncing"],
            false => message.states().filter_map(word_of_state).collect(),
        };
        let reason = word_of_reason(message.reason()).unwrap_or_default();
        let sql = format!(
            "{SELECT} AND state = ANY ($2) AND ($3 = '' OR consumer = $3)
              AND ($4 = '' OR stream_id = $4) AND ($5 = '' OR reason = $5)
              AND to_char(parked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
                || dead_letter_id::text > $6
            ORDER BY parked_at, dead_letter_id::text LIMIT $7"
        );
        let mut tx = self.of_tenant(tenant).await?;
        let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(tenant.uuid())
            .bind(states)
            .bind(&message.consumer)
            .bind(&message.aggregate_id)
            .bind(reason)
            .bind(after.unwrap_or_default())
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx)
            .await
            .map_err(journal::fault)?;
        tx.commit().await.map_err(journal::fault)?;
        Ok(rows)
    }

    /// Returns one dead letter with its event.
    pub async fn find_dead_letter(
        &self,
        asker: &Asker,
        message: pb::GetDeadLetterRequest,
    ) -> Result<pb::GetDeadLetterResponse, Fault> {
        self.here(&message.service)?;
        let row = self
            .letter_row(asker.tenant, &message.dead_letter_id)
            .await?;
        let dead_letter = Some(self.letter(row, true));
        Ok(pb::GetDeadLetterResponse { dead_letter })
    }

    /// Begins a redrive of one dead letter.
    pub async fn redrive_dead_letter(
        &self,
        asker: &Asker,
        message: pb::RedriveDeadLetterRequest,
    ) -> Result<pb::RedriveDeadLetterResponse, Fault> {
        self.here(&message.service)?;
        let once = match self.once(asker, REDRIVE).await? {
            Begun::Known(answer) => return Ok(answer),
            Begun::First(once) => once,
        };
        let row = self
            .letter_row(asker.tenant, &message.dead_letter_id)
            .await?;
        self.letters_of()?.redrive(asker, followed(&row)).await?;
        let row = self
            .letter_row(asker.tenant, &message.dead_letter_id)
            .await?;
        let dead_letter = Some(self.letter(row, true));
        once.keep(pb::RedriveDeadLetterResponse { dead_letter })
            .await
    }

    /// Begins a redrive of many dead letters of one consumer. An attempt that broke off before it
    /// answered has begun some; its repetition begins the rest.
    pub async fn redrive_consumer(
        &self,
        asker: &Asker,
        message: pb::RedriveConsumerRequest,
    ) -> Result<pb::RedriveConsumerResponse, Fault> {
        self.here(&message.service)?;
        let once = match self.once(asker, REDRIVE_ALL).await? {
            Begun::Known(answer) => return Ok(answer),
            Begun::First(once) => once,
        };
        let face = self.face(&message.name)?;
        let limit = match message.limit {
            0 => REDRIVE_LIMIT,
            limit => limit,
        };
        let wanted = pb::ListDeadLettersRequest {
            consumer: face.name.to_owned(),
            states: vec![pb::DeadLetterState::Parked.into()],
            reason: message.reason,
            ..pb::ListDeadLettersRequest::default()
        };
        let rows = self
            .letters(asker.tenant, &wanted, None, page_size(limit))
            .await?;
        let each = Asker {
            attempt: None,
            ..asker.clone()
        };
        let mut begun_count = 0;
        for row in &rows {
            let begun = self.letters_of()?.redrive(&each, followed(row)).await;
            begun_count += i32::from(begun.is_ok());
        }
        let left = self.letters(asker.tenant, &wanted, None, 10_000).await?;
        let answer = pb::RedriveConsumerResponse {
            begun_count,
            remaining_count: i64::try_from(left.len()).unwrap_or(i64::MAX),
        };
        once.keep(answer).await
    }

    /// Begins to take the owner's present state in place of what is parked.
    pub async fn resync_dead_letter(
        &self,
        asker: &Asker,
        message: pb::ResyncDeadLetterRequest,
    ) -> Result<pb::ResyncDeadLetterResponse, Fault> {
        self.here(&message.service)?;
        let once = match self.once(asker, RESYNC).await? {
            Begun::Known(answer) => return Ok(answer),
            Begun::First(once) => once,
        };
        let row = self
            .letter_row(asker.tenant, &message.dead_letter_id)
            .await?;
        let resyncable = self.face(&row.consumer).is_ok_and(|it| it.resyncable);
        if !resyncable {
            let text = "the consumer keeps no state that could be read anew";
            return Err(Fault::new(RESYNC_IMPOSSIBLE, text));
        }
        let letters = self.letters_of()?;
        letters
            .resync(asker, followed(&row), message.reason)
            .await?;
        let row = self
            .letter_row(asker.tenant, &message.dead_letter_id)
            .await?;
        let dead_letter = Some(self.letter(row, true));
        once.keep(pb::ResyncDeadLetterResponse { dead_letter })
            .await
    }

    fn letters_of(&self) -> Result<&dyn Letters, Fault> {
        let letters = self.parts().letters.as_deref();
        letters.ok_or_else(|| damaged("a dead letter of a service that listens to nobody"))
    }

    async fn letter_row(&self, tenant: TenantId, text: &str) -> Result<Row, Fault> {
        let missing = || Fault::missing("dead_letter", text);
        let letter: DeadLetterId = judged(text).ok_or_else(missing)?;
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} AND dead_letter_id = $2"));
        let mut tx = self.of_tenant(tenant).await?;
        let row = sqlx::query_as(sql).bind(tenant.uuid()).bind(letter.uuid());
        let row = row.fetch_optional(&mut *tx).await.map_err(journal::fault)?;
        tx.commit().await.map_err(journal::fault)?;
        row.ok_or_else(missing)
    }

    fn letter(&self, row: Row, with_payload: bool) -> pb::DeadLetter {
        let tenant: TenantId = Id::from_uuid(row.tenant_id);
        let letter: DeadLetterId = Id::from_uuid(row.dead_letter_id);
        let actor = Actor {
            r#type: row.actor_type.into(),
            actor_id: row.actor_id.clone(),
        };
        pb::DeadLetter {
            event: Some(event(&row, with_payload)),
            dead_letter_id: letter.to_string(),
            tenant_id: tenant.to_string(),
            service: self.parts().service.to_owned(),
            consumer: row.consumer,
            source: row.source,
            aggregate_type: row.stream_kind,
            aggregate_id: row.stream_id,
            state: state_of(&row.state).into(),
            reason: reason_of(&row.reason).into(),
            parked_version: row.parked_version,
            highest_version: row.highest_version,
            history: row.history,
            deliveries: row.deliveries,
            attempts: i32::try_from(row.attempts).unwrap_or(i32::MAX),
            error_reason: row.error_reason,
            trace_id: row.trace_id,
            create_time: timestamp(Some(row.parked_at)),
            attempt_time: timestamp(Some(row.attempted_at)),
            resolve_time: timestamp(row.resolved_at),
            actor: Some(actor).filter(|it| !it.actor_id.is_empty()),
        }
    }
}

/// What every published envelope begins with.
#[derive(Clone, PartialEq, prost::Message)]
struct Head {
    #[prost(message, optional, tag = "1")]
    metadata: Option<contracts::common::EventMetadata>,
}

fn event(row: &Row, with_payload: bool) -> EventRecord {
    let unreadable = row.reason == LetterReason::Unreadable.word();
    let readable = Some(row.payload.as_slice()).filter(|_| !unreadable);
    let head = readable.and_then(|it| Head::decode(it).ok());
    // The envelope's own name is its owner's business; the package says which it can be.
    let payload = readable.filter(|_| with_payload);
    EventRecord {
        metadata: head.and_then(|it| it.metadata),
        event_type: row.event_type.clone(),
        subject: row.subject.clone(),
        position: 0,
        payload: payload.map(|it| any(&row.event_type, it.to_vec())),
    }
}

fn followed(row: &Row) -> Followed {
    Followed {
        consumer: row.consumer.clone(),
        stream: row.stream_id.clone(),
    }
}

/// Where a page ended: sorts as the list does.
fn place(row: &Row) -> String {
    let at = row.parked_at.to_offset(time::UtcOffset::UTC);
    let (date, (hour, minute, second, micro)) = (at.date(), at.to_hms_micro());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!(
        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micro:06}{}",
        row.dead_letter_id
    )
}

fn filters(message: &pb::ListDeadLettersRequest) -> String {
    let same = pb::ListDeadLettersRequest {
        page_token: String::new(),
        page_size: 0,
        ..message.clone()
    };
    format!("ListDeadLetters {same:?}")
}

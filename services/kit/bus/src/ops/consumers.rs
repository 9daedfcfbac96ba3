//! The readers of other services' events.

use std::collections::BTreeMap;

use chassis::fault::Fault;
use contracts::ops as pb;
use sqlx::FromRow;
use time::OffsetDateTime;

use super::listing::page;
use super::times::timestamp;
use super::{Asker, CONSUMER_UNKNOWN, Ops, page_size};
use crate::consumer::{ConsumerStatus, Listen, consumer_status, consumer_statuses};
use crate::provision::stream_of;

/// How far a row may be from now and still say how a consumer gets on.
const FRESH_SECONDS: i64 = 30;

/// What operators see of a consumer beside how it gets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerFace {
    /// Its name, and its durable's.
    pub name: &'static str,
    /// The context that it reads.
    pub source: &'static str,
    /// The kinds of events that it takes; empty: every kind.
    pub event_types: &'static [&'static str],
    /// Whether it keeps state that can be read anew.
    pub resyncable: bool,
}

impl ConsumerFace {
    /// The face of one that listens.
    pub fn of<C: 'static>(listen: &dyn Listen<C>) -> Self {
        Self {
            name: listen.name(),
            source: listen.source(),
            event_types: listen.event_types(),
            resyncable: listen.is_resyncable(),
        }
    }
}

/// How many streams stand still.
#[derive(Clone, Copy, Debug, Default, FromRow)]
struct Standing {
    parked: i64,
    under_way: i64,
}

impl Ops {
    /// Lists the readers of other services' events.
    pub async fn list_consumers(
        &self,
        asker: &Asker,
        message: pb::ListConsumersRequest,
    ) -> Result<pb::ListConsumersResponse, Fault> {
        self.here(&message.service)?;
        let list = format!("ListConsumers {}", message.source);
        let after = self.opened(asker, &list, &message.page_token)?;
        let mut faces = self.parts().consumers.clone();
        faces.retain(|it| message.source.is_empty() || it.source == message.source);
        faces.sort_by_key(|it| it.name);
        let (faces, last) = page(faces, |it| it.name, after, page_size(message.page_size));
        let mut tx = self.of_tenant(asker.tenant).await?;
        let statuses = consumer_statuses(&mut tx).await.map_err(journal::fault)?;
        let statuses: BTreeMap<_, _> = statuses
            .into_iter()
            .map(|it| (it.name.clone(), it))
            .collect();
        let mut consumers = Vec::with_capacity(faces.len());
        for face in faces {
            let standing = standing(&mut tx, face.name).await?;
            let status = statuses.get(face.name).cloned();
            consumers.push(self.consumer(face, status, standing, self.now().await?));
        }
        tx.commit().await.map_err(journal::fault)?;
        let next_page_token = match last {
            Some(last) => self.sealed(asker, &list, &last)?,
            None => String::new(),
        };
        Ok(pb::ListConsumersResponse {
            consumers,
            next_page_token,
        })
    }

    /// Returns one consumer.
    pub async fn find_consumer(
        &self,
        asker: &Asker,
        message: pb::GetConsumerRequest,
    ) -> Result<pb::GetConsumerResponse, Fault> {
        self.here(&message.service)?;
        let face = self.face(&message.name)?;
        let mut tx = self.of_tenant(asker.tenant).await?;
        let status = consumer_status(&mut tx, face.name)
            .await
            .map_err(journal::fault)?;
        let standing = standing(&mut tx, face.name).await?;
        tx.commit().await.map_err(journal::fault)?;
        let consumer = Some(self.consumer(face, status, standing, self.now().await?));
        Ok(pb::GetConsumerResponse { consumer })
    }

    pub(super) fn face(&self, name: &str) -> Result<ConsumerFace, Fault> {
        let found = self.parts().consumers.iter().find(|it| it.name == name);
        found.copied().ok_or_else(|| {
            let message = "the service has no consumer of this name";
            Fault::new(CONSUMER_UNKNOWN, message).with("name", name)
        })
    }

    fn consumer(
        &self,
        face: ConsumerFace,
        status: Option<ConsumerStatus>,
        standing: Standing,
        now: OffsetDateTime,
    ) -> pb::Consumer {
        let mut consumer = pb::Consumer {
            name: face.name.to_owned(),
            service: self.parts().service.to_owned(),
            source: face.source.to_owned(),
            stream: stream_of(face.source),
            event_types: face.event_types.iter().map(|it| (*it).to_owned()).collect(),
            ordered: true,
            resyncable: face.resyncable,
            state: pb::ConsumerState::Leaderless.into(),
            parked_stream_count: standing.parked,
            redriving_stream_count: standing.under_way,
            ..pb::Consumer::default()
        };
        let Some(status) = status else {
            return consumer;
        };
        consumer.state = state_of(&status, now).into();
        consumer.lag = status.lag;
        consumer.pending = status.pending;
        consumer.acknowledged_sequence = status.acknowledged_sequence;
        consumer.apply_time = timestamp(status.applied_at);
        consumer.source_history = status.source_history;
        consumer.leader = if status.led {
            status.leader
        } else {
            String::new()
        };
        consumer
    }
}

fn state_of(status: &ConsumerStatus, now: OffsetDateTime) -> pb::ConsumerState {
    let fresh = |at: OffsetDateTime| (now - at).whole_seconds() < FRESH_SECONDS;
    match status.state.as_str() {
        _ if !status.led => pb::ConsumerState::Leaderless,
        "resyncing" => pb::ConsumerState::Resyncing,
        "reconnecting" => pb::ConsumerState::Reconnecting,
        _ if !status.observed_at.is_some_and(fresh) => pb::ConsumerState::Reconnecting,
        _ if status.lag > status.pending => pb::ConsumerState::CatchingUp,
        _ => pb::ConsumerState::Live,
    }
}

/// Counts the streams of the announced tenant that stand still.
async fn standing(connection: &mut sqlx::PgConnection, consumer: &str) -> Result<Standing, Fault> {
    let sql = "SELECT count(*) AS parked,
          count(*) FILTER (WHERE state <> 'parked') AS under_way
        FROM dead_letters
        WHERE consumer = $1 AND state IN ('parked', 'redriving', 'resyncing')";
    let counted = sqlx::query_as(sql).bind(consumer).fetch_one(connection);
    counted.await.map_err(journal::fault)
}

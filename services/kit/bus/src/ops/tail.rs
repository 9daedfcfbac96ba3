//! Tails the events of a tenant as they are committed.

use std::sync::Arc;

use chassis::fault::Fault;
use contracts::common::{Bookmark, EventRecord};
use contracts::convert::moment;
use contracts::ops as pb;
use contracts::validate::{Path, Violations};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use journal::Recorded;
use vocab::{Moment, TenantId};

use super::record::record;
use super::{Asker, Ops};
use crate::log::Log;
use crate::publish::{Publish, outgoing};
use crate::watch::{Changes, Sealer, Step, Watch, Watched, log_fault};

/// The most past events that are sent before the watch goes on with new ones.
const PAST_MAX: u64 = 50_000;

/// Which events are sent.
pub struct TailEvents {
    publish: Arc<dyn Publish>,
    follower: crate::follower::Follower,
    tenant: TenantId,
    history: i64,
    since: Option<Moment>,
    filter: pb::TailEventsRequest,
}

impl TailEvents {
    fn takes(&self, recorded: &Recorded) -> bool {
        let filter = &self.filter;
        let same = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        recorded.tenant == self.tenant
            && same(&filter.aggregate_type, &recorded.stream_kind)
            && same(&filter.aggregate_id, &recorded.stream_id)
            && same(&filter.correlation_id, &recorded.correlation_id)
            && same(&filter.causation_id, &recorded.causation_id)
            && same(&filter.actor_id, &recorded.actor.id)
    }

    fn records(&self, recorded: &Recorded) -> Vec<EventRecord> {
        if !self.takes(recorded) {
            return Vec::new();
        }
        let messages = outgoing(self.publish.as_ref(), recorded, self.history);
        let types = &self.filter.event_types;
        let wanted = |it: &EventRecord| types.is_empty() || types.contains(&it.event_type);
        let records = messages.unwrap_or_default().into_iter().map(record);
        records.filter(wanted).collect()
    }

    async fn past(&self) -> Result<Vec<EventRecord>, Fault> {
        let Some(since) = self.since else {
            return Ok(Vec::new());
        };
        let mut log = Log::open(self.follower.log()).await.map_err(log_fault)?;
        let now = log.settled().await.map_err(log_fault)?;
        let mut pass = log.prefix(&now, EIGHT_DAYS).await.map_err(log_fault)?;
        let mut records = Vec::new();
        while let Some(chunk) = pass.next().await.map_err(log_fault)? {
            let late = chunk.iter().filter(|it| it.recorded_at >= since);
            records.extend(late.flat_map(|it| self.records(it)));
            if pass.read() > PAST_MAX {
                break;
            }
        }
        pass.give_up().await.map_err(log_fault)?;
        Ok(records)
    }
}

/// How far back a tail may begin, in seconds.
const EIGHT_DAYS: i64 = 8 * 86_400;

impl Watched for TailEvents {
    type Item = EventRecord;

    fn snapshot(&self) -> BoxFuture<'_, Result<Vec<EventRecord>, Fault>> {
        Box::pin(self.past())
    }

    fn change(&self, recorded: &Recorded) -> Option<EventRecord> {
        self.records(recorded).into_iter().next()
    }

    fn changes<'a>(&'a self, facts: &'a [Recorded]) -> Changes<'a, EventRecord> {
        let numbered = facts.iter().enumerate();
        let changes = numbered.flat_map(|(at, it)| {
            let records = self.records(it).into_iter();
            records.map(move |record| (at, record))
        });
        let changes = changes.collect();
        Box::pin(async move { Ok(changes) })
    }
}

impl Ops {
    /// Sends events as they are committed.
    pub async fn tail_events(
        &self,
        asker: &Asker,
        message: pb::TailEventsRequest,
    ) -> Result<impl Stream<Item = Result<pb::TailEventsResponse, Fault>> + Send + 'static, Fault>
    {
        self.here(&message.service)?;
        let since = message.start_time.as_ref().map(moment).transpose();
        let since = since.map_err(Fault::bug)?;
        self.not_too_old(since).await?;
        let filter = pb::TailEventsRequest {
            resume_token: String::new(),
            start_time: None,
            ..message.clone()
        };
        let parts = self.parts();
        let spelled = format!("{filter:?}").into_bytes();
        let sealer = Sealer::new(parts.keys.clone(), asker.tenant, "TailEvents", spelled);
        let watched = TailEvents {
            publish: parts.publish.clone(),
            follower: parts.follower.clone(),
            tenant: asker.tenant,
            history: self.history().await?,
            since,
            filter,
        };
        let token = message.resume_token;
        let watch = Watch::begin(&parts.follower, watched, sealer, &token).await?;
        Ok(watch.into_stream().map(|step| step.map(response)))
    }
}

impl Ops {
    /// Older events are listed, not tailed.
    async fn not_too_old(&self, since: Option<Moment>) -> Result<(), Fault> {
        let Some(since) = since else { return Ok(()) };
        let now = self.now().await?.unix_timestamp();
        if since.to_seconds_nanos().0 >= now - EIGHT_DAYS {
            return Ok(());
        }
        let mut found = Violations::default();
        let text = "must not lie more than eight days ago";
        found.add(&Path::Root.field("start_time"), "tail_events.start", text);
        Err(Fault::invalid(found))
    }
}

fn response(step: Step<EventRecord>) -> pb::TailEventsResponse {
    use pb::tail_events_response::Update;
    let (resume_token, update) = match step {
        Step::Item { token, item } => (token, Update::Event(item)),
        Step::Bookmark {
            token,
            snapshot_complete,
        } => (token, Update::Bookmark(Bookmark { snapshot_complete })),
    };
    pb::TailEventsResponse {
        resume_token,
        update: Some(update),
    }
}

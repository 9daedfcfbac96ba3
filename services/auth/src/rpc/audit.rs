//! The methods of AuditService.

use chassis::call::Call;
use chassis::pages::{self, Page};
use contracts::auth as pb;
use contracts::auth::audit_service_server::AuditService;
use futures_util::stream::BoxStream;
use tonic::{Request, Response, Status, async_trait};
use vocab::Moment;

use super::convert::{self, audit};
use super::{Answer, Rpc};
use crate::db::{AuditCursor, AuditList};

/// Without a period the entries of so many microseconds are listed: 30 days.
const USUAL_MICROS: i64 = 30 * 86_400 * 1_000_000;

#[async_trait]
impl AuditService for Rpc {
    type WatchAuditEntriesStream =
        BoxStream<'static, Result<pb::WatchAuditEntriesResponse, Status>>;

    async fn list_audit_entries(
        &self,
        request: Request<pb::ListAuditEntriesRequest>,
    ) -> Answer<pb::ListAuditEntriesResponse> {
        let (call, request) = Call::open(request)?;
        let filters = pb::ListAuditEntriesRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, &call, &filters);
        let size = pages::size(request.page_size);
        let list = AuditList {
            period: Some(self.period(request.period.as_ref())?),
            outcomes: numbers(&request.outcomes),
            actor: request.actor_id,
            method: request.method,
            kind: request.aggregate_type,
            thing: request.aggregate_id,
            correlation: request.correlation_id,
            reason: request.reason,
            after: page.open(&request.page_token)?,
            limit: size + 1,
        };
        let mut found = self.app.list_audit(&call, list).await?;
        let last = pages::cut(&mut found, size);
        let last = last.map(|it| AuditCursor(it.act.at, it.act.id));
        let entries = found.iter().map(|it| audit::entry(call.tenant, it));
        Ok(Response::new(pb::ListAuditEntriesResponse {
            entries: entries.collect(),
            next_page_token: page.seal(last.as_ref())?,
        }))
    }

    async fn get_audit_entry(
        &self,
        request: Request<pb::GetAuditEntryRequest>,
    ) -> Answer<pb::GetAuditEntryResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("audit_id", &request.audit_id)?;
        let found = self.app.audit_entry(&call, id).await?;
        let entry = Some(audit::entry(call.tenant, &found));
        Ok(Response::new(pb::GetAuditEntryResponse { entry }))
    }

    async fn watch_audit_entries(
        &self,
        request: Request<pb::WatchAuditEntriesRequest>,
    ) -> Answer<Self::WatchAuditEntriesStream> {
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.watch_audit(call, request).await?))
    }

    async fn record_audit_entries(
        &self,
        request: Request<pb::RecordAuditEntriesRequest>,
    ) -> Answer<pb::RecordAuditEntriesResponse> {
        let (call, request) = Call::open(request)?;
        let acts = request.records.into_iter().map(audit::act);
        let acts = acts.collect::<Result<_, _>>()?;
        let recorded_count = self.app.record(&call, acts).await?;
        Ok(Response::new(pb::RecordAuditEntriesResponse {
            recorded_count,
        }))
    }
}

impl Rpc {
    fn period(
        &self,
        sent: Option<&contracts::common::Period>,
    ) -> Result<(Moment, Moment), chassis::fault::Fault> {
        let start = sent.and_then(|it| it.start_time.as_ref());
        let end = sent.and_then(|it| it.end_time.as_ref());
        let start = convert::read_time("period.start_time", start)?;
        let end = convert::read_time("period.end_time", end)?;
        let usual = self.now().micros().saturating_sub(USUAL_MICROS);
        let usual = Moment::from_micros(usual).unwrap_or(Moment::FIRST);
        let start = match (start, sent.is_some()) {
            (Some(start), _) => start,
            (None, true) => Moment::FIRST,
            (None, false) => usual,
        };
        Ok((start, end.unwrap_or(Moment::LAST)))
    }
}

/// The numbers of outcomes, as they are stored.
pub(super) fn numbers(outcomes: &[i32]) -> Vec<i16> {
    let numbers = outcomes.iter().filter_map(|it| i16::try_from(*it).ok());
    numbers.collect()
}

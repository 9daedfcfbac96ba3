//! The methods of SessionService.

use chassis::call::Call;
use chassis::pages::{self, Page};
use contracts::auth as pb;
use contracts::auth::revoke_sessions_request::Target;
use contracts::auth::session_service_server::SessionService;
use futures_util::stream::BoxStream;
use tonic::{Request, Response, Status, async_trait};

use super::convert::{self, session};
use super::{Answer, Rpc, own_session};
use crate::db::{LivingCursor, LivingList};

#[async_trait]
impl SessionService for Rpc {
    type WatchRevocationsStream = BoxStream<'static, Result<pb::WatchRevocationsResponse, Status>>;

    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Answer<pb::ListSessionsResponse> {
        let (call, request) = Call::open(request)?;
        let filters = pb::ListSessionsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, &call, &filters);
        let size = pages::size(request.page_size);
        let list = LivingList {
            user: convert::optional_id("user_id", &request.user_id)?,
            customer: convert::optional_id("customer_id", &request.customer_id)?,
            after: page.open(&request.page_token)?,
            limit: size + 1,
        };
        let mut sessions = self.app.list_sessions(&call, list).await?;
        let last = pages::cut(&mut sessions, size);
        let last = last.map(|it| LivingCursor(it.refreshed_at, it.id));
        let current = own_session(&call);
        let mut shown = Vec::with_capacity(sessions.len());
        for it in &sessions {
            let agent = self.app.agent_of(it)?;
            shown.push(session::session(call.tenant, it, agent, &current));
        }
        Ok(Response::new(pb::ListSessionsResponse {
            sessions: shown,
            next_page_token: page.seal(last.as_ref())?,
        }))
    }

    async fn revoke_sessions(
        &self,
        request: Request<pb::RevokeSessionsRequest>,
    ) -> Answer<pb::RevokeSessionsResponse> {
        let (call, request) = Call::open(request)?;
        let call = call.because(request.reason);
        let (mut list, mut only) = (LivingList::default(), None);
        match convert::sent("target", request.target)? {
            Target::UserId(it) => list.user = Some(convert::id("user_id", &it)?),
            Target::CustomerId(it) => list.customer = Some(convert::id("customer_id", &it)?),
            Target::SessionId(it) => only = Some(convert::id("session_id", &it)?),
        }
        let revoked_count = self.app.end_sessions(&call, list, only).await?;
        Ok(Response::new(pb::RevokeSessionsResponse { revoked_count }))
    }

    async fn list_revocations(
        &self,
        request: Request<pb::ListRevocationsRequest>,
    ) -> Answer<pb::ListRevocationsResponse> {
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.revocations(&call, request).await?))
    }

    async fn watch_revocations(
        &self,
        request: Request<pb::WatchRevocationsRequest>,
    ) -> Answer<Self::WatchRevocationsStream> {
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.watch_revoked(call, request).await?))
    }
}

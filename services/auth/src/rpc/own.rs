//! The methods of AccountService: what people do about themselves.

use chassis::call::Call;
use chassis::pages::{self, Page};
use contracts::auth as pb;
use contracts::auth::account_service_server::AccountService;
use tonic::{Request, Response, async_trait};

use super::convert::{etag, people, session, text};
use super::{Answer, Rpc, own_session, own_user, unserved};
use crate::db::{LivingCursor, LivingList};

#[async_trait]
impl AccountService for Rpc {
    async fn sign_up(&self, _: Request<pb::SignUpRequest>) -> Answer<pb::SignUpResponse> {
        unserved()
    }

    async fn verify_email(
        &self,
        _: Request<pb::VerifyEmailRequest>,
    ) -> Answer<pb::VerifyEmailResponse> {
        unserved()
    }

    async fn request_password_reset(
        &self,
        _: Request<pb::RequestPasswordResetRequest>,
    ) -> Answer<pb::RequestPasswordResetResponse> {
        unserved()
    }

    async fn reset_password(
        &self,
        _: Request<pb::ResetPasswordRequest>,
    ) -> Answer<pb::ResetPasswordResponse> {
        unserved()
    }

    async fn change_email(
        &self,
        _: Request<pb::ChangeEmailRequest>,
    ) -> Answer<pb::ChangeEmailResponse> {
        unserved()
    }

    async fn accept_invitation(
        &self,
        request: Request<pb::AcceptInvitationRequest>,
    ) -> Answer<pb::AcceptInvitationResponse> {
        let (call, request) = Call::open(request)?;
        let chosen = (request.password.as_str(), request.display_name.as_str());
        let user = self
            .app
            .accept_invitation(&call, &request.invitation_token, chosen)
            .await?;
        let user_id = user.to_string();
        Ok(Response::new(pb::AcceptInvitationResponse { user_id }))
    }

    async fn change_password(
        &self,
        request: Request<pb::ChangePasswordRequest>,
    ) -> Answer<pb::ChangePasswordResponse> {
        let (call, request) = Call::open(request)?;
        let user = own_user(&call)?;
        let passwords = (
            request.current_password.as_str(),
            request.new_password.as_str(),
        );
        let revoked_count = self.app.change_password(&call, user, passwords).await?;
        Ok(Response::new(pb::ChangePasswordResponse {
            user_id: user.to_string(),
            revoked_count,
        }))
    }

    async fn edit_profile(
        &self,
        request: Request<pb::EditProfileRequest>,
    ) -> Answer<pb::EditProfileResponse> {
        let (call, request) = Call::open(request)?;
        let user = own_user(&call)?;
        let (name, locale) = (request.display_name, request.locale);
        let revise = |present: &_| Ok(people::edited(call.tenant, present, &name, &locale));
        let person = self
            .app
            .revise_user(&call, (user, true), etag(&request.etag), revise)
            .await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::EditProfileResponse { user }))
    }

    async fn list_own_sessions(
        &self,
        request: Request<pb::ListOwnSessionsRequest>,
    ) -> Answer<pb::ListOwnSessionsResponse> {
        let (call, request) = Call::open(request)?;
        let filters = pb::ListOwnSessionsRequest::default();
        let page = Page::of(&self.pages, &call, &filters);
        let size = pages::size(request.page_size);
        let caller = &call.caller;
        let mut sessions = Vec::new();
        if caller.user.is_some() || caller.customer.is_some() {
            let list = LivingList {
                user: caller.user,
                customer: caller.customer.filter(|_| caller.user.is_none()),
                after: page.open(&request.page_token)?,
                limit: size + 1,
            };
            sessions = self.app.list_sessions(&call, list).await?;
        }
        let last = pages::cut(&mut sessions, size);
        let last = last.map(|it| LivingCursor(it.refreshed_at, it.id));
        let current = own_session(&call);
        let mut shown = Vec::with_capacity(sessions.len());
        for it in &sessions {
            let agent = self.app.agent_of(it)?;
            shown.push(session::session(call.tenant, it, agent, &current));
        }
        Ok(Response::new(pb::ListOwnSessionsResponse {
            sessions: shown,
            next_page_token: page.seal(last.as_ref())?,
            customer_id: text(caller.customer),
        }))
    }

    async fn revoke_own_sessions(
        &self,
        request: Request<pb::RevokeOwnSessionsRequest>,
    ) -> Answer<pb::RevokeOwnSessionsResponse> {
        let (call, request) = Call::open(request)?;
        let named = super::convert::ids("session_ids", &request.session_ids)?;
        let revoked_count = self.app.end_own(&call, named).await?;
        Ok(Response::new(pb::RevokeOwnSessionsResponse {
            revoked_count,
            customer_id: text(call.caller.customer),
        }))
    }
}

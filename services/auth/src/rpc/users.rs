//! The methods of UserService.

use chassis::call::Call;
use chassis::pages::{self, Page};
use contracts::auth as pb;
use contracts::auth::user_service_server::UserService;
use contracts::common::Actor;
use tonic::{Request, Response, async_trait};

use super::convert::{self, etag, people, text, texts};
use super::{Answer, Rpc, own_session};
use crate::db::UserList;

#[async_trait]
impl UserService for Rpc {
    async fn create_user(
        &self,
        request: Request<pb::CreateUserRequest>,
    ) -> Answer<pb::CreateUserResponse> {
        let (call, request) = Call::open(request)?;
        let sent = convert::sent("user", request.user)?;
        let asked = people::asked(sent, &request.initial_password);
        let person = self.app.create_user(&call, asked).await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::CreateUserResponse { user }))
    }

    async fn resend_invitation(
        &self,
        request: Request<pb::ResendInvitationRequest>,
    ) -> Answer<pb::ResendInvitationResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let person = self.app.invite_again(&call, id).await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::ResendInvitationResponse { user }))
    }

    async fn get_user(&self, request: Request<pb::GetUserRequest>) -> Answer<pb::GetUserResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let person = self.app.user(&call, id).await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::GetUserResponse { user }))
    }

    async fn list_users(
        &self,
        request: Request<pb::ListUsersRequest>,
    ) -> Answer<pb::ListUsersResponse> {
        let (call, request) = Call::open(request)?;
        let filters = pb::ListUsersRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, &call, &filters);
        let size = pages::size(request.page_size);
        let list = UserList {
            states: people::states(&request.states),
            role: convert::optional_id("role_id", &request.role_id)?,
            location: convert::optional_id("location_id", &request.location_id)?,
            customer: convert::optional_id("customer_id", &request.customer_id)?,
            only: None,
            after: page.open(&request.page_token)?,
            limit: size + 1,
        };
        let mut found = self.app.list_users(&call, list, &request.email).await?;
        let last = pages::cut(&mut found, size).map(|it| it.cursor());
        let users = found.iter().map(|it| people::user(call.tenant, it));
        Ok(Response::new(pb::ListUsersResponse {
            users: users.collect(),
            next_page_token: page.seal(last.as_ref())?,
        }))
    }

    async fn update_user(
        &self,
        request: Request<pb::UpdateUserRequest>,
    ) -> Answer<pb::UpdateUserResponse> {
        let (call, request) = Call::open(request)?;
        let sent = convert::sent("user", request.user)?;
        let id = convert::id("user.user_id", &sent.user_id)?;
        let mask = request.update_mask.as_ref();
        let revise = |present: &_| people::revised(call.tenant, present, &sent, mask);
        let person = self
            .app
            .revise_user(&call, (id, false), etag(&sent.etag), revise)
            .await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::UpdateUserResponse { user }))
    }

    async fn get_current_user(
        &self,
        request: Request<pb::GetCurrentUserRequest>,
    ) -> Answer<pb::GetCurrentUserResponse> {
        let (call, _) = Call::open(request)?;
        let caller = &call.caller;
        let user = match caller.user {
            Some(id) => Some(people::user(
                call.tenant,
                &self.app.myself(&call, id).await?,
            )),
            None => None,
        };
        Ok(Response::new(pb::GetCurrentUserResponse {
            user,
            permissions: caller.permissions().map(str::to_owned).collect(),
            actor: Some(Actor {
                r#type: caller.kind.into(),
                actor_id: caller.id.clone(),
            }),
            tenant_id: call.tenant.to_string(),
            customer_id: text(caller.customer),
            session_id: own_session(&call),
            location_ids: texts(&caller.locations),
        }))
    }

    async fn disable_user(
        &self,
        request: Request<pb::DisableUserRequest>,
    ) -> Answer<pb::DisableUserResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let etag = etag(&request.etag);
        let person = self
            .app
            .disable_user(&call, id, &request.reason, etag)
            .await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::DisableUserResponse { user }))
    }

    async fn enable_user(
        &self,
        request: Request<pb::EnableUserRequest>,
    ) -> Answer<pb::EnableUserResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let person = self.app.enable_user(&call, id, etag(&request.etag)).await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::EnableUserResponse { user }))
    }

    async fn erase_user(
        &self,
        request: Request<pb::EraseUserRequest>,
    ) -> Answer<pb::EraseUserResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let etag = etag(&request.etag);
        let person = self
            .app
            .erase_user(&call, id, &request.reason, etag)
            .await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::EraseUserResponse { user }))
    }

    async fn set_password(
        &self,
        request: Request<pb::SetPasswordRequest>,
    ) -> Answer<pb::SetPasswordResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let new = (request.new_password.as_str(), request.change_required);
        let etag = etag(&request.etag);
        let revoked_count = self.app.set_password(&call, id, new, etag).await?;
        Ok(Response::new(pb::SetPasswordResponse { revoked_count }))
    }

    async fn grant_role(
        &self,
        request: Request<pb::GrantRoleRequest>,
    ) -> Answer<pb::GrantRoleResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let role = (convert::id("role_id", &request.role_id)?, true);
        let etag = etag(&request.etag);
        let person = self.app.change_role(&call, id, role, etag).await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::GrantRoleResponse { user }))
    }

    async fn revoke_role(
        &self,
        request: Request<pb::RevokeRoleRequest>,
    ) -> Answer<pb::RevokeRoleResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let role = (convert::id("role_id", &request.role_id)?, false);
        let etag = etag(&request.etag);
        let person = self.app.change_role(&call, id, role, etag).await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::RevokeRoleResponse { user }))
    }

    async fn set_user_locations(
        &self,
        request: Request<pb::SetUserLocationsRequest>,
    ) -> Answer<pb::SetUserLocationsResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let locations = convert::ids("location_ids", &request.location_ids)?;
        let etag = etag(&request.etag);
        let person = self.app.bind_user(&call, id, locations, etag).await?;
        let user = Some(people::user(call.tenant, &person));
        Ok(Response::new(pb::SetUserLocationsResponse { user }))
    }

    async fn get_user_contact(
        &self,
        request: Request<pb::GetUserContactRequest>,
    ) -> Answer<pb::GetUserContactResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("user_id", &request.user_id)?;
        let (person, locale) = self.app.contact_of(&call, id).await?;
        let contact = Some(pb::UserContact {
            email: person.contact.email,
            display_name: person.contact.display_name,
            locale,
            email_verified: person.known.user.email_verified_at.is_some(),
        });
        Ok(Response::new(pb::GetUserContactResponse { contact }))
    }

    async fn get_one_time_link(
        &self,
        request: Request<pb::GetOneTimeLinkRequest>,
    ) -> Answer<pb::GetOneTimeLinkResponse> {
        let (call, request) = Call::open(request)?;
        let event = convert::id("event_id", &request.event_id)?;
        let link = self.app.open_link(&call, event).await?;
        let link = Some(pb::OneTimeLink {
            kind: link.kind,
            token: link.token,
            email: link.email,
            display_name: link.display_name,
            locale: link.locale,
            expire_time: link.expires,
        });
        Ok(Response::new(pb::GetOneTimeLinkResponse { link }))
    }
}

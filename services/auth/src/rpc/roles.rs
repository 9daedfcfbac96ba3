//! The methods of RoleService.

use chassis::call::Call;
use chassis::pages::{self, Page};
use contracts::auth as pb;
use contracts::auth::role_service_server::RoleService;
use tonic::{Request, Response, async_trait};

use super::convert::{self, etag, people};
use super::{Answer, Rpc};

#[async_trait]
impl RoleService for Rpc {
    async fn create_role(
        &self,
        request: Request<pb::CreateRoleRequest>,
    ) -> Answer<pb::CreateRoleResponse> {
        let (call, request) = Call::open(request)?;
        let asked = people::role_asked(convert::sent("role", request.role)?);
        let role = self.app.create_role(&call, asked).await?;
        let role = Some(people::role(call.tenant, &role));
        Ok(Response::new(pb::CreateRoleResponse { role }))
    }

    async fn get_role(&self, request: Request<pb::GetRoleRequest>) -> Answer<pb::GetRoleResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("role_id", &request.role_id)?;
        let role = self.app.role(&call, id).await?;
        let role = Some(people::role(call.tenant, &role));
        Ok(Response::new(pb::GetRoleResponse { role }))
    }

    async fn list_roles(
        &self,
        request: Request<pb::ListRolesRequest>,
    ) -> Answer<pb::ListRolesResponse> {
        let (call, request) = Call::open(request)?;
        let filters = pb::ListRolesRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, &call, &filters);
        let size = pages::size(request.page_size);
        let after = page
            .open::<String>(&request.page_token)?
            .unwrap_or_default();
        let mut roles = self.app.roles(&call).await?;
        let wanted = &request.permission;
        roles.retain(|it| it.key > after && (wanted.is_empty() || it.permissions.contains(wanted)));
        let last = pages::cut(&mut roles, size).map(|it| it.key.clone());
        let roles = roles.iter().map(|it| people::role(call.tenant, it));
        Ok(Response::new(pb::ListRolesResponse {
            roles: roles.collect(),
            next_page_token: page.seal(last.as_ref())?,
        }))
    }

    async fn update_role(
        &self,
        request: Request<pb::UpdateRoleRequest>,
    ) -> Answer<pb::UpdateRoleResponse> {
        let (call, request) = Call::open(request)?;
        let sent = convert::sent("role", request.role)?;
        let id = convert::id("role.role_id", &sent.role_id)?;
        let mask = request.update_mask.as_ref();
        let revise = |present: &_| people::role_revised(call.tenant, present, &sent, mask);
        let role = self
            .app
            .revise_role(&call, id, etag(&sent.etag), revise)
            .await?;
        let role = Some(people::role(call.tenant, &role));
        Ok(Response::new(pb::UpdateRoleResponse { role }))
    }

    async fn delete_role(
        &self,
        request: Request<pb::DeleteRoleRequest>,
    ) -> Answer<pb::DeleteRoleResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("role_id", &request.role_id)?;
        self.app.delete_role(&call, id, etag(&request.etag)).await?;
        Ok(Response::new(pb::DeleteRoleResponse {}))
    }

    async fn list_permissions(
        &self,
        request: Request<pb::ListPermissionsRequest>,
    ) -> Answer<pb::ListPermissionsResponse> {
        let (call, request) = Call::open(request)?;
        let filters = pb::ListPermissionsRequest::default();
        let page = Page::of(&self.pages, &call, &filters);
        let size = pages::size(request.page_size);
        let after = page
            .open::<String>(&request.page_token)?
            .unwrap_or_default();
        let all = self.app.release().permissions.iter();
        let behind = all.filter(|(key, _)| **key > after);
        let most = usize::try_from(size)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let mut found: Vec<_> = behind.take(most).collect();
        let last = pages::cut(&mut found, size).map(|(key, _)| (*key).clone());
        let permissions = found.iter().map(|(key, it)| pb::Permission {
            key: (*key).clone(),
            description: it.description.clone(),
            methods: it.methods.iter().cloned().collect(),
            held: call.caller.may(key),
        });
        Ok(Response::new(pb::ListPermissionsResponse {
            permissions: permissions.collect(),
            next_page_token: page.seal(last.as_ref())?,
        }))
    }
}

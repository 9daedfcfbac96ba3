//! The methods of TenantService.

use chassis::call::Call;
use chassis::pages::{self, Page};
use contracts::auth as pb;
use contracts::auth::tenant_service_server::TenantService;
use tonic::{Request, Response, async_trait};

use super::convert::{self, etag, people, tenant};
use super::{Answer, Rpc};
use crate::app::Contact;

#[async_trait]
impl TenantService for Rpc {
    async fn create_tenant(
        &self,
        request: Request<pb::CreateTenantRequest>,
    ) -> Answer<pb::CreateTenantResponse> {
        let (call, request) = Call::open(request)?;
        let content = tenant::content(&convert::sent("tenant", request.tenant)?)?;
        let admin = Contact {
            email: request.admin_email,
            display_name: request.admin_display_name,
        };
        let (opened, admin) = self.app.create_tenant(&call, content, admin).await?;
        Ok(Response::new(pb::CreateTenantResponse {
            tenant: Some(tenant::tenant(&opened)),
            admin: Some(people::user(opened.id, &admin)),
        }))
    }

    async fn get_tenant(
        &self,
        request: Request<pb::GetTenantRequest>,
    ) -> Answer<pb::GetTenantResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("tenant_id", &request.tenant_id)?;
        let found = self.app.tenant(&call, id).await?;
        let tenant = Some(tenant::tenant(&found));
        Ok(Response::new(pb::GetTenantResponse { tenant }))
    }

    async fn list_tenants(
        &self,
        request: Request<pb::ListTenantsRequest>,
    ) -> Answer<pb::ListTenantsResponse> {
        let (call, request) = Call::open(request)?;
        let filters = pb::ListTenantsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, &call, &filters);
        let after = page
            .open::<String>(&request.page_token)?
            .unwrap_or_default();
        let wanted = |it: &crate::domain::Tenant| {
            let state = if it.suspended.is_some() { 2 } else { 1 };
            request.states.is_empty() || request.states.contains(&state)
        };
        let (found, more) = match request.code.as_str() {
            "" => {
                let size = pages::size(request.page_size);
                self.app.list_tenants(after, size, wanted).await?
            }
            code => {
                let one = self.app.tenant_of_code(code).await?;
                (one.into_iter().filter(|it| wanted(it)).collect(), false)
            }
        };
        let last = found.last().filter(|_| more).map(|it| it.code.clone());
        Ok(Response::new(pb::ListTenantsResponse {
            tenants: found.iter().map(tenant::tenant).collect(),
            next_page_token: page.seal(last.as_ref())?,
        }))
    }

    async fn update_tenant(
        &self,
        request: Request<pb::UpdateTenantRequest>,
    ) -> Answer<pb::UpdateTenantResponse> {
        let (call, request) = Call::open(request)?;
        let sent = convert::sent("tenant", request.tenant)?;
        let id = convert::id("tenant.tenant_id", &sent.tenant_id)?;
        let mask = request.update_mask.as_ref();
        let revise = |present: &_| tenant::revised(present, &sent, mask);
        let revised = self
            .app
            .revise_tenant(&call, id, etag(&sent.etag), revise)
            .await?;
        let tenant = Some(tenant::tenant(&revised));
        Ok(Response::new(pb::UpdateTenantResponse { tenant }))
    }

    async fn suspend_tenant(
        &self,
        request: Request<pb::SuspendTenantRequest>,
    ) -> Answer<pb::SuspendTenantResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("tenant_id", &request.tenant_id)?;
        let reason = Some(request.reason.as_str());
        let etag = etag(&request.etag);
        let closed = self.app.suspend_tenant(&call, id, reason, etag).await?;
        let tenant = Some(tenant::tenant(&closed));
        Ok(Response::new(pb::SuspendTenantResponse { tenant }))
    }

    async fn resume_tenant(
        &self,
        request: Request<pb::ResumeTenantRequest>,
    ) -> Answer<pb::ResumeTenantResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("tenant_id", &request.tenant_id)?;
        let etag = etag(&request.etag);
        let opened = self.app.suspend_tenant(&call, id, None, etag).await?;
        let tenant = Some(tenant::tenant(&opened));
        Ok(Response::new(pb::ResumeTenantResponse { tenant }))
    }
}

//! The methods of ServiceAccountService.

use chassis::call::Call;
use chassis::pages::{self, Page};
use contracts::auth as pb;
use contracts::auth::service_account_service_server::ServiceAccountService;
use tonic::{Request, Response, async_trait};

use super::convert::{self, etag, machines};
use super::{Answer, Rpc};
use crate::db::{CreationCursor, Machine, MachineList};
use crate::domain::Account;

impl Rpc {
    fn shown(&self, call: &Call, account: &Machine<Account>) -> Option<pb::ServiceAccount> {
        Some(machines::account(call.tenant, account, self.now()))
    }
}

#[async_trait]
impl ServiceAccountService for Rpc {
    async fn create_service_account(
        &self,
        request: Request<pb::CreateServiceAccountRequest>,
    ) -> Answer<pb::CreateServiceAccountResponse> {
        let (call, request) = Call::open(request)?;
        let sent = convert::sent("service_account", request.service_account)?;
        let asked = machines::account_asked(sent)?;
        let (account, secret) = self.app.create_account(&call, asked).await?;
        Ok(Response::new(pb::CreateServiceAccountResponse {
            service_account: self.shown(&call, &account),
            client_secret: secret.to_string(),
        }))
    }

    async fn get_service_account(
        &self,
        request: Request<pb::GetServiceAccountRequest>,
    ) -> Answer<pb::GetServiceAccountResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("service_account_id", &request.service_account_id)?;
        let account = self.app.account_of(&call, id).await?;
        let service_account = self.shown(&call, &account);
        Ok(Response::new(pb::GetServiceAccountResponse {
            service_account,
        }))
    }

    async fn list_service_accounts(
        &self,
        request: Request<pb::ListServiceAccountsRequest>,
    ) -> Answer<pb::ListServiceAccountsResponse> {
        let (call, request) = Call::open(request)?;
        let filters = pb::ListServiceAccountsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, &call, &filters);
        let size = pages::size(request.page_size);
        let states = [(1, "ACTIVE"), (2, "DISABLED")];
        let states = states.iter().filter(|(it, _)| request.states.contains(it));
        let list = MachineList {
            word: etag(&request.role_id),
            states: states.map(|(_, name)| *name).collect(),
            after: page.open(&request.page_token)?,
            limit: size + 1,
        };
        let mut found = self.app.db().list_accounts(call.tenant, list).await?;
        let last = pages::cut(&mut found, size);
        let last = last.map(|it| CreationCursor(it.is.created_at, it.is.id.uuid()));
        Ok(Response::new(pb::ListServiceAccountsResponse {
            next_page_token: page.seal(last.as_ref())?,
            service_accounts: found
                .iter()
                .filter_map(|it| self.shown(&call, it))
                .collect(),
        }))
    }

    async fn update_service_account(
        &self,
        request: Request<pb::UpdateServiceAccountRequest>,
    ) -> Answer<pb::UpdateServiceAccountResponse> {
        let (call, request) = Call::open(request)?;
        let sent = convert::sent("service_account", request.service_account)?;
        let id = &sent.service_account_id;
        let id = convert::id("service_account.service_account_id", id)?;
        let mask = request.update_mask.as_ref();
        let revise = |present: &_| machines::account_revised(call.tenant, present, &sent, mask);
        let account = self
            .app
            .revise_account(&call, id, etag(&sent.etag), revise)
            .await?;
        let service_account = self.shown(&call, &account);
        Ok(Response::new(pb::UpdateServiceAccountResponse {
            service_account,
        }))
    }

    async fn rotate_service_account_secret(
        &self,
        request: Request<pb::RotateServiceAccountSecretRequest>,
    ) -> Answer<pb::RotateServiceAccountSecretResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("service_account_id", &request.service_account_id)?;
        let overlap = convert::duration(request.overlap);
        let etag = etag(&request.etag);
        let (account, secret) = self.app.rotate_account(&call, id, overlap, etag).await?;
        Ok(Response::new(pb::RotateServiceAccountSecretResponse {
            service_account: self.shown(&call, &account),
            client_secret: secret.to_string(),
        }))
    }

    async fn disable_service_account(
        &self,
        request: Request<pb::DisableServiceAccountRequest>,
    ) -> Answer<pb::DisableServiceAccountResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("service_account_id", &request.service_account_id)?;
        let reason = Some(request.reason.as_str());
        let etag = etag(&request.etag);
        let account = self.app.bar_account(&call, id, reason, etag).await?;
        let service_account = self.shown(&call, &account);
        Ok(Response::new(pb::DisableServiceAccountResponse {
            service_account,
        }))
    }

    async fn enable_service_account(
        &self,
        request: Request<pb::EnableServiceAccountRequest>,
    ) -> Answer<pb::EnableServiceAccountResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("service_account_id", &request.service_account_id)?;
        let etag = etag(&request.etag);
        let account = self.app.bar_account(&call, id, None, etag).await?;
        let service_account = self.shown(&call, &account);
        Ok(Response::new(pb::EnableServiceAccountResponse {
            service_account,
        }))
    }
}

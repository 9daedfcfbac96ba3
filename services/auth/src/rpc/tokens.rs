//! The methods of AuthService.

use chassis::call::Call;
use chassis::pages::{self, Page};
use contracts::auth as pb;
use contracts::auth::auth_service_server::AuthService;
use contracts::auth::check_permission_request::Subject;
use contracts::auth::revoke_token_request::Token;
use contracts::common::Actor;
use tonic::{Request, Response, async_trait};

use super::convert::{self, etag, machines, session, text, texts, time};
use super::{Answer, Rpc, agent};
use crate::app::Checked;
use crate::db::{CreationCursor, MachineList};

#[async_trait]
impl AuthService for Rpc {
    async fn issue_token(
        &self,
        request: Request<pb::IssueTokenRequest>,
    ) -> Answer<pb::IssueTokenResponse> {
        let agent = agent(&request);
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.issue(&call, agent, request).await?))
    }

    async fn revoke_token(
        &self,
        request: Request<pb::RevokeTokenRequest>,
    ) -> Answer<pb::RevokeTokenResponse> {
        let (call, request) = Call::open(request)?;
        match convert::sent("token", request.token)? {
            Token::RefreshToken(token) => self.app.sign_out(&call, &token).await?,
            Token::AccessToken(token) => self.app.sign_out_bearer(&call, &token).await?,
        }
        Ok(Response::new(pb::RevokeTokenResponse {}))
    }

    async fn introspect_token(
        &self,
        request: Request<pb::IntrospectTokenRequest>,
    ) -> Answer<pb::IntrospectTokenResponse> {
        let (call, request) = Call::open(request)?;
        let worth = self.app.worth(call.tenant, &request.access_token).await;
        let Some(worth) = worth else {
            return Ok(Response::new(pb::IntrospectTokenResponse::default()));
        };
        let caller = &worth.caller;
        let of = caller.session.parse::<vocab::SessionId>();
        Ok(Response::new(pb::IntrospectTokenResponse {
            active: true,
            tenant_id: worth.tenant.to_string(),
            subject: Some(Actor {
                r#type: caller.kind.into(),
                actor_id: caller.id.clone(),
            }),
            permissions: caller.permissions().map(str::to_owned).collect(),
            customer_id: text(caller.customer),
            location_ids: texts(&caller.locations),
            session_id: of.map(|it| it.to_string()).unwrap_or_default(),
            issue_time: time(worth.issued_at),
            expire_time: time(worth.expires_at),
        }))
    }

    async fn get_jwks(&self, request: Request<pb::GetJwksRequest>) -> Answer<pb::GetJwksResponse> {
        let (_, _) = Call::open(request)?;
        let published = self.app.keyring().published(self.now());
        let keys = published.keys.into_iter().map(session::key).collect();
        Ok(Response::new(pb::GetJwksResponse { keys }))
    }

    async fn rotate_signing_key(
        &self,
        request: Request<pb::RotateSigningKeyRequest>,
    ) -> Answer<pb::RotateSigningKeyResponse> {
        let (call, request) = Call::open(request)?;
        let key = self.app.rotate_keys(&call, request.withdraw_old).await?;
        let key = Some(session::key(key));
        Ok(Response::new(pb::RotateSigningKeyResponse { key }))
    }

    async fn check_permission(
        &self,
        request: Request<pb::CheckPermissionRequest>,
    ) -> Answer<pb::CheckPermissionResponse> {
        let (call, request) = Call::open(request)?;
        let location = convert::optional_id("location_id", &request.location_id)?;
        let asked = (request.permission.as_str(), location);
        let checked = match convert::sent("subject", request.subject)? {
            Subject::UserId(it) => {
                let id = convert::id("user_id", &it)?;
                self.app.check_user(&call, id, asked).await?
            }
            Subject::ApiKeyId(it) => {
                let id = convert::id("api_key_id", &it)?;
                self.app.check_api_key(&call, id, asked).await?
            }
            Subject::ServiceAccountId(it) => {
                let id = convert::id("service_account_id", &it)?;
                self.app.check_account(&call, id, asked).await?
            }
        };
        let cause = match checked.0 {
            Checked::Allowed => pb::DenialCause::Unspecified,
            Checked::NotGranted => pb::DenialCause::NotGranted,
            Checked::Elsewhere => pb::DenialCause::LocationNotBound,
            Checked::Inactive => pb::DenialCause::SubjectInactive,
            Checked::Suspended => pb::DenialCause::TenantSuspended,
        };
        Ok(Response::new(pb::CheckPermissionResponse {
            allowed: checked.0 == Checked::Allowed,
            cause: cause.into(),
            role_ids: texts(&checked.1),
        }))
    }

    async fn create_api_key(
        &self,
        request: Request<pb::CreateApiKeyRequest>,
    ) -> Answer<pb::CreateApiKeyResponse> {
        let (call, request) = Call::open(request)?;
        let sent = convert::sent("api_key", request.api_key)?;
        let asked = machines::key_asked(sent, self.now())?;
        let (key, secret) = self.app.create_api_key(&call, asked).await?;
        Ok(Response::new(pb::CreateApiKeyResponse {
            api_key: Some(machines::api_key(call.tenant, &key, self.now())),
            secret: secret.to_string(),
        }))
    }

    async fn get_api_key(
        &self,
        request: Request<pb::GetApiKeyRequest>,
    ) -> Answer<pb::GetApiKeyResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("api_key_id", &request.api_key_id)?;
        let key = self.app.api_key_of(&call, id).await?;
        let api_key = Some(machines::api_key(call.tenant, &key, self.now()));
        Ok(Response::new(pb::GetApiKeyResponse { api_key }))
    }

    async fn list_api_keys(
        &self,
        request: Request<pb::ListApiKeysRequest>,
    ) -> Answer<pb::ListApiKeysResponse> {
        let (call, request) = Call::open(request)?;
        let filters = pb::ListApiKeysRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let (page, size) = (
            Page::of(&self.pages, &call, &filters),
            pages::size(request.page_size),
        );
        let states = [(1, "ACTIVE"), (2, "EXPIRED"), (3, "REVOKED")];
        let states = states.iter().filter(|(it, _)| request.states.contains(it));
        let list = MachineList {
            word: etag(&request.permission),
            states: states.map(|(_, name)| *name).collect(),
            after: page.open(&request.page_token)?,
            limit: size + 1,
        };
        let mut keys = self.app.db().list_api_keys(call.tenant, list).await?;
        let last = pages::cut(&mut keys, size);
        let last = last.map(|it| CreationCursor(it.is.created_at, it.is.id.uuid()));
        let now = self.now();
        Ok(Response::new(pb::ListApiKeysResponse {
            next_page_token: page.seal(last.as_ref())?,
            api_keys: keys
                .iter()
                .map(|it| machines::api_key(call.tenant, it, now))
                .collect(),
        }))
    }

    async fn rotate_api_key(
        &self,
        request: Request<pb::RotateApiKeyRequest>,
    ) -> Answer<pb::RotateApiKeyResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("api_key_id", &request.api_key_id)?;
        let overlap = convert::duration(request.overlap);
        let etag = etag(&request.etag);
        let (key, secret) = self.app.rotate_api_key(&call, id, overlap, etag).await?;
        Ok(Response::new(pb::RotateApiKeyResponse {
            api_key: Some(machines::api_key(call.tenant, &key, self.now())),
            secret: secret.to_string(),
        }))
    }

    async fn revoke_api_key(
        &self,
        request: Request<pb::RevokeApiKeyRequest>,
    ) -> Answer<pb::RevokeApiKeyResponse> {
        let (call, request) = Call::open(request)?;
        let id = convert::id("api_key_id", &request.api_key_id)?;
        let etag = etag(&request.etag);
        let key = self
            .app
            .revoke_api_key(&call, id, &request.reason, etag)
            .await?;
        let api_key = Some(machines::api_key(call.tenant, &key, self.now()));
        Ok(Response::new(pb::RevokeApiKeyResponse { api_key }))
    }
}

//! Every rpc of every service with tokens that auth gave out and withdrew: of a session, a user, a
//! key, an account, a tenant, and at last of a key that signs, over TCP and in memory.

use std::time::Duration;

use chassis::edge::Edge;
use contracts::auth as pb;
use contracts::auth::auth_service_client::AuthServiceClient;
use contracts::auth::client_credentials_grant::Client;
use contracts::auth::issue_token_request::Grant;
use contracts::auth::revoke_sessions_request::Target;
use contracts::auth::role_service_client::RoleServiceClient;
use contracts::auth::service_account_service_client::ServiceAccountServiceClient;
use contracts::auth::session_service_client::SessionServiceClient;
use contracts::auth::tenant_service_client::TenantServiceClient;
use contracts::auth::user_service_client::UserServiceClient;
use futures_util::StreamExt as _;
use futures_util::stream;
use testbed::eventually;
use tonic::{Code, Request};

use super::bed::{Bed, tenant};
use super::example::fresh;
use super::seeds::auth::{OPERATOR, PASSWORD, admin_of, code_of};
use super::served::SUBJECTS;
use super::surface::Rpc;
use super::wire::{Shown, Way};
use super::{AT_ONCE, nothing_found};

/// Within this time every service has to know.
const FELT: Duration = Duration::from_secs(5);

/// Auth, as people of the first tenant call it.
struct People {
    auth: Edge,
    token: String,
}

/// A request with the token of somebody.
fn by<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let header = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", header);
    request
}

async fn issue(auth: &Edge, grant: Grant) -> pb::IssueTokenResponse {
    let request = pb::IssueTokenRequest {
        grant: Some(grant),
        permissions: Vec::new(),
    };
    let mut tokens = AuthServiceClient::new(auth.clone());
    tokens.issue_token(request).await.unwrap().into_inner()
}

async fn sign_in(auth: &Edge, code: &str, email: &str) -> pb::IssueTokenResponse {
    let grant = pb::PasswordGrant {
        tenant_code: code.to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
    };
    issue(auth, Grant::Password(grant)).await
}

impl People {
    async fn of(bed: &Bed) -> Self {
        let auth = bed.running.edge("auth").unwrap();
        let token = sign_in(&auth, &code_of(1), &admin_of(1)).await.access_token;
        Self { auth, token }
    }

    fn ask<T>(&self, message: T) -> Request<T> {
        by(&self.token, message)
    }

    async fn session(&self) -> String {
        let other = sign_in(&self.auth, &code_of(1), &admin_of(1)).await;
        let request = pb::RevokeSessionsRequest {
            target: Some(Target::SessionId(other.session_id)),
            ..pb::RevokeSessionsRequest::default()
        };
        let mut sessions = SessionServiceClient::new(self.auth.clone());
        let ended = sessions.revoke_sessions(self.ask(request)).await.unwrap();
        assert_eq!(ended.into_inner().revoked_count, 1);
        other.access_token
    }

    async fn user(&self) -> String {
        let mut users = UserServiceClient::new(self.auth.clone());
        let email = "leaver@tenant1.example".to_owned();
        let first = "a first password".to_owned();
        let request = pb::CreateUserRequest {
            user: Some(pb::User {
                email: email.clone(),
                display_name: "Leaver".to_owned(),
                ..pb::User::default()
            }),
            initial_password: first.clone(),
            request_id: fresh(),
        };
        users.create_user(self.ask(request)).await.unwrap();
        let change = Grant::PasswordChange(pb::PasswordChangeGrant {
            tenant_code: code_of(1),
            email,
            password: first,
            new_password: PASSWORD.to_owned(),
        });
        let issued = issue(&self.auth, change).await;
        let request = pb::DisableUserRequest {
            user_id: issued.user_id,
            reason: "LEFT".to_owned(),
            ..pb::DisableUserRequest::default()
        };
        users.disable_user(self.ask(request)).await.unwrap();
        issued.access_token
    }

    async fn key(&self) -> String {
        let mut tokens = AuthServiceClient::new(self.auth.clone());
        let request = pb::CreateApiKeyRequest {
            api_key: Some(pb::ApiKey {
                display_name: "Till".to_owned(),
                permissions: vec!["user.read".to_owned()],
                ..pb::ApiKey::default()
            }),
            request_id: fresh(),
        };
        let made = tokens.create_api_key(self.ask(request)).await.unwrap();
        let made = made.into_inner();
        let api_key = made.secret;
        let issued = issue(&self.auth, Grant::ApiKey(pb::ApiKeyGrant { api_key })).await;
        let request = pb::RevokeApiKeyRequest {
            api_key_id: made.api_key.unwrap().api_key_id,
            ..pb::RevokeApiKeyRequest::default()
        };
        tokens.revoke_api_key(self.ask(request)).await.unwrap();
        issued.access_token
    }

    async fn account(&self) -> String {
        let mut roles = RoleServiceClient::new(self.auth.clone());
        let listed = roles.list_roles(self.ask(pb::ListRolesRequest::default()));
        let listed = listed.await.unwrap().into_inner().roles;
        let staff = listed.into_iter().find(|it| it.key == "staff").unwrap();
        let mut accounts = ServiceAccountServiceClient::new(self.auth.clone());
        let request = pb::CreateServiceAccountRequest {
            service_account: Some(pb::ServiceAccount {
                display_name: "Forecasting".to_owned(),
                role_ids: vec![staff.role_id],
                ..pb::ServiceAccount::default()
            }),
            request_id: fresh(),
        };
        let made = accounts.create_service_account(self.ask(request)).await;
        let made = made.unwrap().into_inner();
        let id = made.service_account.unwrap().service_account_id;
        let grant = Grant::ClientCredentials(pb::ClientCredentialsGrant {
            client: Some(Client::ServiceAccountId(id.clone())),
            client_secret: made.client_secret,
        });
        let issued = issue(&self.auth, grant).await;
        let request = pb::DisableServiceAccountRequest {
            service_account_id: id,
            reason: "LEAKED".to_owned(),
            ..pb::DisableServiceAccountRequest::default()
        };
        let disabled = accounts.disable_service_account(self.ask(request)).await;
        disabled.unwrap();
        issued.access_token
    }

    async fn tenant(&self, operator: &str) -> String {
        let issued = sign_in(&self.auth, &code_of(2), &admin_of(2)).await;
        let request = pb::SuspendTenantRequest {
            tenant_id: tenant(2).to_string(),
            reason: "UNPAID".to_owned(),
            ..pb::SuspendTenantRequest::default()
        };
        let mut tenants = TenantServiceClient::new(self.auth.clone());
        tenants.suspend_tenant(by(operator, request)).await.unwrap();
        issued.access_token
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rpc_believes_a_token_that_auth_withdrew() {
    let bed = Bed::asking_auth().await;
    let people = People::of(&bed).await;
    let operator = sign_in(&people.auth, "operator", OPERATOR).await;
    let withdrawn = [
        ("of a session", people.session().await),
        ("of a user", people.user().await),
        ("of an API key", people.key().await),
        ("of an account", people.account().await),
        ("of a tenant", people.tenant(&operator.access_token).await),
    ];
    let mut found = refused(&bed, &withdrawn).await;
    found.extend(believed(&bed, &people.token).await);
    let request = pb::RotateSigningKeyRequest {
        withdraw_old: true,
        request_id: fresh(),
    };
    let mut tokens = AuthServiceClient::new(people.auth.clone());
    let rotated = tokens.rotate_signing_key(by(&operator.access_token, request));
    rotated.await.unwrap();
    let signed = [("of a key that signed", people.token.clone())];
    found.extend(refused(&bed, &signed).await);
    let anew = People::of(&bed).await;
    found.extend(believed(&bed, &anew.token).await);
    bed.running.end().await.unwrap();
    nothing_found(&found);
}

/// Asks every rpc that wants a token with each of these, and returns who believed it.
async fn refused(bed: &Bed, withdrawn: &[(&str, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for subject in SUBJECTS {
        let mut rpcs = bed.rpcs(subject);
        rpcs.retain(|it| it.permission.is_some());
        for way in bed.ways(subject).await {
            for (name, token) in withdrawn {
                let shown = Shown::token(token);
                let felt = async || wrong(&way, &rpcs[0], &shown).await.map_or(Ok(()), Err);
                let felt = eventually(FELT, "a withdrawn token is refused", felt).await;
                found.extend(
                    felt.err()
                        .map(|it| format!("{} {name}: {it}", subject.name)),
                );
                let asked = stream::iter(&rpcs).map(async |rpc| wrong(&way, rpc, &shown).await);
                let asked: Vec<_> = asked.buffer_unordered(AT_ONCE).collect().await;
                let wrong = asked.into_iter().flatten();
                found.extend(wrong.map(|it| format!("{name}, {}: {it}", way.name())));
            }
        }
    }
    found
}

async fn wrong(way: &Way, rpc: &Rpc, shown: &Shown) -> Option<String> {
    let answer = way.ask(&rpc.path(), shown, &[]).await;
    let refused = answer.code == Code::Unauthenticated && answer.reason == "TOKEN_INVALID";
    (!refused).then(|| format!("{} {}", rpc.name, answer.told()))
}

/// The same with a token that nobody withdrew: nobody may refuse it for what it is.
async fn believed(bed: &Bed, token: &str) -> Vec<String> {
    let mut found = Vec::new();
    for subject in SUBJECTS {
        let mut rpcs = bed.rpcs(subject);
        rpcs.retain(|it| it.permission.is_some());
        let (way, shown) = (bed.inside(subject), Shown::token(token));
        let heard = async || {
            let answer = way.ask(&rpcs[0].path(), &shown, &[]).await;
            let known = answer.code != Code::Unauthenticated;
            known.then_some(()).ok_or_else(|| answer.told())
        };
        let known = eventually(FELT, "a living token is believed", heard).await;
        found.extend(known.err().map(|it| format!("{}: {it}", subject.name)));
    }
    found
}

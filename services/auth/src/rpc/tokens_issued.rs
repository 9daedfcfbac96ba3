//! The grants of IssueToken, one by one.

use chassis::call::Call;
use chassis::fault::Fault;
use contracts::auth as pb;
use contracts::auth::client_credentials_grant::Client as Named;
use contracts::auth::issue_token_request::Grant;

use super::convert::{self, session};
use super::{Rpc, visitor};
use crate::app::{Client, Proof};
use crate::domain::Refusal;

impl Rpc {
    pub(super) async fn issue(
        &self,
        call: &Call,
        agent: String,
        request: pb::IssueTokenRequest,
    ) -> Result<pb::IssueTokenResponse, Fault> {
        let narrowed = request.permissions;
        let visitor = visitor(call, agent);
        let issued = match convert::sent("grant", request.grant)? {
            Grant::Password(it) => {
                let proof = Proof {
                    tenant_code: it.tenant_code,
                    email: it.email,
                    password: it.password,
                    new_password: None,
                };
                self.app.sign_in(call, &visitor, &proof, &narrowed).await?
            }
            Grant::PasswordChange(it) => {
                let proof = Proof {
                    tenant_code: it.tenant_code,
                    email: it.email,
                    password: it.password,
                    new_password: Some(it.new_password),
                };
                self.app.sign_in(call, &visitor, &proof, &narrowed).await?
            }
            Grant::Refresh(it) => self.app.refresh(call, &it.refresh_token, &narrowed).await?,
            Grant::ApiKey(it) => {
                let (id, secret) = api_key(&it.api_key)?;
                self.app.machine(call, &id, secret, &narrowed).await?
            }
            Grant::ClientCredentials(it) => {
                let client = client(it.client.as_ref())?;
                let secret = bare(&client, &it.client_secret);
                self.app.machine(call, &client, secret, &narrowed).await?
            }
            Grant::Anonymous(it) => {
                self.app
                    .welcome(call, &visitor, it.tenant_code, &narrowed)
                    .await?
            }
            Grant::ServiceExchange(it) => {
                self.app
                    .exchange(call, &it.assertion, it.audience, &narrowed)
                    .await?
            }
        };
        Ok(session::issued(issued))
    }
}

/// Takes the one string of an API key apart.
fn api_key(text: &str) -> Result<(Client, &str), Fault> {
    let parts = text.split_once('.');
    let (id, secret) = parts.ok_or(Refusal::CredentialsInvalid)?;
    let id = id.parse().map_err(|_| Refusal::CredentialsInvalid)?;
    Ok((Client::ApiKey(id), secret))
}

fn client(named: Option<&Named>) -> Result<Client, Fault> {
    Ok(match convert::sent("client", named)? {
        Named::ServiceAccountId(id) => Client::Account(convert::id("service_account_id", id)?),
        Named::ApiKeyId(id) => Client::ApiKey(convert::id("api_key_id", id)?),
    })
}

/// The secret alone: that of an API key may come with its id in front.
fn bare<'a>(client: &Client, secret: &'a str) -> &'a str {
    match (client, secret.split_once('.')) {
        (Client::ApiKey(id), Some((front, rest))) if front == id.to_string() => rest,
        _ => secret,
    }
}

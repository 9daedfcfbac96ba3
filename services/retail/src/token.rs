//! `retail token`: a token of a user of this home, asked of auth.
//!
//! What a role may do, auth says; here are only the accounts, and the keys with which services
//! prove themselves to auth. A token is kept in the home and given again while auth believes it and
//! half of its life is left.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chassis::token::{Jwk, Signer};
use contracts::auth as pb;
use contracts::auth::auth_service_client::AuthServiceClient;
use contracts::auth::issue_token_request::Grant;
use tokio::time::sleep;
use tonic::transport::{Channel, Endpoint};
use vocab::Clock;

use crate::endpoints::Endpoints;
use crate::home::Home;
use crate::print::say;
use crate::services::SPECS;
use crate::settings::Settings;

mod accounts;
mod kept;
mod role;

use accounts::Accounts;
pub use accounts::{FILE as ACCOUNTS, PROOF};
pub use role::Role;

/// The file with the token that other programs send.
pub const FILE: &str = "token";
/// What auth seals everything with.
pub const MASTER: &str = "key-encryption.key";
/// The public keys that services prove themselves with.
pub const SERVICE_KEYS: &str = "service-keys.json";
/// The tenant of whoever names none.
pub const TENANT: &str = "demo";
/// How long auth may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the token that other programs send is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// The name of the service that is asked.
const AUTH: &str = "auth";

/// Prints a token and nothing else, ready for `$(make -s token)`.
pub async fn run(settings: &Settings, role: Role, tenant: &str) -> Result<()> {
    let home = Home::open(&settings.home)?;
    Ok(say(&of(&home, role, tenant).await?)?)
}

/// Makes what auth and the services of a home read before they start.
pub fn prepare(home: &Home) -> Result<()> {
    Accounts::complete(home)?;
    if home.read(MASTER).is_none() {
        home.write(MASTER, &master()?)?;
    }
    let mut keys: BTreeMap<&str, Jwk> = BTreeMap::new();
    for spec in SPECS.iter().filter(|it| it.name != AUTH) {
        keys.insert(spec.name, service_key(home, spec.name)?.public().clone());
    }
    home.write(SERVICE_KEYS, &serde_json::to_string_pretty(&keys)?)
}

/// Where the key of a service lies.
pub fn service_key_file(name: &str) -> String {
    format!("service-{name}.pem")
}

/// Writes the token that other programs send, once there is somebody to ask.
pub async fn publish(home: &Home) -> Result<()> {
    of(home, Role::Admin, TENANT).await.map(|_| ())
}

/// Keeps that token young for as long as the stack runs. Whenever nobody answers, it is tried
/// again.
pub async fn keep_young(home: &Home) {
    loop {
        sleep(LOOK_EVERY).await;
        publish(home).await.ok();
    }
}

/// A token of a role of a tenant, `ten_…` or its code: the one that is kept, or another from auth.
pub async fn of(home: &Home, role: Role, tenant: &str) -> Result<String> {
    let accounts = Accounts::complete(home)?;
    let account = accounts.find(tenant, role);
    let (code, account) = account
        .with_context(|| format!("this home has no {} of the tenant {tenant}", role.word()))?;
    let file = kept::file(code, role);
    let channel = auth(home).await?;
    let now = Clock::system().now();
    let young = home.read(&file).filter(|it| kept::is_young(it, now));
    if let Some(token) = young
        && kept::is_believed(channel.clone(), &token).await
    {
        return Ok(token);
    }
    let request = pb::IssueTokenRequest {
        grant: Some(Grant::Password(pb::PasswordGrant {
            tenant_code: code.to_owned(),
            email: account.email.clone(),
            password: account.password.clone(),
        })),
        permissions: Vec::new(),
    };
    let issued = AuthServiceClient::new(channel).issue_token(request).await;
    let issued = issued.map_err(|it| anyhow::anyhow!("auth refuses: {}", it.message()))?;
    let token = issued.into_inner().access_token;
    home.write(&file, &token)?;
    Ok(token)
}

/// The first replica of auth that listens.
async fn auth(home: &Home) -> Result<Channel> {
    let endpoints = Endpoints::of(home).unwrap_or_default();
    let mut why = anyhow::anyhow!("no stack was started in this home; run `make up`");
    for address in endpoints.addresses_of(AUTH) {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.timeout(PATIENCE);
        match endpoint.connect().await {
            Ok(channel) => return Ok(channel),
            Err(error) => why = anyhow::Error::from(error).context("reach auth"),
        }
    }
    Err(why)
}

/// The key that a service proves itself with, made once.
fn service_key(home: &Home, name: &str) -> Result<Signer> {
    let file = service_key_file(name);
    if let Some(pem) = home.read(&file) {
        return Signer::of_development_pem(&pem).context("read the key of a service");
    }
    let signer = Signer::for_development()?;
    home.write(&file, &signer.to_pem()?)?;
    Ok(signer)
}

/// 32 random bytes as base64.
fn master() -> Result<String> {
    let mut bytes = [0_u8; 32];
    let source = File::open("/dev/urandom").and_then(|mut it| it.read_exact(&mut bytes));
    source.context("read /dev/urandom")?;
    Ok(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests;

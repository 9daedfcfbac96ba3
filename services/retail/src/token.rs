//! `retail token`: tokens for developers, signed by a key of this home that production refuses.
//!
//! What a role may do is read from the contracts, so it is never out of date.

use std::time::Duration;

use anyhow::{Context, Result};
use chassis::token::{Grant, MESH, Signer};
use vocab::{Clock, CustomerId, Id, TenantId, UserId};

use crate::home::Home;
use crate::print::say;
use crate::settings::Settings;

mod role;

pub use role::Role;

/// The file with the token that other programs send.
pub const FILE: &str = "token";
/// The public keys that services check tokens with.
pub const KEYS: &str = "keys.json";
/// The private key.
const KEY: &str = "signing-key.pem";
/// How long a token of a developer works, so long that nobody meets its end within a day of work.
const LIFE: Duration = Duration::from_secs(12 * 3_600);
/// The same for services, which refuse tokens that live longer.
pub const LIFE_TEXT: &str = "12h";
/// The tenant of whoever names none.
pub const TENANT: &str = "demo";

/// Prints a token and nothing else, ready for `$(make -s token)`.
pub fn run(settings: &Settings, role: Role, tenant: &str) -> Result<()> {
    let home = Home::open(&settings.home)?;
    Ok(say(&of(&home, role, tenant)?)?)
}

/// Makes the key of a home, and what services and other programs read.
pub fn prepare(home: &Home) -> Result<()> {
    let signer = signer(home)?;
    home.write(KEYS, &serde_json::to_string_pretty(&signer.jwks())?)?;
    home.write(FILE, &of(home, Role::Admin, TENANT)?)
}

/// Signs a token for a role of a tenant: `ten_…`, or a word that always means the same tenant.
pub fn of(home: &Home, role: Role, tenant: &str) -> Result<String> {
    let named = || TenantId::derive(None, &[b"development", tenant.as_bytes()]);
    let tenant = tenant.parse().unwrap_or_else(|_| named());
    let user: UserId = person(tenant, role);
    let grant = Grant {
        tenant,
        subject: user.to_string(),
        permissions: role.permissions()?,
        customer: shopper(tenant, role),
        locations: Vec::new(),
        session: "development".to_owned(),
        audience: MESH.to_owned(),
        life: LIFE,
    };
    let signed = signer(home)?.sign(&grant, Clock::system().now());
    signed.context("sign a token")
}

/// The one person who has a role in a tenant of development.
fn person<K: vocab::Kind>(tenant: TenantId, role: Role) -> Id<K> {
    let tenant = tenant.uuid();
    Id::derive(
        None,
        &[b"development", tenant.as_bytes(), role.word().as_bytes()],
    )
}

/// Shoppers reach only what is theirs, so their tokens name a customer.
fn shopper(tenant: TenantId, role: Role) -> Option<CustomerId> {
    (role == Role::Shopper).then(|| person(tenant, role))
}

fn signer(home: &Home) -> Result<Signer> {
    if let Some(pem) = home.read(KEY) {
        return Signer::of_development_pem(&pem).context("read the key of this home");
    }
    let signer = Signer::for_development()?;
    home.write(KEY, &signer.to_pem()?)?;
    Ok(signer)
}

#[cfg(test)]
mod tests;

//! Secrets of one checkout: random, made once, readable by their owner alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::home::Home;

const FILE: &str = "secrets.json";
/// A secret is 128 random bits.
const BYTES: usize = 16;

/// Passwords by who they are for. They are made as they are asked for.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Secrets {
    postgres: BTreeMap<String, String>,
    nats: BTreeMap<String, String>,
}

impl Secrets {
    /// Reads the secrets of a home; those of a fresh one are empty.
    pub fn of(home: &Home) -> Result<Self> {
        match home.read(FILE) {
            Some(text) => serde_json::from_str(&text).context("read the secrets of this home"),
            None => Ok(Self::default()),
        }
    }

    /// Makes what is missing for these roles of Postgres and these users of NATS, and keeps it.
    pub fn complete(home: &Home, roles: &[String], users: &[String]) -> Result<Self> {
        let mut secrets = Self::of(home)?;
        let mut complete = true;
        for (names, known) in [(roles, &mut secrets.postgres), (users, &mut secrets.nats)] {
            for name in names {
                if !known.contains_key(name) {
                    known.insert(name.clone(), random()?);
                    complete = false;
                }
            }
        }
        if !complete {
            home.write(FILE, &serde_json::to_string_pretty(&secrets)?)?;
        }
        Ok(secrets)
    }

    /// The password of a role of Postgres.
    pub fn postgres(&self, role: &str) -> Result<&str> {
        let known = self.postgres.get(role).map(String::as_str);
        known.with_context(|| format!("no password of the role {role}; run `make up`"))
    }

    /// The password of a user of NATS.
    pub fn nats(&self, user: &str) -> Result<&str> {
        let known = self.nats.get(user).map(String::as_str);
        known.with_context(|| format!("no password of {user} for NATS; run `make up`"))
    }

    /// The users of NATS with their passwords.
    pub fn of_nats(&self) -> impl Iterator<Item = (&str, &str)> {
        let known = self.nats.iter();
        known.map(|(user, password)| (user.as_str(), password.as_str()))
    }
}

/// A word that nobody can guess. It begins with a letter, so that no format takes it for a number.
pub fn random() -> Result<String> {
    let mut bytes = [0_u8; BYTES];
    let source = File::open("/dev/urandom").and_then(|mut it| it.read_exact(&mut bytes));
    source.context("read /dev/urandom")?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("k{digits}"))
}

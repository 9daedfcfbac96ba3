//! Whose tokens a service accepts, as its settings say it.

use std::path::PathBuf;
use std::time::Duration;

use super::ISSUER;
use crate::settings::{Profile, Reader};

/// How long access tokens may live where nothing is said, as auth issues them.
const LIFE: Duration = Duration::from_secs(600);
/// How long they may live in production, whatever is said.
const LIFE_MAX: Duration = Duration::from_secs(3_600);

const ISSUERS: &str = "RETAIL_TOKEN_ISSUERS";
const KEYS_FILE: &str = "RETAIL_TOKEN_KEYS_FILE";
const LIFE_NAME: &str = "RETAIL_TOKEN_LIFE_MAX";

/// Whose tokens are accepted, and for how long.
///
/// | variable | form | default |
/// |---|---|---|
/// | `RETAIL_TOKEN_ISSUERS` | names of issuers that are trusted | `retail-mesh` |
/// | `RETAIL_TOKEN_KEYS_FILE` | a file with a JWK set; without it the keys are asked of auth | |
/// | `RETAIL_TOKEN_LIFE_MAX` | longest life of a token; at most an hour in production | `10m` |
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// The issuers that are trusted.
    pub issuers: Vec<String>,
    /// A file with a JWK set.
    pub keys_file: Option<PathBuf>,
    /// The longest life of a token that is accepted.
    pub life_max: Duration,
    /// Whether keys that a development machine made are trusted.
    pub development: bool,
}

impl TokenSettings {
    /// Reads them; the same for every service.
    pub fn read(reader: &mut Reader<'_>, profile: Profile) -> Option<Self> {
        let issuers = reader.shared(ISSUERS, Some(vec![ISSUER.to_owned()]));
        let keys_file = reader.shared_maybe::<String>(KEYS_FILE);
        let life_max = reader.shared(LIFE_NAME, Some(LIFE));
        let life_max = life_max.filter(|it| {
            let allowed = profile == Profile::Development || *it <= LIFE_MAX;
            if !allowed {
                reader.refuse_shared(LIFE_NAME, "must be at most 1h in production");
            }
            allowed
        });
        Some(Self {
            issuers: issuers?,
            keys_file: keys_file?.map(PathBuf::from),
            life_max: life_max?,
            development: profile == Profile::Development,
        })
    }
}

//! What the chassis itself reads for each service.

use std::time::Duration;

use crate::edge::EdgeSettings;
use crate::server::ServerSettings;
use crate::settings::{Profile, Reader};
use crate::telemetry::TelemetrySettings;
use crate::token::TokenSettings;
use crate::trust::{AUTH, TrustSettings};

const REFLECTION: &str = "RETAIL_REFLECTION";
const REFLECTION_ALLOWED: &str = "RETAIL_REFLECTION_ALLOWED";
const GRACE: &str = "RETAIL_GRACE";
const GRACE_DEFAULT: Duration = Duration::from_secs(25);

/// The settings of the chassis for one service; its parts say their variables. Besides:
///
/// | variable | form | default |
/// |---|---|---|
/// | `RETAIL_PROFILE` | `dev` or `prod` | `prod` |
/// | `RETAIL_REFLECTION` | whether tools may ask what is served | dev: true |
/// | `RETAIL_REFLECTION_ALLOWED` | says in production that this is meant | false |
/// | `RETAIL_GRACE` | how long the end of a process may take | `25s` |
#[derive(Clone, Debug)]
pub struct HostSettings {
    /// How the process runs.
    pub profile: Profile,
    /// Where it listens.
    pub server: ServerSettings,
    /// How much it lets through.
    pub edge: EdgeSettings,
    /// How it is watched.
    pub telemetry: TelemetrySettings,
    /// Whom it believes.
    pub tokens: TokenSettings,
    /// How auth is reached, where no file says whom to believe.
    pub trust: Option<TrustSettings>,
    /// Whether it describes itself.
    pub reflection: bool,
    /// How long its end may take.
    pub grace: Duration,
}

impl HostSettings {
    /// Reads them all, so that all mistakes are found.
    pub fn read(reader: &mut Reader<'_>, inside: &[&str], name: &str) -> Option<Self> {
        let profile = Profile::read(reader)?;
        let server = ServerSettings::read(reader, profile);
        let edge = EdgeSettings::read(reader, profile);
        let telemetry = TelemetrySettings::read(reader, profile);
        let tokens = TokenSettings::read(reader, profile);
        let asks = tokens.as_ref().is_some_and(|it| it.keys_file.is_none()) && name != AUTH;
        let trust = match asks {
            true => TrustSettings::read(reader, profile, inside).map(Some),
            false => Some(None),
        };
        let reflection = reflection(reader, profile);
        let grace = reader.shared(GRACE, Some(GRACE_DEFAULT));
        Some(Self {
            profile,
            server: server?,
            edge: edge?,
            telemetry: telemetry?,
            tokens: tokens?,
            trust: trust?,
            reflection: reflection?,
            grace: grace?,
        })
    }
}

fn reflection(reader: &mut Reader<'_>, profile: Profile) -> Option<bool> {
    let production = profile == Profile::Production;
    let wanted = reader.shared(REFLECTION, Some(!production));
    let allowed = reader.shared(REFLECTION_ALLOWED, Some(false));
    let (wanted, allowed) = (wanted?, allowed?);
    if wanted && production && !allowed {
        let text = format!("must be false in production, unless {REFLECTION_ALLOWED} is true");
        reader.refuse_shared(REFLECTION, text);
        return None;
    }
    Some(wanted)
}

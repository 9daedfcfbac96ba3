//! What the supervisor last knew of its parts, for people who ask: never believed over `/proc`.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::home::Home;
use crate::machine::process::Process;
use crate::settings::{Replicas, Settings};

const FILE: &str = "state.json";

/// A stack as its supervisor sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The first port.
    pub port_base: u16,
    /// How many processes a service has, where it is not one.
    pub replicas: Replicas,
    /// Its parts, in the order of their start.
    pub parts: Vec<PartState>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartState {
    /// Its name.
    pub name: String,
    /// Where it listens.
    pub port: u16,
    /// What a person should know of it.
    pub about: String,
    /// Its process, while there is one.
    pub process: Option<Process>,
    /// How often it was started again without being asked to.
    pub restarts: u32,
    /// Whether it dies again and again.
    pub crash_loop: bool,
    /// How it ended last.
    pub last_end: Option<String>,
}

impl State {
    /// Reads it, if there is one that can be read.
    pub fn of(home: &Home) -> Option<Self> {
        serde_json::from_str(&home.read(FILE)?).ok()
    }

    /// The settings that this stack was started with.
    pub fn settings(&self, now: &Settings) -> Settings {
        Settings {
            port_base: self.port_base,
            replicas: self.replicas.clone(),
            ..now.clone()
        }
    }

    /// Keeps it.
    pub fn keep(&self, home: &Home) -> Result<()> {
        home.write(FILE, &serde_json::to_string_pretty(self)?)
    }
}

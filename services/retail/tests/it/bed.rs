//! A stack of a test's own: a home in the temporary folder, a block of ports that are free.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;

/// The binary under test.
pub const RETAIL: &str = env!("CARGO_BIN_EXE_retail");

/// Below the ports that Linux gives away, and off the block of a stack that somebody uses.
const BASES: std::ops::Range<u16> = 19_000..31_000;
const BLOCK: u16 = 200;

/// A home and its ports. When it is dropped the stack ends and the home is removed.
pub struct Bed {
    home: PathBuf,
    base: u16,
}

/// What a run of the binary came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub output: String,
    pub errors: String,
}

impl Bed {
    pub fn fresh() -> Self {
        Self::below(&std::env::temp_dir())
    }

    pub fn below(folder: &Path) -> Self {
        static MADE: AtomicU16 = AtomicU16::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("retail-it-{}-{number}", std::process::id());
        Self {
            home: folder.join(name),
            base: free_base(number),
        }
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    pub fn port(&self, offset: u16) -> u16 {
        self.base + offset
    }

    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for foreign in [
            "DATABASE_URL",
            "NATS_URL",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "REPLICAS",
        ] {
            command.env_remove(foreign);
        }
        command
            .env("RETAIL_HOME", &self.home)
            .env("RETAIL_PORT_BASE", self.base.to_string());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(Path::new(RETAIL)).args(arguments))
    }

    /// Brings the stack up and expects that it works.
    pub fn up(&self) -> Ran {
        let up = self.run(&["up"]);
        assert_eq!(up.code, 0, "{up:?}");
        up
    }

    /// What `ps` tells of each part.
    pub fn parts(&self) -> Vec<Value> {
        let ps = self.run(&["ps", "--json"]);
        serde_json::from_str(&ps.output).unwrap_or_else(|_| panic!("{ps:?}"))
    }

    /// What `ps` tells of one part.
    pub fn part(&self, name: &str) -> Value {
        let parts = self.parts();
        let found = parts.iter().find(|it| it["part"] == name);
        found
            .unwrap_or_else(|| panic!("no {name} in {parts:?}"))
            .clone()
    }

    pub fn pid(&self, name: &str) -> u32 {
        let part = self.part(name);
        let pid = part["pid"].as_u64();
        u32::try_from(pid.unwrap_or_else(|| panic!("{part}"))).unwrap()
    }

    /// The file with all addresses.
    pub fn endpoints(&self) -> Value {
        let text = std::fs::read_to_string(self.home.join("endpoints.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.run(&["down"]);
        std::fs::remove_dir_all(&self.home).ok();
    }
}

pub fn ran(command: &mut Command) -> Ran {
    let output: Output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran {
        code: output.status.code().unwrap_or(-1),
        output: text(&output.stdout),
        errors: text(&output.stderr),
    }
}

/// Sends a signal to one process of a test.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args([name, &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Says whether a process runs, and is not one that only waits to be reaped.
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.trim_start().to_owned());
    state.is_some_and(|it| !it.starts_with('Z'))
}

fn free_base(number: u16) -> u16 {
    let seed = u16::try_from(std::process::id() % 97).unwrap() + number * 7;
    let blocks = (BASES.end - BASES.start) / BLOCK;
    let bases = (0..blocks).map(|it| BASES.start + (seed + it) % blocks * BLOCK);
    let is_free = |base: &u16| {
        (0..BLOCK).all(|offset| TcpListener::bind(("127.0.0.1", base + offset)).is_ok())
    };
    bases.into_iter().find(is_free).unwrap()
}

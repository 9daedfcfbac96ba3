//! A part of the stack: how it is started, how it is asked whether it is ready, how it is ended.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::home::Home;
use crate::machine::stack::{HOME_MARK, PART_MARK};
use crate::probe::Probe;

/// One part.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name: `postgres`, `catalog`, `catalog.2`.
    pub name: String,
    /// How it is started.
    pub recipe: Recipe,
    /// Where it listens.
    pub port: u16,
    /// How it is asked whether it is ready.
    pub probe: Probe,
    /// What a person should know of it, in a few words.
    pub about: String,
}

/// What a process is started with.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its variables, beside the marks of the stack.
    pub variables: BTreeMap<String, String>,
    /// Whether it sees the variables of whoever starts the stack too.
    pub inherits: bool,
    /// The user and group it runs as, if not as us.
    pub user: Option<u32>,
}

impl Part {
    /// The service or server that it is one process of.
    pub fn group(&self) -> &str {
        group(&self.name)
    }

    /// Starts it in a session of its own, so that no signal of a terminal reaches it. Its lines go
    /// straight to its log: they are not lost with the supervisor, nor does it stop for them.
    pub fn start(&self, home: &Home) -> Result<Child> {
        let log = home.log(&self.name);
        let open = || {
            let mut open = OpenOptions::new();
            let file = open.create(true).append(true).mode(0o600).open(&log)?;
            Ok::<_, std::io::Error>((file.try_clone()?, file))
        };
        let (output, errors) = open().with_context(|| format!("open {}", log.display()))?;
        let mut command = self.recipe.command();
        command
            .env(HOME_MARK, home.path())
            .env(PART_MARK, &self.name)
            .current_dir(self.recipe.folder(home))
            .process_group(0);
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let program = self.recipe.program.display();
        command.spawn().with_context(|| format!("start {program}"))
    }

    /// What a process of this part has for its command line.
    pub fn arguments(&self) -> Vec<String> {
        let program = self.recipe.program.to_string_lossy().into_owned();
        std::iter::once(program)
            .chain(self.recipe.arguments.iter().cloned())
            .collect()
    }
}

impl Recipe {
    /// The command, without the marks of a stack.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if !self.inherits {
            command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        }
        command.args(&self.arguments).envs(&self.variables);
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// A folder that the user of the process can be in.
    fn folder<'a>(&self, home: &'a Home) -> &'a Path {
        if self.user.is_some() {
            Path::new("/")
        } else {
            home.path()
        }
    }
}

/// The service or server behind the name of a part.
pub fn group(name: &str) -> &str {
    name.split_once('.').map_or(name, |(group, _)| group)
}

/// The last lines of a log.
pub fn log_end(home: &Home, part: &str, lines: usize) -> Vec<String> {
    let bytes = fs::read(home.log(part)).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    let skipped = all.len().saturating_sub(lines);
    all.into_iter().skip(skipped).map(str::to_owned).collect()
}

//! The page that shows traces, as a part of the stack.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::endpoints::Endpoints;
use crate::home::Home;
use crate::part::{Part, Recipe};
use crate::plan::{Ports, local};
use crate::print::say;
use crate::probe::Probe;
use crate::settings::Settings;

/// The name of the part.
pub const TRACES: &str = "traces";
/// Its program lies beside ours.
const PROGRAM: &str = "retail-traces";

/// The files of the page lie beside the servers.
const PAGE: &str = "jaeger-ui";

/// Returns the part, if its program was built.
pub fn part(own: &Path, servers: &Path, ports: Ports) -> Option<Part> {
    let program = own.with_file_name(PROGRAM);
    let page = servers.with_file_name(PAGE);
    if !program.is_file() || !page.is_dir() {
        return None;
    }
    let arguments = [
        ("--http", local(ports.traces()).to_string()),
        ("--otlp", local(ports.otlp()).to_string()),
        ("--ui", page.display().to_string()),
    ];
    let arguments = arguments
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value]);
    let recipe = Recipe {
        program,
        arguments: arguments.collect(),
        variables: BTreeMap::new(),
        inherits: false,
        user: None,
    };
    Some(Part {
        name: TRACES.to_owned(),
        recipe,
        port: ports.traces(),
        probe: Probe::Page(local(ports.traces()), "/api/services"),
        about: format!("OTLP on 127.0.0.1:{}", ports.otlp()),
    })
}

/// Prints where traces are shown.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    let home = Home::find(&settings.home).context("nothing was ever started here; `make up`")?;
    let url = Endpoints::of(&home).and_then(|it| it.traces);
    say(&url.context("traces are not shown here: their program or page is missing; `make up`")?)?;
    Ok(ExitCode::SUCCESS)
}

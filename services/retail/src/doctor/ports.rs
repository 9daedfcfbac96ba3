//! Which ports of the block are taken by others, and where a free block begins.

use super::Finding;
use crate::home::Home;
use crate::machine::ports::holder;
use crate::machine::stack;
use crate::plan::{Ports, own_program};
use crate::settings::Settings;
use crate::{served, traces};

/// The distance between blocks that are tried.
const STEP: u16 = 1_000;
/// So many blocks are tried.
const TRIES: u16 = 40;

/// One finding a port.
pub fn findings(settings: &Settings, home: Option<&Home>) -> Vec<Finding> {
    let members = home.map(|it| stack::members(it.path())).unwrap_or_default();
    let mut findings = Vec::new();
    for port in wanted(settings, settings.port_base) {
        let Some(holder) = holder(port) else { continue };
        if members
            .iter()
            .any(|it| Some(it.process.pid) == holder.pid())
        {
            continue;
        }
        findings.push(Finding {
            about: "port",
            found: format!("{port} is taken by {holder}"),
            mend: elsewhere(settings),
        });
    }
    findings
}

/// The ports that a stack with this base listens on.
fn wanted(settings: &Settings, base: u16) -> Vec<u16> {
    let ports = Ports { base };
    let mut wanted = Vec::new();
    if settings.postgres.is_none() {
        wanted.push(ports.postgres());
    }
    if settings.nats.is_none() {
        wanted.extend([ports.nats(), ports.nats() + 1]);
    }
    let program = own_program().ok();
    let traces = program.and_then(|it| traces::part(&it, &settings.servers, ports));
    if traces.is_some() && settings.collector.is_none() {
        wanted.extend([ports.traces(), ports.otlp()]);
    }
    for served in served::all() {
        let count = settings
            .replicas
            .get(served.spec.name)
            .copied()
            .unwrap_or(1);
        wanted.extend((1..=count).map(|it| ports.service(served.spec, it)));
    }
    wanted
}

fn elsewhere(settings: &Settings) -> String {
    let bases = (1..=TRIES).filter_map(|it| settings.port_base.checked_add(it * STEP));
    let is_free = |base: &u16| {
        let fits = *base <= crate::settings::PORT_BASE_MAX;
        fits && wanted(settings, *base)
            .into_iter()
            .all(|it| holder(it).is_none())
    };
    match bases.into_iter().find(is_free) {
        Some(base) => format!("RETAIL_PORT_BASE={base} make up"),
        None => "end what holds it, then make up".to_owned(),
    }
}

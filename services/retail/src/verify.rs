//! `retail verify`: folds every stream of a service anew and compares it with what is stored.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::home::Home;
use crate::plan::Plan;
use crate::print::say;
use crate::served::Served;
use crate::services;
use crate::settings::Settings;

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many streams were folded.
    pub streams: u64,
    /// How many events were read.
    pub events: u64,
    /// What differs, one line each.
    pub differences: Vec<String>,
}

/// Compares one service or all of this build; 1 on any difference.
pub async fn run(settings: &Settings, service: Option<&str>) -> Result<ExitCode> {
    let wished = service.map(services::find).transpose()?;
    let home = Home::find(&settings.home).context("nothing was ever started here; `make up`")?;
    let plan = Plan::of(settings, &home)?;
    let served = plan.served.iter();
    let served: Vec<&Served> = served
        .filter(|it| wished.is_none_or(|wished| wished == it.spec))
        .collect();
    let (mut together, mut count) = (Compared::default(), 0);
    for served in served {
        let Some(verify) = served.verify else {
            continue;
        };
        let name = served.spec.name;
        let log = plan.role_url(name, "log")?;
        let compared = verify(log)
            .await
            .with_context(|| format!("verify {name}"))?;
        count += 1;
        together.streams += compared.streams;
        together.events += compared.events;
        for difference in compared.differences {
            say(&format!("{name}: {difference}"))?;
            together.differences.push(difference);
        }
    }
    if count == 0 {
        bail!("no service of this build has a history to fold");
    }
    let found = match together.differences.len() {
        0 => "no difference".to_owned(),
        count => format!("{count} differences"),
    };
    let Compared {
        streams, events, ..
    } = together;
    say(&format!(
        "services: {count}, streams: {streams}, events refolded: {events}, {found}"
    ))?;
    Ok(if together.differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

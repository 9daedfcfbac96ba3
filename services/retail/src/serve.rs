//! `retail serve`: the services of this build, any set of them in one process.

use std::process::ExitCode;

use anyhow::{Result, bail};
use chassis::service;
use chassis::settings::Environment;

use crate::print::remark;
use crate::served::{self, Served};
use crate::services;

/// The word for every service of this build.
const ALL: &str = "all";

/// Serves until the process is asked to end.
pub async fn run(environment: &Environment, names: &[String]) -> Result<ExitCode> {
    let chosen = chosen(served::all(), names)?;
    let services = chosen.into_iter().map(|it| (it.service)()).collect();
    match service::serve(services, environment).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            let code = error.exit_code();
            remark(&format!("retail: {:#}", anyhow::Error::from(error)));
            Ok(code)
        }
    }
}

fn chosen(mut served: Vec<Served>, names: &[String]) -> Result<Vec<Served>> {
    if served.is_empty() {
        bail!("no service is in this build");
    }
    if names.iter().any(|it| it == ALL) {
        return Ok(served);
    }
    for name in names {
        let spec = services::find(name)?;
        if !served.iter().any(|it| it.spec == spec) {
            bail!("{name} is not in this build");
        }
    }
    served.retain(|it| names.iter().any(|name| name == it.spec.name));
    Ok(served)
}

//! Brings every database of this build to its newest schema.

use anyhow::{Context, Result};
use futures_util::future::try_join_all;

use crate::db::{self, Address};
use crate::home::Home;
use crate::plan::Plan;
use crate::print::{aloud, say};
use crate::served::Served;
use crate::services::SPECS;
use crate::settings::Settings;

/// Sets what each database allows. Returns how many there are.
pub async fn open_all(admin: &Address) -> Result<usize> {
    let owners: Vec<&str> = SPECS
        .iter()
        .filter(|it| it.database)
        .map(|it| it.name)
        .collect();
    let open = async |database: &str| {
        let opened = db::open_database(admin, database).await;
        opened.with_context(|| format!("open the database {database}"))
    };
    try_join_all(owners.iter().map(|it| open(it))).await?;
    Ok(owners.len())
}

/// Runs what is missing in the database of each service. Returns how many migrations there are.
pub async fn all(plan: &Plan) -> Result<usize> {
    let mut count = 0;
    for served in &plan.served {
        count += one(plan, served).await?;
    }
    Ok(count)
}

/// `retail migrate`: prepares roles and databases, and runs the migrations of these services.
pub async fn run(settings: &Settings, names: &[String]) -> Result<()> {
    let home = Home::open(&settings.home)?;
    let plan = Plan::of(settings, &home)?;
    db::prepare(&plan.admin, &plan.passwords).await?;
    open_all(&plan.admin).await?;
    for served in &plan.served {
        let name = served.spec.name;
        if names.is_empty() || names.iter().any(|it| it == name) {
            let count = aloud(name, one(&plan, served)).await?;
            say(&format!("{name}: {count} migrations"))?;
        }
    }
    Ok(())
}

async fn one(plan: &Plan, served: &Served) -> Result<usize> {
    let Some(migrations) = served.migrations else {
        return Ok(0);
    };
    let name = served.spec.name;
    let owner = plan.role_url(name, "owner")?;
    let migrated = db::migrate(&owner, &migrations()).await;
    migrated.with_context(|| format!("migrate {name}"))
}

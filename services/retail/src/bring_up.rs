//! The steps from nothing to a stack that serves, in their order.

use anyhow::{Context, Result};

use crate::db;
use crate::machine::stack::POSTGRES;
use crate::nats::{self, NATS};
use crate::plan::Plan;
use crate::postgres;
use crate::progress::Teller;
use crate::supervisor::Supervisor;
use crate::traces::TRACES;
use crate::{endpoints, migrate, services, stand_in, streams, token};

/// Takes every step; each may be repeated at any time.
pub async fn all(stack: &mut Supervisor, plan: &Plan, teller: &mut Teller) -> Result<()> {
    start_postgres(stack, plan, teller).await?;
    start_nats(stack, plan, teller).await?;
    prepare_schemas(stack, plan, teller).await?;
    if plan.others.iter().any(|it| it.name == TRACES) {
        teller.begin(TRACES);
        start(stack, plan, TRACES).await?;
        let about = format!("http://127.0.0.1:{}", plan.ports.traces());
        teller.done(TRACES, &about);
    }
    token::prepare(&stack.home)?;
    start_services(stack, plan, teller).await?;
    stack.at("endpoints");
    endpoints::write(&stack.home, plan)?;
    if plan
        .served
        .iter()
        .any(|it| it.spec.name == services::AUTH.name)
    {
        stack.at("token");
        token::publish(&stack.home).await?;
    }
    Ok(())
}

async fn start_postgres(stack: &mut Supervisor, plan: &Plan, teller: &mut Teller) -> Result<()> {
    teller.begin(POSTGRES);
    stack.at(POSTGRES);
    let Some(lodging) = &plan.lodging else {
        let answers = db::answers(&plan.admin.url(postgres::SUPERUSER)).await;
        answers.context("ask the Postgres of DATABASE_URL")?;
        teller.done(
            POSTGRES,
            &format!(
                "{}:{}, as DATABASE_URL says",
                plan.admin.host, plan.admin.port
            ),
        );
        return Ok(());
    };
    postgres::prepare(lodging, &plan.admin.role.1)?;
    let about = start(stack, plan, POSTGRES).await?;
    teller.done(POSTGRES, &about);
    Ok(())
}

async fn start_nats(stack: &mut Supervisor, plan: &Plan, teller: &mut Teller) -> Result<()> {
    teller.begin(NATS);
    stack.at(NATS);
    if !plan.servers.iter().any(|it| it.name == NATS) {
        teller.done(NATS, "as NATS_URL says");
        return Ok(());
    }
    nats::prepare(&stack.home)?;
    let about = start(stack, plan, NATS).await?;
    teller.done(NATS, &about);
    Ok(())
}

async fn prepare_schemas(stack: &mut Supervisor, plan: &Plan, teller: &mut Teller) -> Result<()> {
    teller.begin("migrate");
    stack.at("migrate");
    let schemas = async {
        db::prepare(&plan.admin, &plan.passwords).await?;
        let databases = migrate::open_all(&plan.admin).await?;
        anyhow::Ok((databases, migrate::all(plan).await?))
    };
    let prepared = tokio::try_join!(schemas, streams::provision(plan));
    let ((databases, migrations), streams) = prepared?;
    stand_in::tell(plan).await?;
    let about = format!("{databases} databases, {migrations} migrations, {streams} streams");
    teller.done("migrate", &about);
    Ok(())
}

/// Starts auth, whose keys everybody asks for, and then all others at once: they wait for each
/// other by themselves.
async fn start_services(stack: &mut Supervisor, plan: &Plan, teller: &mut Teller) -> Result<()> {
    let services = plan.others.iter().filter(|it| it.name != TRACES);
    let names: Vec<String> = services.map(|it| it.name.clone()).collect();
    if names.is_empty() {
        return Ok(());
    }
    teller.begin("services");
    let auth = plan
        .others
        .iter()
        .filter(|it| it.group() == services::AUTH.name);
    for part in auth {
        start(stack, plan, &part.name).await?;
    }
    stack.begin_all(&names);
    for name in &names {
        start(stack, plan, name).await?;
    }
    teller.done("services", &names.join(" "));
    Ok(())
}

async fn start(stack: &mut Supervisor, plan: &Plan, name: &str) -> Result<String> {
    stack.start(name).await?;
    let part = plan.parts().find(|it| it.name == name);
    Ok(part.map_or_else(String::new, |it| {
        format!("127.0.0.1:{} · {}", it.port, it.about)
    }))
}

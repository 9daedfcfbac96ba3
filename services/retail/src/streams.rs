//! Creates and repairs the streams of every context, as the one user who may.

use anyhow::{Context, Result};
use bus::broker;
use bus::provision::Provision;

use crate::nats::PROVISIONER;
use crate::plan::Plan;
use crate::services::SPECS;

/// Makes the streams what they have to be like. Returns how many there are.
pub async fn provision(plan: &Plan) -> Result<usize> {
    let url = &plan.provisioner;
    let client = broker::options(url, PROVISIONER).connect(url).await;
    let client = client.context("connect to NATS as the one who makes streams")?;
    let contexts: Vec<&str> = SPECS.iter().flat_map(|it| it.contexts).copied().collect();
    let jetstream = async_nats::jetstream::new(client);
    let streams = Provision::default().apply(&jetstream, &contexts).await;
    Ok(streams.context("make the streams")?.len())
}

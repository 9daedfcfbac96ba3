//! `retail call`: any rpc of any service, JSON in and JSON out, by the contracts in this binary.
//!
//! The answer goes to standard output alone; the same call for other tools to standard error.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use chassis::telemetry::TraceContext;
use contracts::DESCRIPTOR_IMAGE;
use futures_util::{StreamExt, stream};
use http::uri::PathAndQuery;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MethodDescriptor, SerializeOptions,
};
use tonic::Request;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};
use vocab::Clock;

use crate::endpoints::Endpoints;
use crate::home::Home;
use crate::print::{remark, say};
use crate::services;
use crate::settings::Settings;
use crate::token::{self, Role, TENANT};
use crate::traced::Traced;

mod codec;
mod example;
mod refusal;
mod same;

use codec::Dynamic;

/// Our own contracts; those of others in the image are not called by hand.
const OURS: &str = "retail.";

/// What to call.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// `package.Service/Method`.
    pub method: Option<String>,
    /// The message as JSON; several in an array for a method that takes a stream.
    pub data: Option<String>,
    /// Where, if not where the stack of this home listens.
    pub address: Option<String>,
    /// The token, if not one of this home.
    pub token: Option<String>,
}

/// Lists methods, shows an example, or calls.
pub async fn run(settings: &Settings, wish: Wish) -> Result<ExitCode> {
    let pool = DescriptorPool::decode(DESCRIPTOR_IMAGE).context("read the contracts")?;
    let Some(name) = &wish.method else {
        list(&pool)?;
        return Ok(ExitCode::SUCCESS);
    };
    let method = find(&pool, name)?;
    let Some(data) = &wish.data else {
        say(&serde_json::to_string_pretty(&example::of(
            &pool,
            &method.input(),
        )?)?)?;
        remark(&format!(
            "an example; call it with: make call M={name} D='…'"
        ));
        return Ok(ExitCode::SUCCESS);
    };
    let messages = messages(&method, data)?;
    let home = Home::find(&settings.home);
    let endpoints = home.as_ref().and_then(Endpoints::of).unwrap_or_default();
    let addresses = match wish.address {
        Some(address) => vec![address],
        None => addresses_of(&endpoints, &method)?,
    };
    let token = match (wish.token, &home) {
        (Some(token), _) => Some(token).filter(|it| !it.is_empty()),
        (None, Some(home)) => Some(token::of(home, Role::Admin, TENANT).await?),
        (None, None) => None,
    };
    let (channel, address) = connect(&addresses).await?;
    same::print(&method, address, data, token.is_some());
    let traced = Traced::begin(&endpoints);
    let exchanged = exchange(&method, channel, messages, token.as_deref());
    let (exchanged, trace) = traced.call(name.trim_start_matches('/'), exchanged).await;
    traced.end().await;
    if let Some(trace) = trace {
        remark(&format!("trace {trace}"));
    }
    exchanged
}

fn list(pool: &DescriptorPool) -> Result<()> {
    let mut names: Vec<String> = pool
        .services()
        .filter(|it| it.full_name().starts_with(OURS))
        .flat_map(|service| {
            let name = |it: MethodDescriptor| format!("{}/{}", service.full_name(), it.name());
            service.methods().map(name).collect::<Vec<_>>()
        })
        .collect();
    names.sort();
    names.iter().try_for_each(|it| say(it))?;
    Ok(())
}

fn find(pool: &DescriptorPool, name: &str) -> Result<MethodDescriptor> {
    let (service, method) = name
        .trim_start_matches('/')
        .rsplit_once('/')
        .context("M must be like retail.catalog.v1.CatalogService/GetProduct")?;
    let Some(service) = pool.get_service_by_name(service) else {
        bail!("there is no service {service}; `make call` lists all methods");
    };
    let found = service.methods().find(|it| it.name() == method);
    found.with_context(|| {
        let names: Vec<String> = service.methods().map(|it| it.name().to_owned()).collect();
        format!(
            "{} has no method {method}; it has {}",
            service.full_name(),
            names.join(", ")
        )
    })
}

fn messages(method: &MethodDescriptor, data: &str) -> Result<Vec<DynamicMessage>> {
    let value: serde_json::Value = serde_json::from_str(data).context("D is no JSON")?;
    let values = match value {
        serde_json::Value::Array(values) if method.is_client_streaming() => values,
        value => vec![value],
    };
    let name = method.input().full_name().to_owned();
    let read = |value| {
        let options = DeserializeOptions::new();
        DynamicMessage::deserialize_with_options(method.input(), value, &options)
    };
    let read: std::result::Result<Vec<_>, _> = values.into_iter().map(read).collect();
    read.with_context(|| format!("D is no {name}; without D an example is shown"))
}

/// The service behind `retail.catalog.v1.CatalogService` listens at the gateway or by itself. Of
/// several replicas another one is first each time.
fn addresses_of(endpoints: &Endpoints, method: &MethodDescriptor) -> Result<Vec<String>> {
    let package = method.parent_service().package_name().to_owned();
    let context = package.split('.').nth(1).unwrap_or_default();
    let service = services::of_context(context).map_or(context, |it| it.name);
    let mut found = endpoints.addresses_of(service);
    if found.is_empty() {
        bail!("nobody serves {package} here; `make up` starts what there is");
    }
    let dice = usize::try_from(Clock::system().now().micros())?;
    let first = dice % found.len();
    found.rotate_left(first);
    Ok(found.into_iter().map(str::to_owned).collect())
}

/// Connects to the first replica that listens.
async fn connect(addresses: &[String]) -> Result<(Channel, &str)> {
    let mut why = None;
    for address in addresses {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
        match endpoint.connect().await {
            Ok(channel) => return Ok((channel, address)),
            Err(error) => why = Some(error),
        }
    }
    let why = why.map_or_else(|| anyhow::anyhow!("no address"), anyhow::Error::from);
    Err(why.context(format!(
        "{} does not answer; `make ps`",
        addresses.join(" ")
    )))
}

async fn exchange(
    method: &MethodDescriptor,
    channel: Channel,
    messages: Vec<DynamicMessage>,
    token: Option<&str>,
) -> Result<ExitCode> {
    let mut client = tonic::client::Grpc::new(channel);
    client
        .ready()
        .await
        .context("the connection is not ready")?;
    let service = method.parent_service();
    let path = format!("/{}/{}", service.full_name(), method.name());
    let mut request = Request::new(stream::iter(messages));
    if let Some(token) = token {
        let value: AsciiMetadataValue = format!("Bearer {}", token.trim()).parse()?;
        request.metadata_mut().insert("authorization", value);
    }
    if let Some(trace) = TraceContext::current() {
        trace.write_metadata(request.metadata_mut());
    }
    let codec = Dynamic::answering(method.output());
    let answer = client
        .streaming(request, PathAndQuery::try_from(path)?, codec)
        .await;
    let mut answers = match answer {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Ok(refusal::print(&status)),
    };
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(message) => say(&json(&message)?)?,
            Err(status) => return Ok(refusal::print(&status)),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn json(message: &DynamicMessage) -> Result<String> {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::pretty(&mut text);
    let options = SerializeOptions::new().skip_default_fields(true);
    message.serialize_with_options(&mut serializer, &options)?;
    Ok(String::from_utf8(text)?)
}

#[cfg(test)]
mod tests;

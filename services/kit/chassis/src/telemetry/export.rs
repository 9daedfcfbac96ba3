//! The providers of one service: what is sampled, how much may wait, where it goes.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider,
};

use super::levels::TelemetrySettings;
use super::{Identity, TelemetryError};
use crate::settings::Url;

/// Spans that may wait for export; more are dropped. Their places are taken at the start, so that
/// more of them would cost every idle service megabytes.
const SPANS_MAX: usize = 2_048;
/// Spans in one export.
const BATCH_MAX: usize = 512;
/// How long a span waits at most for others to travel with.
const BATCH_DELAY: Duration = Duration::from_secs(1);
/// How long one export may take, so that one that hangs ends.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often metrics are exported.
const METRICS_INTERVAL: Duration = Duration::from_secs(10);

/// Without an endpoint, spans have ids all the same, so that log lines can name them.
pub(super) fn traces(
    identity: &Identity,
    settings: &TelemetrySettings,
) -> Result<SdkTracerProvider, TelemetryError> {
    let ratio = Sampler::TraceIdRatioBased(settings.sample_ratio);
    let provider = SdkTracerProvider::builder()
        .with_resource(resource(identity))
        .with_sampler(Sampler::ParentBased(Box::new(ratio)));
    let Some(endpoint) = endpoint(settings)? else {
        return Ok(provider.build());
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint.expose())
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    let batch = BatchConfigBuilder::default()
        .with_max_queue_size(SPANS_MAX)
        .with_max_export_batch_size(BATCH_MAX)
        .with_scheduled_delay(BATCH_DELAY)
        .build();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batch);
    Ok(provider.with_span_processor(processor.build()).build())
}

pub(super) fn metrics(
    identity: &Identity,
    settings: &TelemetrySettings,
) -> Result<SdkMeterProvider, TelemetryError> {
    let provider = SdkMeterProvider::builder().with_resource(resource(identity));
    let Some(endpoint) = endpoint(settings)? else {
        return Ok(provider.build());
    };
    let exporter = MetricExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint.expose())
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    let reader = PeriodicReader::builder(exporter).with_interval(METRICS_INTERVAL);
    Ok(provider.with_reader(reader.build()).build())
}

/// The endpoint, if the runtime that its connection lives on is there.
fn endpoint(settings: &TelemetrySettings) -> Result<Option<&Url>, TelemetryError> {
    match (&settings.endpoint, tokio::runtime::Handle::try_current()) {
        (None, _) => Ok(None),
        (Some(endpoint), Ok(_)) => Ok(Some(endpoint)),
        (Some(_), Err(_)) => Err(TelemetryError::NoRuntime),
    }
}

fn resource(identity: &Identity) -> Resource {
    let attributes = [
        KeyValue::new("service.namespace", "retail"),
        KeyValue::new("service.name", identity.service.clone()),
        KeyValue::new("service.version", identity.version.clone()),
        KeyValue::new("service.instance.id", identity.instance.clone()),
    ];
    Resource::builder_empty()
        .with_attributes(attributes)
        .build()
}

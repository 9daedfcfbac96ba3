//! Logs, traces and metrics of one service, also where several share a process.
//!
//! Each service has its own providers, its own `service.instance.id` and its own [`Dispatch`].
//! **Invariant:** nothing here makes a request wait: queues are bounded, what does not fit is
//! dropped and counted, and an export that hangs ends with its limit.

use std::io::Write;
use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use thiserror::Error;
use tracing::Dispatch;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use vocab::Clock;

mod context;
mod export;
mod levels;
mod lines;
mod observe;
mod output;
#[cfg(test)]
pub(crate) mod tests;

pub use context::{TRACEPARENT, TRACESTATE, TraceContext};
pub use levels::{Level, TelemetrySettings};

use lines::Lines;
use output::Output;

/// Who a service is to those who watch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name, such as `catalog`.
    pub service: String,
    /// The version that runs.
    pub version: String,
    /// The id of this one replica, new at each start.
    pub instance: String,
}

/// Says why a service cannot be watched.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The exporter cannot be built for its endpoint.
    #[error("the exporter of telemetry cannot be built")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Export needs a runtime of tokio around the start.
    #[error("telemetry with an endpoint starts inside a runtime only")]
    NoRuntime,
    /// The thread that writes lines cannot be started.
    #[error("the writer of log lines cannot be started")]
    Writer(#[source] std::io::Error),
}

/// What one service is watched by. Clones share it, and its end is the end of all.
#[derive(Clone)]
pub struct Telemetry {
    dispatch: Dispatch,
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    output: Output,
}

impl Telemetry {
    /// Starts to watch a service; its log lines go to `sink`, on a thread of its own.
    pub fn start(
        identity: &Identity,
        settings: &TelemetrySettings,
        clock: Clock,
        sink: impl Write + Send + 'static,
    ) -> Result<Self, TelemetryError> {
        let output = Output::to(sink).map_err(TelemetryError::Writer)?;
        let traces = export::traces(identity, settings)?;
        let metrics = export::metrics(identity, settings)?;
        let lines = Lines::new(&identity.service, clock, output.clone());
        let spans = tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracer(traces.tracer(identity.service.clone()));
        let subscriber = tracing_subscriber::registry()
            .with(lines.with_filter(levels::of_lines(settings)))
            .with(spans.with_filter(levels::of_spans()));
        Ok(Self {
            dispatch: Dispatch::new(subscriber),
            traces,
            metrics,
            output,
        })
    }

    /// What spans and lines of this service go to: made the default of a process that runs one
    /// service, given to each future (`WithSubscriber`) in a process that runs several.
    pub fn dispatch(&self) -> Dispatch {
        self.dispatch.clone()
    }

    /// What the metrics of this service are made with.
    pub fn meter(&self, name: &'static str) -> Meter {
        self.metrics.meter(name)
    }

    /// How many log lines were dropped because the sink was too slow.
    pub fn lines_dropped(&self) -> u64 {
        self.output.dropped()
    }

    /// Exports and writes what is left, and ends the export; false if the limit came first.
    pub async fn end(self, limit: Duration) -> bool {
        let (done, ended) = tokio::sync::oneshot::channel();
        let flush = move || {
            let exported = self.traces.shutdown_with_timeout(limit).is_ok();
            let measured = self.metrics.shutdown_with_timeout(limit).is_ok();
            let written = self.output.flush(limit);
            done.send(exported && measured && written).is_ok()
        };
        // Not a blocking task of the runtime, which would wait for it without limit.
        let thread = std::thread::Builder::new().name("telemetry end".to_owned());
        if thread.spawn(flush).is_err() {
            return false;
        }
        matches!(tokio::time::timeout(limit, ended).await, Ok(Ok(true)))
    }
}

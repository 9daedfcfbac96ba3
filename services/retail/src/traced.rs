//! Calls of a person show in the traces like those of a service: with a span of the caller's own.

use std::time::Duration;

use chassis::settings::{Setting as _, Url};
use chassis::telemetry::{Identity, Level, Telemetry, TelemetrySettings, TraceContext};
use tracing::dispatcher::with_default;
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, info_span};
use vocab::Clock;

use crate::endpoints::Endpoints;

/// Who calls, to those who read the trace.
const NAME: &str = "caller";
/// How long the spans may take to where they are shown; nobody waits longer for them.
const END: Duration = Duration::from_secs(1);

/// Where the spans of one run of this program go: to the page of the stack, if it has one.
pub struct Traced {
    telemetry: Option<Telemetry>,
    page: Option<String>,
}

impl Traced {
    /// Begins. Nobody is kept from calling because the call cannot be traced.
    pub fn begin(endpoints: &Endpoints) -> Self {
        let collector = endpoints.otlp.as_deref().and_then(Url::parse);
        let telemetry = collector.and_then(|endpoint| {
            let settings = TelemetrySettings {
                endpoint: Some(endpoint),
                sample_ratio: 1.0,
                level: Level::Error,
            };
            let identity = Identity {
                service: NAME.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                instance: format!("{NAME}-{}", std::process::id()),
            };
            Telemetry::start(&identity, &settings, Clock::system(), std::io::stderr()).ok()
        });
        Self {
            telemetry,
            page: endpoints.traces.clone(),
        }
    }

    /// Calls an rpc within a span, and returns where its trace is shown.
    pub async fn call<T>(&self, rpc: &str, work: impl Future<Output = T>) -> (T, Option<String>) {
        let Some(telemetry) = &self.telemetry else {
            return (work.await, None);
        };
        let dispatch = telemetry.dispatch();
        let (span, trace) = with_default(&dispatch, || {
            let kind = "client";
            let span = info_span!(
                "rpc call",
                otel.name = rpc,
                otel.kind = kind,
                rpc.system = "grpc"
            );
            let trace = TraceContext::of_span(&span).map(|it| it.trace_id());
            (span, trace)
        });
        let done = work.instrument(span).with_subscriber(dispatch).await;
        let page = self.page.as_ref().zip(trace);
        (
            done,
            page.map(|(page, trace)| format!("{page}/trace/{trace}")),
        )
    }

    /// Hands over the spans.
    pub async fn end(self) {
        if let Some(telemetry) = self.telemetry {
            telemetry.end(END).await;
        }
    }
}

//! Keeps the last value of each gauge.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};

/// An exporter to a map of gauge and peer.
#[derive(Clone, Default)]
pub struct Gauges(Arc<Mutex<HashMap<(String, String), u64>>>);

impl Gauges {
    /// Starts a provider of meters that exports here when it is flushed.
    pub fn start() -> (SdkMeterProvider, Self) {
        let gauges = Self::default();
        let reader = PeriodicReader::builder(gauges.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        (provider, gauges)
    }

    pub fn value(&self, gauge: &str, peer: &str) -> Option<u64> {
        let key = (gauge.to_owned(), peer.to_owned());
        self.0.lock().unwrap().get(&key).copied()
    }
}

impl PushMetricExporter for Gauges {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut kept = self.0.lock().unwrap();
        for metric in metrics.scope_metrics().flat_map(|it| it.metrics()) {
            let AggregatedMetrics::U64(MetricData::Gauge(gauge)) = metric.data() else {
                continue;
            };
            for point in gauge.data_points() {
                let peer = point.attributes().next().unwrap().value.to_string();
                kept.insert((metric.name().to_owned(), peer), point.value());
            }
        }
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

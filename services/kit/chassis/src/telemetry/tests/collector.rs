//! A small collector of OTLP within the test, which keeps all that it is sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, number_data_point};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// What was received.
#[derive(Clone, Default)]
pub struct Collector {
    spans: Arc<Mutex<Vec<(String, Span)>>>,
    metrics: Arc<Mutex<Vec<(String, Metric)>>>,
}

impl Collector {
    /// Starts it on a port of the kernel's choice and returns its URL.
    pub async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .add_service(MetricsServiceServer::new(collector.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (collector, url)
    }

    /// The spans of one service, which is named `name/instance`.
    pub fn spans(&self, service: &str) -> Vec<Span> {
        let all = self.spans.lock().unwrap();
        let of_service = all.iter().filter(|(from, _)| from == service);
        of_service.map(|(_, span)| span.clone()).collect()
    }

    /// The metrics that arrived, each with its service.
    pub fn metrics(&self) -> Vec<(String, String)> {
        let all = self.metrics.lock().unwrap();
        let named = all.iter().map(|(from, it)| (from.clone(), it.name.clone()));
        named.collect()
    }

    /// How many of a metric were counted, as it was told last, by an attribute of theirs.
    pub fn counted(&self, name: &str, by: &str) -> BTreeMap<String, u64> {
        let all = self.metrics.lock().unwrap();
        let last = all.iter().rfind(|it| it.1.name == name);
        let of = |attributes: &[KeyValue]| {
            let found = attributes.iter().find(|it| it.key == by);
            match found.and_then(|it| it.value.clone()?.value) {
                Some(Value::StringValue(text)) => text,
                Some(Value::IntValue(number)) => number.to_string(),
                other => panic!("{by} is {other:?}"),
            }
        };
        match last.and_then(|it| it.1.data.as_ref()) {
            Some(Data::Histogram(it)) => {
                let points = it.data_points.iter();
                points.map(|it| (of(&it.attributes), it.count)).collect()
            }
            Some(Data::Sum(it)) => {
                let count = |value: &Option<number_data_point::Value>| match value {
                    Some(number_data_point::Value::AsInt(it)) => u64::try_from(*it).unwrap(),
                    other => panic!("{other:?}"),
                };
                let points = it.data_points.iter();
                points
                    .map(|it| (of(&it.attributes), count(&it.value)))
                    .collect()
            }
            other => panic!("{name} is {other:?}"),
        }
    }
}

/// How long a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

fn service(resource: Option<&Resource>) -> String {
    let text = |key: &str| {
        let attributes = &resource.unwrap().attributes;
        let found = attributes.iter().find(|it| it.key == key).unwrap();
        match found.value.clone().unwrap().value {
            Some(Value::StringValue(text)) => text,
            other => panic!("{other:?}"),
        }
    };
    format!("{}/{}", text("service.name"), text("service.instance.id"))
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.spans.lock().unwrap();
        for group in request.into_inner().resource_spans {
            let from = service(group.resource.as_ref());
            let spans = group.scope_spans.into_iter().flat_map(|it| it.spans);
            kept.extend(spans.map(|span| (from.clone(), span)));
        }
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let mut kept = self.metrics.lock().unwrap();
        for group in request.into_inner().resource_metrics {
            let from = service(group.resource.as_ref());
            let metrics = group.scope_metrics.into_iter().flat_map(|it| it.metrics);
            kept.extend(metrics.map(|it| (from.clone(), it)));
        }
        Ok(Response::new(Default::default()))
    }
}

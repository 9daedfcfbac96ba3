//! A small collector of OTLP within the test, which keeps all that it is sent.

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
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// What was received.
#[derive(Clone, Default)]
pub struct Collector {
    spans: Arc<Mutex<Vec<(String, Span)>>>,
    metrics: Arc<Mutex<Vec<(String, String)>>>,
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
        self.metrics.lock().unwrap().clone()
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
            kept.extend(metrics.map(|it| (from.clone(), it.name)));
        }
        Ok(Response::new(Default::default()))
    }
}

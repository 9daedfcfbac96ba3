//! Where a service tells its figures: the last value of each, as an operator would see it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// What was told last, by the name of the figure.
#[derive(Clone, Default)]
struct Last(Arc<Mutex<BTreeMap<String, i64>>>);

/// A collector; it ends with the test.
pub struct Gauges {
    pub url: String,
    last: Last,
    _running: JoinSet<()>,
}

impl Gauges {
    pub async fn start() -> Self {
        let last = Last::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder()
            .add_service(MetricsServiceServer::new(last.clone()));
        let mut running = JoinSet::new();
        running.spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            server.serve_with_incoming(incoming).await.unwrap();
        });
        Self {
            url,
            last,
            _running: running,
        }
    }

    /// The sum of all points of a figure when it was told last.
    pub fn last(&self, name: &str) -> Option<i64> {
        self.last.0.lock().unwrap().get(name).copied()
    }
}

#[tonic::async_trait]
impl MetricsService for Last {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let groups = request.into_inner().resource_metrics.into_iter();
        let metrics = groups
            .flat_map(|it| it.scope_metrics)
            .flat_map(|it| it.metrics);
        let mut last = self.0.lock().unwrap();
        for metric in metrics {
            let Some(Data::Sum(sum)) = metric.data else {
                continue;
            };
            let points = sum.data_points.iter().map(|it| match it.value {
                Some(Value::AsInt(value)) => value,
                _ => 0,
            });
            last.insert(metric.name, points.sum());
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

//! The OTLP doors: spans are kept, metrics and logs are thanked for and forgotten.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
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
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::memory::Memory;
use crate::reading::{Read, read};

/// The largest export that is read; exporters send 512 spans, some hundred KiB.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// Returns the three services of OTLP.
pub fn routes(memory: Arc<Memory>) -> Routes {
    let traces = TraceServiceServer::new(Spans { memory });
    let metrics = MetricsServiceServer::new(Unkept);
    let logs = LogsServiceServer::new(Unkept);
    Routes::new(traces.max_decoding_message_size(MESSAGE_BYTES_MAX))
        .add_service(metrics.max_decoding_message_size(MESSAGE_BYTES_MAX))
        .add_service(logs.max_decoding_message_size(MESSAGE_BYTES_MAX))
}

#[derive(Debug)]
struct Spans {
    memory: Arc<Memory>,
}

/// Takes what has no place here, so that exporters do not complain of it.
#[derive(Debug)]
struct Unkept;

#[tonic::async_trait]
impl TraceService for Spans {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let read = read(request.into_inner().resource_spans);
        let answer = ExportTraceServiceResponse {
            partial_success: refusal(&read),
        };
        self.memory.keep(read);
        Ok(Response::new(answer))
    }
}

#[tonic::async_trait]
impl MetricsService for Unkept {
    async fn export(
        &self,
        _: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Unkept {
    async fn export(
        &self,
        _: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

fn refusal(read: &Read) -> Option<ExportTracePartialSuccess> {
    Some(ExportTracePartialSuccess {
        rejected_spans: i64::try_from(read.refused).unwrap_or(i64::MAX),
        error_message: read.why?.to_owned(),
    })
}

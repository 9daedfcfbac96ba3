//! The OTLP door: what it takes, what it refuses, and what it survives.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::transport::Channel;

use crate::bed::Bed;

/// Returns a span of the service `teller`.
pub fn span(trace: u8, id: u8) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: vec![id; 8],
        name: "count".to_owned(),
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_001_000_000,
        ..Span::default()
    }
}

/// Exports spans of the service `teller`, and returns what was refused.
pub async fn export(bed: &Bed, spans: Vec<Span>) -> Option<ExportTracePartialSuccess> {
    let mut client = TraceServiceClient::new(channel(bed).await);
    let answer = client.export(request(spans)).await.unwrap();
    answer.into_inner().partial_success
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let value = Value::StringValue("teller".to_owned());
    let name = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    };
    let scoped = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    let group = ResourceSpans {
        resource: Some(Resource {
            attributes: vec![name],
            ..Resource::default()
        }),
        scope_spans: vec![scoped],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![group],
    }
}

async fn channel(bed: &Bed) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{}", bed.otlp)).unwrap();
    endpoint.connect().await.unwrap()
}

#[tokio::test]
async fn spans_without_an_id_are_refused_and_counted_and_others_kept() {
    let bed = Bed::start().await;
    let nameless = Span {
        span_id: Vec::new(),
        ..span(2, 1)
    };
    let refused = export(&bed, vec![span(1, 1), nameless]).await.unwrap();
    assert_eq!(refused.rejected_spans, 1);
    assert_eq!(refused.error_message, "a span id is 8 bytes, not zero");
    assert_eq!(export(&bed, vec![span(3, 1)]).await, None);
    let counts = bed.get("/api/counts").await.json();
    assert_eq!(
        (&counts["traces"], &counts["spansRefused"]),
        (&2.into(), &1.into())
    );
    assert_eq!(counts["spansReceived"], 2);
}

#[tokio::test]
async fn metrics_and_logs_are_taken_without_complaint() {
    let bed = Bed::start().await;
    let channel = channel(&bed).await;
    let mut metrics = MetricsServiceClient::new(channel.clone());
    let answer = metrics
        .export(ExportMetricsServiceRequest::default())
        .await
        .unwrap();
    assert_eq!(answer.into_inner().partial_success, None);
    let mut logs = LogsServiceClient::new(channel);
    let answer = logs
        .export(ExportLogsServiceRequest::default())
        .await
        .unwrap();
    assert_eq!(answer.into_inner().partial_success, None);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_and_the_next_one_taken() {
    let bed = Bed::start().await;
    let mut client = TraceServiceClient::new(channel(&bed).await);
    let huge = Span {
        name: "x".repeat(5 << 20),
        ..span(1, 1)
    };
    let status = client.export(request(vec![huge])).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status}");
    client.export(request(vec![span(2, 1)])).await.unwrap();
    bed.has(1).await;
}

#[tokio::test]
async fn bytes_that_are_no_message_spoil_nothing() {
    let bed = Bed::start().await;
    let garbage: [&[u8]; 3] = [b"\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n", &[0xff; 4_096]];
    for bytes in garbage {
        let mut stream = TcpStream::connect(bed.otlp).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.ok();
    }
    let mut client = tonic::client::Grpc::new(channel(&bed).await);
    client.ready().await.unwrap();
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    // Metrics where spans belong: the same frame, another message.
    let codec = tonic_prost::ProstCodec::<KeyValue, ExportTracePartialSuccess>::default();
    let wrong = KeyValue {
        key: "\u{1}\u{2}\u{3}".to_owned(),
        ..KeyValue::default()
    };
    let answer = client
        .unary(tonic::Request::new(wrong), path.parse().unwrap(), codec)
        .await;
    assert_eq!(answer.unwrap_err().code(), Code::Internal);
    export(&bed, vec![span(2, 1)]).await;
    bed.has(1).await;
}

//! Telemetry: what arrives at a collector, what a line holds, and that nothing ever waits.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tonic::metadata::MetadataMap;
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, Span, info, info_span};
use vocab::Clock;

pub(crate) mod collector;

use super::{Identity, Level, Telemetry, TelemetrySettings, TraceContext};
use crate::contract::Contracts;
use crate::fault::{Fault, StatusView};
use crate::settings::{Environment, Profile, Setting, Url, read};
use crate::tasks::{Ending, OnFailure, OnShutdown, Tasks};
use collector::{Collector, PATIENCE};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Log lines in memory.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn settings(endpoint: Option<&str>, sample_ratio: f64) -> TelemetrySettings {
    let endpoint = endpoint.map(|it| Url::parse(it).unwrap());
    TelemetrySettings {
        endpoint,
        sample_ratio,
        level: Level::Info,
    }
}

fn start(
    service: &str,
    settings: &TelemetrySettings,
    sink: impl Write + Send + 'static,
) -> Telemetry {
    let identity = Identity {
        service: service.to_owned(),
        version: "0.1.0".to_owned(),
        instance: format!("{service}-1"),
    };
    Telemetry::start(&identity, settings, Clock::system(), sink).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_services_in_one_process_share_a_trace_and_nothing_else() {
    let (collector, url) = Collector::start().await;
    let order = start("order", &settings(Some(&url), 1.0), Sink::default());
    let payment = start("payment", &settings(Some(&url), 1.0), Sink::default());
    let mut metadata = MetadataMap::new();
    let calling = async {
        let write = async {
            TraceContext::current()
                .unwrap()
                .write_metadata(&mut metadata)
        };
        write.instrument(info_span!("call")).await;
    };
    calling.with_subscriber(order.dispatch()).await;
    let called = async {
        let span = info_span!("serve");
        assert!(
            TraceContext::of_metadata(&metadata)
                .unwrap()
                .continue_in(&span)
        );
        async { info!("served") }.instrument(span).await;
    };
    called.with_subscriber(payment.dispatch()).await;
    order
        .meter("retail")
        .u64_counter("orders.placed")
        .build()
        .add(1, &[]);
    assert!(order.end(PATIENCE).await && payment.end(PATIENCE).await);
    let (call, serve) = (
        collector.spans("order/order-1"),
        collector.spans("payment/payment-1"),
    );
    assert_eq!((call.len(), serve.len()), (1, 1));
    assert_eq!(
        (call[0].name.as_str(), serve[0].name.as_str()),
        ("call", "serve")
    );
    assert_eq!(serve[0].trace_id, call[0].trace_id);
    assert_eq!(serve[0].parent_span_id, call[0].span_id);
    let expected = ("order/order-1".to_owned(), "orders.placed".to_owned());
    assert_eq!(collector.metrics(), [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_decides_what_is_sampled_and_libraries_are_not_traced() {
    let (collector, url) = Collector::start().await;
    let telemetry = start("order", &settings(Some(&url), 0.0), Sink::default());
    tracing::dispatcher::with_default(&telemetry.dispatch(), || {
        drop(info_span!("unsampled").entered());
        let span = info_span!("sampled");
        assert!(TraceContext::parse(PARENT, "").unwrap().continue_in(&span));
        let _sampled = span.entered();
        drop(info_span!(target: "h2::codec", "library").entered());
    });
    assert!(telemetry.end(PATIENCE).await);
    let names: Vec<_> = collector
        .spans("order/order-1")
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["sampled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_json_and_names_trace_and_span_without_any_endpoint() {
    let sink = Sink::default();
    let telemetry = start("order", &settings(None, 1.0), sink.clone());
    let trace_id = tracing::dispatcher::with_default(&telemetry.dispatch(), || {
        info!(
            order.id = "ord_1",
            lines = 3,
            level = "own",
            "order \"placed\""
        );
        tracing::debug!("not written");
        tracing::info!(target: "hyper::proto", "not written");
        let _span = info_span!("place").entered();
        info!(paid = true, "order paid");
        TraceContext::current().unwrap().trace_id()
    });
    assert!(telemetry.end(PATIENCE).await);
    let lines = sink.lines();
    assert_eq!(lines.len(), 2);
    let (outside, inside) = (&lines[0], &lines[1]);
    assert_eq!(outside["message"], "order \"placed\"");
    assert_eq!(
        (&outside["order.id"], &outside["lines"]),
        (&"ord_1".into(), &3.into())
    );
    assert_eq!(
        (&outside["level"], &outside["field.level"]),
        (&"info".into(), &"own".into())
    );
    assert_eq!(outside.get("trace_id"), None);
    assert_eq!(
        (&inside["paid"], &inside["service"]),
        (&true.into(), &"order".into())
    );
    assert_eq!(inside["trace_id"], trace_id.as_str());
    assert_eq!(inside["span_id"].as_str().unwrap().len(), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_delays_nothing_and_the_end_keeps_its_limit() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let telemetry = start("order", &settings(Some(&url), 1.0), Sink::default());
    let began = tokio::time::Instant::now();
    tracing::dispatcher::with_default(&telemetry.dispatch(), || {
        for _ in 0..20_000 {
            drop(info_span!("busy").entered());
        }
    });
    assert!(began.elapsed() < Duration::from_secs(10));
    let ending = tokio::time::Instant::now();
    assert!(!telemetry.end(Duration::from_millis(300)).await);
    assert!(ending.elapsed() < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_is_stuck_drops_lines_and_counts_them() {
    let gate = Arc::new(Mutex::new(()));
    struct Stuck(Arc<Mutex<()>>);
    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            drop(self.0.lock().unwrap());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let telemetry = start("order", &settings(None, 1.0), Stuck(Arc::clone(&gate)));
    let held = gate.lock().unwrap();
    tracing::dispatcher::with_default(&telemetry.dispatch(), || {
        (0..10_000).for_each(|_| info!("line"));
    });
    assert!((7_945..=7_955).contains(&telemetry.lines_dropped()));
    drop(held);
}

#[tokio::test]
async fn a_task_is_watched_as_the_one_who_started_it() {
    let sink = Sink::default();
    let telemetry = start("order", &settings(None, 1.0), sink.clone());
    let tasks = Tasks::default();
    tracing::dispatcher::with_default(&telemetry.dispatch(), || {
        tasks.spawn("job", OnFailure::Fatal, OnShutdown::Drain, |_| async {
            info!("job done");
            Ok(())
        });
    });
    tasks.end(&Ending::within(PATIENCE)).await;
    assert!(telemetry.end(PATIENCE).await);
    assert_eq!(sink.lines()[0]["message"], "job done");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_chassis_counts_is_exported() {
    let (collector, url) = Collector::start().await;
    let telemetry = start("order", &settings(Some(&url), 1.0), Sink::default());
    let tasks = Tasks::default();
    telemetry.observe_tasks(&tasks);
    telemetry.observe_contracts(&Contracts::built().unwrap());
    tasks.spawn("job", OnFailure::Fatal, OnShutdown::Drain, |_| async {
        panic!("counted")
    });
    tasks.end(&Ending::within(PATIENCE)).await;
    assert!(telemetry.end(PATIENCE).await);
    let mut names: Vec<_> = collector.metrics().into_iter().map(|it| it.1).collect();
    names.sort();
    let expected = [
        "retail.fault.undeclared",
        "retail.task.failures",
        "retail.task.panics",
        "retail.task.running",
        "retail.task.starts",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_fault_names_the_trace_it_happens_in() {
    let telemetry = start("order", &settings(None, 0.0), Sink::default());
    let status = tracing::dispatcher::with_default(&telemetry.dispatch(), || {
        let span = info_span!("serve");
        assert!(TraceContext::parse(PARENT, "").unwrap().continue_in(&span));
        let _span = span.entered();
        tonic::Status::from(Fault::late())
    });
    let trace_id = StatusView::of(&status).unwrap().trace_id;
    assert_eq!(
        trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
}

#[test]
fn a_context_survives_text_and_headers_and_refuses_junk() {
    let context = TraceContext::parse(PARENT, "vendor=1").unwrap();
    assert_eq!(
        (
            context.traceparent().as_str(),
            context.tracestate().as_str()
        ),
        (PARENT, "vendor=1")
    );
    let mut headers = http::HeaderMap::new();
    context.write_headers(&mut headers);
    context.write_headers(&mut headers);
    let read = TraceContext::of_headers(&headers).unwrap();
    assert_eq!(read.traceparent(), PARENT);
    assert_eq!(read.tracestate(), "vendor=1");
    headers.append("traceparent", PARENT.parse().unwrap());
    assert_eq!(TraceContext::of_headers(&headers), None);
    for junk in [
        "",
        "00-0-0-01",
        "zz",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    ] {
        assert_eq!(TraceContext::parse(junk, ""), None, "{junk}");
    }
    assert_eq!(TraceContext::current(), None);
    assert!(!context.continue_in(&Span::none()) || TraceContext::current().is_none());
}

#[test]
fn prod_samples_little_and_refuses_to_write_details() {
    let read = |level: &str, profile| {
        let environment = Environment::from_iter([("ORDER_LOG_LEVEL", level)]);
        read(&environment, "ORDER", |it| {
            TelemetrySettings::read(it, profile)
        })
    };
    assert!(read("debug", Profile::Production).is_err());
    assert!(read("debug", Profile::Development).is_ok());
    let ratio = |profile| read("warn", profile).unwrap().sample_ratio;
    assert!(ratio(Profile::Production) < 0.1 && ratio(Profile::Development) > 0.9);
}

#[test]
fn an_endpoint_outside_of_a_runtime_is_an_error_and_no_panic() {
    let identity = Identity {
        service: "order".to_owned(),
        version: String::new(),
        instance: String::new(),
    };
    let settings = settings(Some("http://127.0.0.1:1"), 1.0);
    let started = Telemetry::start(&identity, &settings, Clock::system(), Sink::default());
    assert!(matches!(
        started.err(),
        Some(super::TelemetryError::NoRuntime)
    ));
}

//! What scripts ask for: the latest traces, and one that is yet to come.

use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value as Json;
use tokio::time::Instant;

use crate::bed::{Bed, SOON};
use crate::receiving::{export, span};
use crate::story::tell;

#[tokio::test]
async fn a_trace_is_waited_for_until_it_is_whole() {
    let bed = Bed::start().await;
    let child = Span {
        parent_span_id: vec![9; 8],
        ..span(1, 1)
    };
    let root = span(1, 9);
    let asked = Instant::now();
    let path = format!("/api/traces/{}?wait=20s&spans=2", "01".repeat(16));
    let (answer, ()) = tokio::join!(bed.get(&path), async {
        export(&bed, vec![child]).await;
        export(&bed, vec![root]).await;
    });
    assert_eq!(answer.status, 200, "{}", answer.body);
    let spans = answer.json()["data"][0]["spans"].as_array().unwrap().len();
    assert_eq!(spans, 2);
    assert!(
        asked.elapsed() < SOON,
        "it answered when the trace was there"
    );
}

#[tokio::test]
async fn after_the_wait_there_is_what_there_is() {
    let bed = Bed::start().await;
    let path = format!("/api/traces/{}?wait=50ms", "01".repeat(16));
    assert_eq!(bed.get(&path).await.status, 404);
    let orphan = Span {
        parent_span_id: vec![9; 8],
        ..span(1, 1)
    };
    export(&bed, vec![orphan]).await;
    let asked = Instant::now();
    assert_eq!(bed.get(&path).await.status, 200);
    assert!(asked.elapsed() >= Duration::from_millis(50));
    assert_eq!(bed.get("/api/traces/1?wait=soon").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_traces_are_told_in_a_few_words() {
    let bed = Bed::with(|settings| settings.base = "/jaeger".parse().unwrap()).await;
    let told = tell(
        bed.otlp,
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
    )
    .await;
    let path = "/jaeger/api/latest?service=gateway&limit=5";
    let all = bed.data(path).await;
    assert_eq!(all.len(), 2);
    let id = told.request.trace_id().to_string();
    let one = all.iter().find(|it| it["traceID"] == id).unwrap();
    let words: Vec<&Json> = ["service", "operation", "spans", "errors", "whole", "page"]
        .iter()
        .map(|key| &one[key])
        .collect();
    let page = format!("/jaeger/trace/{id}");
    let expected: [Json; 6] = [
        "shopper".into(),
        "CreateProduct".into(),
        4.into(),
        0.into(),
        true.into(),
        page.into(),
    ];
    assert_eq!(words, expected.iter().collect::<Vec<_>>());
    assert_eq!(
        one["services"],
        serde_json::json!(["catalog", "gateway", "shopper"])
    );
    let failed = bed.data("/jaeger/api/latest?service=inventory").await;
    assert_eq!((failed.len(), &failed[0]["errors"]), (1, &1.into()));
}

#[tokio::test]
async fn a_trace_whose_parent_never_came_is_listed_all_the_same() {
    let bed = Bed::start().await;
    let orphan = Span {
        parent_span_id: vec![9; 8],
        ..span(1, 1)
    };
    export(&bed, vec![orphan]).await;
    assert_eq!(bed.data("/api/traces?service=teller").await.len(), 1);
    let latest = bed.data("/api/latest").await;
    assert_eq!(
        (&latest[0]["whole"], &latest[0]["operation"]),
        (&false.into(), &"count".into())
    );
    let root = Span {
        name: "open".to_owned(),
        start_time_unix_nano: span(1, 2).start_time_unix_nano + 1_000_000,
        ..span(1, 2)
    };
    export(&bed, vec![root]).await;
    let latest = bed.data("/api/latest").await;
    assert_eq!(
        latest[0]["operation"], "open",
        "a real beginning stands for the trace"
    );
}

//! What hangs together: links shown from both ends, and the picture of all services.

use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};

use crate::bed::Bed;
use crate::story::{Told, tell};

const BEGAN_MS: u64 = 1_700_000_000_000;

async fn told() -> (Bed, Told) {
    let bed = Bed::start().await;
    let began = SystemTime::UNIX_EPOCH + Duration::from_millis(BEGAN_MS);
    let told = tell(bed.otlp, began).await;
    bed.has(5).await;
    (bed, told)
}

fn arrow(parent: &str, child: &str, calls: u64) -> Json {
    json!({ "parent": parent, "child": child, "callCount": calls })
}

async fn spans(bed: &Bed, id: impl std::fmt::Display) -> Vec<Json> {
    let trace = bed.data(&format!("/api/traces/{id}")).await.remove(0);
    trace["spans"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_refers_to_every_command_it_wrote() {
    let (bed, told) = told().await;
    let batch = &spans(&bed, told.batch.trace_id()).await[0];
    let reference = |it: &opentelemetry::trace::SpanContext| {
        json!({
            "refType": "FOLLOWS_FROM",
            "traceID": it.trace_id().to_string(),
            "spanID": it.span_id().to_string(),
        })
    };
    assert_eq!(
        batch["references"],
        json!([reference(&told.request), reference(&told.second)])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_leads_on_to_the_traces_that_follow_it() {
    let (bed, told) = told().await;
    let served = spans(&bed, told.request.trace_id()).await.remove(3);
    let tags = served["tags"].as_array().unwrap();
    let led = tags
        .iter()
        .filter(|it| it["key"].as_str().unwrap().starts_with("followed_by"));
    let led: Vec<&str> = led.map(|it| it["value"].as_str().unwrap()).collect();
    let [batch, consumed] = [&told.batch, &told.consumed].map(|it| it.trace_id().to_string());
    assert_eq!(led.len(), 3, "batch, relay and consumer: {led:?}");
    assert!(led.contains(&batch.as_str()) && led.contains(&consumed.as_str()));
    // The UI shows a trace that a search found without asking for it again.
    let found = bed.data("/api/traces?service=shopper").await;
    let id = told.request.trace_id().to_string();
    let found = found.iter().find(|it| it["traceID"] == id).unwrap();
    assert_eq!(found["spans"][3], served);
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_traces_are_listed_from_either_end() {
    let (bed, told) = told().await;
    let linked = async |id| {
        let all = bed.data(&format!("/api/traces/{id}/linked")).await;
        let mut ids: Vec<String> = all
            .iter()
            .map(|it| it["traceID"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    let mut commands = [&told.request, &told.second].map(|it| it.trace_id().to_string());
    commands.sort();
    assert_eq!(linked(told.batch.trace_id()).await, commands);
    assert_eq!(linked(told.request.trace_id()).await.len(), 3);
    assert_eq!(
        linked(told.second.trace_id()).await,
        [told.batch.trace_id().to_string()]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn services_depend_on_each_other_by_calls_and_by_links() {
    let (bed, _) = told().await;
    let end_ms = BEGAN_MS + 1_000;
    let all = bed
        .data(&format!(
            "/api/dependencies?endTs={end_ms}&lookback=604800000"
        ))
        .await;
    assert_eq!(
        all,
        [
            arrow("catalog", "inventory", 1),
            arrow("gateway", "catalog", 2),
            arrow("shopper", "gateway", 2),
        ]
    );
    let before = bed
        .data(&format!(
            "/api/dependencies?endTs={BEGAN_MS}&lookback=60000"
        ))
        .await;
    assert_eq!(before, [] as [Json; 0], "calls are counted when they begin");
    assert_eq!(bed.data("/api/dependencies").await.len(), 3);
}

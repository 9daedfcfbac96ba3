//! What the search page asks for, against a story told by real exporters.

use std::time::{Duration, SystemTime};

use serde_json::Value as Json;

use crate::bed::Bed;
use crate::story::{Told, tell};

/// When the story begins, in microseconds.
const BEGAN_US: u64 = 1_700_000_000_000_000;

async fn told() -> (Bed, Told) {
    let bed = Bed::start().await;
    let began = SystemTime::UNIX_EPOCH + Duration::from_micros(BEGAN_US);
    let told = tell(bed.otlp, began).await;
    bed.has(5).await;
    (bed, told)
}

fn ids(traces: &[Json]) -> Vec<&str> {
    traces
        .iter()
        .map(|it| it["traceID"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_is_listed_not_only_those_that_begin_a_trace() {
    let (bed, _) = told().await;
    let services = bed.data("/api/services").await;
    assert_eq!(services, ["catalog", "gateway", "inventory", "shopper"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_come_with_and_without_their_kinds() {
    let (bed, _) = told().await;
    let rpc = "retail.catalog.v1.CatalogService/CreateProduct";
    let names = bed.data("/api/services/gateway/operations").await;
    assert_eq!(names, ["POST /v1/products", rpc]);
    let all = bed.data("/api/operations?service=gateway").await;
    let pairs: Vec<_> = all
        .iter()
        .map(|it| (&it["name"], &it["spanKind"]))
        .collect();
    assert_eq!(
        pairs,
        [
            (&Json::from("POST /v1/products"), &Json::from("server")),
            (&Json::from(rpc), &Json::from("client")),
        ]
    );
    let served = bed
        .data("/api/operations?service=catalog&spanKind=server")
        .await;
    assert_eq!(served.len(), 1);
    assert_eq!(
        bed.data("/api/services/nobody/operations").await,
        [] as [Json; 0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_by_service_operation_tags_length_and_time() {
    let (bed, _) = told().await;
    let at = |ms: u64| BEGAN_US + ms * 1_000;
    let window = |from: u64, to: u64| format!("start={}&end={}", at(from), at(to));
    let cases = [
        ("service=catalog".to_owned(), 4),
        ("service=inventory".to_owned(), 1),
        ("service=nobody".to_owned(), 0),
        ("service=catalog&operation=commit".to_owned(), 1),
        ("service=inventory&operation=commit".to_owned(), 0),
        ("tags=%7B%22error%22%3A%22true%22%7D".to_owned(), 1),
        (
            "service=catalog&tags=%7B%22error%22%3A%22true%22%7D".to_owned(),
            0,
        ),
        ("tag=rpc.attempt:1".to_owned(), 5),
        ("tag=rpc.attempt:2".to_owned(), 0),
        (
            "tag=service.version:0.1.0&tag=span.kind:producer".to_owned(),
            1,
        ),
        (
            "tag=exception.message:the%20location%20is%20closed".to_owned(),
            1,
        ),
        ("tag=otel.scope.name:chassis".to_owned(), 5),
        ("minDuration=40ms".to_owned(), 2),
        ("minDuration=40ms&service=catalog".to_owned(), 0),
        ("maxDuration=3ms".to_owned(), 1),
        (
            "minDuration=10ms&maxDuration=11ms&service=catalog".to_owned(),
            1,
        ),
        (window(45, 1_000), 1),
        (window(0, 0), 1),
        (window(500, 1_000), 0),
        ("lookback=1h".to_owned(), 0),
        (format!("lookback=1h&end={}", at(100)), 5),
        ("limit=2".to_owned(), 2),
        (String::new(), 5),
    ];
    for (query, expected) in cases {
        let found = bed.data(&format!("/api/traces?{query}")).await;
        assert_eq!(found.len(), expected, "{query}: {:?}", ids(&found));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_are_found_first_and_named_ones_in_their_order() {
    let (bed, told) = told().await;
    let newest = bed.data("/api/traces?limit=1").await;
    assert_eq!(ids(&newest), [told.consumed.trace_id().to_string()]);
    let [a, b] = [&told.second, &told.request].map(|it| it.trace_id().to_string());
    let named = bed
        .data(&format!("/api/traces?traceID={a}&traceID={b}&traceID=77"))
        .await;
    assert_eq!(ids(&named), [a, b]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_senseless_search_is_refused_in_words() {
    let (bed, _) = told().await;
    let answer = bed.get("/api/traces?service=catalog&limit=many").await;
    assert_eq!(answer.status, 400);
    assert!(answer.problem().contains("'limit'"), "{}", answer.body);
    let answer = bed.get("/api/dependencies?endTs=yesterday").await;
    assert!((answer.status, answer.problem().contains("endTs")) == (400, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_has_all_that_its_page_shows() {
    let (bed, told) = told().await;
    let id = told.request.trace_id();
    let [trace] = &bed.data(&format!("/api/traces/{id}")).await[..] else {
        panic!("not one trace");
    };
    let spans = trace["spans"].as_array().unwrap();
    let starts: Vec<u64> = spans
        .iter()
        .map(|it| it["startTime"].as_u64().unwrap())
        .collect();
    assert_eq!(starts, [0, 1, 3, 5].map(|ms| BEGAN_US + ms * 1_000));
    let services: Vec<&str> = spans
        .iter()
        .map(|it| trace["processes"][it["processID"].as_str().unwrap()]["serviceName"].as_str())
        .map(Option::unwrap)
        .collect();
    assert_eq!(services, ["shopper", "gateway", "gateway", "catalog"]);
    let tag = |at: usize, key: &str| {
        let tags = spans[at]["tags"].as_array().unwrap();
        tags.iter()
            .find(|tag| tag["key"] == key)
            .map(|tag| tag["value"].clone())
    };
    let kinds: Vec<_> = (0..4).map(|at| tag(at, "span.kind").unwrap()).collect();
    assert_eq!(kinds, ["client", "server", "client", "server"]);
    assert_eq!(tag(3, "otel.scope.name"), Some("chassis".into()));
    assert_eq!(tag(0, "error"), None);
    assert_eq!(spans[0]["references"], Json::Array(Vec::new()));
    let above = &spans[3]["references"][0];
    assert_eq!(
        (&above["refType"], &above["spanID"]),
        (&"CHILD_OF".into(), &spans[2]["spanID"])
    );
    assert_eq!(spans[3]["duration"], 33_000);
    assert_eq!(spans[3]["traceID"], id.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_that_failed_is_red_and_tells_what_happened() {
    let (bed, told) = told().await;
    let trace = bed
        .data(&format!("/api/traces/{}", told.consumed.trace_id()))
        .await
        .remove(0);
    let failed = &trace["spans"][1];
    let tags = failed["tags"].as_array().unwrap();
    let error = tags.iter().find(|tag| tag["key"] == "error").unwrap();
    assert_eq!(
        (&error["type"], &error["value"]),
        (&"bool".into(), &true.into())
    );
    let log = &failed["logs"][0];
    assert_eq!(log["timestamp"], BEGAN_US + 65_000);
    assert_eq!(log["fields"][0]["value"], "exception");
    assert_eq!(log["fields"][1]["value"], "the location is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_may_be_short_and_a_wrong_one_is_told_apart_from_an_unknown_one() {
    let bed = Bed::start().await;
    let answer = bed.get("/api/traces/f00").await;
    assert_eq!(answer.status, 404);
    assert!(answer.problem().contains(&format!("{:0>32}", "f00")));
    for id in ["xyz", "0", &"1".repeat(33)] {
        assert_eq!(
            bed.get(&format!("/api/traces/{id}")).await.status,
            400,
            "{id}"
        );
    }
}

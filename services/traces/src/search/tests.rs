//! What a URL asks for. What is found is asked over HTTP in `tests/it`.

use super::{Search, Senseless};

const NOW_US: u64 = 10_000_000_000;

fn parsed(query: &[(&str, &str)]) -> Result<Search, Senseless> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let pairs: Vec<_> = query.iter().map(owned).collect();
    Search::parse(&pairs, NOW_US)
}

#[test]
fn what_the_ui_sends_is_understood() {
    let search = parsed(&[
        ("service", "order"),
        ("operation", "PlaceOrder"),
        ("start", "1000"),
        ("end", "2000"),
        ("minDuration", "1ms"),
        ("maxDuration", ""),
        ("lookback", "1h"),
        ("limit", "30"),
        ("tags", r#"{"error":"true","code":14,"cold":false}"#),
        ("tag", "sku:A:1"),
    ])
    .unwrap();
    let tags = [
        ("error", "true"),
        ("code", "14"),
        ("cold", "false"),
        ("sku", "A:1"),
    ];
    let tags: Vec<_> = tags.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    let mut found = search.tags.clone();
    found.sort();
    let mut wanted = tags;
    wanted.sort();
    assert_eq!(found, wanted);
    let expected = Search {
        tags: search.tags.clone(),
        service: Some("order".to_owned()),
        operation: Some("PlaceOrder".to_owned()),
        from_us: 1_000,
        to_us: Some(2_000),
        min_us: 1_000,
        limit: 30,
        ..Search::default()
    };
    assert_eq!(search, expected);
}

#[test]
fn lookback_counts_from_the_end_or_from_now_and_yields_to_a_start() {
    let from = |query: &[(&str, &str)]| parsed(query).unwrap().from_us;
    assert_eq!(from(&[("lookback", "1s")]), NOW_US - 1_000_000);
    assert_eq!(from(&[("lookback", "1s"), ("end", "5000000")]), 4_000_000);
    assert_eq!(from(&[("lookback", "1s"), ("start", "77")]), 77);
    assert_eq!(from(&[("lookback", "custom")]), 0);
    assert_eq!(from(&[]), 0);
}

#[test]
fn a_limit_is_there_without_being_asked_for_and_has_an_end() {
    assert_eq!(parsed(&[]).unwrap().limit, 20);
    assert_eq!(parsed(&[("limit", "999999")]).unwrap().limit, 1_500);
}

#[test]
fn nonsense_is_refused_by_name() {
    let cases = [
        ("limit", "0"),
        ("limit", "many"),
        ("start", "-1"),
        ("end", "tomorrow"),
        ("minDuration", "5"),
        ("maxDuration", "long"),
        ("traceID", "xyz"),
        ("tags", "{"),
        ("tags", "[]"),
        ("tags", r#"{"a":{}}"#),
        ("tag", "nothing"),
    ];
    for (name, value) in cases {
        let said = parsed(&[(name, value)]).unwrap_err().to_string();
        assert!(said.contains(&format!("param '{name}'")), "{said}");
    }
}

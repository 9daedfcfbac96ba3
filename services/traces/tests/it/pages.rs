//! The files of the real Jaeger UI, told where they are and what there is.

use std::collections::BTreeSet;

use crate::bed::{Answer, Bed};

async fn jaeger() -> Bed {
    Bed::with(|settings| settings.base = "/jaeger".parse().unwrap()).await
}

/// Returns the addresses of all files that the page asks for.
fn files(index: &Answer) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for piece in index.body.split("\"./static/").skip(1) {
        names.insert(format!("/static/{}", piece.split('"').next().unwrap()));
    }
    names
}

#[tokio::test]
async fn every_path_of_the_ui_answers_with_its_page() {
    let bed = Bed::start().await;
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let compared = format!("/trace/{id}...{id}?cohort={id}");
    let trace = format!("/trace/{id}");
    for path in [
        "/",
        "/search?service=order",
        &trace,
        &compared,
        "/dependencies",
        "/monitor",
    ] {
        let answer = bed.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert!(answer.body.contains("<base href=\"/\""), "{path}");
    }
}

#[tokio::test]
async fn below_a_base_path_the_page_knows_it_and_the_top_leads_there() {
    let bed = jaeger().await;
    for path in ["/jaeger", "/jaeger/", "/jaeger/search", "/jaeger/trace/1"] {
        let answer = bed.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.contains("<base href=\"/jaeger/\""), "{path}");
        assert!(
            answer
                .body
                .contains("\"url\":\"/jaeger/trace/#{followed_by}\"")
        );
    }
    let top = bed.get("/").await;
    assert_eq!(
        (top.status, top.header("location")),
        (307, Some("/jaeger/"))
    );
    assert_eq!(bed.get("/search").await.status, 404);
    assert_eq!(
        bed.data("/jaeger/api/services").await,
        [] as [serde_json::Value; 0]
    );
    let asset = files(&bed.get("/jaeger/").await).pop_first().unwrap();
    assert_eq!(bed.get(&format!("/jaeger{asset}")).await.status, 200);
}

#[tokio::test]
async fn the_page_is_told_what_there_is() {
    let page = Bed::start().await.get("/search").await.body;
    assert!(
        page.contains("const JAEGER_CONFIG = {"),
        "the line is there and was replaced"
    );
    assert!(page.contains("\"archiveEnabled\":false"));
    assert!(page.contains("\"monitor\":{\"menuEnabled\":false}"));
    assert!(page.contains("const JAEGER_VERSION = {"));
    assert!(page.contains("{ display: none; }</style></head>"));
}

#[tokio::test]
async fn files_have_their_types_and_are_kept_for_ever() {
    let bed = Bed::start().await;
    let files = files(&bed.get("/").await);
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let answer = bed.get(&file).await;
        let ending = file.rsplit('.').next().unwrap();
        let expected = match ending {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "ico" => "image/x-icon",
            _ => panic!("{file}"),
        };
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(expected))
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let kept = answer.header("cache-control").unwrap();
        assert!(kept.contains("immutable"), "{kept}");
        let length: usize = answer.header("content-length").unwrap().parse().unwrap();
        assert!(length > 1_000);
    }
}

#[tokio::test]
async fn nothing_beside_the_folder_is_served() {
    let bed = Bed::start().await;
    let paths = [
        "/static/..%2findex.html",
        "/static/%2e%2e%2f%2e%2e%2fstamp",
        "/static/%2fetc%2fpasswd",
        "/static/.hidden",
        "/static/none.js",
        "/static/",
    ];
    for path in paths {
        let answer = bed.get(path).await;
        let page = answer.body.contains("<base href=\"/\"");
        assert!(answer.status == 404 || page, "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn without_its_files_it_says_what_to_do_and_answers_scripts() {
    let bed = Bed::with(|settings| settings.ui = "no-such-folder".into()).await;
    let answer = bed.get("/search").await;
    assert_eq!(answer.status, 503);
    let said = &answer.body;
    assert!(
        said.starts_with("The Jaeger UI is not in no-such-folder: run `make tools`"),
        "{said}"
    );
    assert_eq!(
        bed.data("/api/services").await,
        [] as [serde_json::Value; 0]
    );
}

#[tokio::test]
async fn what_the_api_does_not_have_is_refused_in_its_own_words() {
    let bed = Bed::start().await;
    let archive = bed.ask("POST", "/api/archive/1").await;
    assert_eq!(archive.status, 501);
    assert!(archive.problem().starts_with("there is no archive"));
    let metrics = bed.get("/api/metrics/latencies?service=order").await;
    assert_eq!(metrics.status, 404);
    assert!(metrics.problem().contains("/metrics/latencies"));
}

//! The end of memory, and who may reach it.

use opentelemetry_proto::tonic::trace::v1::Span;
use testbed::eventually;
use traces::{Limits, Server, ServerError, Settings};

use crate::bed::{Bed, SOON};
use crate::receiving::{export, span};

#[tokio::test]
async fn the_oldest_trace_goes_when_there_is_one_too_many() {
    let limits = Limits {
        traces: 3,
        bytes: 1 << 20,
    };
    let bed = Bed::with(|settings| settings.limits = limits).await;
    for trace in 1..=5 {
        export(&bed, vec![span(trace, 1)]).await;
    }
    let all = bed.data("/api/latest").await;
    let ids: Vec<&str> = all
        .iter()
        .map(|it| it["traceID"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["05", "04", "03"].map(|it| it.repeat(16)));
    assert_eq!(
        bed.get(&format!("/api/traces/{}", "01".repeat(16)))
            .await
            .status,
        404
    );
    assert_eq!(bed.get("/api/counts").await.json()["tracesDropped"], 2);
}

#[tokio::test]
async fn memory_has_an_end_in_bytes() {
    let limits = Limits {
        traces: 1_000,
        bytes: 256 << 10,
    };
    let bed = Bed::with(|settings| settings.limits = limits).await;
    let long = |trace| Span {
        name: "x".repeat(10_000),
        ..span(trace, 1)
    };
    for trace in 1..=100 {
        export(&bed, vec![long(trace)]).await;
    }
    let counts = bed.get("/api/counts").await.json();
    let traces = counts["traces"].as_u64().unwrap();
    assert!((20..=26).contains(&traces), "{counts}");
    assert!(counts["bytes"].as_u64().unwrap() <= 256 << 10);
}

#[tokio::test]
async fn nobody_listens_beyond_loopback() {
    let settings = Settings {
        otlp: "0.0.0.0:0".parse().unwrap(),
        http: "127.0.0.1:0".parse().unwrap(),
        ui: "nowhere".into(),
        base: "/".parse().unwrap(),
        limits: Limits {
            traces: 1,
            bytes: 1,
        },
    };
    let refused = Server::bind(settings).await.unwrap_err();
    assert!(matches!(refused, ServerError::NotLoopback(_)), "{refused}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let bed = Bed::start().await;
    let settings = Settings {
        otlp: bed.otlp,
        http: "127.0.0.1:0".parse().unwrap(),
        ui: "nowhere".into(),
        base: "/".parse().unwrap(),
        limits: Limits {
            traces: 1,
            bytes: 1,
        },
    };
    let refused = Server::bind(settings).await.unwrap_err().to_string();
    assert_eq!(refused, format!("cannot listen on {}", bed.otlp));
}

#[tokio::test]
async fn it_serves_until_it_is_told_to_end() {
    let bed = Bed::start().await;
    let settings = Settings {
        otlp: "127.0.0.1:0".parse().unwrap(),
        http: "127.0.0.1:0".parse().unwrap(),
        ui: "nowhere".into(),
        base: "/".parse().unwrap(),
        limits: Limits {
            traces: 1,
            bytes: 1 << 20,
        },
    };
    let server = Server::bind(settings).await.unwrap();
    let http = server.http();
    server.run(std::future::ready(())).await.unwrap();
    let gone = async || match tokio::net::TcpStream::connect(http).await {
        Ok(_) => Err("it still listens"),
        Err(_) => Ok(()),
    };
    eventually(SOON, "the port is free", gone).await.unwrap();
    drop(bed);
}

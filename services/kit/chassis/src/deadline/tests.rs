//! Deadlines: what is read, what is refused, and what is left for others.

use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use super::{Deadline, GRPC_TIMEOUT, parse};
use crate::fault::{Kind, StatusView};

const DEFAULT: Duration = Duration::from_secs(5);

fn metadata(timeouts: &[&str]) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    for timeout in timeouts {
        metadata.append(GRPC_TIMEOUT, timeout.parse().unwrap());
    }
    metadata
}

fn left(timeouts: &[&str]) -> Duration {
    Deadline::of_metadata(&metadata(timeouts), DEFAULT)
        .unwrap()
        .left()
}

#[tokio::test(start_paused = true)]
async fn a_call_has_the_time_of_its_caller_or_of_its_contract() {
    assert_eq!(left(&[]), DEFAULT);
    assert_eq!(left(&["250m"]), Duration::from_millis(250));
    assert_eq!(left(&["0n"]), Duration::ZERO);
    assert!(left(&["99999999H"]) > Duration::from_secs(86_400 * 365));
    assert!(Deadline::within(Duration::MAX).left() > Duration::from_secs(86_400 * 365));
}

#[test]
fn every_unit_is_read() {
    let cases = [
        ("2H", 7_200_000),
        ("3M", 180_000),
        ("4S", 4_000),
        ("5m", 5),
        ("6000u", 6),
    ];
    for (text, milliseconds) in cases {
        assert_eq!(
            parse(text),
            Some(Duration::from_millis(milliseconds)),
            "{text}"
        );
    }
    assert_eq!(parse("7n"), Some(Duration::from_nanos(7)));
}

#[test]
fn a_malformed_timeout_is_refused_and_says_why() {
    let wrong = [
        "",
        "5",
        "m",
        "5 m",
        "-5m",
        "+5m",
        "1.5S",
        "5s",
        "5x",
        "123456789m",
        "5mm",
        "５S",
    ];
    for text in wrong {
        assert_eq!(parse(text), None, "{text}");
    }
    for timeouts in [&["soon"][..], &["5S", "5S"]] {
        let fault = Deadline::of_metadata(&metadata(timeouts), DEFAULT).unwrap_err();
        let status = Status::from(fault);
        let view = StatusView::of(&status).unwrap();
        assert_eq!(
            (status.code(), view.kind),
            (Code::InvalidArgument, Kind::Invalid)
        );
        assert_eq!(view.violations[0].0, "grpc-timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outgoing_call_has_less_time_than_is_left() {
    let deadline = Deadline::within(Duration::from_millis(100));
    let outgoing = |cap| deadline.outgoing(Duration::from_millis(cap));
    assert_eq!(outgoing(1_000).unwrap(), Duration::from_millis(95));
    assert_eq!(outgoing(30).unwrap(), Duration::from_millis(30));
    tokio::time::advance(Duration::from_millis(95)).await;
    assert_eq!(outgoing(30).unwrap_err().kind(), Kind::Late);
}

#[tokio::test(start_paused = true)]
async fn work_ends_with_its_deadline() {
    let deadline = Deadline::within(Duration::from_millis(100));
    let work = |milliseconds| tokio::time::sleep(Duration::from_millis(milliseconds));
    assert!(deadline.bound(work(50)).await.is_ok());
    assert_eq!(
        deadline.bound(work(100)).await.unwrap_err().kind(),
        Kind::Late
    );
    assert_eq!(deadline.left(), Duration::ZERO);
}

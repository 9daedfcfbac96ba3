//! Faults: the table agrees with the contract, answers carry what they must and never too much.

use std::error::Error;
use std::time::Duration;

use contracts::DESCRIPTOR_IMAGE;
use contracts::common::{ErrorReason, FaultKind};
use contracts::validate::{Path, Violations};
use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::DescriptorPool;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{
    Consumer, DETAILS_MAX_BYTES, Fault, Kind, Reason, Retry, StatusView, chain, reason_of,
};

const SOLD_OUT: Reason = Reason::new(Kind::Refused, "retail.inventory", "INSUFFICIENT_STOCK");

fn violations(count: usize, path: &'static str) -> Violations {
    let mut found = Violations::unlimited();
    for _ in 0..count {
        found.add(&Path::Root.field(path), "string.line", "must be one line");
    }
    found
}

/// The comments of the values of `FaultKind`, without the value that means nothing.
fn contract_comments() -> Vec<String> {
    let pool = DescriptorPool::decode(DESCRIPTOR_IMAGE).unwrap();
    let kinds = pool.get_enum_by_name("retail.common.v1.FaultKind").unwrap();
    let file = kinds.parent_file().file_descriptor_proto().clone();
    let locations = file.source_code_info.unwrap().location;
    let of_value = |path: Vec<i32>| locations.iter().find(|it| it.path == path).unwrap();
    let values = 1..kinds.values().len();
    values
        .map(|value| {
            let path = [kinds.path(), &[2, i32::try_from(value).unwrap()]].concat();
            of_value(path).leading_comments().to_owned()
        })
        .collect()
}

#[test]
fn the_table_says_what_the_contract_says_of_every_kind() {
    let comments = contract_comments();
    assert_eq!(comments.len(), Kind::ALL.len());
    for (kind, comment) in Kind::ALL.into_iter().zip(comments) {
        let code = format!("{:?}", kind.code()).to_uppercase();
        let comment_code = comment.replace('_', "");
        assert!(comment_code.contains(&code), "{kind:?} {code}: {comment}");
        let status = format!("HTTP {}", kind.http_status());
        assert!(comment.contains(&status), "{kind:?} {status}: {comment}");
        let delayed = comment.contains("with a retry delay");
        assert_eq!(kind.default_delay().is_some(), delayed, "{kind:?}");
    }
}

#[test]
fn kinds_have_the_names_and_numbers_of_the_contract() {
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        let number = i32::try_from(place + 1).unwrap();
        let contract = FaultKind::try_from(number).unwrap();
        assert_eq!(format!("{contract:?}"), format!("{kind:?}"));
        assert_eq!(Kind::of_contract(contract), Some(kind));
        assert_eq!(Kind::of_code(kind.code()), Some(kind));
    }
    assert_eq!(Kind::of_contract(FaultKind::Unspecified), None);
    assert_eq!(Kind::of_code(Code::Ok), None);
}

#[test]
fn shared_reasons_have_the_kinds_of_the_contract() {
    let pool = DescriptorPool::decode(DESCRIPTOR_IMAGE).unwrap();
    let reasons = pool
        .get_enum_by_name("retail.common.v1.ErrorReason")
        .unwrap();
    let fault = pool
        .get_extension_by_name("retail.common.v1.fault")
        .unwrap();
    for value in reasons.values().filter(|it| it.number() != 0) {
        let number = value
            .options()
            .get_extension(&fault)
            .as_enum_number()
            .unwrap();
        let contract = FaultKind::try_from(number).unwrap();
        let reason = Reason::shared(ErrorReason::try_from(value.number()).unwrap());
        assert_eq!(
            Kind::of_contract(contract),
            Some(reason.kind),
            "{}",
            value.name()
        );
        assert_eq!(value.name(), format!("ERROR_REASON_{}", reason.name));
    }
}

#[test]
fn consumers_and_callers_know_what_to_do() {
    assert_eq!(Kind::Invalid.consumer(), Consumer::Poison);
    assert_eq!(Kind::NotFound.consumer(), Consumer::RetryThenPoison);
    assert_eq!(Kind::Exists.consumer(), Consumer::Ack);
    assert_eq!(Kind::Refused.consumer(), Consumer::PublishThenAck);
    assert_eq!(Kind::Late.consumer(), Consumer::Retry);
    assert_eq!(Kind::Raced.retry(), Retry::AfterRead);
    assert_eq!(Kind::Unavailable.retry(), Retry::Idempotent);
    assert_eq!(Kind::Bug.retry(), Retry::Never);
}

#[test]
fn a_refusal_arrives_as_it_was_sent() {
    let status = Status::from(
        Fault::new(SOLD_OUT, "not enough in stock")
            .with("available", "3")
            .about("retail.inventory.v1.Stock", "prd_x-loc_y")
            .unless("available", "at least 4 units must be available")
            .traced("4bf92f3577b34da6a3ce929d0e0e4736"),
    );
    let view = StatusView::of(&status).unwrap();
    assert_eq!(
        (status.code(), status.message()),
        (Code::FailedPrecondition, "not enough in stock")
    );
    assert_eq!(
        (view.kind, view.domain.as_str()),
        (Kind::Refused, "retail.inventory")
    );
    assert_eq!(reason_of(&status).as_deref(), Some("INSUFFICIENT_STOCK"));
    assert_eq!(view.metadata["available"], "3");
    assert_eq!(
        view.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    let details = status.get_error_details();
    assert_eq!(
        details.resource_info().unwrap().resource_name,
        "prd_x-loc_y"
    );
    let condition = &details.precondition_failure().unwrap().violations[0];
    assert_eq!(condition.subject, "available");
}

#[test]
fn messages_of_a_contract_arrive_behind_the_usual_details_as_far_as_there_is_room() {
    let told = |count: usize| {
        let mut fault = Fault::new(SOLD_OUT, "not enough in stock").with("available", "3");
        for number in 0..count {
            let short = contracts::common::Period {
                end_time: Some(prost_types::Timestamp {
                    seconds: number as i64 + 1,
                    nanos: 0,
                }),
                ..Default::default()
            };
            fault = fault.detail("retail.common.v1.Period", &short);
        }
        let status = Status::from(fault);
        assert!(status.details().len() < DETAILS_MAX_BYTES);
        assert_eq!(StatusView::of(&status).unwrap().metadata["available"], "3");
        let all = tonic_types::Status::decode(status.details()).unwrap();
        let ours = all.details.into_iter();
        ours.filter(|it| it.type_url.ends_with("/retail.common.v1.Period"))
            .count()
    };
    assert_eq!(told(20), 20);
    assert!((21..500).contains(&told(500)));
}

#[test]
fn violations_name_field_text_and_rule() {
    let status = Status::from(Fault::from(violations(2, "sku")));
    let view = StatusView::of(&status).unwrap();
    let expected = (
        "sku".to_owned(),
        "must be one line".to_owned(),
        "string.line".to_owned(),
    );
    assert_eq!(view.violations, [expected.clone(), expected]);
    assert_eq!(
        (view.kind, view.reason.as_str()),
        (Kind::Invalid, "VALIDATION_FAILED")
    );
    assert!(!view.metadata.contains_key("violations_left_out"));
}

#[test]
fn what_has_no_room_is_counted() {
    let status = Status::from(Fault::invalid(violations(
        500,
        "a_rather_long_name_of_a_field",
    )));
    let view = StatusView::of(&status).unwrap();
    let left_out: usize = view.metadata["violations_left_out"].parse().unwrap();
    assert!(view.violations.len() > 20, "{}", view.violations.len());
    assert_eq!(left_out + view.violations.len(), 500);
    assert!(status.details().len() < DETAILS_MAX_BYTES);
}

#[test]
fn a_path_arrives_whole_or_not_at_all() {
    let (short, long) = ("a".repeat(300), "b".repeat(5_000));
    let mut found = Violations::unlimited();
    for key in [&short, &long] {
        found.add(
            &Path::Root.field("labels").key(key),
            "string.line",
            "must be one line",
        );
    }
    let view = StatusView::of(&Status::from(Fault::invalid(found))).unwrap();
    let paths: Vec<_> = view.violations.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(paths, [format!("labels[\"{short}\"]")]);
    assert_eq!(view.metadata["violations_left_out"], "1");
}

#[test]
fn a_defect_says_nothing_but_where_to_look() {
    let cause = std::io::Error::other("password of postgres at 10.0.0.7 is wrong");
    let fault = Fault::bug(cause)
        .with("query", "SELECT secret")
        .about("table", "secret");
    assert!(chain(&fault).contains("password"), "the log knows");
    let status = Status::from(fault.traced("abc"));
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "internal error")
    );
    let bytes = String::from_utf8_lossy(status.details()).into_owned();
    for internal in ["password", "10.0.0.7", "secret", "SELECT"] {
        assert!(!bytes.contains(internal), "{internal}");
    }
    assert!(bytes.contains("abc"));
    assert!(
        status.source().unwrap().to_string().contains("password"),
        "kept inside"
    );
}

#[test]
fn a_defect_of_a_service_says_no_more_than_ours() {
    let reason = Reason::new(Kind::Bug, "retail.order", "LEDGER_BROKEN");
    let status = Status::from(Fault::new(reason, "row 7 of orders is broken"));
    assert_eq!(status.message(), "internal error");
}

#[test]
fn whoever_may_retry_is_told_when() {
    for kind in Kind::ALL {
        let status = Status::from(Fault::new(Reason::new(kind, "retail.order", "X"), "x"));
        let wants = [Code::Unavailable, Code::ResourceExhausted].contains(&status.code());
        let pushback = status.metadata().contains_key("grpc-retry-pushback-ms");
        let view = StatusView::of(&status).unwrap();
        assert_eq!(
            (view.retry_after.is_some(), pushback),
            (wants, wants),
            "{kind:?}"
        );
    }
    let limited = Status::from(Fault::rate_limited("tenant", Duration::from_millis(1_500)));
    let view = StatusView::of(&limited).unwrap();
    assert_eq!(view.retry_after, Some(Duration::from_millis(1_500)));
    assert_eq!(
        limited
            .get_error_details()
            .quota_failure()
            .unwrap()
            .violations
            .len(),
        1
    );
}

#[test]
fn the_answer_of_a_stranger_is_read_by_its_code() {
    let view = StatusView::of(&Status::unavailable("connection refused")).unwrap();
    assert_eq!((view.kind, view.reason.as_str()), (Kind::Unavailable, ""));
    let garbage = Status::with_details(Code::Aborted, "", vec![0xff; 40].into());
    assert_eq!(reason_of(&garbage), None);
    assert_eq!(StatusView::of(&garbage).unwrap().kind, Kind::Raced);
    assert_eq!(StatusView::of(&Status::ok("")), None);
}

proptest! {
    #[test]
    fn no_answer_outgrows_its_header(
        text in ".{0,3000}",
        count in 0_usize..600,
        all in any::<bool>(),
    ) {
        let mut fault = Fault::invalid(violations(count, "some.field"));
        for _ in 0..if all { 50 } else { 3 } {
            let key: &'static str = "a_key_that_goes_on_and_on_and_on";
            fault = fault.with(key, text.clone()).unless(text.clone(), "must be so");
        }
        fault = fault.about("retail.x", text.clone()).traced(text.clone());
        let status = Status::from(fault);
        let details = status.get_details_error_info();
        prop_assert!(status.details().len() < DETAILS_MAX_BYTES);
        prop_assert!(details.is_some());
    }
}

#[test]
fn the_widest_answer_fits_without_any_violation() {
    const WIDE: &str = concat!(
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567",
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567",
    );
    const KEYS: [&str; 4] = [
        "a0123456789012345678901234567890123456789012345678901234567890123456789012345",
        "b0123456789012345678901234567890123456789012345678901234567890123456789012345",
        "c0123456789012345678901234567890123456789012345678901234567890123456789012345",
        "d0123456789012345678901234567890123456789012345678901234567890123456789012345",
    ];
    let wide = Reason::new(Kind::Exhausted, WIDE, WIDE);
    let mut fault = Fault::rate_limited(WIDE, Duration::MAX);
    fault.0.reason = wide;
    fault.0.message = WIDE.into();
    for key in KEYS {
        fault = fault.with(key, WIDE).unless(WIDE, WIDE);
    }
    let status = Status::from(fault.about(WIDE, WIDE).traced(WIDE));
    assert!(
        status.details().len() < DETAILS_MAX_BYTES,
        "{}",
        status.details().len()
    );
}

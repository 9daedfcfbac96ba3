//! Rows that every service has of a tenant: events by id, and what consumers leave behind.

use std::time::Duration;

use serde_json::json;
use testbed::eventually;
use uuid::Uuid;
use vocab::{Clock, DeadLetterId, Id, Moment, VerificationId};

use super::super::example::{Fixed, Ids, fresh};
use super::{Maker, text};
use crate::SOON;

/// Kinds of ids that belong to no tenant, as the contract of `ops` says.
pub const OF_NOBODY: &[&str] = &["vrf"];

/// Values of the fields of `retail.ops.v1`.
pub const FIXED: &[Fixed] = &[
    ("retail.ops.v1.ListEventsRequest.page_size", |_, _| {
        json!(1000)
    }),
    ("retail.ops.v1.FetchStreamRequest.aggregate_id", |ids, _| {
        json!(ids["event_of"])
    }),
    ("retail.ops.v1.TailEventsRequest.start_time", |_, _| {
        json!(hour_ago())
    }),
    ("retail.ops.v1.ListDeadLettersRequest.page_size", |_, _| {
        json!(1000)
    }),
];

/// Requests of `ops` that everybody is answered alike, by rpc and added field, and why.
pub const ALIKE: &[(&str, &str, &str)] = &[
    (
        "retail.ops.v1.OpsService/ListProjections",
        "-",
        OF_THE_SERVICE,
    ),
    (
        "retail.ops.v1.OpsService/GetProjection",
        "-",
        OF_THE_SERVICE,
    ),
    (
        "retail.ops.v1.OpsService/ListConsumers",
        "-",
        OF_THE_SERVICE,
    ),
    ("retail.ops.v1.OpsService/GetConsumer", "-", OF_THE_SERVICE),
    (
        "retail.ops.v1.OpsService/GetRelayStatus",
        "-",
        OF_THE_SERVICE,
    ),
    (
        "retail.ops.v1.OpsService/GetVerification",
        "-",
        OF_THE_SERVICE,
    ),
    (
        "retail.ops.v1.OpsService/ListVerifications",
        "-",
        OF_THE_SERVICE,
    ),
    (
        "retail.ops.v1.OpsService/ListVerificationDifferences",
        "-",
        OF_THE_SERVICE,
    ),
    (
        "retail.ops.v1.OpsService/GetServiceInfo",
        "-",
        OF_THE_SERVICE,
    ),
];
const OF_THE_SERVICE: &str = "it belongs to the service and to no tenant";

/// What a consumer knows of a stream, and that it stands still.
const INBOX: &str = "INSERT INTO inbox (tenant_id, consumer, stream_id, history, applied_version,
      part, parts, parked, applied_at)
    VALUES ($1, 'copies', $2, 1, 1, 1, 1, true, now())";
const LETTER: &str = "INSERT INTO dead_letters (tenant_id, consumer, stream_id, dead_letter_id,
      state, reason, source, stream_kind, history, parked_version, highest_version, deliveries,
      attempts, error_reason, trace_id, subject, event_type, payload, build, actor_type, actor_id,
      resync_reason, parked_at, attempted_at)
    VALUES ($1, 'copies', $2, $3, 'parked', 'defect', 'order', 'order', 1, 2, 2, 1, 1, $2, '', $2,
      $2, convert_to($2, 'UTF8'), '', 3, 'order', '', now(), now())";
const VERIFICATION: &str = "INSERT INTO verifications (verification_id, state, aggregate_type,
      aggregate_id, actor_type, actor_id, ended_at)
    VALUES ($1, 'clean', '', '', 3, 'order', now())";

/// Makes them, and returns their ids.
pub async fn rows(maker: &Maker<'_>) -> Ids {
    let mut admin = maker.admin().await;
    let tenant = maker.tenant.uuid();
    let letter: DeadLetterId = Id::from_uuid(fresh().parse::<Uuid>().unwrap());
    let run: VerificationId = Id::from_uuid(fresh().parse::<Uuid>().unwrap());
    let inbox = sqlx::query(INBOX).bind(tenant).bind(&maker.mark);
    inbox.execute(&mut admin).await.unwrap();
    let parked = sqlx::query(LETTER).bind(tenant).bind(&maker.mark);
    let parked = parked.bind(letter.uuid()).execute(&mut admin).await;
    parked.unwrap();
    let verified = sqlx::query(VERIFICATION).bind(run.uuid());
    verified.execute(&mut admin).await.unwrap();
    let (event, of) = event(maker).await;
    [
        ("dlq", letter.to_string()),
        ("vrf", run.to_string()),
        ("evt", event),
        ("event_of", of),
    ]
    .map(|(prefix, id)| (prefix.to_owned(), id))
    .into()
}

/// An event of the tenant, and of what; the index of events follows the log.
async fn event(maker: &Maker<'_>) -> (String, String) {
    let request = json!({"service": maker.service(), "pageSize": 1});
    let listed = async || {
        let answer = maker.ask("OpsService/ListEvents", request.clone()).await;
        let found = answer.pointer("/events/0/metadata/eventId").is_some();
        found.then(|| answer.clone()).ok_or(answer)
    };
    let listed = eventually(SOON, "events are found", listed).await.unwrap();
    let of = |place: &str| text(&listed, &format!("/events/0/metadata/{place}"));
    (of("eventId"), of("aggregateId"))
}

fn hour_ago() -> String {
    let hour = i64::try_from(Duration::from_secs(3_600).as_micros()).unwrap();
    let then = Moment::from_micros(Clock::system().now().micros() - hour);
    then.unwrap().to_string()
}

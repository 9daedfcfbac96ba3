//! The tables in the order of their locks, which is the order of the keys.

use journal::{Column, Kind, Table};

/// The name of the one tenant of a tenant.
pub const SELF: &str = "self";
/// The name of the count of those who could open every door.
pub const ADMINS: &str = "admins";
/// The name of the one set of keys.
pub const SIGNING: &str = "signing-keys";

const fn uuid(name: &'static str) -> Column {
    Column::new(name, Kind::Uuid)
}

const fn text(name: &'static str) -> Column {
    Column::new(name, Kind::Text)
}

const fn count(name: &'static str) -> Column {
    Column::new(name, Kind::BigInt)
}

const fn time(name: &'static str) -> Column {
    Column::new(name, Kind::Moment)
}

const fn flag(name: &'static str) -> Column {
    Column::new(name, Kind::Boolean)
}

const fn compact(name: &'static str) -> Column {
    Column::new(name, Kind::Bytes)
}

const fn number(name: &'static str) -> Column {
    Column::new(name, Kind::SmallInt)
}

const NAME: &[Column] = &[text("name")];
const ROLE_ID: &[Column] = &[uuid("role_id")];
const USER_ID: &[Column] = &[uuid("user_id")];
const SESSION_ID: &[Column] = &[uuid("session_id")];

const TRIES: &[Column] = &[
    count("tries"),
    time("last_at"),
    time("blocked_until"),
    time("forgotten_at"),
];

const ROLE: &[Column] = &[
    text("key"),
    flag("system"),
    compact("content"),
    time("deleted_at").nullable(),
];

const USER: &[Column] = &[
    text("state"),
    uuid("customer_id").nullable(),
    text("roles"),
    text("locations"),
    compact("content"),
    time("created_at"),
];

const ACCESS: &[Column] = &[
    text("hash"),
    time("sessions_from"),
    count("begun"),
    time("last_at").nullable(),
];

const LINK: &[Column] = &[compact("digest"), time("expires_at"), flag("used")];

const API_KEY: &[Column] = &[
    text("permissions"),
    flag("revoked"),
    time("expires_at").nullable(),
    compact("content"),
    time("created_at"),
];

const ACCOUNT: &[Column] = &[
    text("roles"),
    flag("disabled"),
    compact("content"),
    time("created_at"),
];

const SESSION: &[Column] = &[
    uuid("user_id").nullable(),
    uuid("customer_id").nullable(),
    compact("seed"),
    compact("agent"),
    count("generation"),
    time("begun_at"),
    time("refreshed_at"),
    time("ended_at").nullable(),
];

const AUDIT: &[Column] = &[
    number("actor_type"),
    text("actor_id"),
    text("method"),
    number("outcome"),
    text("reason"),
    text("permission"),
    text("aggregate_type"),
    text("aggregate_id"),
    count("aggregate_version"),
    uuid("event_id").nullable(),
    text("event_type"),
    text("correlation_id"),
    text("request_id"),
    text("trace_id"),
    text("session"),
    time("acted_at"),
    time("noted_at"),
];

/// The tables; a key's variants stand in this order.
pub const TABLES: &[Table] = &[
    Table::plain("tenant_codes", &[text("code")], &[uuid("owner")]),
    Table::plain("sign_in_tries", &[text("digest")], TRIES),
    Table::aggregate(
        "tenants",
        NAME,
        &[text("code"), flag("suspended"), compact("content")],
    ),
    Table::plain("counters", NAME, &[count("amount")]),
    Table::aggregate("signing_keys", NAME, &[compact("content")]),
    Table::aggregate("roles", ROLE_ID, ROLE),
    Table::plain(
        "role_members",
        ROLE_ID,
        &[count("users"), count("accounts")],
    ),
    Table::aggregate("users", USER_ID, USER),
    Table::plain("user_access", USER_ID, ACCESS),
    Table::plain("subject_keys", USER_ID, &[compact("wrapped")]),
    Table::plain("user_links", &[uuid("user_id"), text("kind")], LINK),
    Table::plain(
        "claims",
        &[text("kind"), text("value")],
        &[uuid("holder").nullable()],
    ),
    Table::aggregate("api_keys", &[uuid("api_key_id")], API_KEY),
    Table::aggregate("service_accounts", &[uuid("service_account_id")], ACCOUNT),
    Table::plain(
        "machine_uses",
        &[text("kind"), uuid("machine_id")],
        &[time("used_at")],
    ),
    Table::plain("sessions", SESSION_ID, SESSION),
    Table::aggregate("ended_sessions", SESSION_ID, &[compact("content")]),
    Table::plain("audit_entries", &[uuid("audit_id")], AUDIT),
];

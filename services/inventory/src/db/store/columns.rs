//! The tables in the order of their locks, which is the order of the keys.

use journal::{Column, Kind, Table};

const fn uuid(name: &'static str) -> Column {
    Column::new(name, Kind::Uuid)
}

const fn text(name: &'static str) -> Column {
    Column::new(name, Kind::Text)
}

const fn count(name: &'static str) -> Column {
    Column::new(name, Kind::BigInt)
}

const fn number(name: &'static str) -> Column {
    Column::new(name, Kind::Int)
}

const fn time(name: &'static str) -> Column {
    Column::new(name, Kind::Moment)
}

const fn flag(name: &'static str) -> Column {
    Column::new(name, Kind::Boolean)
}

/// The columns of a hold behind its key.
pub const RESERVATION: &[Column] = &[
    count("facts"),
    number("reference_kind"),
    text("reference_id"),
    text("state"),
    count("held"),
    time("expires_at").nullable(),
    count("epoch"),
    number("ordinal"),
    Column::new("body", Kind::Bytes),
    time("created_at"),
    time("updated_at"),
];

/// The columns of a position behind its key.
pub const POSITION: &[Column] = &[
    count("on_hand"),
    count("reserved"),
    count("damaged"),
    count("quarantined"),
    count("on_order"),
    count("in_transit"),
    count("backordered"),
    count("open_shortfall"),
    count("discrepancy"),
    uuid("shortfall_id").nullable(),
    count("shortfall_peak"),
    count("low_stock_threshold").nullable(),
    count("safety_stock"),
    count("backorder_cap"),
    Column::new("preorder_from", Kind::Date).nullable(),
    count("preorder_limit"),
    count("policy_revision"),
    time("policy_updated_at").nullable(),
];

const PRODUCT: &[Column] = &[
    text("sku"),
    text("title"),
    number("unit"),
    flag("bundle"),
    count("told_version"),
];

const LOCATION: &[Column] = &[
    text("code"),
    text("time_zone"),
    flag("open"),
    number("priority"),
    count("told_version"),
];

/// The columns of a transfer behind its key.
pub const TRANSFER: &[Column] = &[
    count("facts"),
    uuid("source_id"),
    uuid("destination_id"),
    text("state"),
    uuid("reservation_id"),
    text("products"),
    count("shipped"),
    count("awaited"),
    flag("varies"),
    Column::new("body", Kind::Bytes),
    time("expected_at").nullable(),
    time("shipped_at").nullable(),
    time("ended_at").nullable(),
    time("created_at"),
    time("updated_at"),
];

/// The columns of the rules of allocation behind their key.
pub const ALLOCATION: &[Column] = &[
    count("facts"),
    Column::new("body", Kind::Bytes),
    time("updated_at"),
];

const TOLD: &[Column] = &[
    uuid("content"),
    uuid("product_id"),
    uuid("location_id"),
    count("entry_version"),
];

const OPENING: &[Column] = &[uuid("import_id"), count("entries")];

/// The columns of an import behind its key.
pub const IMPORT: &[Column] = &[
    uuid("request_id"),
    flag("ended"),
    count("last_sequence"),
    count("applied"),
    count("failed"),
    Column::new("failures", Kind::Bytes),
    number("actor_type"),
    text("actor_id"),
    time("created_at"),
    time("updated_at"),
];

/// The tables; a key's variants stand in this order.
pub const TABLES: &[Table] = &[
    Table::aggregate("reservations", &[uuid("reservation_id")], RESERVATION),
    Table::aggregate(
        "positions",
        &[uuid("product_id"), uuid("location_id")],
        POSITION,
    ),
    Table::plain("known_products", &[uuid("product_id")], PRODUCT),
    Table::plain("known_locations", &[uuid("location_id")], LOCATION),
    Table::aggregate("transfers", &[uuid("transfer_id")], TRANSFER),
    Table::aggregate("allocation_policies", &[text("name")], ALLOCATION),
    Table::plain("told_facts", &[uuid("told_id")], TOLD),
    Table::plain(
        "openings",
        &[uuid("product_id"), uuid("location_id")],
        OPENING,
    ),
    Table::plain("stock_imports", &[uuid("import_id")], IMPORT),
];

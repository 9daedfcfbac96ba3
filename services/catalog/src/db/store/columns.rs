//! The tables in the order of their locks, which is the order of the keys.

use journal::Table;
use journal::{Column, Kind};

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

/// The columns of a category behind its key.
pub const CATEGORY: &[Column] = &[
    count("facts"),
    uuid("parent_category_id").nullable(),
    text("slug"),
    text("display_name"),
    text("description"),
    Column::new("place", Kind::Int),
    uuid("schema_id").nullable(),
    compact("content"),
    time("created_at"),
    time("updated_at"),
    time("deleted_at").nullable(),
];

/// The columns of a product behind its key.
pub const PRODUCT: &[Column] = &[
    count("facts"),
    text("sku"),
    text("title"),
    text("brand"),
    text("unit"),
    text("state"),
    uuid("variant_of").nullable(),
    text("main_currency"),
    count("price_minor"),
    count("compare_at_minor").nullable(),
    time("next_price_at").nullable(),
    compact("content"),
    compact("prices"),
    time("created_at"),
    time("updated_at"),
    time("published_at").nullable(),
    time("deleted_at").nullable(),
];

/// The columns of an entry of the price history behind its key.
pub const PRICE: &[Column] = &[
    uuid("product_id"),
    text("currency"),
    count("price_minor"),
    count("compare_at_minor").nullable(),
    time("starts_at"),
    time("ends_at").nullable(),
    text("state"),
    Column::new("actor_type", Kind::SmallInt),
    text("actor_id"),
    time("created_at"),
    time("cancelled_at").nullable(),
];

const OCCUPANCY: &[Column] = &[count("categories"), count("products"), flag("closed")];

const HOLDER: &[Column] = &[
    uuid("product_id").nullable(),
    uuid("category_id").nullable(),
];

/// The tables; a key's variants stand in this order.
pub const TABLES: &[Table] = &[
    Table::plain("category_trees", &[text("name")], &[count("revision")]),
    Table::aggregate("categories", &[uuid("category_id")], CATEGORY),
    Table::plain("category_occupancies", &[uuid("category_id")], OCCUPANCY),
    Table::aggregate("products", &[uuid("product_id")], PRODUCT),
    Table::plain(
        "product_variants",
        &[uuid("product_id")],
        &[count("variants")],
    ),
    Table::plain(
        "product_placements",
        &[uuid("category_id"), uuid("product_id")],
        &[flag("stands")],
    ),
    Table::plain("claims", &[text("kind"), text("value")], HOLDER),
    Table::plain("product_prices", &[uuid("price_id")], PRICE),
];

//! Plain states as rows: what others told.

use journal::{Row, Unreadable, Value};

use crate::domain::key::{Location, Product};

/// The values of a product.
pub fn product(it: &Product) -> Vec<Value> {
    vec![
        it.sku.as_str().into(),
        it.title.as_str().into(),
        it.unit.into(),
        it.bundle.into(),
        it.version.into(),
    ]
}

/// Reads a product.
pub fn read_product(row: &mut Row) -> Result<Product, Unreadable> {
    Ok(Product {
        sku: row.text()?,
        title: row.text()?,
        unit: row.int()?,
        bundle: row.boolean()?,
        version: row.bigint()?,
    })
}

/// The values of a location.
pub fn location(it: &Location) -> Vec<Value> {
    vec![
        it.code.as_str().into(),
        it.time_zone.as_str().into(),
        it.open.into(),
        it.priority.into(),
        it.version.into(),
    ]
}

/// Reads a location.
pub fn read_location(row: &mut Row) -> Result<Location, Unreadable> {
    Ok(Location {
        code: row.text()?,
        time_zone: row.text()?,
        open: row.boolean()?,
        priority: row.int()?,
        version: row.bigint()?,
    })
}

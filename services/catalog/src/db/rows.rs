//! From rows that a statement returned to the values that the store decodes.

use journal::{Column, Kind, Row, Stamp, Unreadable, Value};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use vocab::{CategoryId, ProductId};

use super::store::{categories, columns, products};
use crate::domain::category::Category;
use crate::domain::product::Product;

/// Reads a product from a row with its id and all its columns.
pub fn product(row: &PgRow) -> Result<Product, sqlx::Error> {
    let id = ProductId::from_uuid(row.try_get("product_id")?);
    let mut values = values(row, columns::PRODUCT)?;
    products::decode(id, &mut values).map_err(unreadable)
}

/// Reads a category from a row with its id and all its columns.
pub fn category(row: &PgRow) -> Result<Category, sqlx::Error> {
    let id = CategoryId::from_uuid(row.try_get("category_id")?);
    let mut values = values(row, columns::CATEGORY)?;
    categories::decode(id, &mut values).map_err(unreadable)
}

/// Reads the columns of a row.
pub fn values(row: &PgRow, columns: &[Column]) -> Result<Row, sqlx::Error> {
    let values = columns.iter().map(|column| value(row, column));
    Ok(Row::new(values.collect::<Result<_, _>>()?))
}

fn value(row: &PgRow, column: &Column) -> Result<Value, sqlx::Error> {
    let name = column.name;
    Ok(match column.kind {
        Kind::Uuid => row.try_get::<Option<uuid::Uuid>, _>(name)?.into(),
        Kind::BigInt => row.try_get::<Option<i64>, _>(name)?.into(),
        Kind::Int => row.try_get::<Option<i32>, _>(name)?.into(),
        Kind::SmallInt => row.try_get::<Option<i16>, _>(name)?.into(),
        Kind::Text => row.try_get::<Option<String>, _>(name)?.into(),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(name)?.into(),
        Kind::Boolean => row.try_get::<Option<bool>, _>(name)?.into(),
        Kind::Moment => {
            let stamp = row.try_get::<Option<Stamp>, _>(name)?;
            stamp.map(|it| it.0).into()
        }
        Kind::Date | Kind::Json => return Err(sqlx::Error::ColumnNotFound(name.to_owned())),
    })
}

/// What is stored and cannot be read is a defect.
pub fn unreadable(error: Unreadable) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

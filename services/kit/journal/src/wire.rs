//! Values out of rows that prepared statements return.

use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::stamp::{Day, Stamp};
use crate::value::{Kind, Value};

/// Reads one value. JSON comes as text.
pub(crate) fn value(row: &PgRow, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    let value = match kind {
        Kind::Uuid => row.try_get::<Option<Uuid>, _>(at)?.map(Value::Uuid),
        Kind::BigInt => row.try_get::<Option<i64>, _>(at)?.map(Value::BigInt),
        Kind::Int => row.try_get::<Option<i32>, _>(at)?.map(Value::Int),
        Kind::SmallInt => row.try_get::<Option<i16>, _>(at)?.map(Value::SmallInt),
        Kind::Text => row.try_get::<Option<String>, _>(at)?.map(Value::Text),
        Kind::Json => row.try_get::<Option<String>, _>(at)?.map(Value::Json),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Value::Bytes),
        Kind::Moment => row
            .try_get::<Option<Stamp>, _>(at)?
            .map(|it| Value::Moment(it.0)),
        Kind::Boolean => row.try_get::<Option<bool>, _>(at)?.map(Value::Boolean),
        Kind::Date => row
            .try_get::<Option<Day>, _>(at)?
            .map(|it| Value::Date(it.0)),
    };
    Ok(value.unwrap_or(Value::Null))
}

//! Values of many rows as one array for each column, which a statement of any size takes.
//!
//! **Invariant:** all arrays are equally long: `unnest` would fill a shorter one up with nothing.

use sqlx::Arguments;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use thiserror::Error;
use uuid::Uuid;

use crate::stamp::{Day, Stamp};
use crate::value::{Kind, Value};

/// The arrays of one part of a statement.
pub(crate) struct Columns {
    arrays: Vec<Array>,
    rows: usize,
}

/// A row that does not fit its columns: a defect of a store.
#[derive(Debug, Error)]
#[error("a row does not fit its columns: {0}")]
pub(crate) struct Misfit(String);

impl Misfit {
    pub fn of(why: impl std::fmt::Display) -> Self {
        Self(why.to_string())
    }
}

enum Array {
    Uuid(Vec<Option<Uuid>>),
    BigInt(Vec<Option<i64>>),
    Int(Vec<Option<i32>>),
    SmallInt(Vec<Option<i16>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Moment(Vec<Option<Stamp>>),
    Boolean(Vec<Option<bool>>),
    Date(Vec<Option<Day>>),
}

impl Columns {
    pub fn of(kinds: &[Kind], rows: usize) -> Self {
        Self {
            arrays: kinds.iter().map(|kind| Array::of(*kind, rows)).collect(),
            rows: 0,
        }
    }

    /// Adds a row, which has a value for each column.
    pub fn push(&mut self, values: impl IntoIterator<Item = Value>) -> Result<(), Misfit> {
        let mut values = values.into_iter();
        for array in &mut self.arrays {
            let value = values.next();
            array.push(value.ok_or_else(|| Misfit("too few values".to_owned()))?)?;
        }
        if values.next().is_some() {
            return Err(Misfit("too many values".to_owned()));
        }
        self.rows += 1;
        Ok(())
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Binds the arrays, in order.
    pub fn bind(self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        for array in self.arrays {
            if array.len() != self.rows {
                return Err("the arrays of a statement differ in length".into());
            }
            array.bind(arguments)?;
        }
        Ok(())
    }
}

macro_rules! each_array {
    ($array:expr, $values:ident => $then:expr) => {
        match $array {
            Array::Uuid($values) => $then,
            Array::BigInt($values) => $then,
            Array::Int($values) => $then,
            Array::SmallInt($values) => $then,
            Array::Text($values) => $then,
            Array::Bytes($values) => $then,
            Array::Moment($values) => $then,
            Array::Boolean($values) => $then,
            Array::Date($values) => $then,
        }
    };
}

impl Array {
    fn of(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Uuid => Self::Uuid(Vec::with_capacity(rows)),
            Kind::BigInt => Self::BigInt(Vec::with_capacity(rows)),
            Kind::Int => Self::Int(Vec::with_capacity(rows)),
            Kind::SmallInt => Self::SmallInt(Vec::with_capacity(rows)),
            Kind::Text | Kind::Json => Self::Text(Vec::with_capacity(rows)),
            Kind::Bytes => Self::Bytes(Vec::with_capacity(rows)),
            Kind::Moment => Self::Moment(Vec::with_capacity(rows)),
            Kind::Boolean => Self::Boolean(Vec::with_capacity(rows)),
            Kind::Date => Self::Date(Vec::with_capacity(rows)),
        }
    }

    fn push(&mut self, value: Value) -> Result<(), Misfit> {
        match (self, value) {
            (Self::Uuid(it), Value::Uuid(value)) => it.push(Some(value)),
            (Self::BigInt(it), Value::BigInt(value)) => it.push(Some(value)),
            (Self::Int(it), Value::Int(value)) => it.push(Some(value)),
            (Self::SmallInt(it), Value::SmallInt(value)) => it.push(Some(value)),
            (Self::Text(it), Value::Text(value) | Value::Json(value)) => it.push(Some(value)),
            (Self::Bytes(it), Value::Bytes(value)) => it.push(Some(value)),
            (Self::Moment(it), Value::Moment(value)) => it.push(Some(Stamp(value))),
            (Self::Boolean(it), Value::Boolean(value)) => it.push(Some(value)),
            (Self::Date(it), Value::Date(value)) => it.push(Some(Day(value))),
            (array, Value::Null) => each_array!(array, values => values.push(None)),
            (_, value) => return Err(Misfit(format!("{:?} in another column", value.kind()))),
        }
        Ok(())
    }

    fn len(&self) -> usize {
        each_array!(self, values => values.len())
    }

    fn bind(self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        each_array!(self, values => arguments.add(values))
    }
}

#[cfg(test)]
mod tests {
    use super::Columns;
    use crate::value::{Kind, Value};

    #[test]
    fn a_row_that_does_not_fit_is_refused() {
        let mut columns = Columns::of(&[Kind::Int, Kind::Text], 1);
        let fits = [Value::Int(1), Value::from("one")];
        let short = [Value::Int(1)];
        let long = [Value::Int(1), Value::from("one"), Value::Null];
        let other = [Value::BigInt(1), Value::from("one")];
        columns.push(fits).unwrap();
        columns.push(short).unwrap_err();
        columns.push(long).unwrap_err();
        columns.push(other).unwrap_err();
    }

    #[test]
    fn arrays_that_a_misfit_left_unequal_are_never_bound() {
        let mut columns = Columns::of(&[Kind::Int, Kind::Text], 1);
        columns.push([Value::Int(1)]).unwrap_err();
        let mut arguments = sqlx::postgres::PgArguments::default();
        columns.bind(&mut arguments).unwrap_err();
    }
}

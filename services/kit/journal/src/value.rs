//! Values of columns, and what a column may hold. The journal knows no other types, so that every
//! statement can be written once from the description of a table.

use uuid::Uuid;
use vocab::{Date, Moment};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `uuid`.
    Uuid,
    /// `bigint`.
    BigInt,
    /// `int`.
    Int,
    /// `smallint`.
    SmallInt,
    /// `text`.
    Text,
    /// `bytea`.
    Bytes,
    /// `timestamptz`.
    Moment,
    /// `boolean`.
    Boolean,
    /// `date`.
    Date,
    /// `jsonb`, carried as text.
    Json,
}

/// One value of one column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// No value, in a column that may have none.
    Null,
    /// A `uuid`.
    Uuid(Uuid),
    /// A `bigint`.
    BigInt(i64),
    /// An `int`.
    Int(i32),
    /// A `smallint`.
    SmallInt(i16),
    /// A `text`.
    Text(String),
    /// A `bytea`.
    Bytes(Vec<u8>),
    /// A `timestamptz`.
    Moment(Moment),
    /// A `boolean`.
    Boolean(bool),
    /// A `date`.
    Date(Date),
    /// A `jsonb`, as text.
    Json(String),
}

impl Value {
    /// Takes the text of a JSON document.
    pub fn json(text: impl Into<String>) -> Self {
        Self::Json(text.into())
    }

    /// Returns what the value is; nothing of no value.
    pub fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Null => return None,
            Self::Uuid(_) => Kind::Uuid,
            Self::BigInt(_) => Kind::BigInt,
            Self::Int(_) => Kind::Int,
            Self::SmallInt(_) => Kind::SmallInt,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::Moment(_) => Kind::Moment,
            Self::Boolean(_) => Kind::Boolean,
            Self::Date(_) => Kind::Date,
            Self::Json(_) => Kind::Json,
        })
    }
}

macro_rules! values {
    ($($variant:ident($type:ty);)+) => {
        $(
            impl From<$type> for Value {
                fn from(value: $type) -> Self {
                    Self::$variant(value)
                }
            }
        )+
    };
}

values! {
    Uuid(Uuid);
    BigInt(i64);
    Int(i32);
    SmallInt(i16);
    Text(String);
    Bytes(Vec<u8>);
    Moment(Moment);
    Boolean(bool);
    Date(Date);
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl<K: vocab::Kind> From<vocab::Id<K>> for Value {
    fn from(id: vocab::Id<K>) -> Self {
        Self::Uuid(id.uuid())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

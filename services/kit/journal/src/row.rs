//! A stored row, read column by column in the order of its table.

use std::vec::IntoIter;

use thiserror::Error;
use uuid::Uuid;
use vocab::{Date, Moment};

use crate::value::Value;

/// Says why a stored row, fact or answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("what is stored cannot be read: {0}")]
pub struct Unreadable(pub String);

impl Unreadable {
    /// Says why.
    pub fn because(why: impl std::fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// The values of a row, taken one after the other.
#[derive(Debug)]
pub struct Row(IntoIter<Value>);

macro_rules! takers {
    ($($name:ident $optional:ident $variant:ident $type:ty, $what:literal;)+) => {
        $(
            #[doc = concat!("Takes the next value, ", $what, ".")]
            pub fn $name(&mut self) -> Result<$type, Unreadable> {
                match self.next()? {
                    Value::$variant(value) => Ok(value),
                    other => Err(unexpected(stringify!($name), &other)),
                }
            }

            #[doc = concat!("Takes the next value, ", $what, " or none.")]
            pub fn $optional(&mut self) -> Result<Option<$type>, Unreadable> {
                match self.next()? {
                    Value::$variant(value) => Ok(Some(value)),
                    Value::Null => Ok(None),
                    other => Err(unexpected(stringify!($name), &other)),
                }
            }
        )+
    };
}

impl Row {
    /// Takes the values of a row in the order of its columns.
    pub fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// Takes the next value, an id.
    pub fn id<K: vocab::Kind>(&mut self) -> Result<vocab::Id<K>, Unreadable> {
        self.uuid().map(vocab::Id::from_uuid)
    }

    /// Takes the next value, an id or none.
    pub fn optional_id<K: vocab::Kind>(&mut self) -> Result<Option<vocab::Id<K>>, Unreadable> {
        Ok(self.optional_uuid()?.map(vocab::Id::from_uuid))
    }

    takers! {
        uuid optional_uuid Uuid Uuid, "a `uuid`";
        bigint optional_bigint BigInt i64, "a `bigint`";
        int optional_int Int i32, "an `int`";
        smallint optional_smallint SmallInt i16, "a `smallint`";
        text optional_text Text String, "a `text`";
        bytes optional_bytes Bytes Vec<u8>, "a `bytea`";
        moment optional_moment Moment Moment, "a `timestamptz`";
        boolean optional_boolean Boolean bool, "a `boolean`";
        date optional_date Date Date, "a `date`";
        json optional_json Json String, "the text of a `jsonb`";
    }

    fn next(&mut self) -> Result<Value, Unreadable> {
        let next = self.0.next();
        next.ok_or_else(|| Unreadable::because("the row has too few columns"))
    }
}

fn unexpected(wanted: &str, found: &Value) -> Unreadable {
    Unreadable(format!("wanted {wanted}, found {:?}", found.kind()))
}

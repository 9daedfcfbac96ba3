//! A whole product, in facts and answers.

use journal::Unreadable;

use super::parts::{names, state_of, unit_of};
use super::{StoredContent, StoredPrices, bytes, id, moment, needed};
use crate::domain::product::Product;

/// A product.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredProduct {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(int64, tag = "2")]
    version: i64,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(message, optional, tag = "4")]
    content: Option<StoredContent>,
    #[prost(message, optional, tag = "5")]
    prices: Option<StoredPrices>,
    #[prost(string, tag = "6")]
    state: String,
    #[prost(int64, tag = "7")]
    created_at: i64,
    #[prost(int64, tag = "8")]
    updated_at: i64,
    #[prost(int64, optional, tag = "9")]
    published_at: Option<i64>,
    #[prost(int64, optional, tag = "10")]
    deleted_at: Option<i64>,
}

impl From<&Product> for StoredProduct {
    fn from(it: &Product) -> Self {
        Self {
            id: bytes(it.id),
            version: it.version,
            unit: names::unit(it.unit).to_owned(),
            content: Some((&it.content).into()),
            prices: Some((&it.prices).into()),
            state: it.state.name().to_owned(),
            created_at: it.created_at.micros(),
            updated_at: it.updated_at.micros(),
            published_at: it.published_at.map(|it| it.micros()),
            deleted_at: it.deleted_at.map(|it| it.micros()),
        }
    }
}

impl TryFrom<StoredProduct> for Product {
    type Error = Unreadable;

    fn try_from(it: StoredProduct) -> Result<Self, Unreadable> {
        Ok(Self {
            id: id(&it.id)?,
            version: it.version,
            unit: unit_of(&it.unit)?,
            content: needed(it.content, "the content")?.try_into()?,
            prices: needed(it.prices, "the prices")?.try_into()?,
            state: state_of(&it.state)?,
            created_at: moment(it.created_at)?,
            updated_at: moment(it.updated_at)?,
            published_at: it.published_at.map(moment).transpose()?,
            deleted_at: it.deleted_at.map(moment).transpose()?,
        })
    }
}

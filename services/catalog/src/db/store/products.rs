//! A product as a row.

use journal::{Row, Unreadable, Value};
use prost::Message;
use vocab::{Money, ProductId};

use crate::db::stored::{StoredContent, StoredPrices, names, read, state_of, unit_of};
use crate::domain::product::Product;

/// The values of a product's columns.
pub fn encode(it: &Product) -> Vec<Value> {
    let main = it.prices.main_offer();
    let price = main.map_or(Money::zero(it.prices.main), |it| it.price);
    let beside = main.and_then(|it| it.compare_at);
    let content = StoredContent::from(&it.content).without_columns();
    vec![
        it.version.into(),
        it.content.sku.as_str().into(),
        it.content.title.as_str().into(),
        it.content.brand.as_str().into(),
        names::unit(it.unit).into(),
        it.state.name().into(),
        it.content.kinship.family.into(),
        it.prices.main.code().into(),
        price.amount_minor().into(),
        beside.map(Money::amount_minor).into(),
        it.prices.next_at().into(),
        content.encode_to_vec().into(),
        StoredPrices::from(&it.prices).encode_to_vec().into(),
        it.created_at.into(),
        it.updated_at.into(),
        it.published_at.into(),
        it.deleted_at.into(),
    ]
}

/// Reads a product from the values of its columns.
pub fn decode(id: ProductId, row: &mut Row) -> Result<Product, Unreadable> {
    let version = row.bigint()?;
    let (sku, title, brand) = (row.text()?, row.text()?, row.text()?);
    let unit = unit_of(&row.text()?)?;
    let state = state_of(&row.text()?)?;
    // The compact forms say these too; they have columns to be asked for.
    row.optional_uuid()?;
    row.text()?;
    row.bigint()?;
    row.optional_bigint()?;
    row.optional_moment()?;
    let content: StoredContent = read(&row.bytes()?)?;
    let prices: StoredPrices = read(&row.bytes()?)?;
    Ok(Product {
        id,
        version,
        unit,
        content: content.with_columns(sku, title, brand).try_into()?,
        prices: prices.try_into()?,
        state,
        created_at: row.moment()?,
        updated_at: row.moment()?,
        published_at: row.optional_moment()?,
        deleted_at: row.optional_moment()?,
    })
}

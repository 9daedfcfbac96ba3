//! Plain states as rows.

use journal::{Row, Unreadable, Value};
use vocab::{Money, PriceId};

use crate::db::stored::{actor_of, offer, price_state_of};
use crate::domain::price::{Actor, PriceEntry};
use crate::domain::{Holder, Occupancy, Tree};

/// The name of the one tree.
pub const TREE: &str = "categories";

/// Reads the shape of the tree.
pub fn read_tree(row: &mut Row) -> Result<Tree, Unreadable> {
    let revision = row.bigint()?;
    Ok(Tree { revision })
}

/// The values of what lies in a category.
pub fn occupancy(it: Occupancy) -> Vec<Value> {
    vec![it.categories.into(), it.products.into(), it.closed.into()]
}

/// Reads what lies in a category.
pub fn read_occupancy(row: &mut Row) -> Result<Occupancy, Unreadable> {
    Ok(Occupancy {
        categories: row.bigint()?,
        products: row.bigint()?,
        closed: row.boolean()?,
    })
}

/// The values of a claim's holder.
pub fn holder(it: Holder) -> Vec<Value> {
    match it {
        Holder::Nobody => vec![Value::Null, Value::Null],
        Holder::Product(id) => vec![id.into(), Value::Null],
        Holder::Category(id) => vec![Value::Null, id.into()],
    }
}

/// Reads a claim's holder.
pub fn read_holder(row: &mut Row) -> Result<Holder, Unreadable> {
    let (product, category) = (row.optional_id()?, row.optional_id()?);
    let product = product.map(Holder::Product);
    let category = category.map(Holder::Category);
    Ok(product.or(category).unwrap_or(Holder::Nobody))
}

/// The values of an entry of the price history.
pub fn price(it: &PriceEntry) -> Vec<Value> {
    let beside = it.offer.compare_at.map(Money::amount_minor);
    vec![
        it.product.into(),
        it.offer.currency().code().into(),
        it.offer.price.amount_minor().into(),
        beside.into(),
        it.start.into(),
        it.end.into(),
        it.state.name().into(),
        Value::SmallInt(it.actor.kind as i16),
        it.actor.id.as_str().into(),
        it.created_at.into(),
        it.cancelled_at.into(),
    ]
}

/// Reads an entry of the price history.
pub fn read_price(id: PriceId, row: &mut Row) -> Result<PriceEntry, Unreadable> {
    let product = row.id()?;
    let (currency, price) = (row.text()?, row.bigint()?);
    let beside = row.optional_bigint()?;
    let (start, end) = (row.moment()?, row.optional_moment()?);
    let state = price_state_of(&row.text()?)?;
    let (kind, actor) = (actor_of(row.smallint()?)?, row.text()?);
    Ok(PriceEntry {
        id,
        product,
        offer: offer(&currency, price, beside)?,
        start,
        end,
        state,
        actor: Actor { kind, id: actor },
        created_at: row.moment()?,
        cancelled_at: row.optional_moment()?,
    })
}

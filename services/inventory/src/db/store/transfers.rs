//! A transfer as a row: its whole self in compact form, and beside it what lists look for.

use journal::{Row, Unreadable, Value};
use prost::Message;

use crate::db::stored::{StoredTransfer, read};
use crate::domain::transfer::{Transfer, TransferLine, TransferState};

/// The values of a transfer's columns.
pub fn encode(it: &Transfer) -> Vec<Value> {
    let shipped: i64 = it.lines.iter().map(|it| it.shipped).sum();
    let awaited: i64 = match it.state {
        TransferState::InTransit => it.lines.iter().map(TransferLine::awaited).sum(),
        _ => 0,
    };
    let products = it.lines.iter().map(|it| it.product.uuid().to_string());
    let products: Vec<String> = products.collect();
    vec![
        it.version.into(),
        it.source.into(),
        it.destination.into(),
        it.state.name().into(),
        it.hold.into(),
        products.join(" ").into(),
        shipped.into(),
        awaited.into(),
        it.varies().into(),
        StoredTransfer::from(it).encode_to_vec().into(),
        it.expected_at.into(),
        it.shipped_at.into(),
        it.ended_at.into(),
        it.created_at.into(),
        it.updated_at.into(),
    ]
}

/// Reads a transfer from the values of its columns.
pub fn decode(row: &mut Row) -> Result<Transfer, Unreadable> {
    row.bigint()?;
    let _source = row.uuid()?;
    let _destination = row.uuid()?;
    let _state = row.text()?;
    let _hold = row.uuid()?;
    let _products = row.text()?;
    let (_shipped, _awaited) = (row.bigint()?, row.bigint()?);
    let _varies = row.boolean()?;
    read::<StoredTransfer>(&row.bytes()?)?.read()
}

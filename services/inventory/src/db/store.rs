//! How stock is stored, as the journal needs to know it: tables, columns and bytes.

use std::borrow::Cow;

use journal::{Ledger, Row, Store, Table, Unreadable, Value};
use prost::Message;

use super::stored::{
    ALLOCATION_CHANGED, StoredAllocationFact, StoredAnswer, StoredHoldFact, StoredPositionFact,
    StoredTransferFact, read,
};
use crate::domain::{Answer, Command, Fact, Key, Refusal, State};

pub(super) mod columns;
pub(super) mod documents;
pub(super) mod holds;
pub(super) mod plain;
pub(super) mod positions;
pub(super) mod transfers;

/// The storage of stock.
#[derive(Clone, Copy, Debug, Default)]
pub struct InventoryStore;

impl<L> Store<L> for InventoryStore
where
    L: Ledger<
            Key = Key,
            State = State,
            Command = Command,
            Fact = Fact,
            Answer = Answer,
            Refusal = Refusal,
        >,
{
    fn tables(&self) -> &'static [Table] {
        columns::TABLES
    }

    fn key(&self, key: &Key) -> Vec<Value> {
        match key {
            Key::Reservation(id) => vec![(*id).into()],
            Key::Position(place) => vec![place.product.into(), place.location.into()],
            Key::Product(id) => vec![(*id).into()],
            Key::Location(id) => vec![(*id).into()],
            Key::Transfer(id) => vec![(*id).into()],
            Key::AllocationPolicy => vec!["policy".into()],
            Key::Told(id) => vec![uuid::Uuid::from_bytes(id.0).into()],
            Key::Opening(place) => vec![place.product.into(), place.location.into()],
            Key::Import(id) => vec![(*id).into()],
        }
    }

    fn encode(&self, _key: &Key, state: &State) -> Vec<Value> {
        match state {
            State::Reservation(it) => holds::encode(it),
            State::Position(it) => positions::encode(it),
            State::Product(it) => plain::product(it),
            State::Location(it) => plain::location(it),
            State::Transfer(it) => transfers::encode(it),
            State::AllocationPolicy(it) => documents::allocation(it),
            State::Told(it) => documents::told(it),
            State::Opening(it) => documents::opening(it),
            State::Import(it) => documents::import(it),
        }
    }

    fn decode(&self, key: &Key, row: &mut Row) -> Result<State, Unreadable> {
        Ok(match key {
            Key::Reservation(id) => State::Reservation(Box::new(holds::decode(*id, row)?)),
            Key::Position(place) => State::Position(Box::new(positions::decode(*place, row)?)),
            Key::Product(_) => State::Product(Box::new(plain::read_product(row)?)),
            Key::Location(_) => State::Location(Box::new(plain::read_location(row)?)),
            Key::Transfer(_) => State::Transfer(Box::new(transfers::decode(row)?)),
            Key::AllocationPolicy => {
                State::AllocationPolicy(Box::new(documents::read_allocation(row)?))
            }
            Key::Told(_) => State::Told(documents::read_told(row)?),
            Key::Opening(_) => State::Opening(documents::read_opening(row)?),
            Key::Import(id) => State::Import(Box::new(documents::read_import(*id, row)?)),
        })
    }

    fn fact(&self, fact: &Fact) -> (Cow<'static, str>, Vec<u8>) {
        match fact {
            Fact::Position(fact) => {
                let (kind, stored) = StoredPositionFact::of(fact);
                (Cow::Borrowed(kind), stored.encode_to_vec())
            }
            Fact::Reservation(fact) => {
                let (kind, stored) = StoredHoldFact::of(fact);
                (Cow::Borrowed(kind), stored.encode_to_vec())
            }
            Fact::Transfer(fact) => {
                let (kind, stored) = StoredTransferFact::of(fact);
                (Cow::Borrowed(kind), stored.encode_to_vec())
            }
            Fact::Allocation(fact) => {
                let stored = StoredAllocationFact::of(fact);
                (Cow::Borrowed(ALLOCATION_CHANGED), stored.encode_to_vec())
            }
        }
    }

    fn read_fact(&self, kind: &str, payload: &[u8]) -> Result<Fact, Unreadable> {
        read_fact(kind, payload)
    }

    fn answer(&self, answer: &Answer) -> Vec<u8> {
        StoredAnswer::from(answer).encode_to_vec()
    }

    fn read_answer(&self, bytes: &[u8]) -> Result<Answer, Unreadable> {
        read::<StoredAnswer>(bytes)?.try_into()
    }
}

/// Reads a stored fact. Kinds that begin with `stock_` are entries of the ledger.
pub fn read_fact(kind: &str, payload: &[u8]) -> Result<Fact, Unreadable> {
    if kind.starts_with("stock_") {
        return read::<StoredPositionFact>(payload)?.read(kind);
    }
    if kind.starts_with("transfer_") {
        return read::<StoredTransferFact>(payload)?.read(kind);
    }
    match kind {
        ALLOCATION_CHANGED => read::<StoredAllocationFact>(payload)?.read(),
        _ => read::<StoredHoldFact>(payload)?.read(kind),
    }
}

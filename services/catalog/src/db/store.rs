//! How the catalog is stored, as the journal needs to know it: tables, columns and bytes.

use std::borrow::Cow;

use journal::{Ledger, Row, Store, Table, Unreadable, Value};
use prost::Message;

use super::stored::{StoredAnswer, StoredFact, read};
use crate::domain::{Answer, Claim, Command, Fact, Key, Refusal, State};

pub(super) mod categories;
pub(super) mod columns;
pub(super) mod plain;
pub(super) mod products;
#[cfg(test)]
mod tests;

/// The storage of the catalog.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatalogStore;

impl<L> Store<L> for CatalogStore
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
            Key::Tree => vec![plain::TREE.into()],
            Key::Category(id) | Key::Occupancy(id) => vec![(*id).into()],
            Key::Product(id) | Key::Variants(id) => vec![(*id).into()],
            Key::Placement(category, product) => vec![(*category).into(), (*product).into()],
            Key::Claim(claim) => {
                let (kind, value) = claimed(claim);
                vec![kind.into(), value.into()]
            }
            Key::Price(id) => vec![(*id).into()],
        }
    }

    fn encode(&self, _key: &Key, state: &State) -> Vec<Value> {
        match state {
            State::Tree(tree) => vec![tree.revision.into()],
            State::Category(category) => categories::encode(category),
            State::Occupancy(occupancy) => plain::occupancy(*occupancy),
            State::Product(product) => products::encode(product),
            State::Variants(count) => vec![(*count).into()],
            State::Placement(stands) => vec![(*stands).into()],
            State::Claim(holder) => plain::holder(*holder),
            State::Price(entry) => plain::price(entry),
        }
    }

    fn decode(&self, key: &Key, row: &mut Row) -> Result<State, Unreadable> {
        Ok(match key {
            Key::Tree => State::Tree(plain::read_tree(row)?),
            Key::Category(id) => State::Category(Box::new(categories::decode(*id, row)?)),
            Key::Occupancy(_) => State::Occupancy(plain::read_occupancy(row)?),
            Key::Product(id) => State::Product(Box::new(products::decode(*id, row)?)),
            Key::Variants(_) => State::Variants(row.bigint()?),
            Key::Placement(..) => State::Placement(row.boolean()?),
            Key::Claim(_) => State::Claim(plain::read_holder(row)?),
            Key::Price(id) => State::Price(Box::new(plain::read_price(*id, row)?)),
        })
    }

    fn fact(&self, fact: &Fact) -> (Cow<'static, str>, Vec<u8>) {
        let (kind, stored) = StoredFact::of(fact);
        (Cow::Borrowed(kind), stored.encode_to_vec())
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

/// Reads a stored fact.
pub fn read_fact(kind: &str, payload: &[u8]) -> Result<Fact, Unreadable> {
    read::<StoredFact>(payload)?.read(kind)
}

/// The kind and the value of a claim.
fn claimed(claim: &Claim) -> (&'static str, &str) {
    match claim {
        Claim::Sku(sku) => ("sku", sku.as_str()),
        Claim::Barcode(code) => ("barcode", code),
        Claim::Slug(slug) => ("slug", slug),
        Claim::Combination(digest) => ("combination", digest),
    }
}

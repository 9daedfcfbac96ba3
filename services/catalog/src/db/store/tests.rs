//! Whatever is written can be read again, and reads as what it was.

use std::collections::BTreeSet;

use journal::{Row, Store, Value};

use super::CatalogStore;
use super::columns::TABLES;
use crate::domain::tests::story;
use crate::domain::{Answer, Claim, Command, Fact, Key, Refusal, State};

/// The store sees a ledger by its types alone.
struct Types;

impl journal::Ledger for Types {
    type Key = Key;
    type State = State;
    type Command = Command;
    type Fact = Fact;
    type Answer = Answer;
    type Refusal = Refusal;

    fn keys(&self, command: &Command) -> Vec<Key> {
        command.keys()
    }

    fn decide(
        &self,
        _world: &journal::World<'_, Self>,
        _command: &Command,
        _now: vocab::Moment,
    ) -> Result<journal::Decision<Self>, Refusal> {
        Err(Refusal::Outrun)
    }

    fn evolve(&self, state: Option<State>, fact: &Fact) -> State {
        crate::domain::evolve(state, fact)
    }

    fn subject(&self, fact: &Fact) -> Key {
        fact.subject()
    }
}

fn store() -> &'static dyn Store<Types> {
    &CatalogStore
}

#[test]
fn every_kind_of_fact_survives() {
    let (facts, ..) = story();
    let mut kinds = BTreeSet::new();
    for fact in facts {
        let (kind, bytes) = store().fact(&fact);
        assert_eq!(store().read_fact(&kind, &bytes), Ok(fact));
        kinds.insert(kind.into_owned());
    }
    assert_eq!(kinds.len(), 13, "{kinds:?}");
    assert!(store().read_fact("product_eaten", &[]).is_err());
}

#[test]
fn every_answer_survives() {
    let (.., answers) = story();
    for answer in answers {
        let bytes = store().answer(&answer);
        assert_eq!(store().read_answer(&bytes), Ok(answer));
    }
}

#[test]
fn every_state_survives_in_the_columns_of_its_table() {
    let (_, states, _) = story();
    let mut tables = BTreeSet::new();
    for (key, state) in states {
        let table = &TABLES[journal::Key::table(&key)];
        let values = store().encode(&key, &state);
        assert_eq!(values.len(), table.columns.len(), "{}", table.name);
        for (value, column) in values.iter().zip(table.columns) {
            let fits = match value.kind() {
                Some(kind) => kind == column.kind,
                None => column.nullable,
            };
            assert!(fits, "{}.{} cannot hold {value:?}", table.name, column.name);
        }
        let mut row = Row::new(values);
        assert_eq!(store().decode(&key, &mut row), Ok(state));
        tables.insert(table.name);
    }
    assert_eq!(tables.len(), TABLES.len());
}

#[test]
fn claims_of_different_kinds_are_different_rows() {
    let sku = Claim::Sku("A".parse().unwrap());
    let claims = [sku, Claim::Barcode("A".into()), Claim::Slug("A".into())];
    let keys: BTreeSet<Vec<Value>> = claims.map(|it| store().key(&Key::Claim(it))).into();
    assert_eq!(keys.len(), 3);
}

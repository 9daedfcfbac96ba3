//! What is written reads as what it was: facts, states and answers of random histories.

use journal::{Kind, Row, Store, Value};
use proptest::prelude::*;

use super::Inventory;
use crate::db::InventoryStore;
use crate::domain::tests::properties::{ruled, step, steps};
use crate::domain::tests::told::{hear, news};
use crate::domain::tests::transfers::{moves, play};
use crate::domain::{Answer, Entry, State};

type Journalled = dyn Store<Inventory>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn facts_and_states_read_as_they_were_written(
        history in prop::collection::vec(steps(), 1..40),
        transfers in prop::collection::vec(moves(), 1..20),
        told in prop::collection::vec(news(), 1..20),
    ) {
        let store: &Journalled = &InventoryStore;
        let mut shop = ruled();
        history.iter().for_each(|it| step(&mut shop, it));
        transfers.into_iter().for_each(|it| play(&mut shop, it));
        told.iter().for_each(|it| hear(&mut shop, it));
        for logged in &shop.log {
            let (kind, bytes) = store.fact(&logged.fact);
            prop_assert_eq!(&store.read_fact(&kind, &bytes).unwrap(), &logged.fact);
        }
        for (key, state) in &shop.states {
            let values = store.encode(key, state);
            let table = &store.tables()[journal::Key::table(key)];
            prop_assert_eq!(values.len(), table.columns.len());
            for (value, column) in values.iter().zip(table.columns) {
                let fits = match (value, column.kind) {
                    (Value::Null, _) => column.nullable,
                    (value, kind) => value.kind() == Some(kind) || kind == Kind::Json,
                };
                prop_assert!(fits, "{} is {value:?}", column.name);
            }
            prop_assert_eq!(&store.decode(key, &mut Row::new(values)).unwrap(), state);
            let answer = match state {
                State::Reservation(it) => Answer::Reservation(it.clone()),
                State::Position(it) => Answer::Position(
                    it.clone(),
                    Entry { place: it.place, version: 3 },
                ),
                State::Transfer(it) => Answer::Transfer(it.clone()),
                State::AllocationPolicy(it) => Answer::Allocation(it.clone()),
                State::Import(it) => Answer::Import(it.clone()),
                _ => Answer::Done,
            };
            let bytes = store.answer(&answer);
            prop_assert_eq!(store.read_answer(&bytes).unwrap(), answer);
        }
    }
}

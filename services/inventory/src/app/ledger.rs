//! Inventory as the journal sees it: keys in the order of their locks, and the pure decisions.

use journal::{Decision, Ledger, Memory, Noted, Stream, World};
use vocab::Moment;

use crate::domain::{self, Answer, Command, Fact, Key, Refusal, State, View};

/// The rules of stock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inventory;

impl Ledger for Inventory {
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
        world: &World<'_, Self>,
        command: &Command,
        now: Moment,
    ) -> Result<Decision<Self>, Refusal> {
        let decision = domain::decide(world, command, now)?;
        let facts = decision.facts.into_iter().map(|it| Noted {
            fact: it.fact,
            effective_at: it.effective_at,
        });
        Ok(Decision {
            facts: facts.collect(),
            plain: decision.plain,
            answer: decision.answer,
        })
    }

    fn evolve(&self, state: Option<State>, fact: &Fact) -> State {
        domain::evolve(state, fact)
    }

    fn subject(&self, fact: &Fact) -> Key {
        fact.subject()
    }

    fn merges(&self, fact: &Fact) -> bool {
        domain::merges(fact)
    }

    fn merge(&self, earlier: &mut Fact, later: &Fact) -> bool {
        domain::merge(earlier, later)
    }

    fn memory(&self, command: &Command) -> Memory {
        match command {
            Command::SetPolicy(_) | Command::SetAllocation(_) => Memory::Day,
            _ => Memory::Week,
        }
    }

    fn agrees(&self, fact: &Fact, state: &State) -> bool {
        domain::agrees(fact, state)
    }
}

impl View for World<'_, Inventory> {
    fn state(&self, key: &Key) -> Option<&State> {
        World::state(self, key)
    }

    fn version(&self, key: &Key) -> i64 {
        World::version(self, key)
    }
}

impl journal::Key for Key {
    fn table(&self) -> usize {
        match self {
            Self::Reservation(_) => 0,
            Self::Position(_) => 1,
            Self::Product(_) => 2,
            Self::Location(_) => 3,
            Self::Transfer(_) => 4,
            Self::AllocationPolicy => 5,
            Self::Told(_) => 6,
            Self::Opening(_) => 7,
            Self::Import(_) => 8,
        }
    }

    fn stream(&self) -> Option<Stream> {
        match self {
            Self::Reservation(id) => Some(Stream::new("reservation", id)),
            Self::Position(place) => Some(Stream::new("position", place)),
            Self::Transfer(id) => Some(Stream::new("transfer", id)),
            Self::AllocationPolicy => Some(Stream::new("allocation_policy", "policy")),
            Self::Product(_)
            | Self::Location(_)
            | Self::Told(_)
            | Self::Opening(_)
            | Self::Import(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use journal::{Key as _, Store};
    use vocab::{ImportId, LocationId, ProductId, ReservationId, TransferId};

    use super::*;
    use crate::db::InventoryStore;
    use crate::domain::Mark;
    use crate::domain::Place;

    #[test]
    fn keys_sort_as_their_tables_do() {
        let (product, location) = (ProductId::derive(None, &[]), LocationId::derive(None, &[]));
        let keys = [
            Key::Reservation(ReservationId::derive(None, &[])),
            Key::Position(Place::new(product, location)),
            Key::Product(product),
            Key::Location(location),
            Key::Transfer(TransferId::derive(None, &[])),
            Key::AllocationPolicy,
            Key::Told(Mark([0; 16])),
            Key::Opening(Place::new(product, location)),
            Key::Import(ImportId::derive(None, &[])),
        ];
        assert!(keys.is_sorted());
        let tables = Store::<Inventory>::tables(&InventoryStore);
        for (place, key) in keys.iter().enumerate() {
            assert_eq!(key.table(), place);
            let table = &tables[place];
            assert_eq!(table.aggregate, key.stream().is_some(), "{}", table.name);
            let values = Store::<Inventory>::key(&InventoryStore, key);
            assert_eq!(values.len(), table.key.len(), "{}", table.name);
        }
        assert_eq!(tables.len(), keys.len());
    }
}

//! The catalog as the journal sees it: keys in the order of their locks, and the pure decisions.

use journal::{Decision, Ledger, Noted, Stream, World};
use vocab::Moment;

use crate::domain::{self, Answer, Command, Fact, Key, Refusal, State, View};

/// The rules of the catalog.
#[derive(Clone, Copy, Debug, Default)]
pub struct Catalog;

impl Ledger for Catalog {
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

    fn agrees(&self, fact: &Fact, state: &State) -> bool {
        domain::agrees(fact, state)
    }
}

impl View for World<'_, Catalog> {
    fn state(&self, key: &Key) -> Option<&State> {
        World::state(self, key)
    }
}

impl journal::Key for Key {
    fn table(&self) -> usize {
        match self {
            Self::Tree => 0,
            Self::Category(_) => 1,
            Self::Occupancy(_) => 2,
            Self::Product(_) => 3,
            Self::Variants(_) => 4,
            Self::Placement(..) => 5,
            Self::Claim(_) => 6,
            Self::Price(_) => 7,
        }
    }

    fn stream(&self) -> Option<Stream> {
        match self {
            Self::Category(id) => Some(Stream::new("category", id)),
            Self::Product(id) => Some(Stream::new("product", id)),
            Self::Tree
            | Self::Occupancy(_)
            | Self::Variants(_)
            | Self::Placement(..)
            | Self::Claim(_)
            | Self::Price(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::CatalogStore;
    use journal::{Key as _, Store};
    use vocab::{CategoryId, PriceId, ProductId};

    #[test]
    fn keys_sort_as_their_tables_do() {
        let (category, product) = (CategoryId::derive(None, &[]), ProductId::derive(None, &[]));
        let keys = [
            Key::Tree,
            Key::Category(category),
            Key::Occupancy(category),
            Key::Product(product),
            Key::Variants(product),
            Key::Placement(category, product),
            Key::Claim(domain::Claim::Slug(String::new())),
            Key::Price(PriceId::derive(None, &[])),
        ];
        assert!(keys.is_sorted());
        let tables = Store::<Catalog>::tables(&CatalogStore);
        for (place, key) in keys.iter().enumerate() {
            assert_eq!(key.table(), place);
            let table = &tables[place];
            assert_eq!(table.aggregate, key.stream().is_some(), "{}", table.name);
            let values = Store::<Catalog>::key(&CatalogStore, key);
            assert_eq!(values.len(), table.key.len(), "{}", table.name);
        }
        assert_eq!(tables.len(), keys.len());
    }
}

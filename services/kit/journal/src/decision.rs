//! What an accepted command does: its facts, its plain rows, its answer.

use vocab::Moment;

use crate::ledger::Ledger;

/// The outcome of an accepted command.
pub struct Decision<L: Ledger> {
    /// What happened, in order.
    pub facts: Vec<Noted<L::Fact>>,
    /// New values of plain keys; of two for one key the later counts.
    pub plain: Vec<(L::Key, L::State)>,
    /// What the caller hears.
    pub answer: L::Answer,
}

/// A fact, and when it took effect if that is not now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted<F> {
    /// What happened.
    pub fact: F,
    /// When it took effect in the world; now, if nothing is said.
    pub effective_at: Option<Moment>,
}

impl<L: Ledger> Decision<L> {
    /// Answers, and changes nothing yet.
    pub fn answer(answer: L::Answer) -> Self {
        Self {
            facts: Vec::new(),
            plain: Vec::new(),
            answer,
        }
    }

    /// Adds a fact that takes effect now.
    #[must_use]
    pub fn fact(mut self, fact: L::Fact) -> Self {
        self.facts.push(Noted::from(fact));
        self
    }

    /// Adds a fact that took effect at another time.
    #[must_use]
    pub fn fact_at(mut self, fact: L::Fact, effective_at: Moment) -> Self {
        self.facts.push(Noted {
            fact,
            effective_at: Some(effective_at),
        });
        self
    }

    /// Gives a plain key a value.
    #[must_use]
    pub fn keep(mut self, key: L::Key, state: L::State) -> Self {
        self.plain.push((key, state));
        self
    }
}

impl<F> From<F> for Noted<F> {
    fn from(fact: F) -> Self {
        Self {
            fact,
            effective_at: None,
        }
    }
}

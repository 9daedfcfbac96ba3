//! What a decision leaves behind, and what its caller hears.

use vocab::Moment;

use super::fact::{Aggregate, Fact, Happened};
use super::key::{Key, State};
use super::session::Session;
use super::tenant::Tenant;
use super::user::User;

/// Facts in their order, plain states to save with them, and the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What happened.
    pub facts: Vec<Fact>,
    /// Plain states that changed or came into being.
    pub plain: Vec<(Key, State)>,
    /// What the caller hears.
    pub answer: Answer,
}

/// What a caller hears of an accepted command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The tenant with its first user.
    Opened(Box<Tenant>, Box<User>),
    /// The aggregate as it is now.
    Now(Aggregate),
    /// The session that tokens are given out for, and the moment they are issued at.
    Session(Box<Session>, Moment),
    /// How many there were.
    Count(i64),
    /// Nothing is left to tell.
    Done,
}

impl Decision {
    /// Answers with an aggregate, and changes nothing yet.
    pub(super) fn of(after: Aggregate) -> Self {
        Self::answering(Answer::Now(after))
    }

    /// Answers, and changes nothing yet.
    pub(super) const fn answering(answer: Answer) -> Self {
        Self {
            facts: Vec::new(),
            plain: Vec::new(),
            answer,
        }
    }

    /// Answers with an aggregate that something happened to.
    pub(super) fn with(at: Moment, after: Aggregate, what: Happened) -> Self {
        Self::of(after.clone()).and(at, after, what)
    }

    /// Adds a fact.
    pub(super) fn and(mut self, at: Moment, after: Aggregate, what: Happened) -> Self {
        self.facts.push(Fact { at, after, what });
        self
    }

    /// Gives a plain key a value.
    pub(super) fn keep(mut self, key: Key, state: State) -> Self {
        self.plain.push((key, state));
        self
    }
}

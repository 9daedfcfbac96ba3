//! Auth as the journal sees it: keys in the order of their locks, and the pure decisions.

use std::sync::Arc;

use chassis::contract::Contracts;
use journal::{Decision, Ledger, Noted, Stream, World};
use vocab::Moment;

use super::release::Release;
use crate::domain::{self, Answer, Command, Fact, Key, Refusal, Rules, State, View};

/// The rules of auth, with what the running release knows of permissions.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    rules: Arc<Rules>,
}

impl Auth {
    /// The rules under the contracts of a release.
    pub fn of(contracts: &Contracts) -> Self {
        let all = contracts.all();
        let release = Release::of(all.iter().map(|it| &**it));
        Self {
            rules: Arc::new(release.rules),
        }
    }
}

impl Ledger for Auth {
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
        let decision = domain::decide(world, &self.rules, command, now)?;
        Ok(Decision {
            facts: decision.facts.into_iter().map(Noted::from).collect(),
            plain: decision.plain,
            answer: decision.answer,
        })
    }

    fn evolve(&self, _state: Option<State>, fact: &Fact) -> State {
        domain::evolve(fact)
    }

    fn subject(&self, fact: &Fact) -> Key {
        fact.subject()
    }
}

impl View for World<'_, Auth> {
    fn state(&self, key: &Key) -> Option<&State> {
        World::state(self, key)
    }
}

impl journal::Key for Key {
    fn table(&self) -> usize {
        match self {
            Self::Code(_) => 0,
            Self::Tries(_) => 1,
            Self::Tenant(_) => 2,
            Self::Admins => 3,
            Self::Signing => 4,
            Self::Role(_) => 5,
            Self::Members(_) => 6,
            Self::User(_) => 7,
            Self::Access(_) => 8,
            Self::Sealing(_) => 9,
            Self::Link(..) => 10,
            Self::Claim(_) => 11,
            Self::Api(_) => 12,
            Self::Account(_) => 13,
            Self::Used(_) => 14,
            Self::Session(_) => 15,
            Self::Ended(_) => 16,
            Self::Audit(_) => 17,
        }
    }

    fn stream(&self) -> Option<Stream> {
        match self {
            Self::Tenant(id) => Some(Stream::new("tenant", id)),
            Self::Signing => Some(Stream::new("signing_keys", "signing-keys")),
            Self::Role(id) => Some(Stream::new("role", id)),
            Self::User(id) => Some(Stream::new("user", id)),
            Self::Api(id) => Some(Stream::new("api_key", id)),
            Self::Account(id) => Some(Stream::new("service_account", id)),
            Self::Ended(id) => Some(Stream::new("session", id)),
            _ => None,
        }
    }

    fn is_global(&self) -> bool {
        matches!(self, Self::Code(_) | Self::Tries(_))
    }
}

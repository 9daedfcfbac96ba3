//! The rules of one service as the journal sees them: pure, without clock or I/O.

use std::fmt::Debug;
use std::hash::Hash;

use chassis::fault::Fault;
use vocab::Moment;

use crate::decision::Decision;
use crate::submission::Memory;
use crate::world::World;

/// What one service keeps and how it decides. Nothing in it waits, reads a clock or fails.
pub trait Ledger: Sized + Send + Sync + 'static {
    /// Names one state, of whichever kind: an enum over the kinds.
    type Key: Key;
    /// One state: an enum over the same kinds.
    type State: Send + Sync + 'static;
    /// What is asked for, parsed: everything that is never right was refused before.
    type Command: Send + Sync + 'static;
    /// What happened, in the past tense, to the one aggregate it names.
    type Fact: Send + Sync + 'static;
    /// What the caller hears.
    type Answer: Send + 'static;
    /// Why the answer is no.
    type Refusal: Clone + Into<Fault> + Send + 'static;

    /// Names every state that the command reads or changes, before any of them is read.
    fn keys(&self, command: &Self::Command) -> Vec<Self::Key>;

    /// Decides. **Invariant:** each named key that is absent is written by an accepted command,
    /// as the subject of a fact or as a plain row: only that makes absence a lock.
    fn decide(
        &self,
        world: &World<'_, Self>,
        command: &Self::Command,
        now: Moment,
    ) -> Result<Decision<Self>, Self::Refusal>;

    /// Applies one fact. Total: a fact once stored always applies.
    fn evolve(&self, state: Option<Self::State>, fact: &Self::Fact) -> Self::State;

    /// Names the one aggregate that a fact changes.
    fn subject(&self, fact: &Self::Fact) -> Self::Key;

    /// Says whether a fact may be merged with its neighbours in a batch. Such a fact says nothing
    /// of who did it, so it merges only if its command leaves another fact that does not.
    fn merges(&self, _fact: &Self::Fact) -> bool {
        false
    }

    /// Adds a later fact to an earlier one about the same key, or declines and changes nothing.
    /// Replay of the sum gives the same state as replay of the two.
    fn merge(&self, _earlier: &mut Self::Fact, _later: &Self::Fact) -> bool {
        false
    }

    /// Says how long the answer to a command is remembered for its repetitions.
    fn memory(&self, _command: &Self::Command) -> Memory {
        Memory::Day
    }

    /// Says whether a fact's own account of the result is the state that it led to. Only
    /// `verify` asks.
    fn agrees(&self, _fact: &Self::Fact, _state: &Self::State) -> bool {
        true
    }
}

/// Names one state of one tenant.
///
/// **Invariant:** keys of one table sort as [`Ord`] says, and tables by their number; this is the
/// order in which every process locks.
pub trait Key: Clone + Ord + Hash + Debug + Send + Sync + 'static {
    /// Returns the number of its table, as the store lists them.
    fn table(&self) -> usize;

    /// Returns the stream of an aggregate; a plain key has none.
    fn stream(&self) -> Option<Stream>;

    /// Says whether the state belongs to no tenant and is stored under the nil one.
    fn is_global(&self) -> bool {
        false
    }
}

/// Names the history of one aggregate. Its id is unique only together with the tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream {
    /// The kind of aggregate, such as `product`.
    pub kind: &'static str,
    /// The id, such as `prd_…`, or ids joined with `-`.
    pub id: String,
}

impl Stream {
    /// Names a stream.
    pub fn new(kind: &'static str, id: impl ToString) -> Self {
        Self {
            kind,
            id: id.to_string(),
        }
    }
}

//! The storage of one service as the journal sees it: columns and bytes, no rules and no SQL.

use std::borrow::Cow;

use crate::ledger::Ledger;
use crate::row::{Row, Unreadable};
use crate::table::Table;
use crate::value::Value;

/// How the states, facts and answers of a ledger are stored.
///
/// **Invariant:** whatever is written can be read again, in every later release, and reads as
/// what it was.
pub trait Store<L: Ledger>: Send + Sync + 'static {
    /// Lists the tables; the order is the order of locks, and a key names its table by its place.
    fn tables(&self) -> &'static [Table];

    /// Returns the values of a key, in the order of the key columns of its table.
    fn key(&self, key: &L::Key) -> Vec<Value>;

    /// Returns the values of a state, in the order of the columns of its key's table.
    fn encode(&self, key: &L::Key, state: &L::State) -> Vec<Value>;

    /// Reads a state from the values of its columns.
    fn decode(&self, key: &L::Key, row: &mut Row) -> Result<L::State, Unreadable>;

    /// Returns the stable name of a fact's kind, such as `product_created`, and its bytes.
    fn fact(&self, fact: &L::Fact) -> (Cow<'static, str>, Vec<u8>);

    /// Reads a fact.
    fn read_fact(&self, kind: &str, payload: &[u8]) -> Result<L::Fact, Unreadable>;

    /// Returns the bytes of an answer, for repetitions of the request.
    fn answer(&self, answer: &L::Answer) -> Vec<u8>;

    /// Reads an answer.
    fn read_answer(&self, bytes: &[u8]) -> Result<L::Answer, Unreadable>;

    /// Returns the bytes of a refusal. A store whose refusals are never remembered has none.
    fn refusal(&self, _refusal: &L::Refusal) -> Option<Vec<u8>> {
        None
    }

    /// Reads a remembered refusal.
    fn read_refusal(&self, _bytes: &[u8]) -> Result<L::Refusal, Unreadable> {
        Err(Unreadable::because("this store remembers no refusals"))
    }
}

//! A ledger whose facts are the notes of the bed: how many there are of each stream.

use std::borrow::Cow;

use journal::{
    Column, Decision, Kind, Ledger, Row, Store, Stream, Table, Unreadable, Value, World,
};
use sqlx::Executor;
use vocab::Moment;

use crate::bed::{Bed, fact, write};
use crate::shelves::NotTaken;

/// Counts the notes of each stream.
pub struct Tallies;

/// Where the counts are stored.
pub struct TallyStore;

/// The count of one stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tally(String);

/// A note was written to a stream.
pub struct Noted(String);

impl journal::Key for Tally {
    fn table(&self) -> usize {
        0
    }

    fn stream(&self) -> Option<Stream> {
        Some(Stream::new("note", &self.0))
    }
}

impl Ledger for Tallies {
    type Key = Tally;
    type State = i64;
    type Command = ();
    type Fact = Noted;
    type Answer = ();
    type Refusal = NotTaken;

    fn keys(&self, _command: &()) -> Vec<Tally> {
        Vec::new()
    }

    fn decide(
        &self,
        _world: &World<'_, Self>,
        _command: &(),
        _now: Moment,
    ) -> Result<Decision<Self>, NotTaken> {
        Ok(Decision::answer(()))
    }

    fn evolve(&self, state: Option<i64>, _fact: &Noted) -> i64 {
        state.unwrap_or_default() + 1
    }

    fn subject(&self, fact: &Noted) -> Tally {
        Tally(fact.0.clone())
    }
}

impl Store<Tallies> for TallyStore {
    fn tables(&self) -> &'static [Table] {
        const TABLES: &[Table] = &[Table::aggregate(
            "tallies",
            &[Column::new("stream", Kind::Text)],
            &[Column::new("notes", Kind::BigInt)],
        )];
        TABLES
    }

    fn key(&self, key: &Tally) -> Vec<Value> {
        vec![key.0.clone().into()]
    }

    fn encode(&self, _key: &Tally, state: &i64) -> Vec<Value> {
        vec![(*state).into()]
    }

    fn decode(&self, _key: &Tally, row: &mut Row) -> Result<i64, Unreadable> {
        row.bigint()
    }

    fn fact(&self, fact: &Noted) -> (Cow<'static, str>, Vec<u8>) {
        ("note".into(), fact.0.clone().into_bytes())
    }

    fn read_fact(&self, _kind: &str, payload: &[u8]) -> Result<Noted, Unreadable> {
        let text = String::from_utf8(payload.to_vec()).unwrap();
        let stream = text.split(' ').next();
        let stream = stream.ok_or_else(|| Unreadable::because("a note without a stream"))?;
        Ok(Noted(stream.to_owned()))
    }

    fn answer(&self, _answer: &()) -> Vec<u8> {
        Vec::new()
    }

    fn read_answer(&self, _bytes: &[u8]) -> Result<(), Unreadable> {
        Ok(())
    }
}

/// Writes notes to streams, and counts that are right.
pub async fn counted(bed: &Bed, streams: &[&str], versions: i64) {
    let mut admin = bed.admin().await;
    for stream in streams {
        for version in 1..=versions {
            write(&mut admin, &fact(stream, version)).await;
        }
    }
    let count = "INSERT INTO tallies
        SELECT tenant_id, stream_id, max(version), max(recorded_at), count(*) FROM events
        GROUP BY tenant_id, stream_id";
    admin.execute(count).await.unwrap();
}

//! The columns of inboxes and dead letters, beside whatever the service stores.

use std::borrow::Cow;

use journal::{Column, Kind, Ledger, Row, Store, Table, Unreadable, Value};

use super::inbox::{Inbox, Place};
use super::letter::{Letter, LetterReason, LetterState, Parking};
use super::{Answer, Consuming, Followed, Key, Refused, State, TABLES};

const KEY: &[Column] = &[
    Column::new("consumer", Kind::Text),
    Column::new("stream_id", Kind::Text),
];

const INBOX: Table = Table::plain(
    "inbox",
    KEY,
    &[
        Column::new("history", Kind::BigInt),
        Column::new("applied_version", Kind::BigInt),
        Column::new("part", Kind::Int),
        Column::new("parts", Kind::Int),
        Column::new("parked", Kind::Boolean),
        Column::new("applied_at", Kind::Moment),
    ],
);

const DEAD_LETTERS: Table = Table::plain(
    "dead_letters",
    KEY,
    &[
        Column::new("dead_letter_id", Kind::Uuid),
        Column::new("state", Kind::Text),
        Column::new("reason", Kind::Text),
        Column::new("source", Kind::Text),
        Column::new("stream_kind", Kind::Text),
        Column::new("history", Kind::BigInt),
        Column::new("parked_version", Kind::BigInt),
        Column::new("highest_version", Kind::BigInt),
        Column::new("deliveries", Kind::BigInt),
        Column::new("attempts", Kind::BigInt),
        Column::new("error_reason", Kind::Text),
        Column::new("trace_id", Kind::Text),
        Column::new("subject", Kind::Text),
        Column::new("event_type", Kind::Text),
        Column::new("payload", Kind::Bytes),
        Column::new("build", Kind::Text),
        Column::new("actor_type", Kind::SmallInt),
        Column::new("actor_id", Kind::Text),
        Column::new("resync_reason", Kind::Text),
        Column::new("parked_at", Kind::Moment),
        Column::new("attempted_at", Kind::Moment),
        Column::new("resolved_at", Kind::Moment).nullable(),
    ],
);

/// What an answer begins with.
const OWN: u8 = 0;
const DONE: u8 = 1;

/// The store of a [`Consuming`] ledger, around the service's own.
pub struct ConsumingStore<S> {
    own: S,
    tables: &'static [Table],
}

impl<S> ConsumingStore<S> {
    /// Puts the two tables before the service's own. Made once, at the start of a service: the list
    /// is never freed.
    pub fn new<L: Ledger>(own: S) -> Self
    where
        S: Store<L>,
    {
        let mut tables = vec![INBOX, DEAD_LETTERS];
        debug_assert_eq!(tables.len(), TABLES);
        tables.extend_from_slice(own.tables());
        Self {
            own,
            tables: Vec::leak(tables),
        }
    }
}

impl<L: Ledger, S: Store<L>> Store<Consuming<L>> for ConsumingStore<S> {
    fn tables(&self) -> &'static [Table] {
        self.tables
    }

    fn key(&self, key: &Key<L::Key>) -> Vec<Value> {
        match key {
            Key::Inbox(followed) | Key::DeadLetter(followed) => followed_key(followed),
            Key::Own(own) => self.own.key(own),
        }
    }

    fn encode(&self, key: &Key<L::Key>, state: &State<L::State>) -> Vec<Value> {
        match (key, state) {
            (_, State::Inbox(inbox)) => inbox_values(inbox),
            (_, State::DeadLetter(letter)) => letter_values(letter),
            (Key::Own(key), State::Own(own)) => self.own.encode(key, own),
            // A state of another kind than its key has too few columns, which the journal refuses.
            (Key::Inbox(_) | Key::DeadLetter(_), State::Own(_)) => Vec::new(),
        }
    }

    fn decode(&self, key: &Key<L::Key>, row: &mut Row) -> Result<State<L::State>, Unreadable> {
        match key {
            Key::Inbox(_) => read_inbox(row).map(State::Inbox),
            Key::DeadLetter(_) => read_letter(row).map(|it| State::DeadLetter(it.into())),
            Key::Own(own) => self.own.decode(own, row).map(State::Own),
        }
    }

    fn fact(&self, fact: &L::Fact) -> (Cow<'static, str>, Vec<u8>) {
        self.own.fact(fact)
    }

    fn read_fact(&self, kind: &str, payload: &[u8]) -> Result<L::Fact, Unreadable> {
        self.own.read_fact(kind, payload)
    }

    fn answer(&self, answer: &Answer<L::Answer>) -> Vec<u8> {
        match answer {
            Answer::Done => vec![DONE],
            Answer::Own(own) => {
                let mut bytes = vec![OWN];
                bytes.extend(self.own.answer(own));
                bytes
            }
        }
    }

    fn read_answer(&self, bytes: &[u8]) -> Result<Answer<L::Answer>, Unreadable> {
        match bytes.split_first() {
            Some((&OWN, own)) => self.own.read_answer(own).map(Answer::Own),
            Some((&DONE, _)) => Ok(Answer::Done),
            _ => Err(Unreadable::because("an answer of no known kind")),
        }
    }

    fn refusal(&self, refusal: &Refused<L::Refusal>) -> Option<Vec<u8>> {
        match refusal {
            Refused::Own(own) => self.own.refusal(own),
            // Whether a delivery comes too early is asked anew each time.
            Refused::Delivery(_) => None,
        }
    }

    fn read_refusal(&self, bytes: &[u8]) -> Result<Refused<L::Refusal>, Unreadable> {
        self.own.read_refusal(bytes).map(Refused::Own)
    }
}

fn followed_key(followed: &Followed) -> Vec<Value> {
    vec![
        followed.consumer.clone().into(),
        followed.stream.clone().into(),
    ]
}

fn inbox_values(inbox: &Inbox) -> Vec<Value> {
    vec![
        inbox.applied.history.into(),
        inbox.applied.version.into(),
        inbox.applied.part.into(),
        inbox.applied.parts.into(),
        inbox.parked.into(),
        inbox.at.into(),
    ]
}

fn read_inbox(row: &mut Row) -> Result<Inbox, Unreadable> {
    Ok(Inbox {
        applied: Place {
            history: row.bigint()?,
            version: row.bigint()?,
            part: row.int()?,
            parts: row.int()?,
        },
        parked: row.boolean()?,
        at: row.moment()?,
    })
}

fn letter_values(letter: &Letter) -> Vec<Value> {
    let parking = &letter.parking;
    vec![
        letter.id.into(),
        letter.state.word().into(),
        letter.reason.word().into(),
        parking.source.clone().into(),
        parking.stream_kind.clone().into(),
        letter.history.into(),
        letter.parked_version.into(),
        letter.highest_version.into(),
        letter.deliveries.into(),
        letter.attempts.into(),
        parking.error_reason.clone().into(),
        parking.trace_id.clone().into(),
        parking.subject.clone().into(),
        parking.event_type.clone().into(),
        parking.payload.clone().into(),
        parking.build.clone().into(),
        letter.actor.0.into(),
        letter.actor.1.clone().into(),
        letter.resync_reason.clone().into(),
        letter.parked_at.into(),
        letter.attempted_at.into(),
        letter.resolved_at.into(),
    ]
}

/// Reads the columns in their order.
fn read_letter(row: &mut Row) -> Result<Letter, Unreadable> {
    let id = row.id()?;
    let state = row.text()?;
    let reason = row.text()?;
    let (source, stream_kind) = (row.text()?, row.text()?);
    let (history, parked_version, highest_version) = (row.bigint()?, row.bigint()?, row.bigint()?);
    let (deliveries, attempts) = (row.bigint()?, row.bigint()?);
    let parking = Parking {
        id,
        place: None,
        why: None,
        error_reason: row.text()?,
        trace_id: row.text()?,
        source,
        stream_kind,
        subject: row.text()?,
        event_type: row.text()?,
        payload: row.bytes()?,
        build: row.text()?,
    };
    let unknown = |word: String| Unreadable(format!("the word {word:?}"));
    Ok(Letter {
        id,
        state: LetterState::of_word(&state).ok_or_else(|| unknown(state))?,
        reason: LetterReason::of_word(&reason).ok_or_else(|| unknown(reason))?,
        parking,
        history,
        parked_version,
        highest_version,
        deliveries,
        attempts,
        actor: (row.smallint()?, row.text()?),
        resync_reason: row.text()?,
        parked_at: row.moment()?,
        attempted_at: row.moment()?,
        resolved_at: row.optional_moment()?,
    })
}

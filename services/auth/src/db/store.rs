//! How auth is stored, as the journal needs to know it: tables, columns and bytes.

use std::borrow::Cow;

use journal::{Ledger, Row, Store, Table, Unreadable, Value};
use prost::Message;

use super::stored::{StoredAggregate, StoredAnswer, StoredFact, read};
use crate::domain::{
    Aggregate, Answer, Claim, Command, Fact, Key, LinkKind, Refusal, State, UseOf,
};

pub(super) mod columns;
mod plain;

/// The storage of auth.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuthStore;

impl<L> Store<L> for AuthStore
where
    L: Ledger<
            Key = Key,
            State = State,
            Command = Command,
            Fact = Fact,
            Answer = Answer,
            Refusal = Refusal,
        >,
{
    fn tables(&self) -> &'static [Table] {
        columns::TABLES
    }

    fn key(&self, key: &Key) -> Vec<Value> {
        match key {
            Key::Code(text) | Key::Tries(text) => vec![text.as_str().into()],
            Key::Tenant(_) => vec![columns::SELF.into()],
            Key::Admins => vec![columns::ADMINS.into()],
            Key::Signing => vec![columns::SIGNING.into()],
            Key::Role(id) | Key::Members(id) => vec![(*id).into()],
            Key::User(id) | Key::Access(id) | Key::Sealing(id) => vec![(*id).into()],
            Key::Link(id, LinkKind::Invitation) => vec![(*id).into(), "INVITATION".into()],
            Key::Claim(Claim::Email(digest)) => vec!["email".into(), digest.as_str().into()],
            Key::Claim(Claim::RoleKey(key)) => vec!["role_key".into(), key.as_str().into()],
            Key::Api(id) => vec![(*id).into()],
            Key::Account(id) => vec![(*id).into()],
            Key::Used(UseOf::ApiKey(id)) => vec!["api_key".into(), (*id).into()],
            Key::Used(UseOf::Account(id)) => vec!["service_account".into(), (*id).into()],
            Key::Session(id) | Key::Ended(id) => vec![(*id).into()],
            Key::Audit(id) => vec![(*id).into()],
        }
    }

    fn encode(&self, _key: &Key, state: &State) -> Vec<Value> {
        match state {
            State::Aggregate(it) => aggregate(it),
            other => plain::encode(other),
        }
    }

    /// Columns that follow from the compact form are passed over.
    fn decode(&self, key: &Key, row: &mut Row) -> Result<State, Unreadable> {
        match key {
            Key::Signing | Key::Ended(_) => {}
            Key::Tenant(_) | Key::Role(_) | Key::Account(_) => {
                row.text()?;
                row.boolean()?;
            }
            Key::User(_) => {
                row.text()?;
                row.optional_uuid()?;
                row.text()?;
                row.text()?;
            }
            Key::Api(_) => {
                row.text()?;
                row.boolean()?;
                row.optional_moment()?;
            }
            _ => return plain::decode(key, row),
        }
        StoredAggregate::parse(&row.bytes()?).map(State::Aggregate)
    }

    fn fact(&self, fact: &Fact) -> (Cow<'static, str>, Vec<u8>) {
        let (kind, stored) = StoredFact::of(fact);
        (Cow::Borrowed(kind), stored.encode_to_vec())
    }

    fn read_fact(&self, kind: &str, payload: &[u8]) -> Result<Fact, Unreadable> {
        read_fact(kind, payload)
    }

    fn answer(&self, answer: &Answer) -> Vec<u8> {
        StoredAnswer::from(answer).encode_to_vec()
    }

    fn read_answer(&self, bytes: &[u8]) -> Result<Answer, Unreadable> {
        read::<StoredAnswer>(bytes)?.try_into()
    }
}

/// Reads a stored fact.
pub fn read_fact(kind: &str, payload: &[u8]) -> Result<Fact, Unreadable> {
    read::<StoredFact>(payload)?.read(kind)
}

/// The values of an aggregate's columns: what conditions ask for, and all of it in one.
fn aggregate(it: &Aggregate) -> Vec<Value> {
    let content = Value::Bytes(StoredAggregate::write(it));
    match it {
        Aggregate::Tenant(it) => vec![
            it.code.as_str().into(),
            it.suspended.is_some().into(),
            content,
        ],
        Aggregate::Keys(_) | Aggregate::Ended(_) => vec![content],
        Aggregate::Role(it) => vec![
            it.key.as_str().into(),
            it.system.into(),
            content,
            it.deleted_at.into(),
        ],
        Aggregate::User(it) => vec![
            it.state.name().into(),
            it.customer.into(),
            joined(&it.roles).into(),
            joined(&it.locations).into(),
            content,
            it.created_at.into(),
        ],
        Aggregate::ApiKey(it) => vec![
            spaced(it.permissions.iter().map(String::as_str)).into(),
            it.revoked.is_some().into(),
            it.expires_at.into(),
            content,
            it.created_at.into(),
        ],
        Aggregate::Account(it) => vec![
            joined(&it.roles).into(),
            it.disabled.into(),
            content,
            it.created_at.into(),
        ],
    }
}

/// Ids as one text, each between blanks, so that one can be found in it.
fn joined<K: vocab::Kind>(ids: &[vocab::Id<K>]) -> String {
    let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
    spaced(texts.iter().map(String::as_str))
}

fn spaced<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::from(" ");
    for word in words {
        text.push_str(word);
        text.push(' ');
    }
    text
}

//! Plain states as rows.

use journal::{Row, Unreadable, Value};
use uuid::Uuid;
use vocab::{EventId, SessionId};

use crate::db::stored::unreadable;
use crate::domain::{Access, Act, Audited, Key, Link, Members, Outcome, Session, State, Tries};

/// The values of a plain state.
pub fn encode(state: &State) -> Vec<Value> {
    match state {
        State::Code(owner) => vec![(*owner).into()],
        State::Tries(it) => vec![
            it.count.into(),
            it.last_at.into(),
            it.blocked_until.into(),
            it.forgotten_at().into(),
        ],
        State::Admins(count) => vec![(*count).into()],
        State::Members(it) => vec![it.users.into(), it.accounts.into()],
        State::Access(it) => vec![
            it.hash.as_str().into(),
            it.sessions_from.into(),
            it.begun.into(),
            it.last_at.into(),
        ],
        State::SubjectKey(wrapped) => vec![wrapped.clone().into()],
        State::Link(it) => vec![
            it.digest.to_vec().into(),
            it.expires_at.into(),
            it.used.into(),
        ],
        State::Claim(holder) => vec![holder.map(Uuid::from_u128).into()],
        State::Used(at) => vec![(*at).into()],
        State::Session(it) => session(it),
        State::Audit(it) => audited(it),
        // The store writes these itself.
        State::Aggregate(_) => Vec::new(),
    }
}

/// Reads a plain state.
pub fn decode(key: &Key, row: &mut Row) -> Result<State, Unreadable> {
    Ok(match key {
        Key::Code(_) => State::Code(row.id()?),
        Key::Tries(_) => State::Tries(Tries {
            count: row.bigint()?,
            last_at: row.moment()?,
            blocked_until: row.moment()?,
        }),
        Key::Admins => State::Admins(row.bigint()?),
        Key::Members(_) => State::Members(Members {
            users: row.bigint()?,
            accounts: row.bigint()?,
        }),
        Key::Access(_) => State::Access(Box::new(Access {
            hash: row.text()?,
            sessions_from: row.moment()?,
            begun: row.bigint()?,
            last_at: row.optional_moment()?,
        })),
        Key::Sealing(_) => State::SubjectKey(row.bytes()?),
        Key::Link(..) => State::Link(Link {
            digest: row
                .bytes()?
                .as_slice()
                .try_into()
                .map_err(Unreadable::because)?,
            expires_at: row.moment()?,
            used: row.boolean()?,
        }),
        Key::Claim(_) => State::Claim(row.optional_uuid()?.map(|it| it.as_u128())),
        Key::Used(_) => State::Used(row.moment()?),
        Key::Session(id) => State::Session(Box::new(read_session(*id, row)?)),
        Key::Audit(id) => State::Audit(Box::new(read_audited(*id, row)?)),
        other => return Err(Unreadable(format!("{other:?} is no plain key"))),
    })
}

fn session(it: &Session) -> Vec<Value> {
    vec![
        it.user.into(),
        it.customer.into(),
        it.seed.clone().into(),
        it.agent.clone().into(),
        it.generation.into(),
        it.begun_at.into(),
        it.refreshed_at.into(),
        it.ended_at.into(),
    ]
}

fn read_session(id: SessionId, row: &mut Row) -> Result<Session, Unreadable> {
    Ok(Session {
        id,
        user: row.optional_id()?,
        customer: row.optional_id()?,
        seed: row.bytes()?,
        agent: row.bytes()?,
        generation: row.bigint()?,
        begun_at: row.moment()?,
        refreshed_at: row.moment()?,
        ended_at: row.optional_moment()?,
    })
}

fn audited(it: &Audited) -> Vec<Value> {
    let act = &it.act;
    let event = act.event.as_ref();
    vec![
        act.actor.0.into(),
        act.actor.1.as_str().into(),
        act.method.as_str().into(),
        act.outcome.number().into(),
        act.reason.as_str().into(),
        act.permission.as_str().into(),
        act.on.0.as_str().into(),
        act.on.1.as_str().into(),
        act.on.2.into(),
        event.map(|(id, _)| *id).into(),
        event.map_or("", |(_, kind)| kind).into(),
        act.correlation.as_str().into(),
        act.request_id.as_str().into(),
        act.trace_id.as_str().into(),
        act.session.as_str().into(),
        act.at.into(),
        it.recorded_at.into(),
    ]
}

/// Reads an entry of the audit trail.
pub fn read_audited(id: vocab::AuditId, row: &mut Row) -> Result<Audited, Unreadable> {
    let actor = (row.smallint()?, row.text()?);
    let method = row.text()?;
    let outcome = row.smallint()?;
    let (reason, permission) = (row.text()?, row.text()?);
    let on = (row.text()?, row.text()?, row.bigint()?);
    let event: Option<EventId> = row.optional_id()?;
    let event_type = row.text()?;
    let act = Act {
        id,
        actor,
        method,
        outcome: Outcome::of(outcome).ok_or_else(|| unreadable("outcome", outcome))?,
        reason,
        permission,
        on,
        event: event.map(|it| (it, event_type)),
        correlation: row.text()?,
        request_id: row.text()?,
        trace_id: row.text()?,
        session: row.text()?,
        at: row.moment()?,
    };
    Ok(Audited {
        act,
        recorded_at: row.moment()?,
    })
}

//! The ways in: what each proves, and what it is given for it.

use chassis::call::{ActorType, Call};
use chassis::fault::Fault;
use journal::{Actor, Submission};
use vocab::{Moment, SessionId, TenantId};

mod guests;
mod machines;
mod passwords;
mod refreshing;
mod services;

pub use machines::Client;
pub use passwords::Proof;

use super::App;
use super::tokens::{Bearer, Issued};
use crate::domain::{Session, User};

/// Who comes to the door, as far as the connection says it.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// Where the call comes from.
    pub address: String,
    /// What the program calls itself.
    pub agent: String,
}

/// What a session's names of programs are sealed as.
const AGENT: &str = "agent";
/// The longest name of a program that is kept.
const AGENT_MAX: usize = 200;

impl App {
    /// A session that nobody has begun yet.
    fn new_session(&self, visitor: &Visitor) -> Result<Session, Fault> {
        let now = self.0.clock.now();
        let agent: String = visitor.agent.chars().take(AGENT_MAX).collect();
        Ok(Session {
            id: self.draw()?.id(),
            user: None,
            customer: None,
            seed: self.0.vault.seed()?,
            agent: self.0.vault.seal(AGENT, agent.as_bytes())?,
            generation: 0,
            begun_at: now,
            refreshed_at: now,
            ended_at: None,
        })
    }

    /// What the program of a session called itself.
    pub fn agent_of(&self, session: &Session) -> Result<String, Fault> {
        let agent = self.0.vault.open(AGENT, &session.agent)?;
        Ok(String::from_utf8_lossy(&agent).into_owned())
    }

    /// The pair of tokens of a session.
    fn paired(
        &self,
        bearer: Bearer,
        narrowed: &[String],
        (session, at): (&Session, Moment),
    ) -> Result<Issued, Fault> {
        let of = (bearer.tenant, session.id, session.generation);
        let refresh = self.0.vault.refresh_token(of, &session.seed)?;
        let name = self.token_name(session.id, session.generation);
        let mut issued = self.issued(bearer, narrowed, at, Some(name))?;
        issued.refresh = Some((refresh, session.expires_at()));
        Ok(issued)
    }

    /// The name of a session's token, the same for the same generation.
    fn token_name(&self, session: SessionId, generation: i64) -> [u8; 16] {
        let (session, generation) = (session.uuid(), generation.to_be_bytes());
        let parts = [session.as_bytes().as_slice(), generation.as_slice()];
        let id: vocab::EventId = vocab::Id::derive(None, &parts);
        *id.uuid().as_bytes()
    }

    /// Who gets a user's token.
    fn user_bearer(
        &self,
        tenant: TenantId,
        (user, roles): (&User, &[crate::domain::Role]),
        session: SessionId,
    ) -> Bearer {
        Bearer {
            tenant,
            subject: user.id.to_string(),
            user: Some(user.id),
            customer: user.customer,
            session,
            locations: user.locations.clone(),
            held: self.held(user, roles),
            audience: String::new(),
        }
    }
}

/// A submission of a call that nobody's token came with, for whoever proved to be somebody.
fn submission(call: &Call, tenant: TenantId, (kind, id): (ActorType, String)) -> Submission {
    Submission {
        tenant,
        principal: format!("{}:{id}", i32::from(kind)),
        actor: Actor { kind, id },
        ..Submission::from(call)
    }
}

/// Who a user is to facts.
fn actor_of(user: &User) -> (ActorType, String) {
    match user.customer {
        Some(customer) => (ActorType::Customer, customer.to_string()),
        None => (ActorType::User, user.id.to_string()),
    }
}

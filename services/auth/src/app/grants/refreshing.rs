//! A session that goes on: each refresh token works once.

use chassis::call::{ActorType, Call};
use chassis::fault::Fault;
use journal::Tries;
use vocab::TenantId;

use super::passwords::rested;
use super::{actor_of, submission};
use crate::app::release::PROFILE_OF_GUESTS;
use crate::app::tokens::{Bearer, Issued};
use crate::app::vault::RefreshToken;
use crate::app::{App, unexpected};
use crate::db::Entry;
use crate::domain::command::{Ending, Refreshing, Rested};
use crate::domain::{Answer, Cause, Command, Outcome, Refusal, Session};

impl App {
    /// Trades a refresh token for the next pair.
    pub async fn refresh(
        &self,
        call: &Call,
        token: &str,
        narrowed: &[String],
    ) -> Result<Issued, Fault> {
        let (token, session) = self.proved(token).await?;
        let mut tries = Tries::default();
        loop {
            let entry = self.entry_of(token.tenant, &session).await?;
            let actor = match &entry {
                Some(entry) => actor_of(&entry.user),
                None => guest(&session),
            };
            let command = Command::Refresh(Box::new(Refreshing {
                session: session.id,
                generation: token.generation.into(),
                rested: match &entry {
                    Some(entry) => rested(token.tenant, entry),
                    None => Rested {
                        tenant: token.tenant,
                        user: None,
                        roles: Vec::new(),
                    },
                },
            }));
            let submission = submission(call, token.tenant, actor.clone());
            let tried = self.submit(submission, command).await;
            let Some(done) = tries.settle(tried) else {
                continue;
            };
            if let Err(fault) = &done
                && fault.reason().name == "TOKEN_REUSED"
            {
                let saw = (token.tenant, actor);
                self.saw(call, saw, Outcome::Denied, fault.reason().name);
                self.end_family(call, token.tenant, &session).await?;
            }
            let Answer::Session(now, at) = done? else {
                return Err(unexpected(&Answer::Done));
            };
            let bearer = self.bearer(token.tenant, entry.as_ref(), &now);
            return self.paired(bearer, narrowed, (&now, at));
        }
    }

    /// Takes a refresh token apart and compares it with its session.
    pub(in crate::app) async fn proved(
        &self,
        token: &str,
    ) -> Result<(RefreshToken, Session), Fault> {
        let invalid = || Fault::from(Refusal::CredentialsInvalid);
        let token = RefreshToken::parse(token).ok_or_else(invalid)?;
        let session = self.0.db.session(token.tenant, token.session).await?;
        let session = session.ok_or_else(invalid)?;
        match self.0.vault.proves(&token, &session.seed)? {
            true => Ok((token, session)),
            false => Err(invalid()),
        }
    }

    async fn entry_of(&self, tenant: TenantId, of: &Session) -> Result<Option<Entry>, Fault> {
        let Some(user) = of.user else {
            return Ok(None);
        };
        let entry = self.0.db.entry_of(tenant, user).await?;
        entry.map(Some).ok_or_else(|| Refusal::TokenRevoked.into())
    }

    /// One of two who have the token may be a thief: both lose it.
    async fn end_family(
        &self,
        call: &Call,
        tenant: TenantId,
        session: &Session,
    ) -> Result<(), Fault> {
        let ending = Ending {
            sessions: vec![session.id],
            unkept: None,
            cause: Cause::TokenReused,
        };
        let system = (ActorType::System, "system".to_owned());
        let submission = submission(call, tenant, system);
        self.submit(submission, Command::End(ending)).await?;
        Ok(())
    }

    fn bearer(&self, tenant: TenantId, entry: Option<&Entry>, session: &Session) -> Bearer {
        match entry {
            Some(entry) => {
                self.user_bearer(tenant, (&entry.user, entry.roles.as_slice()), session.id)
            }
            None => self.guest_bearer(tenant, session),
        }
    }

    /// Who gets a guest's token.
    pub(super) fn guest_bearer(&self, tenant: TenantId, session: &Session) -> Bearer {
        let allowed = self
            .0
            .release
            .rules
            .system
            .get(crate::app::release::GUEST_ROLE);
        let mut held = allowed.cloned().unwrap_or_default();
        held.extend(PROFILE_OF_GUESTS.iter().map(|it| (*it).to_owned()));
        let subject = session.customer.map(|it| it.to_string());
        Bearer {
            tenant,
            subject: subject.unwrap_or_default(),
            user: None,
            customer: session.customer,
            session: session.id,
            locations: Vec::new(),
            held,
            audience: String::new(),
        }
    }
}

/// Who a guest is to facts.
fn guest(session: &Session) -> (ActorType, String) {
    let customer = session.customer.map(|it| it.to_string());
    (ActorType::Customer, customer.unwrap_or_default())
}

//! Signing out: oneself, or others.

use chassis::call::{ActorType, Call};
use chassis::fault::Fault;
use journal::{Actor, Submission};
use vocab::{SessionId, TenantId};

use super::{App, unexpected};
use crate::db::{Living, LivingList};
use crate::domain::command::Ending;
use crate::domain::{Answer, Cause, Command, Refusal, Session};

/// The most sessions that end in one command.
const AT_ONCE: usize = 500;
/// The most commands of one call.
const ROUNDS_MAX: usize = 200;

impl App {
    /// Signs out whoever a refresh token belongs to, any of its session.
    pub async fn sign_out(&self, call: &Call, refresh_token: &str) -> Result<(), Fault> {
        let Ok((token, session)) = self.proved(refresh_token).await else {
            return Ok(());
        };
        let actor = owner(&session);
        let ending = (vec![session.id], None, Cause::SignedOut);
        self.end(own(call, token.tenant, actor), ending).await?;
        Ok(())
    }

    /// Signs out whoever an access token belongs to, expired or not.
    pub async fn sign_out_bearer(&self, call: &Call, access_token: &str) -> Result<(), Fault> {
        let Ok(identity) = self.0.verifier.read(access_token).await else {
            return Ok(());
        };
        let Ok(id) = identity.caller.session.parse::<SessionId>() else {
            return Ok(());
        };
        let tenant = identity.tenant;
        let actor = Actor {
            kind: identity.caller.kind,
            id: identity.caller.id.clone(),
        };
        let kept = self.0.db.session(tenant, id).await?.is_some();
        let ending = match kept {
            true => (vec![id], None, Cause::SignedOut),
            false => (Vec::new(), Some(id), Cause::SignedOut),
        };
        self.end(own(call, tenant, actor), ending).await?;
        Ok(())
    }

    /// Ends sessions that staff name: of a user, of a customer, or one.
    pub async fn end_sessions(
        &self,
        call: &Call,
        list: LivingList,
        only: Option<SessionId>,
    ) -> Result<i32, Fault> {
        let mut count = 0;
        for _ in 0..ROUNDS_MAX {
            let sessions = match only {
                Some(id) => self
                    .0
                    .db
                    .session(call.tenant, id)
                    .await?
                    .into_iter()
                    .collect(),
                None => {
                    let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
                    let list = LivingList {
                        limit,
                        ..list.clone()
                    };
                    self.0.db.living(call.tenant, list).await?
                }
            };
            let ids: Vec<SessionId> = sessions.iter().map(|it: &Session| it.id).collect();
            let full = ids.len() == AT_ONCE && only.is_none();
            if !ids.is_empty() {
                let submission = Submission {
                    attempt: None,
                    ..Submission::from(call)
                };
                let ending = (ids, None, Cause::Administrator);
                count += self.end(submission, ending).await?;
            }
            if !full {
                break;
            }
        }
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// Ends sessions of the caller: those named, or all but the one that calls.
    pub async fn end_own(&self, call: &Call, named: Vec<SessionId>) -> Result<i32, Fault> {
        let own: Vec<SessionId> = self.own_sessions(call).await?;
        let ids: Vec<SessionId> = match named.is_empty() {
            true => {
                let others = own.into_iter();
                others
                    .filter(|it| it.to_string() != call.caller.session)
                    .collect()
            }
            false => {
                for id in &named {
                    let session = self.0.db.session(call.tenant, *id).await?;
                    let mine = |it: &Session| match it.user {
                        Some(user) => call.caller.user == Some(user),
                        None => call.caller.user.is_none() && it.customer == call.caller.customer,
                    };
                    if !session.as_ref().is_some_and(mine) {
                        return Err(Refusal::SessionMissing.into());
                    }
                }
                named
            }
        };
        let ending = (ids, None, Cause::SignedOut);
        let count = self.end(Submission::from(call), ending).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    async fn own_sessions(&self, call: &Call) -> Result<Vec<SessionId>, Fault> {
        if let Some(user) = call.caller.user {
            let entry = self.0.db.entry_of(call.tenant, user).await?;
            let living = entry.map(|it| it.living).unwrap_or_default();
            return Ok(living.iter().map(|it: &Living| it.id).collect());
        }
        let Some(customer) = call.caller.customer else {
            return Ok(Vec::new());
        };
        let list = LivingList {
            customer: Some(customer),
            limit: i64::try_from(AT_ONCE).unwrap_or(i64::MAX),
            ..LivingList::default()
        };
        let living = self.0.db.living(call.tenant, list).await?;
        Ok(living.iter().map(|it| it.id).collect())
    }

    /// A page of sessions that live, the latest used first.
    pub async fn list_sessions(
        &self,
        call: &Call,
        list: LivingList,
    ) -> Result<Vec<Session>, Fault> {
        self.0.db.living(call.tenant, list).await
    }

    async fn end(
        &self,
        of: Submission,
        (sessions, unkept, cause): (Vec<SessionId>, Option<SessionId>, Cause),
    ) -> Result<i64, Fault> {
        let ending = Ending {
            sessions,
            unkept,
            cause,
        };
        match self.submit(of, Command::End(ending)).await? {
            Answer::Count(count) => Ok(count),
            other => Err(unexpected(&other)),
        }
    }
}

/// What the holder of a token does without showing another.
fn own(call: &Call, tenant: TenantId, actor: Actor) -> Submission {
    Submission {
        tenant,
        actor,
        ..Submission::from(call)
    }
}

fn owner(session: &Session) -> Actor {
    let customer = session
        .customer
        .map(|it| (ActorType::Customer, it.to_string()));
    let user = session.user.map(|it| (ActorType::User, it.to_string()));
    let (kind, id) = customer
        .or(user)
        .unwrap_or((ActorType::System, "system".to_owned()));
    Actor { kind, id }
}

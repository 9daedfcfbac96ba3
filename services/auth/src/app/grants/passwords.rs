//! A user with their password.
//!
//! Whoever is not known is answered the same and after the same time: the same questions are asked
//! and the same work is done for them, for a user of nobody.

use chassis::call::{ActorType, Call};
use chassis::fault::Fault;
use journal::Tries;
use vocab::{SessionId, TenantId};

use super::{Visitor, actor_of, submission};
use crate::app::passwords::judge;
use crate::app::tokens::Issued;
use crate::app::{App, unexpected};
use crate::db::{Entry, nobody};
use crate::domain::command::{Begin, Rested, Trying};
use crate::domain::{Answer, Command, Outcome, PasswordRule, Refusal, SESSIONS_MAX};

/// What a user shows.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Where they are known.
    pub tenant_code: String,
    /// Their name.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The one from now on, if it changes.
    pub new_password: Option<String>,
}

impl App {
    /// Signs a user in.
    pub async fn sign_in(
        &self,
        call: &Call,
        visitor: &Visitor,
        proof: &Proof,
        narrowed: &[String],
    ) -> Result<Issued, Fault> {
        renewable(proof)?;
        let trying = self.trying(visitor, proof);
        self.count_try(call, trying.clone()).await?;
        let tenant = self.0.db.tenant_of(proof.tenant_code.clone()).await?;
        let (known, tenant) = (tenant.is_some(), tenant.unwrap_or_else(nobody));
        let digest = self.0.vault.email(tenant, &proof.email);
        let entry = self.0.db.entry(tenant, digest).await?;
        let hash = entry.as_ref().map(|it| it.access.hash.as_str());
        let right = self
            .0
            .hashing
            .matches(&proof.password, hash, call.deadline)
            .await?;
        let Some(entry) = entry.filter(|_| right) else {
            if known {
                let reason = "CREDENTIALS_INVALID";
                self.saw_stranger(call, tenant, reason);
            }
            return Err(Refusal::CredentialsInvalid.into());
        };
        let new_hash = self.renewed(call, proof).await?;
        let begun = Beginning {
            visitor,
            trying: &trying,
            new_hash,
        };
        let user = entry.user.clone();
        let done = self.begin(call, (tenant, entry), &begun, narrowed).await;
        let (outcome, reason) = match &done {
            Ok(_) => (Outcome::Allowed, ""),
            Err(fault) => (Outcome::Denied, fault.reason().name),
        };
        self.saw(call, (tenant, actor_of(&user)), outcome, reason);
        done
    }

    fn trying(&self, visitor: &Visitor, proof: &Proof) -> Trying {
        let email = proof.email.to_lowercase();
        let account = [b"account", proof.tenant_code.as_bytes(), email.as_bytes()];
        let address = [b"address".as_slice(), visitor.address.as_bytes()];
        let known = !visitor.address.is_empty();
        Trying {
            account: Some(self.0.vault.tries(&account)),
            address: known.then(|| self.0.vault.tries(&address)),
        }
    }

    /// The tries of a user who has a token already.
    pub(in crate::app) async fn count_try(&self, call: &Call, trying: Trying) -> Result<(), Fault> {
        let system = (ActorType::System, "system".to_owned());
        let mut submission = submission(call, nobody(), system);
        submission.attempt = None;
        self.submit(submission, Command::Try(trying)).await?;
        Ok(())
    }

    /// The hash of the password from now on, if it changes.
    async fn renewed(&self, call: &Call, proof: &Proof) -> Result<Option<String>, Fault> {
        match &proof.new_password {
            Some(new) => self.0.hashing.hash(new, call.deadline).await.map(Some),
            None => Ok(None),
        }
    }

    async fn begin(
        &self,
        call: &Call,
        (tenant, mut entry): (TenantId, Entry),
        begun: &Beginning<'_>,
        narrowed: &[String],
    ) -> Result<Issued, Fault> {
        let proved = entry.access.hash.clone();
        let mut tries = Tries::default();
        loop {
            let command = self.beginning(tenant, &entry, begun)?;
            let submission = submission(call, tenant, actor_of(&entry.user));
            let tried = self.submit(submission, command).await;
            if let Some(done) = tries.settle(tried) {
                let Answer::Session(session, at) = done? else {
                    return Err(unexpected(&Answer::Done));
                };
                let of = (&entry.user, entry.roles.as_slice());
                let bearer = self.user_bearer(tenant, of, session.id);
                return self.paired(bearer, narrowed, (&session, at));
            }
            let again = self.0.db.entry_of(tenant, entry.user.id).await?;
            entry = again.ok_or(Refusal::CredentialsInvalid)?;
            if entry.access.hash != proved {
                return Err(Refusal::CredentialsInvalid.into());
            }
        }
    }

    fn beginning(
        &self,
        tenant: TenantId,
        entry: &Entry,
        begun: &Beginning<'_>,
    ) -> Result<Command, Fault> {
        let mut session = self.new_session(begun.visitor)?;
        session.user = Some(entry.user.id);
        session.customer = entry.user.customer;
        let living = i64::try_from(entry.living.len()).unwrap_or(i64::MAX);
        Ok(Command::Begin(Box::new(Begin {
            session,
            rested: rested(tenant, entry),
            hash: Some(entry.access.hash.clone()),
            new_hash: begun.new_hash.clone(),
            proved: begun.trying.clone(),
            counted: (entry.access.begun, living),
            ending: ending(entry, begun.new_hash.is_some()),
        })))
    }
}

/// Refuses a new password that does not do, before anything is tried: it says nothing of the one
/// until now, and whoever has to think again used up no try.
fn renewable(proof: &Proof) -> Result<(), Refusal> {
    match &proof.new_password {
        Some(new) if *new == proof.password => Err(Refusal::PasswordTooWeak(PasswordRule::Same)),
        Some(new) => judge(new, &proof.email),
        None => Ok(()),
    }
}

/// A sign-in under way.
struct Beginning<'a> {
    visitor: &'a Visitor,
    trying: &'a Trying,
    new_hash: Option<String>,
}

/// What the tokens of a user rest on.
pub(super) fn rested(tenant: TenantId, entry: &Entry) -> Rested {
    let own = entry.roles.iter().filter(|it| !it.system);
    Rested {
        tenant,
        user: Some((entry.user.id, entry.user.version)),
        roles: own.map(|it| (it.id, it.version)).collect(),
    }
}

/// Sessions that end: all for a new password, else the idlest where there are too many.
fn ending(entry: &Entry, renews: bool) -> Vec<SessionId> {
    let most = usize::try_from(SESSIONS_MAX).unwrap_or(usize::MAX);
    let over = match renews {
        true => entry.living.len(),
        false => (entry.living.len() + 1).saturating_sub(most),
    };
    entry.living.iter().take(over).map(|it| it.id).collect()
}

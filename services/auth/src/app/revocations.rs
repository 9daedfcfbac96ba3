//! Which tokens a fact withdrew. Revocations are kept nowhere: they follow from the log.
//!
//! A fact about a role does not say who has it. Those who have it when the revocation is told are
//! asked for: whoever had it and lost it since had their tokens withdrawn by that, and whoever got
//! it since has tokens that are younger.

use std::time::Duration;

use chassis::fault::Fault;
use journal::Recorded;
use vocab::{Moment, RoleId, TenantId};

use super::App;
use crate::db::{REVOKING_KINDS, RevokedCursor, RevokedList, read_fact};
use crate::domain::{Aggregate, Cause, Fact, Happened, PasswordChange};

/// For how long a fact concerns living tokens: the longest life of a token, and how far clocks may
/// differ.
pub const REVOKED_FOR: Duration = Duration::from_secs(3_600 + 60);
/// For more holders of a role than this every token of the tenant is withdrawn.
const HOLDERS_MAX: usize = 500;

/// Tokens that were withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Whose; nobody's for a key.
    pub tenant: Option<TenantId>,
    /// Which.
    pub target: Target,
    /// Issued before this.
    pub cutoff: Moment,
    /// Why.
    pub cause: Cause,
}

/// Which tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Those of a session.
    Session(String),
    /// Those of a user.
    User(String),
    /// Those of an API key.
    ApiKey(String),
    /// Those of a service account.
    Account(String),
    /// Every one of the tenant.
    Tenant,
    /// Those that a key signed.
    Key(String),
}

/// What a recorded fact withdrew, as far as it says it alone.
enum Said {
    /// Tokens of somebody or something that it names.
    Of(Target, Cause),
    /// Those of whoever has a role.
    OfRole(RoleId),
}

/// The tokens that a recorded fact withdrew, by itself.
fn said_by(recorded: &Recorded) -> (Moment, Vec<Said>) {
    // Most facts withdraw nothing, which their kind says already.
    if !REVOKING_KINDS.contains(&recorded.kind.as_str()) {
        return (recorded.recorded_at, Vec::new());
    }
    // A fact that cannot be read withdraws whatever it may concern.
    let Ok(fact) = read_fact(&recorded.kind, &recorded.payload) else {
        let all = Said::Of(Target::Tenant, Cause::RightsChanged);
        return (recorded.recorded_at, vec![all]);
    };
    let cutoff = fact.at.max(recorded.recorded_at);
    if let (Happened::RoleUpdated(_, true), Aggregate::Role(role)) = (&fact.what, &fact.after) {
        return (cutoff, vec![Said::OfRole(role.id)]);
    }
    let targets = targets(&fact).into_iter();
    let said = targets.map(|(target, cause)| Said::Of(target, cause));
    (cutoff, said.collect())
}

fn targets(fact: &Fact) -> Vec<(Target, Cause)> {
    let id = subject(&fact.after);
    match &fact.what {
        Happened::SessionRevoked => match &fact.after {
            Aggregate::Ended(it) => vec![(Target::Session(id), it.cause)],
            _ => Vec::new(),
        },
        Happened::UserDisabled | Happened::UserErased => {
            vec![(Target::User(id), Cause::UserDisabled)]
        }
        Happened::RoleRevoked(_) => vec![(Target::User(id), Cause::RightsChanged)],
        Happened::UserUpdated(paths) if paths.iter().any(|it| it == "location_ids") => {
            vec![(Target::User(id), Cause::RightsChanged)]
        }
        Happened::PasswordChanged(PasswordChange::Administrator) => {
            vec![(Target::User(id), Cause::PasswordChanged)]
        }
        Happened::ApiKeyRevoked => vec![(Target::ApiKey(id), Cause::ClientRevoked)],
        Happened::AccountDisabled(_) => vec![(Target::Account(id), Cause::ClientRevoked)],
        Happened::AccountUpdated(_, true) => vec![(Target::Account(id), Cause::RightsChanged)],
        Happened::TenantSuspended => vec![(Target::Tenant, Cause::TenantSuspended)],
        Happened::KeysRotated(withdrawn) => {
            let keys = withdrawn.iter().cloned();
            keys.map(|kid| (Target::Key(kid), Cause::KeyWithdrawn))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The id of an aggregate, as tokens carry it.
fn subject(after: &Aggregate) -> String {
    match after {
        Aggregate::User(it) => it.id.to_string(),
        Aggregate::ApiKey(it) => it.id.to_string(),
        Aggregate::Account(it) => it.id.to_string(),
        Aggregate::Ended(it) => it.id.to_string(),
        Aggregate::Tenant(it) => it.id.to_string(),
        Aggregate::Role(it) => it.id.to_string(),
        Aggregate::Keys(_) => String::new(),
    }
}

impl App {
    /// The tokens that a recorded fact withdrew.
    pub async fn withdrawn_by(&self, recorded: &Recorded) -> Result<Vec<Revocation>, Fault> {
        let (cutoff, said) = said_by(recorded);
        let mut withdrawn = Vec::with_capacity(said.len());
        for it in said {
            let targets = match it {
                Said::Of(target, cause) => vec![(target, cause)],
                Said::OfRole(role) => self.of_role(recorded.tenant, role).await?,
            };
            let each = targets.into_iter().map(|(target, cause)| Revocation {
                tenant: match target {
                    Target::Key(_) => None,
                    _ => Some(recorded.tenant),
                },
                target,
                cutoff,
                cause,
            });
            withdrawn.extend(each);
        }
        Ok(withdrawn)
    }

    async fn of_role(&self, tenant: TenantId, role: RoleId) -> Result<Vec<(Target, Cause)>, Fault> {
        let holders = self.0.revoked.holders(tenant, role, HOLDERS_MAX).await?;
        let Some(holders) = holders else {
            return Ok(vec![(Target::Tenant, Cause::RightsChanged)]);
        };
        let users = holders.users.iter().map(|it| Target::User(it.to_string()));
        let accounts = holders.accounts.iter();
        let accounts = accounts.map(|it| Target::Account(it.to_string()));
        let each = users.chain(accounts).map(|it| (it, Cause::RightsChanged));
        Ok(each.collect())
    }

    /// A page of facts that withdrew tokens which may still live, the oldest first.
    pub async fn list_revoked(
        &self,
        tenant: Option<TenantId>,
        since: Option<Moment>,
        after: Option<RevokedCursor>,
        limit: i64,
    ) -> Result<Vec<Recorded>, Fault> {
        let now = self.0.clock.now();
        let micros = i64::try_from(REVOKED_FOR.as_micros()).unwrap_or(i64::MAX);
        let oldest = Moment::from_micros(now.micros().saturating_sub(micros));
        let oldest = oldest.unwrap_or(Moment::FIRST);
        let list = RevokedList {
            tenant,
            since: since.map_or(oldest, |it| it.max(oldest)),
            after,
            limit,
        };
        self.0.revoked.list(&list).await
    }
}

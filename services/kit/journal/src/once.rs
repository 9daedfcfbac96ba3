//! What was answered to a request that no ledger decides: remembered where the answers of commands
//! are, by the same rules, and forgotten by the same job.
//!
//! Repetitions of one request wait for each other. **Invariant:** the answer is in one commit with
//! whatever is written on the same connection.

use chassis::call::Attempt;
use chassis::fault::Fault;
use sqlx::PgConnection;
use vocab::TenantId;

use crate::attempt::request_id_reused;
use crate::reads::fault;
use crate::submission::Memory;

/// Whoever comes second waits here until the first has committed or gone.
const WAIT: &str = "SELECT set_config('app.tenants', $1, true),
    pg_advisory_xact_lock(hashtextextended($2, 0))";
const READ: &str = "SELECT fingerprint, answer FROM idempotency
    WHERE tenant_id = $1 AND principal = $2 AND method = $3 AND request_id = $4";
const KEEP: &str = "INSERT INTO idempotency (tenant_id, principal, method, request_id, fingerprint,
      refused, answer, recorded_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, false, $6, now(), now() + $7)";

/// A request that may come again.
#[derive(Clone, Debug)]
pub struct Once {
    /// For whom.
    pub tenant: TenantId,
    /// Whose request ids these are.
    pub principal: String,
    /// The full name of the rpc.
    pub method: &'static str,
    /// What a repetition is recognised by.
    pub attempt: Attempt,
}

impl Once {
    /// Reads the first answer within a transaction, behind whoever is giving it now. The tenant is
    /// announced from here on.
    pub async fn answered(&self, tx: &mut PgConnection) -> Result<Option<Vec<u8>>, Fault> {
        let found = self.find(tx).await.map_err(fault)?;
        let Some((fingerprint, answer)) = found else {
            return Ok(None);
        };
        if fingerprint != self.attempt.fingerprint {
            return Err(request_id_reused());
        }
        Ok(Some(answer))
    }

    /// Keeps the answer with what was written in the same transaction.
    pub async fn keep(&self, tx: &mut PgConnection, answer: &[u8]) -> Result<(), Fault> {
        let memory = Memory::Day.duration();
        let kept = sqlx::query(KEEP)
            .bind(self.tenant.uuid())
            .bind(&self.principal)
            .bind(self.method)
            .bind(self.attempt.request_id)
            .bind(self.attempt.fingerprint.as_slice())
            .bind(answer)
            .bind(memory)
            .execute(tx)
            .await;
        kept.map(drop).map_err(fault)
    }

    async fn find(&self, tx: &mut PgConnection) -> Result<Option<(Vec<u8>, Vec<u8>)>, sqlx::Error> {
        let request = self.attempt.request_id;
        let tenant = self.tenant.uuid();
        let name = format!("{tenant} {} {} {request}", self.principal, self.method);
        sqlx::query(WAIT)
            .bind(tenant.to_string())
            .bind(name)
            .execute(&mut *tx)
            .await?;
        sqlx::query_as(READ)
            .bind(tenant)
            .bind(&self.principal)
            .bind(self.method)
            .bind(request)
            .fetch_optional(tx)
            .await
    }
}

//! Writes of operators that may come again: a repetition hears the first answer for a day.
//!
//! Repetitions of one request wait for each other. **Invariant:** the answer is in one commit with
//! whatever was written on the same connection.

use chassis::fault::Fault;
use contracts::common::ErrorReason;
use journal::Attempt;
use prost::Message;
use sqlx::{PgConnection, Postgres, Transaction};
use vocab::TenantId;

use super::{Asker, Ops};
use crate::begun::begun;

/// Begins a request: its repetitions wait here.
const WAIT: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const FORGET: &str = "DELETE FROM operator_answers WHERE expires_at < now()";
const READ: &str = "SELECT fingerprint, answer FROM operator_answers
    WHERE tenant_id = $1 AND principal = $2 AND method = $3 AND request_id = $4";
const KEEP: &str = "INSERT INTO operator_answers
      (tenant_id, principal, method, request_id, fingerprint, answer, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, now() + interval '24 hours')";

/// A request that was begun.
pub(super) enum Begun<M> {
    /// It was answered before.
    Known(M),
    /// It is the first, and is kept open until its answer is kept.
    First(Once),
}

/// A request that is answered for the first time.
pub(super) struct Once {
    tx: Transaction<'static, Postgres>,
    named: Option<Named>,
}

/// What repetitions are recognised by.
struct Named {
    tenant: TenantId,
    principal: String,
    method: &'static str,
    attempt: Attempt,
}

impl Ops {
    /// Begins a request, unless it was answered before.
    pub(super) async fn once<M: Message + Default>(
        &self,
        asker: &Asker,
        method: &'static str,
    ) -> Result<Begun<M>, Fault> {
        let mut tx = begun(&self.parts().log).await.map_err(journal::fault)?;
        let named = asker.attempt.map(|attempt| Named {
            tenant: asker.tenant,
            principal: asker.principal.clone(),
            method,
            attempt,
        });
        let known = match &named {
            Some(named) => named.answered(&mut tx).await?,
            None => None,
        };
        match known {
            Some(bytes) => {
                let answer = M::decode(bytes.as_slice()).map_err(Fault::bug)?;
                Ok(Begun::Known(answer))
            }
            None => Ok(Begun::First(Once { tx, named })),
        }
    }
}

impl Once {
    /// What is written here is written together with the answer.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Keeps the answer, commits and gives it back.
    pub async fn keep<M: Message>(mut self, answer: M) -> Result<M, Fault> {
        if let Some(named) = &self.named {
            let bytes = answer.encode_to_vec();
            let kept = named.keep(&mut self.tx, bytes).await;
            kept.map_err(journal::fault)?;
        }
        self.tx.commit().await.map_err(journal::fault)?;
        Ok(answer)
    }
}

impl Named {
    /// Reads the first answer, behind whoever is giving it now.
    async fn answered(&self, connection: &mut PgConnection) -> Result<Option<Vec<u8>>, Fault> {
        let read = self.read(connection).await.map_err(journal::fault)?;
        let Some((fingerprint, answer)) = read else {
            return Ok(None);
        };
        if fingerprint != self.attempt.fingerprint {
            let message = "the request_id was used before for another request";
            return Err(Fault::shared(ErrorReason::RequestIdReused, message));
        }
        Ok(Some(answer))
    }

    async fn read(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, sqlx::Error> {
        let request = self.attempt.request_id;
        let name = format!(
            "{} {} {} {request}",
            self.tenant, self.principal, self.method
        );
        sqlx::query(WAIT)
            .bind(name)
            .execute(&mut *connection)
            .await?;
        sqlx::query(FORGET).execute(&mut *connection).await?;
        sqlx::query_as(READ)
            .bind(self.tenant.uuid())
            .bind(&self.principal)
            .bind(self.method)
            .bind(request)
            .fetch_optional(connection)
            .await
    }

    async fn keep(
        &self,
        connection: &mut PgConnection,
        answer: Vec<u8>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(KEEP)
            .bind(self.tenant.uuid())
            .bind(&self.principal)
            .bind(self.method)
            .bind(self.attempt.request_id)
            .bind(self.attempt.fingerprint.as_slice())
            .bind(answer)
            .execute(connection)
            .await
            .map(|_| ())
    }
}

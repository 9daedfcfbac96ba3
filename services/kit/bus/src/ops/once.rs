//! Writes of operators that may come again: a repetition hears the first answer for a day.
//!
//! **Invariant:** the answer is in one commit with whatever was written on the same connection.

use chassis::fault::Fault;
use prost::Message;
use sqlx::{PgConnection, Postgres, Transaction};

use super::{Asker, Ops};
use crate::begun::begun;

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
    named: Option<journal::Once>,
}

impl Ops {
    /// Begins a request, unless it was answered before.
    pub(super) async fn once<M: Message + Default>(
        &self,
        asker: &Asker,
        method: &'static str,
    ) -> Result<Begun<M>, Fault> {
        let mut tx = begun(&self.parts().log).await.map_err(journal::fault)?;
        let named = asker.attempt.map(|attempt| journal::Once {
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
            named.keep(&mut self.tx, &bytes).await?;
        }
        self.tx.commit().await.map_err(journal::fault)?;
        Ok(answer)
    }
}

//! The audit trail: recorded for services, read by staff.

use chassis::call::Call;
use chassis::fault::Fault;
use vocab::AuditId;

use super::{App, unexpected};
use crate::db::{AuditList, AuditPlace};
use crate::domain::{Act, Answer, Audited, Command};

/// How many entries a watch takes at once.
const AT_ONCE: i64 = 500;

impl App {
    /// Records acts that a service reports. Returns how many were new.
    pub async fn record(&self, call: &Call, acts: Vec<Act>) -> Result<i32, Fault> {
        match self.submit(call, Command::Record(acts)).await? {
            Answer::Count(count) => Ok(i32::try_from(count).unwrap_or(i32::MAX)),
            other => Err(unexpected(&other)),
        }
    }

    /// One entry.
    pub async fn audit_entry(&self, call: &Call, id: AuditId) -> Result<Audited, Fault> {
        let found = self.0.db.audit_entry(call.tenant, id).await?;
        found.ok_or_else(|| Fault::missing("retail.auth.v1.AuditEntry", id.to_string()))
    }

    /// A page of entries, the newest first.
    pub async fn list_audit(&self, call: &Call, list: AuditList) -> Result<Vec<Audited>, Fault> {
        self.0.db.list_audit(call.tenant, list).await
    }

    /// What was recorded behind a place, each with its own, and the place behind it all.
    pub async fn audit_behind(
        &self,
        call: &Call,
        place: AuditPlace,
    ) -> Result<(Vec<(Audited, AuditPlace)>, AuditPlace), Fault> {
        self.0.db.audit_behind(call.tenant, place, AT_ONCE).await
    }

    /// The place of now.
    pub async fn audit_now(&self) -> Result<AuditPlace, Fault> {
        self.0.db.audit_now().await
    }
}

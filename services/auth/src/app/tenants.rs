//! What is done with tenants.

use chassis::call::Call;
use chassis::fault::Fault;
use journal::{Submission, Tries};
use vocab::TenantId;

use super::contact::{Contact, Person};
use super::opening::Opening;
use super::{App, answered, operator, unexpected};
use crate::domain::command::{TenantContent, TenantRevision};
use crate::domain::{Answer, Command, Refusal, Tenant};

/// What is said of a tenant, and what is different by the names of the contract.
#[derive(Clone, Debug)]
pub struct TenantAsked {
    /// What is said.
    pub content: TenantContent,
    /// What is different.
    pub paths: Vec<String>,
}

impl App {
    /// Opens a tenant with its roles and its first user, who is invited. A repetition of the
    /// request finds the tenant by its id, which follows from the request.
    pub async fn create_tenant(
        &self,
        call: &Call,
        content: TenantContent,
        admin: Contact,
    ) -> Result<(Tenant, Person), Fault> {
        let attempt = call.attempt.ok_or_else(|| Fault::bug("no attempt"))?;
        let parts = [call.caller.id.as_bytes(), attempt.request_id.as_bytes()];
        let id = TenantId::derive(None, &parts);
        let opening = Opening {
            id,
            operator: false,
            content,
            admin,
            password: None,
        };
        let command = self.opened_tenant(opening).await?;
        let submission = Submission {
            tenant: id,
            ..Submission::from(call)
        };
        match self.submit(submission, command).await? {
            Answer::Opened(tenant, user) => {
                let person = self.person_of(tenant.id, *user).await?;
                Ok((*tenant, person))
            }
            other => Err(unexpected(&other)),
        }
    }

    /// A tenant that the caller may see: their own, or any for the operator and for services.
    pub async fn tenant(&self, call: &Call, id: TenantId) -> Result<Tenant, Fault> {
        if !sees(call, id) {
            return Err(Refusal::TenantMissing(id).into());
        }
        let found = self.0.db.tenant(id).await?;
        found.ok_or_else(|| Refusal::TenantMissing(id).into())
    }

    /// Changes a tenant.
    pub async fn revise_tenant(
        &self,
        call: &Call,
        id: TenantId,
        etag: Option<String>,
        revise: impl Fn(&Tenant) -> Result<TenantAsked, Fault>,
    ) -> Result<Tenant, Fault> {
        let mut tries = Tries::default();
        loop {
            let present = self.tenant(call, id).await?;
            let asked = revise(&present)?;
            let command = Command::ReviseTenant(Box::new(TenantRevision {
                id,
                etag: etag.clone(),
                version: present.version,
                content: asked.content,
                paths: asked.paths,
            }));
            let submission = Submission {
                tenant: id,
                ..Submission::from(call)
            };
            if let Some(done) = tries.settle(self.submit(submission, command).await) {
                return answered!(done?, Tenant).map(|it| *it);
            }
        }
    }

    /// Closes a tenant for a reason, or opens it again.
    pub async fn suspend_tenant(
        &self,
        call: &Call,
        id: TenantId,
        reason: Option<&str>,
        etag: Option<String>,
    ) -> Result<Tenant, Fault> {
        self.tenant(call, id).await?;
        let call = call.clone().because(reason.unwrap_or_default());
        let command = Command::SuspendTenant(id, reason.map(str::to_owned), etag);
        let submission = Submission {
            tenant: id,
            ..Submission::from(&call)
        };
        answered!(self.submit(submission, command).await?, Tenant).map(|it| *it)
    }

    /// A page of tenants behind a code, in the order of their codes, as far as a filter lets them.
    pub async fn list_tenants(
        &self,
        after: String,
        limit: i64,
        wanted: impl Fn(&Tenant) -> bool,
    ) -> Result<(Vec<Tenant>, bool), Fault> {
        let limit_size = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut found, mut after) = (Vec::new(), after);
        loop {
            let ids = self.0.db.codes(after.clone(), limit + 1).await?;
            let last_round = ids.len() <= limit_size;
            for id in ids {
                let Some(tenant) = self.0.db.tenant(id).await? else {
                    continue;
                };
                after.clone_from(&tenant.code);
                if !wanted(&tenant) {
                    continue;
                }
                if found.len() == limit_size {
                    return Ok((found, true));
                }
                found.push(tenant);
            }
            if last_round {
                return Ok((found, false));
            }
        }
    }

    /// The tenant that has a code.
    pub async fn tenant_of_code(&self, code: &str) -> Result<Option<Tenant>, Fault> {
        let Some(id) = self.0.db.tenant_of(code.to_owned()).await? else {
            return Ok(None);
        };
        self.0.db.tenant(id).await
    }
}

/// Whether a caller may know of a tenant.
fn sees(call: &Call, id: TenantId) -> bool {
    let service = call.caller.kind == chassis::call::ActorType::Service;
    call.tenant == id || call.tenant == operator() || service
}

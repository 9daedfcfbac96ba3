//! A guest, for whom a fresh customer is drawn.

use chassis::call::{ActorType, Call};
use chassis::fault::Fault;

use super::{Visitor, submission};
use crate::app::tokens::Issued;
use crate::app::{App, unexpected};
use crate::domain::command::{Begin, Rested, Trying};
use crate::domain::{Answer, Command};

impl App {
    /// Lets a guest in.
    pub async fn welcome(
        &self,
        call: &Call,
        visitor: &Visitor,
        tenant_code: String,
        narrowed: &[String],
    ) -> Result<Issued, Fault> {
        let code = tenant_code.clone();
        let tenant = self.0.db.tenant_of(tenant_code).await?;
        let tenant = tenant.ok_or_else(|| Fault::missing("retail.auth.v1.Tenant", code))?;
        let mut session = self.new_session(visitor)?;
        session.customer = Some(self.draw()?.id());
        let actor = session
            .customer
            .map(|it| it.to_string())
            .unwrap_or_default();
        let command = Command::Begin(Box::new(Begin {
            session,
            rested: Rested {
                tenant,
                user: None,
                roles: Vec::new(),
            },
            hash: None,
            new_hash: None,
            proved: Trying::default(),
            counted: (0, 0),
            ending: Vec::new(),
        }));
        let submission = submission(call, tenant, (ActorType::Customer, actor));
        let Answer::Session(session, at) = self.submit(submission, command).await? else {
            return Err(unexpected(&Answer::Done));
        };
        let bearer = self.guest_bearer(tenant, &session);
        self.paired(bearer, narrowed, (&session, at))
    }
}

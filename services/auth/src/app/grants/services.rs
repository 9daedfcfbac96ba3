//! Services of the mesh, which prove themselves by a certificate or by a key of their own.

use std::sync::Arc;

use chassis::call::{ActorType, Call};
use chassis::fault::Fault;
use chassis::trust::AUTH;

use crate::app::tokens::{Bearer, Issued};
use crate::app::{App, operator};
use crate::domain::Refusal;

impl App {
    /// Gives a service a token with the permissions of its kind.
    pub async fn exchange(
        &self,
        call: &Call,
        assertion: &str,
        audience: String,
        narrowed: &[String],
    ) -> Result<Issued, Fault> {
        let name = match assertion.is_empty() {
            true => call.peer.clone(),
            false => self.asserted(assertion).await,
        };
        let name = name.ok_or(Refusal::GrantNotAllowed)?;
        self.of_service(&name, audience, narrowed).await
    }

    /// A token of this service itself.
    pub async fn own_token(&self) -> Result<Issued, Fault> {
        self.of_service(AUTH, String::new(), &[]).await
    }

    async fn of_service(
        &self,
        name: &str,
        audience: String,
        narrowed: &[String],
    ) -> Result<Issued, Fault> {
        let held = self.0.release.of_service(name);
        let held = held.ok_or(Refusal::GrantNotAllowed)?;
        let bearer = Bearer {
            tenant: operator(),
            subject: name.to_owned(),
            user: None,
            customer: None,
            session: self.draw()?.id(),
            locations: Vec::new(),
            held,
            audience,
        };
        let now = self.0.db.now().await?;
        self.issued(bearer, narrowed, now, None)
    }

    /// The service whose own key signed an assertion; a key signs for one service alone.
    async fn asserted(&self, assertion: &str) -> Option<Arc<str>> {
        for (name, verifier) in &self.0.services {
            let Ok(identity) = verifier.verify(assertion).await else {
                continue;
            };
            let caller = &identity.caller;
            if caller.kind == ActorType::Service && caller.id == *name {
                return Some(name.as_str().into());
            }
        }
        None
    }
}

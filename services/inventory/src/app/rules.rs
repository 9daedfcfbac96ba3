//! Rules: those of positions, and how a tenant's stock is held.

use journal::Tries;
use std::sync::Arc;

use chassis::call::Call;
use chassis::fault::Fault;
use vocab::LocationId;

use super::{App, unexpected};
use crate::domain::allocation::AllocationPolicy;
use crate::domain::command::{SetAllocation, SetPolicy};
use crate::domain::position::Policy;
use crate::domain::refusal::NotHeld;
use crate::domain::{Answer, Command, Place};

impl App {
    /// The rules of a position; all defaults where none were set.
    pub async fn policy(&self, call: &Call, place: Place) -> Result<Policy, Fault> {
        Ok(self.position(call, place, 0).await?.position.policy)
    }

    /// Gives a position the rules that `revised` makes of its present ones, again if others were
    /// faster.
    pub async fn set_policy(
        &self,
        call: &Call,
        (place, etag): (Place, Option<String>),
        revised: impl Fn(&Policy) -> Result<Policy, Fault> + Send + Sync,
    ) -> Result<Policy, Fault> {
        self.known_at(call, [place.location]).await?;
        self.counted(call, [place.product]).await?;
        let mut tries = Tries::default();
        loop {
            let present = self.policy(call, place).await?;
            let command = Command::SetPolicy(Box::new(SetPolicy {
                place,
                policy: revised(&present)?,
                seen: present.revision,
                etag: etag.clone(),
            }));
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return match done? {
                    Answer::Position(position, _) => Ok(position.policy),
                    other => Err(unexpected(&other)),
                };
            }
        }
    }

    /// How the tenant's stock is held, as it was read last.
    pub async fn allocation(&self, call: &Call) -> Result<Arc<AllocationPolicy>, Fault> {
        self.known.allocation(call.tenant).await
    }

    /// How the tenant's stock is held, as it is now.
    pub async fn allocation_now(&self, call: &Call) -> Result<AllocationPolicy, Fault> {
        let found = self.db.allocation(call.tenant).await?;
        Ok(found.unwrap_or_default())
    }

    /// Holds the tenant's stock in another way.
    pub async fn set_allocation(
        &self,
        call: &Call,
        (policy, etag): (AllocationPolicy, Option<String>),
    ) -> Result<AllocationPolicy, Fault> {
        self.known_at(call, policy.locations.clone()).await?;
        let command = Command::SetAllocation(Box::new(SetAllocation { policy, etag }));
        let answer = self.submit(call, command).await?;
        self.known.forget_allocation(call.tenant).await;
        match answer {
            Answer::Allocation(policy) => Ok(*policy),
            other => Err(unexpected(&other)),
        }
    }

    /// Refuses locations that nobody told of.
    pub(super) async fn known_at(
        &self,
        call: &Call,
        ids: impl IntoIterator<Item = LocationId>,
    ) -> Result<(), Fault> {
        let ids: Vec<LocationId> = ids.into_iter().collect();
        let known = self.known.locations(call.tenant, ids.clone()).await?;
        match ids.iter().find(|id| !known.contains_key(id)) {
            Some(id) => Err(NotHeld::LocationUnknown(*id).into()),
            None => Ok(()),
        }
    }
}

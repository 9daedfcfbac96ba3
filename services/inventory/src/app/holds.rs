//! Timed holds: granted, extended, committed, released, and ended when their time is over.

use std::time::Duration;

use chassis::call::Call;
use chassis::fault::Fault;
use journal::{Submission, Tries};
use uuid::Uuid;
use vocab::{Moment, ReservationId, TenantId, uuid_time_ms};

use super::{App, Asked, unexpected};
use crate::domain::command::{Extend, OnHold, Part, Release, Reserve, Take};
use crate::domain::reservation::{Reference, Reservation};
use crate::domain::{Answer, Command};

/// How long a timed hold lasts when nobody says: the default of every tenant.
const TTL: Duration = Duration::from_secs(900);
/// The number of a hold among the sorts of documents.
const HOLD: i32 = 6;

/// How a hold is to end, in whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The hold.
    pub id: ReservationId,
    /// The fence that the caller knows.
    pub epoch: Option<i64>,
    /// The parts; all of it, if there are none.
    pub parts: Vec<Part>,
    /// Why, for releases.
    pub reason: String,
    /// The version it must meet.
    pub etag: Option<String>,
}

impl App {
    /// Holds stock for a time.
    pub async fn reserve(
        &self,
        call: &Call,
        (reference, asked): (Reference, Asked),
        ttl: Option<Duration>,
    ) -> Result<Reservation, Fault> {
        let submission = Submission::from(call);
        let attempt = call.attempt.ok_or_else(|| Fault::bug("no request id"))?;
        let id = own_id(&submission, attempt.request_id);
        let wanted = self.choose(call, &asked).await??;
        let usual = self.allocation(call).await?.ttl;
        let command = Command::Reserve(Box::new(Reserve {
            id,
            reference,
            wanted,
            ttl: ttl.or(usual).unwrap_or(TTL),
        }));
        hold(self.submit(submission, command).await?)
    }

    /// The hold that a request of the caller makes, or has made.
    pub fn hold_of_request(&self, call: &Call, request: Uuid) -> ReservationId {
        own_id(&Submission::from(call), request)
    }

    /// Gives a timed hold a new end.
    pub async fn extend(&self, call: &Call, command: Extend) -> Result<Reservation, Fault> {
        hold(self.submit(call, Command::Extend(command)).await?)
    }

    /// Takes units of a timed hold out of stock.
    pub async fn commit(&self, call: &Call, ending: Ending) -> Result<Reservation, Fault> {
        self.on_hold(call, ending.id, |on| {
            Command::Commit(Box::new(Take {
                on,
                epoch: ending.epoch.unwrap_or_default(),
                parts: ending.parts.clone(),
                etag: ending.etag.clone(),
            }))
        })
        .await
    }

    /// Gives units of a timed hold back. With `tombstone`, a hold that never was will never be.
    pub async fn release(
        &self,
        call: &Call,
        ending: Ending,
        tombstone: bool,
    ) -> Result<Reservation, Fault> {
        let stone = Reference {
            kind: HOLD,
            id: ending.id.to_string(),
        };
        self.on_hold(call, ending.id, |on| {
            Command::Release(Box::new(Release {
                on,
                tombstone: tombstone.then(|| stone.clone()),
                epoch: ending.epoch,
                parts: ending.parts.clone(),
                reason: ending.reason.clone(),
                etag: ending.etag.clone(),
            }))
        })
        .await
    }

    /// Does something to a hold, on the positions where it is, and again if it was moved meanwhile.
    pub(super) async fn on_hold(
        &self,
        call: &Call,
        id: ReservationId,
        command: impl Fn(OnHold) -> Command + Send + Sync,
    ) -> Result<Reservation, Fault> {
        let mut tries = Tries::default();
        loop {
            let on = self.seen(call.tenant, id).await?;
            let command = command(on);
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return hold(done?);
            }
        }
    }

    /// A hold with the positions on which it holds something; none, if there is no such hold.
    pub(super) async fn seen(&self, tenant: TenantId, id: ReservationId) -> Result<OnHold, Fault> {
        let found = self.db.holds(tenant, vec![id]).await?;
        let places = found.first().map(Reservation::places);
        Ok(OnHold {
            id,
            places: places.unwrap_or_default(),
        })
    }

    /// Ends holds of one tenant whose time is over. Others are left alone.
    pub async fn expire(&self, call: &Call, ids: Vec<ReservationId>) -> Result<(), Fault> {
        let found = self.db.holds(call.tenant, ids).await?;
        let each = found.iter().map(|it| {
            let on = OnHold {
                id: it.id,
                places: it.places(),
            };
            self.submit(call, Command::Expire(on))
        });
        for done in futures_util::future::join_all(each).await {
            done?;
        }
        Ok(())
    }

    /// The hold with an id, if there is one, and what time it is for the database.
    pub async fn reservation(
        &self,
        call: &Call,
        id: ReservationId,
    ) -> Result<Option<(Reservation, Moment)>, Fault> {
        self.db.hold_now(call.tenant, id).await
    }
}

/// The id of the hold that a request makes: the same request, the same hold.
fn own_id(submission: &Submission, request: Uuid) -> ReservationId {
    let tenant = submission.tenant.uuid();
    let parts: [&[u8]; 3] = [
        tenant.as_bytes(),
        submission.principal.as_bytes(),
        request.as_bytes(),
    ];
    ReservationId::derive(uuid_time_ms(request), &parts)
}

/// The hold of an answer.
pub(super) fn hold(answer: Answer) -> Result<Reservation, Fault> {
    match answer {
        Answer::Reservation(hold) => Ok(*hold),
        Answer::NotHeld(why) => Err(why.into()),
        other => Err(unexpected(&other)),
    }
}

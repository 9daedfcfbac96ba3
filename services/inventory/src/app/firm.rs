//! Firm holds of orders. Their steps are remembered by the hold itself, without an end: no request
//! id stands for them.

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Tries;
use vocab::{Moment, OrderId, ReservationId};

use super::holds::hold;
use super::{App, Asked};
use crate::domain::Command;
use crate::domain::command::{CommitFirm, HoldFirm, Part, ReleaseFirm};
use crate::domain::refusal::NotHeld;
use crate::domain::reservation::{Reference, Reservation};

/// The number of an order among the sorts of documents.
const ORDER: i32 = 1;

/// An order's demand, and which attempt this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmAsked {
    /// The order.
    pub order: OrderId,
    /// The attempt.
    pub ordinal: i32,
    /// What the order was asked for, as a digest.
    pub fingerprint: String,
    /// What to hold.
    pub asked: Asked,
    /// The timed hold to take over.
    pub adopt: Option<Adoption>,
}

/// A timed hold whose units an order takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The hold.
    pub id: ReservationId,
    /// The fence that the order knows.
    pub epoch: i64,
}

/// The hold that an order has, or will have.
fn hold_of(order: OrderId) -> (ReservationId, Reference) {
    let uuid = order.uuid();
    let id = ReservationId::derive(order.time_ms(), &[uuid.as_bytes()]);
    let reference = Reference {
        kind: ORDER,
        id: order.to_string(),
    };
    (id, reference)
}

/// The call of a step: its request id names the call, and nothing is remembered under it.
fn step(call: &Call) -> Call {
    let mut call = call.clone();
    call.attempt = None;
    call
}

impl App {
    /// Holds all lines for an order, or none. A refusal is remembered.
    pub async fn hold_firm(&self, call: &Call, asked: FirmAsked) -> Result<Reservation, Fault> {
        let call = step(call);
        let (id, reference) = hold_of(asked.order);
        let mut tries = Tries::default();
        loop {
            let mut wanted = self.choose(&call, &asked.asked).await?;
            let mut adopt = None;
            if let Some(adoption) = asked.adopt {
                let seen = self.reservation(&call, adoption.id).await?;
                match seen {
                    Some(_) => {
                        adopt = Some((self.seen(call.tenant, adoption.id).await?, adoption.epoch));
                    }
                    None => wanted = Err(NotHeld::NotActive("MISSING".to_owned())),
                }
            }
            let command = Command::HoldFirm(Box::new(HoldFirm {
                id,
                reference: reference.clone(),
                ordinal: asked.ordinal,
                fingerprint: asked.fingerprint.clone(),
                wanted,
                adopt,
            }));
            if let Some(done) = tries.settle(self.submit(&call, command).await) {
                return hold(done?);
            }
        }
    }

    /// Takes a fulfilment's units out of stock.
    pub async fn commit_firm(
        &self,
        call: &Call,
        (order, key): (OrderId, String),
        (parts, effective_at): (Vec<Part>, Option<Moment>),
    ) -> Result<Reservation, Fault> {
        let (id, _) = hold_of(order);
        self.on_hold(&step(call), id, |on| {
            Command::CommitFirm(Box::new(CommitFirm {
                on,
                key: key.clone(),
                parts: parts.clone(),
                effective_at,
            }))
        })
        .await
    }

    /// Gives an order's units back.
    pub async fn release_firm(
        &self,
        call: &Call,
        (order, key): (OrderId, String),
        (parts, reason): (Vec<Part>, String),
    ) -> Result<Reservation, Fault> {
        let (id, reference) = hold_of(order);
        self.on_hold(&step(call), id, |on| {
            Command::ReleaseFirm(Box::new(ReleaseFirm {
                on,
                reference: reference.clone(),
                key: key.clone(),
                parts: parts.clone(),
                reason: reason.clone(),
            }))
        })
        .await
    }
}

//! Transfers: planned, shipped, received in parts, and over.

use chassis::call::Call;
use chassis::fault::{Fault, Kind, Reason};
use journal::{Submission, Tries};
use vocab::{LocationId, Moment, ProductId, ReservationId, TransferId, uuid_time_ms};

use super::{App, unexpected};
use crate::db::TransferList;
use crate::domain::command::{CreateTransfer, Demand, OnTransfer, Step, Wanted};
use crate::domain::refusal::NotHeld;
use crate::domain::transfer::{Transfer, TransferState};
use crate::domain::{Answer, Command, Place, Refusal};

/// A transfer to plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where the goods leave.
    pub source: LocationId,
    /// Where they go.
    pub destination: LocationId,
    /// What is sent: product, units and lot.
    pub lines: Vec<(ProductId, i64, String)>,
    /// Why it is done, for people.
    pub note: String,
    /// When the goods are expected.
    pub expected_at: Option<Moment>,
}

/// The end of a transfer that its caller must be allowed to act at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where the goods leave.
    Source,
    /// Where they go.
    Destination,
}

/// A step of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Going {
    /// The transfer.
    pub id: TransferId,
    /// What is to happen.
    pub step: Step,
    /// When it happened, if it was not now.
    pub effective_at: Option<Moment>,
    /// The version it must meet.
    pub etag: Option<String>,
}

impl App {
    /// Plans a transfer, and holds its goods at the source.
    pub async fn create_transfer(&self, call: &Call, plan: Plan) -> Result<Transfer, Fault> {
        if plan.source == plan.destination {
            let name = "TRANSFER_SAME_LOCATION";
            let reason = Reason::new(Kind::Invalid, "retail.inventory", name);
            return Err(Fault::new(reason, "source and destination are the same"));
        }
        self.open_at(call, [plan.source, plan.destination]).await?;
        let products: Vec<ProductId> = plan.lines.iter().map(|it| it.0).collect();
        self.counted(call, products.clone()).await?;
        if let Some(it) = plan.lines.iter().find(|it| !it.2.is_empty()) {
            return Err(NotHeld::LotUnknown(it.0, it.2.clone()).into());
        }
        let (id, hold) = own_ids(call)?;
        let shelves = self.known.shelves(call.tenant, products).await?;
        let there = |product: &ProductId| {
            let shelf = shelves.get(product);
            shelf.is_some_and(|it| it.has(plan.source))
        };
        let lines = (1..).zip(&plan.lines);
        let lines = lines.map(|(number, (product, quantity, _))| Demand {
            number,
            product: *product,
            quantity: *quantity,
            given: Some(plan.source),
            places: match there(product) {
                true => vec![Place::new(*product, plan.source)],
                false => Vec::new(),
            },
        });
        let command = CreateTransfer {
            id,
            hold,
            source: plan.source,
            destination: plan.destination,
            wanted: Wanted {
                lines: lines.collect(),
                stock_only: true,
                partial: false,
            },
            note: plan.note,
            expected_at: plan.expected_at,
        };
        let command = Command::CreateTransfer(Box::new(command));
        transfer(self.submit(call, command).await?)
    }

    /// Takes a transfer its next step, on the positions where it is seen to be, and again if it
    /// went on meanwhile. A caller who may not act at its end does not learn of it.
    pub async fn step_transfer(
        &self,
        call: &Call,
        going: Going,
        end: End,
    ) -> Result<Transfer, Fault> {
        let mut tries = Tries::default();
        loop {
            let seen = self.transfer(call, going.id).await?;
            let at = match end {
                End::Source => seen.source,
                End::Destination => seen.destination,
            };
            if !call.may_see_location(at) {
                return Err(Refusal::TransferMissing(going.id).into());
            }
            let command = Command::OnTransfer(Box::new(OnTransfer {
                id: going.id,
                hold: seen.hold,
                places: touched(&seen, &going.step),
                step: going.step.clone(),
                effective_at: going.effective_at,
                etag: going.etag.clone(),
            }));
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return transfer(done?);
            }
        }
    }

    /// The transfer with an id.
    pub async fn transfer(&self, call: &Call, id: TransferId) -> Result<Transfer, Fault> {
        let found = self.db.transfer(call.tenant, id).await?;
        found.ok_or_else(|| Refusal::TransferMissing(id).into())
    }

    /// A page of transfers.
    pub async fn list_transfers(
        &self,
        call: &Call,
        list: TransferList,
    ) -> Result<Vec<Transfer>, Fault> {
        self.db.list_transfers(call.tenant, list).await
    }

    /// Refuses locations that are not known or closed: nothing new is promised there.
    async fn open_at(&self, call: &Call, ids: [LocationId; 2]) -> Result<(), Fault> {
        let known = self.known.locations(call.tenant, ids).await?;
        for id in ids {
            match known.get(&id) {
                None => return Err(NotHeld::LocationUnknown(id).into()),
                Some(it) if !it.open => return Err(NotHeld::LocationClosed(id).into()),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// The ids of what a request makes: the same request, the same transfer and hold.
fn own_ids(call: &Call) -> Result<(TransferId, ReservationId), Fault> {
    let submission = Submission::from(call);
    let attempt = call.attempt.ok_or_else(|| Fault::bug("no request id"))?;
    let tenant = call.tenant.uuid();
    let parts: [&[u8]; 3] = [
        tenant.as_bytes(),
        submission.principal.as_bytes(),
        attempt.request_id.as_bytes(),
    ];
    let at = uuid_time_ms(attempt.request_id);
    let id = TransferId::derive(at, &parts);
    let hold = ReservationId::derive(at, &[id.uuid().as_bytes()]);
    Ok((id, hold))
}

/// The positions that a step may touch. All at the source are there, since they are held; one at
/// the destination is named only where the step writes to it.
fn touched(seen: &Transfer, step: &Step) -> Vec<Place> {
    let mut places: Vec<Place> = seen.lines.iter().map(|it| seen.from(it)).collect();
    let goes = |number: i32| match step {
        Step::Ship(shipments) => {
            let mut named = shipments.iter();
            shipments.is_empty() || named.any(|it| it.line == number)
        }
        Step::Receive(arrivals) => arrivals.iter().any(|it| it.line == number),
        Step::Complete { .. } | Step::Cancel(_) => false,
    };
    let on_the_way = seen.state == TransferState::InTransit;
    let lines = seen.lines.iter();
    let lines = lines.filter(|it| goes(it.number) || (on_the_way && it.shipped > 0));
    places.extend(lines.map(|it| seen.to(it)));
    places.sort_unstable();
    places.dedup();
    places
}

fn transfer(answer: Answer) -> Result<Transfer, Fault> {
    match answer {
        Answer::Transfer(it) => Ok(*it),
        other => Err(unexpected(&other)),
    }
}

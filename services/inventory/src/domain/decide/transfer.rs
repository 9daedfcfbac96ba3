//! Transfers: planned on a hold, shipped once, received in parts, and over.
//!
//! **Invariant:** what transfers count as on their way to a position is what its number in transit
//! is. What has left or arrived is never refused for a quantity.

use vocab::Moment;

use super::draft::{Cause, Draft};
use super::{agree, ending, grant, hold};
use crate::domain::Place;
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::{Arrival, CreateTransfer, OnTransfer, Shipment, Step};
use crate::domain::fact::{
    Goods, Held, Leg, Moved, PositionChange, ReservationChange, TransferChange,
};
use crate::domain::key::{self, View};
use crate::domain::levels::{Bucket, Levels};
use crate::domain::refusal::Refusal;
use crate::domain::reservation::{Reference, Reservation, Term};
use crate::domain::transfer::{Transfer, TransferLine, TransferState};

/// The number of a transfer among the sorts of documents.
const TRANSFER: i32 = 4;
/// Why units are given back that did not leave.
const NOT_SHIPPED: &str = "NOT_SHIPPED";
/// Why units are given back of a transfer that was called off.
const CANCELLED: &str = "TRANSFER_CANCELLED";

/// Plans a transfer, and holds its goods, all or none.
pub(super) fn create(
    view: &dyn View,
    command: &CreateTransfer,
    now: Moment,
) -> Result<Decision, Refusal> {
    if let Some(known) = key::transfer(view, command.id) {
        return Ok(as_it_is(view, known, now));
    }
    let mut draft = Draft::new(view, now);
    let mut granted = grant::grant(&mut draft, &command.wanted)?;
    grant::promise(&mut draft, command.hold, &mut granted.lines);
    let term = Term::Firm {
        ordinal: 1,
        fingerprint: String::new(),
    };
    let mut held = hold::blank((command.hold, document(command.id)), term, now);
    held.lines = granted.lines;
    draft.born(&held, ReservationChange::Reserved);
    let lines = command.wanted.lines.iter().map(|it| TransferLine {
        number: it.number,
        product: it.product,
        quantity: it.quantity,
        shipped: 0,
        received: 0,
        damaged: 0,
    });
    let planned = Transfer {
        id: command.id,
        source: command.source,
        destination: command.destination,
        lines: lines.collect(),
        state: TransferState::Open,
        hold: command.hold,
        note: command.note.clone(),
        expected_at: command.expected_at,
        shipped_at: None,
        ended_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    draft.tell_transfer(&planned, TransferChange::Created);
    Ok(answer(draft, planned))
}

/// Takes a transfer its next step.
pub(super) fn step(
    view: &dyn View,
    command: &OnTransfer,
    now: Moment,
) -> Result<Decision, Refusal> {
    let missing = Refusal::TransferMissing(command.id);
    let known = key::transfer(view, command.id).ok_or(missing)?;
    agree(known.id, known.version, command.etag.as_deref())?;
    let mut draft = Draft::since(view, now, command.effective_at)?;
    let mut going = Going {
        places: &command.places,
        after: known.clone(),
    };
    match &command.step {
        Step::Ship(shipments) => going.ship(&mut draft, view, shipments)?,
        Step::Receive(arrivals) => going.receive(&mut draft, arrivals)?,
        Step::Complete { lost } => going.complete(&mut draft, *lost)?,
        Step::Cancel(_) if known.state == TransferState::Cancelled => {
            return Ok(as_it_is(view, known, now));
        }
        Step::Cancel(reason) => going.cancel(&mut draft, (view, reason))?,
    }
    Ok(answer(draft, going.after))
}

fn answer(draft: Draft<'_>, it: Transfer) -> Decision {
    draft.answer(Answer::Transfer(Box::new(it)))
}

fn as_it_is(view: &dyn View, it: &Transfer, now: Moment) -> Decision {
    answer(Draft::new(view, now), it.clone())
}

fn document(id: vocab::TransferId) -> Reference {
    Reference {
        kind: TRANSFER,
        id: id.to_string(),
    }
}

/// A transfer in the middle of a step, and the positions that the command named.
struct Going<'a> {
    places: &'a [Place],
    after: Transfer,
}

impl Going<'_> {
    fn must_be(&self, state: TransferState) -> Result<(), Refusal> {
        match self.after.state == state {
            true => Ok(()),
            false => Err(Refusal::TransferNotOpen(self.after.state)),
        }
    }

    /// Refuses to go on without a position that was not named: the transfer went on since.
    fn named(&self, place: Place) -> Result<Place, Refusal> {
        match self.places.contains(&place) {
            true => Ok(place),
            false => Err(Refusal::Outrun),
        }
    }

    fn changed(&mut self, draft: &mut Draft<'_>, what: TransferChange) {
        self.after.version += 1;
        self.after.updated_at = draft.now().max(self.after.updated_at);
        draft.tell_transfer(&self.after, what);
    }

    fn ship(
        &mut self,
        draft: &mut Draft<'_>,
        view: &dyn View,
        shipments: &[Shipment],
    ) -> Result<(), Refusal> {
        self.must_be(TransferState::Open)?;
        let missing = Refusal::ReservationMissing(self.after.hold);
        let hold = key::reservation(view, self.after.hold).ok_or(missing)?;
        self.load(shipments)?;
        let lines = self.after.lines.clone();
        let mut moved = Vec::with_capacity(lines.len());
        for line in lines.iter().filter(|it| it.shipped > 0) {
            let items = shipments.iter().filter(|it| it.line == line.number);
            let items = items.flat_map(|it| it.serials.iter().cloned()).collect();
            self.leave(draft, (line, items))?;
            moved.push(Moved {
                line: line.number,
                place: self.after.from(line),
                quantity: line.shipped,
            });
        }
        self.end_hold(draft, hold, moved)?;
        self.after.state = TransferState::InTransit;
        self.after.shipped_at = Some(draft.happened_at());
        self.changed(draft, TransferChange::Shipped);
        Ok(())
    }

    /// Counts what leaves on the lines: everything, or what the shipments say.
    fn load(&mut self, shipments: &[Shipment]) -> Result<(), Refusal> {
        for line in &mut self.after.lines {
            let of_line = shipments.iter().filter(|it| it.line == line.number);
            line.shipped = match shipments.is_empty() {
                true => line.quantity,
                false => of_line.map(|it| it.quantity).sum(),
            };
            if line.shipped > line.quantity {
                return Err(Refusal::QuantityExceeded {
                    line: line.number,
                    remaining: line.quantity,
                });
            }
        }
        let known = |number: i32| self.after.lines.iter().any(|it| it.number == number);
        match shipments.iter().find(|it| !known(it.line)) {
            Some(it) => Err(Refusal::LineUnknown(it.line)),
            None => Ok(()),
        }
    }

    /// Books one line out of the source, and as on its way to the destination.
    fn leave(
        &self,
        draft: &mut Draft<'_>,
        (line, serials): (&TransferLine, Vec<String>),
    ) -> Result<(), Refusal> {
        let transfer = &self.after;
        let from = self.named(transfer.from(line))?;
        let to = self.named(transfer.to(line))?;
        let levels = draft.position(from).levels;
        let mut change = levels.outgoing(Bucket::Sellable, line.shipped);
        change.reserved = -line.shipped;
        let held = Held {
            reservation: transfer.hold,
            quantity: line.shipped,
            backordered: ending::uncovered(&levels, change),
        };
        let leg = Leg {
            held: Some(held),
            goods: Goods {
                serials,
                ..Goods::default()
            },
            ..self.leg(transfer.destination, (line.shipped, 0))
        };
        let what = PositionChange::TransferredOut(Box::new(leg));
        draft.record(from, what, (change, Cause::World));
        self.on_the_way(draft, (to, line.shipped));
        Ok(())
    }

    /// Ends the hold: what left is committed, the rest is given back.
    fn end_hold(
        &self,
        draft: &mut Draft<'_>,
        hold: &Reservation,
        moved: Vec<Moved>,
    ) -> Result<(), Refusal> {
        let mut hold = hold.clone();
        let nothing = String::new();
        if !moved.is_empty() {
            let what = ReservationChange::Committed(moved, nothing.clone());
            draft.tell(&mut hold, what);
        }
        let rest = ending::parts(&hold, &[])?;
        if !rest.moved.is_empty() {
            ending::named(&rest.moved, self.places)?;
            ending::give_back(draft, hold.id, (&rest.moved, NOT_SHIPPED));
            let what = ReservationChange::Released(rest.moved, NOT_SHIPPED.to_owned(), nothing);
            draft.tell(&mut hold, what);
        }
        Ok(())
    }

    fn receive(&mut self, draft: &mut Draft<'_>, arrivals: &[Arrival]) -> Result<(), Refusal> {
        self.must_be(TransferState::InTransit)?;
        for arrival in arrivals {
            let number = arrival.line;
            let line = self.after.lines.iter().position(|it| it.number == number);
            let line = line.ok_or(Refusal::LineUnknown(number))?;
            self.arrive(draft, line, arrival)?;
        }
        self.changed(draft, TransferChange::Received(arrivals.to_vec()));
        Ok(())
    }

    fn arrive(
        &mut self,
        draft: &mut Draft<'_>,
        at: usize,
        arrival: &Arrival,
    ) -> Result<(), Refusal> {
        let Some(line) = self.after.lines.get(at).copied() else {
            return Err(Refusal::LineUnknown(arrival.line));
        };
        let to = self.named(self.after.to(&line))?;
        let good = arrival.quantity - arrival.damaged;
        let mut change = Levels::incoming(Bucket::Sellable, good)
            + Levels::incoming(Bucket::Damaged, arrival.damaged);
        change.in_transit = -arrival.quantity.min(line.awaited());
        let leg = Leg {
            goods: Goods {
                serials: arrival.serials.clone(),
                ..Goods::default()
            },
            ..self.leg(self.after.source, (arrival.quantity, arrival.damaged))
        };
        let what = PositionChange::TransferredIn(Box::new(leg));
        draft.record(to, what, (change, Cause::World));
        if let Some(line) = self.after.lines.get_mut(at) {
            line.received += arrival.quantity;
            line.damaged += arrival.damaged;
        }
        Ok(())
    }

    /// Ends it: what is still on its way has arrived, or is lost.
    fn complete(&mut self, draft: &mut Draft<'_>, lost: bool) -> Result<(), Refusal> {
        self.must_be(TransferState::InTransit)?;
        for (at, line) in self.after.lines.clone().iter().enumerate() {
            let left = line.awaited();
            if left == 0 {
                continue;
            }
            if lost {
                let to = self.named(self.after.to(line))?;
                self.on_the_way(draft, (to, -left));
            } else {
                let arrival = Arrival {
                    line: line.number,
                    quantity: left,
                    damaged: 0,
                    serials: Vec::new(),
                };
                self.arrive(draft, at, &arrival)?;
            }
        }
        self.after.state = TransferState::Completed;
        self.after.ended_at = Some(draft.now());
        self.changed(draft, TransferChange::Completed);
        Ok(())
    }

    /// Calls it off: what is held is free, and what is on its way turns round.
    fn cancel(
        &mut self,
        draft: &mut Draft<'_>,
        (view, reason): (&dyn View, &str),
    ) -> Result<(), Refusal> {
        match self.after.state {
            TransferState::Open => {
                let missing = Refusal::ReservationMissing(self.after.hold);
                let hold = key::reservation(view, self.after.hold).ok_or(missing)?;
                let leaving = ending::parts(hold, &[])?;
                ending::named(&leaving.moved, self.places)?;
                ending::give_back(draft, hold.id, (&leaving.moved, CANCELLED));
                let why = (leaving.moved, CANCELLED.to_owned(), String::new());
                let what = ReservationChange::Released(why.0, why.1, why.2);
                draft.tell(&mut hold.clone(), what);
            }
            TransferState::InTransit => self.turn_round(draft)?,
            over => return Err(Refusal::TransferNotOpen(over)),
        }
        self.after.state = TransferState::Cancelled;
        self.after.ended_at = Some(draft.now());
        self.changed(draft, TransferChange::Cancelled(reason.to_owned()));
        Ok(())
    }

    fn turn_round(&self, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let lines = self.after.lines.iter().filter(|it| it.awaited() > 0);
        for line in lines {
            let to = self.named(self.after.to(line))?;
            let from = self.named(self.after.from(line))?;
            let left = line.awaited();
            self.on_the_way(draft, (to, -left));
            let leg = self.leg(self.after.source, (left, 0));
            let what = PositionChange::TransferredIn(Box::new(leg));
            let change = Levels::incoming(Bucket::Sellable, left);
            draft.record(from, what, (change, Cause::World));
        }
        Ok(())
    }

    fn on_the_way(&self, draft: &mut Draft<'_>, (to, quantity): (Place, i64)) {
        let change = Levels {
            in_transit: quantity,
            ..Levels::default()
        };
        let expected = self.after.expected_at;
        let what = PositionChange::InboundChanged(document(self.after.id), expected);
        draft.record(to, what, (change, Cause::World));
    }

    fn leg(&self, other: vocab::LocationId, (quantity, damaged): (i64, i64)) -> Leg {
        Leg {
            transfer: self.after.id,
            other,
            quantity,
            damaged,
            held: None,
            goods: Goods::default(),
        }
    }
}

//! How a fact changes its aggregate. Total: what was once recorded always applies.

use super::Place;
use super::fact::{Fact, Moved, PositionChange, PositionFact, ReservationChange, ReservationFact};
use super::key::State;
use super::position::{Position, Shortfall};
use super::reservation::{HoldState, Reservation, Term};

/// Applies one fact to the state of its aggregate.
///
/// A fact that does not belong to the state it meets leaves it as it is: only damaged histories
/// have such, and the comparison of states with histories shows it.
pub fn evolve(state: Option<State>, fact: &Fact) -> State {
    match (state, fact) {
        (None, Fact::Position(fact)) => {
            let mut position = Position::untouched(fact.place);
            apply(&mut position, fact);
            State::Position(Box::new(position))
        }
        (Some(State::Position(mut position)), Fact::Position(fact)) => {
            apply(&mut position, fact);
            State::Position(position)
        }
        (None, Fact::Reservation(fact)) => State::Reservation(Box::new(fact.after.clone())),
        (Some(State::Reservation(mut hold)), Fact::Reservation(fact)) => {
            change(&mut hold, fact);
            State::Reservation(hold)
        }
        (None | Some(State::Transfer(_)), Fact::Transfer(fact)) => {
            State::Transfer(Box::new(fact.after.clone()))
        }
        (None | Some(State::AllocationPolicy(_)), Fact::Allocation(fact)) => {
            State::AllocationPolicy(Box::new(fact.after.clone()))
        }
        (Some(state), _) => state,
    }
}

/// Applies an entry to a position. The numbers are the sum of all changes.
pub(super) fn apply(position: &mut Position, fact: &PositionFact) {
    position.levels += fact.deltas;
    if fact.what == PositionChange::PolicyChanged {
        position.policy = fact.policy;
    }
    if let Some(mark) = fact.shortfall {
        let open = Shortfall {
            id: mark.id,
            peak: mark.peak,
        };
        position.shortfall = (position.levels.open_shortfall > 0).then_some(open);
    }
}

/// Applies a fact to a hold that is there.
pub(super) fn change(hold: &mut Reservation, fact: &ReservationFact) {
    match &fact.what {
        ReservationChange::Reserved
        | ReservationChange::Rejected(_)
        | ReservationChange::Revoked(_) => {
            let (version, created_at) = (hold.version, hold.created_at);
            *hold = fact.after.clone();
            hold.version = version;
            hold.created_at = created_at;
        }
        ReservationChange::Committed(moved, key) => {
            for it in moved {
                leave(hold, it);
            }
            done(hold, key);
            settle(hold, HoldState::Committed);
        }
        ReservationChange::Released(moved, reason, key) => {
            for it in moved {
                give_back(hold, it);
            }
            done(hold, key);
            hold.release_reason.clone_from(reason);
            let end = match reason.as_str() {
                super::decide::EXPIRED => HoldState::Expired,
                _ => HoldState::Released,
            };
            settle(hold, end);
        }
        ReservationChange::Extended(expires_at, epoch) => {
            hold.term = Term::Timed {
                expires_at: *expires_at,
                epoch: *epoch,
            };
        }
        ReservationChange::Adopted(adopter, _) => {
            for line in &mut hold.lines {
                line.released = line.quantity - line.committed;
                for it in &mut line.allocations {
                    (it.quantity, it.backordered) = (0, 0);
                }
            }
            hold.adopter = Some(*adopter);
            hold.state = HoldState::Adopted;
        }
    }
    hold.version = hold.version.saturating_add(1);
    hold.updated_at = fact.at;
}

/// Ends a hold that has nothing left; one of which a part was committed counts as committed.
fn settle(hold: &mut Reservation, end: HoldState) {
    if hold.held() == 0 {
        let committed = hold.lines.iter().any(|it| it.committed > 0);
        let expired = end == HoldState::Expired;
        hold.state = if committed && !expired {
            HoldState::Committed
        } else {
            end
        };
    }
}

fn done(hold: &mut Reservation, key: &str) {
    if !key.is_empty() {
        hold.steps.push(key.to_owned());
    }
}

fn leave(hold: &mut Reservation, moved: &Moved) {
    let Some((held, line)) = taken(hold, moved) else {
        return;
    };
    *line += held;
    let found = allocation(hold, moved.line, moved.place);
    if let Some(it) = found {
        it.committed += moved.quantity;
    }
}

fn give_back(hold: &mut Reservation, moved: &Moved) {
    taken(hold, moved);
    let line = hold.lines.iter_mut().find(|it| it.number == moved.line);
    if let Some(line) = line {
        line.released += moved.quantity;
    }
}

/// Takes units out of an allocation. Returns them, with the count of what has left of the line.
fn taken<'a>(hold: &'a mut Reservation, moved: &Moved) -> Option<(i64, &'a mut i64)> {
    let it = allocation(hold, moved.line, moved.place)?;
    it.quantity -= moved.quantity;
    it.backordered = it.backordered.min(it.quantity);
    let line = hold.lines.iter_mut().find(|it| it.number == moved.line)?;
    Some((moved.quantity, &mut line.committed))
}

fn allocation(
    hold: &mut Reservation,
    line: i32,
    place: Place,
) -> Option<&mut super::reservation::Allocation> {
    let line = hold.lines.iter_mut().find(|it| it.number == line)?;
    line.allocations.iter_mut().find(|it| it.place() == place)
}

/// Says whether what a fact says it came to is the state that it led to.
pub fn agrees(fact: &Fact, state: &State) -> bool {
    match (fact, state) {
        (Fact::Position(fact), State::Position(state)) => {
            fact.after == state.levels && fact.policy == state.policy
        }
        (Fact::Reservation(fact), State::Reservation(state)) => fact.after == **state,
        (Fact::Transfer(fact), State::Transfer(state)) => fact.after == **state,
        (Fact::Allocation(fact), State::AllocationPolicy(state)) => fact.after == **state,
        (_, _) => false,
    }
}

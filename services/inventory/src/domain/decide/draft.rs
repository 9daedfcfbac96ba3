//! A decision in the making: the positions as they become, entry by entry.
//!
//! **Invariant:** every entry leaves numbers that are possible. Promises beyond the good units
//! raise what is backordered; good units that a fact takes from under promises raise the
//! shortfall. Whatever closes the gap again lowers the shortfall first.

use std::collections::BTreeMap;

use vocab::{DiscrepancyId, Moment, ShortfallId};

use crate::domain::allocation::AllocationPolicy;
use crate::domain::answer::{Answer, Decision, Entry, Noted};
use crate::domain::fact::{
    AllocationFact, Fact, PositionChange, PositionFact, ReservationChange, ReservationFact,
    ShortfallMark, TransferChange, TransferFact,
};
use crate::domain::key::{self, Key, View};
use crate::domain::levels::Levels;
use crate::domain::position::{Policy, Position};
use crate::domain::reservation::Reservation;
use crate::domain::transfer::Transfer;
use crate::domain::{Place, Refusal, evolve};

/// Why numbers change: what a gap that widens is called depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Somebody promised.
    Promise,
    /// Something happened.
    World,
}

/// What is decided so far.
pub(super) struct Draft<'a> {
    view: &'a dyn View,
    now: Moment,
    effective_at: Option<Moment>,
    positions: BTreeMap<Place, (Position, i64)>,
    facts: Vec<Noted>,
}

impl<'a> Draft<'a> {
    /// Begins with nothing.
    pub fn new(view: &'a dyn View, now: Moment) -> Self {
        Self {
            view,
            now,
            effective_at: None,
            positions: BTreeMap::new(),
            facts: Vec::new(),
        }
    }

    /// Begins with nothing, of which all has happened at a time. What lies ahead by no more than
    /// clocks differ has happened now.
    pub fn since(
        view: &'a dyn View,
        now: Moment,
        effective_at: Option<Moment>,
    ) -> Result<Self, Refusal> {
        if effective_at.is_some_and(|it| it > key::latest(now)) {
            return Err(Refusal::EffectiveTimeAhead);
        }
        Ok(Self {
            effective_at: effective_at.filter(|it| *it < now),
            ..Self::new(view, now)
        })
    }

    /// The time of the decision.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// A position as it is with what was decided so far.
    pub fn position(&mut self, place: Place) -> &mut Position {
        let view = self.view;
        let (position, _) = self.positions.entry(place).or_insert_with(|| {
            let known = key::position(view, place).cloned();
            let version = view.version(&Key::Position(place));
            (known.unwrap_or_else(|| Position::untouched(place)), version)
        });
        position
    }

    /// The version of a position with what was decided so far.
    pub fn version(&mut self, place: Place) -> i64 {
        self.position(place);
        self.positions.get(&place).map_or(0, |it| it.1)
    }

    /// Writes an entry: units moved as `change` says; what follows from it for promises is added.
    pub fn record(
        &mut self,
        place: Place,
        what: PositionChange,
        (change, cause): (Levels, Cause),
    ) -> Entry {
        let version = self.version(place) + 1;
        let before = self.position(place).clone();
        let deltas = change + gap_change(&before.levels, change, cause);
        let after = before.levels + deltas;
        let fact = PositionFact {
            place,
            what,
            deltas,
            after,
            policy: before.policy,
            shortfall: self.mark(&before, after, version),
            discrepancy: (deltas.discrepancy > 0).then(|| self.discrepancy(place, version)),
            crossed: !before.policy.is_low(&before.levels) && before.policy.is_low(&after),
        };
        self.note(fact, version)
    }

    /// Writes that a position has other rules.
    pub fn set_policy(&mut self, place: Place, policy: Policy) -> Entry {
        let version = self.version(place) + 1;
        let before = self.position(place).clone();
        let levels = before.levels;
        let fact = PositionFact {
            place,
            what: PositionChange::PolicyChanged,
            deltas: Levels::default(),
            after: levels,
            policy,
            shortfall: None,
            discrepancy: None,
            crossed: !before.policy.is_low(&levels) && policy.is_low(&levels),
        };
        self.note(fact, version)
    }

    fn note(&mut self, fact: PositionFact, version: i64) -> Entry {
        let place = fact.place;
        if let Some((position, at)) = self.positions.get_mut(&place) {
            evolve::apply(position, &fact);
            *at = version;
        }
        self.facts.push(Noted {
            fact: Fact::Position(Box::new(fact)),
            effective_at: self.effective_at,
        });
        Entry { place, version }
    }

    /// Writes what happened to a hold, and changes it. What happens to holds happens now.
    pub fn tell(&mut self, hold: &mut Reservation, what: ReservationChange) {
        let mut fact = ReservationFact {
            at: self.now.max(hold.updated_at),
            what,
            after: hold.clone(),
        };
        evolve::change(hold, &fact);
        fact.after = hold.clone();
        self.facts.push(Noted {
            fact: Fact::Reservation(Box::new(fact)),
            effective_at: None,
        });
    }

    /// When what is decided has happened in the world.
    pub fn happened_at(&self) -> Moment {
        self.effective_at.unwrap_or(self.now)
    }

    /// Goes on with what has happened at a time. What lies ahead has happened now.
    pub fn happens(&mut self, effective_at: Option<Moment>) -> Result<(), Refusal> {
        if effective_at.is_some_and(|it| it > key::latest(self.now)) {
            return Err(Refusal::EffectiveTimeAhead);
        }
        self.effective_at = effective_at.filter(|it| *it < self.now);
        Ok(())
    }

    /// Writes what happened to a transfer, with the transfer as it is after it.
    pub fn tell_transfer(&mut self, after: &Transfer, what: TransferChange) {
        self.facts.push(Noted {
            fact: Fact::Transfer(Box::new(TransferFact {
                what,
                after: after.clone(),
            })),
            effective_at: self.effective_at,
        });
    }

    /// Writes how a tenant's stock is held from now on.
    pub fn tell_allocation(&mut self, after: &AllocationPolicy) {
        let after = after.clone();
        self.facts.push(Noted {
            fact: Fact::Allocation(Box::new(AllocationFact { after })),
            effective_at: None,
        });
    }

    /// Writes that a hold came into being, as it is.
    pub fn born(&mut self, hold: &Reservation, what: ReservationChange) {
        let fact = ReservationFact {
            at: hold.updated_at,
            what,
            after: hold.clone(),
        };
        self.facts.push(Noted {
            fact: Fact::Reservation(Box::new(fact)),
            effective_at: None,
        });
    }

    /// Writes that a hold is another one now: an attempt after a refused one, or a tombstone over
    /// it. Returns it as it counts on.
    pub fn retell(
        &mut self,
        before: &Reservation,
        after: Reservation,
        what: ReservationChange,
    ) -> Reservation {
        let mut hold = before.clone();
        let at = self.now.max(before.updated_at);
        let mut fact = ReservationFact { at, what, after };
        evolve::change(&mut hold, &fact);
        fact.after = hold.clone();
        self.facts.push(Noted {
            fact: Fact::Reservation(Box::new(fact)),
            effective_at: None,
        });
        hold
    }

    /// Ends with an answer.
    pub fn answer(self, answer: Answer) -> Decision {
        Decision {
            facts: self.facts,
            plain: Vec::new(),
            answer,
        }
    }

    fn mark(&self, before: &Position, after: Levels, version: i64) -> Option<ShortfallMark> {
        let (was, is) = (before.levels.open_shortfall, after.open_shortfall);
        if was == is {
            return None;
        }
        Some(match before.shortfall {
            Some(open) => ShortfallMark {
                id: open.id,
                opened: false,
                peak: open.peak.max(is),
            },
            None => ShortfallMark {
                id: self.shortfall(before.place, version),
                opened: true,
                peak: is,
            },
        })
    }

    fn shortfall(&self, place: Place, version: i64) -> ShortfallId {
        let (product, location) = (place.product.uuid(), place.location.uuid());
        let parts: [&[u8]; 3] = [
            product.as_bytes(),
            location.as_bytes(),
            &version.to_be_bytes(),
        ];
        ShortfallId::derive(Some(self.now.millis()), &parts)
    }

    fn discrepancy(&self, place: Place, version: i64) -> DiscrepancyId {
        let (product, location) = (place.product.uuid(), place.location.uuid());
        let parts: [&[u8]; 3] = [
            product.as_bytes(),
            location.as_bytes(),
            &version.to_be_bytes(),
        ];
        DiscrepancyId::derive(Some(self.now.millis()), &parts)
    }
}

/// What a change means for promises that the good units do not cover.
fn gap_change(before: &Levels, change: Levels, cause: Cause) -> Levels {
    let wider = (*before + change).gap() - before.gap();
    let mut follows = Levels::default();
    if wider > 0 {
        match cause {
            Cause::Promise => follows.backordered = wider,
            Cause::World => follows.open_shortfall = wider,
        }
    } else {
        let closed = wider.abs().min(before.open_shortfall);
        follows.open_shortfall = -closed;
        follows.backordered = wider + closed;
    }
    follows
}

//! A hold on stock: units that are promised to one document, until the clock or the document ends
//! it.

use vocab::{LocationId, Moment, ProductId, ReservationId};

use super::Place;
use super::refusal::NotHeld;

/// A document here or in another system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The number of its sort in the contract.
    pub kind: i32,
    /// Which one.
    pub id: String,
}

/// A hold, live or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Which one.
    pub id: ReservationId,
    /// What it is held for.
    pub reference: Reference,
    /// Who decides its end.
    pub term: Term,
    /// Where it is in its life.
    pub state: HoldState,
    /// What it holds, line by line of its request.
    pub lines: Vec<Line>,
    /// What the request asked for and did not get.
    pub shortages: Vec<Shortage>,
    /// The timed hold whose units it took over.
    pub adopted: Option<ReservationId>,
    /// The firm hold that has its units now.
    pub adopter: Option<ReservationId>,
    /// Why it was released.
    pub release_reason: String,
    /// The keys of the steps that were done on a firm hold.
    pub steps: Vec<String>,
    /// Counts its facts.
    pub version: i64,
    /// When it was first recorded.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
}

/// Who decides the end of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// The clock.
    Timed {
        /// From this instant on it is over.
        expires_at: Moment,
        /// The fence: each extension raises it.
        epoch: i64,
    },
    /// The document.
    Firm {
        /// The latest attempt, as the document numbered it.
        ordinal: i32,
        /// What the document was asked for, as a digest.
        fingerprint: String,
    },
}

/// Where a hold is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldState {
    /// Holds units.
    Active,
    /// Nothing is held any more, and at least a part was committed.
    Committed,
    /// Nothing is held any more, and nothing was committed.
    Released,
    /// Its time was over.
    Expired,
    /// A firm hold took its units over.
    Adopted,
    /// The latest attempt to hold was refused, and why.
    Refused(NotHeld),
    /// Released before anything was held.
    Revoked,
}

/// One line of a request, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place in the request, from 1.
    pub number: i32,
    /// What was asked for.
    pub product: ProductId,
    /// Units held at first.
    pub quantity: i64,
    /// Units that have left.
    pub committed: i64,
    /// Units that were given back.
    pub released: i64,
    /// Where the units are held.
    pub allocations: Vec<Allocation>,
}

/// The units that a line holds at one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The product that is held.
    pub product: ProductId,
    /// Where.
    pub location: LocationId,
    /// Units held here now.
    pub quantity: i64,
    /// Units that left from here.
    pub committed: i64,
    /// How many were promised beyond the good units when they were held.
    pub backordered: i64,
}

/// How much of a product was missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// What was short.
    pub product: ProductId,
    /// Where, if the lines said so.
    pub location: Option<LocationId>,
    /// What all lines together asked for.
    pub requested: i64,
    /// What could have been held.
    pub available: i64,
}

impl HoldState {
    /// Its name in the contract, without prefix.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Committed => "COMMITTED",
            Self::Released => "RELEASED",
            Self::Expired => "EXPIRED",
            Self::Adopted => "ADOPTED",
            Self::Refused(_) => "REFUSED",
            Self::Revoked => "REVOKED",
        }
    }
}

impl Reservation {
    /// Units that are held now.
    pub fn held(&self) -> i64 {
        let all = self.lines.iter().flat_map(|it| &it.allocations);
        all.map(|it| it.quantity).sum()
    }

    /// Whether it has units that may still leave or be given back.
    pub fn is_active(&self) -> bool {
        self.state == HoldState::Active
    }

    /// Whether its time is over, whether or not anybody has noticed.
    pub fn is_over(&self, now: Moment) -> bool {
        match self.term {
            Term::Timed { expires_at, .. } => self.is_active() && now >= expires_at,
            Term::Firm { .. } => false,
        }
    }

    /// The fence; 0 for firm holds.
    pub fn epoch(&self) -> i64 {
        match self.term {
            Term::Timed { epoch, .. } => epoch,
            Term::Firm { .. } => 0,
        }
    }

    /// Whether only a document may act on it.
    pub fn is_firm(&self) -> bool {
        matches!(self.term, Term::Firm { .. })
    }

    /// Units that are held on a position now.
    pub fn held_at(&self, place: Place) -> i64 {
        let all = self.lines.iter().flat_map(|it| &it.allocations);
        let there = all.filter(|it| it.place() == place);
        there.map(|it| it.quantity).sum()
    }

    /// The positions on which it holds something now.
    pub fn places(&self) -> Vec<Place> {
        let all = self.lines.iter().flat_map(|it| &it.allocations);
        let held = all.filter(|it| it.quantity > 0);
        let mut places: Vec<Place> = held.map(Allocation::place).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

impl Line {
    /// Units that are held now.
    pub fn held(&self) -> i64 {
        self.quantity - self.committed - self.released
    }
}

impl Allocation {
    /// The position that it is counted on.
    pub fn place(&self) -> Place {
        Place::new(self.product, self.location)
    }
}

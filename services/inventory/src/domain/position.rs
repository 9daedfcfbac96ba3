//! A position: its numbers, the rules it is promised by, and the shortfall that is open on it.

use vocab::{Date, Moment, ShortfallId};

use super::Place;
use super::levels::Levels;

/// What one location has of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which one.
    pub place: Place,
    /// Its numbers.
    pub levels: Levels,
    /// Its rules.
    pub policy: Policy,
    /// The shortfall, while one is open.
    pub shortfall: Option<Shortfall>,
}

/// A shortfall that is open on a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// Names it.
    pub id: ShortfallId,
    /// The most that was missing at any time.
    pub peak: i64,
}

/// The rules of a position; all defaults where none were set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The position is low while that many or fewer are available.
    pub low_stock_threshold: Option<i64>,
    /// Good units that new holds leave alone.
    pub safety_stock: i64,
    /// How many units may be promised beyond the good ones.
    pub backorder_cap: i64,
    /// It is sold before it is there.
    pub preorder: Option<Preorder>,
    /// How often the rules were set.
    pub revision: i64,
    /// When they were set last.
    pub updated_at: Option<Moment>,
}

/// How a product is sold before it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preorder {
    /// The first day on which it can be shipped.
    pub from: Date,
    /// How many may be promised beyond the good ones before that day.
    pub limit: i64,
}

impl Position {
    /// A position on which nothing has ever happened.
    pub fn untouched(place: Place) -> Self {
        Self {
            place,
            levels: Levels::default(),
            policy: Policy::default(),
            shortfall: None,
        }
    }

    /// The most that a new hold can take on a day.
    pub fn promisable(&self, day: Date) -> i64 {
        self.policy.promisable(&self.levels, day)
    }

    /// The most that a new hold can take of units that are there.
    pub fn in_stock(&self) -> i64 {
        match self.levels.open_shortfall {
            0 => (self.levels.available() - self.policy.safety_stock).max(0),
            _ => 0,
        }
    }
}

impl Policy {
    /// How far holds may go beyond the good units on a day.
    pub fn cap(&self, day: Date) -> i64 {
        match self.preorder {
            Some(preorder) if day < preorder.from => preorder.limit,
            _ => self.backorder_cap,
        }
    }

    /// The most that a new hold can take of these numbers on a day. Nothing, while a shortfall is
    /// open.
    pub fn promisable(&self, levels: &Levels, day: Date) -> i64 {
        if levels.open_shortfall > 0 {
            return 0;
        }
        let room = levels.available() - levels.backordered + self.cap(day) - self.safety_stock;
        room.max(0)
    }

    /// Whether a position with these numbers is low.
    pub fn is_low(&self, levels: &Levels) -> bool {
        self.low_stock_threshold
            .is_some_and(|it| levels.available() <= it)
    }
}

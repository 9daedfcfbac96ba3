//! The stored numbers of a position, and what follows from them.

use std::ops::{Add, AddAssign, Sub};

/// The numbers of a position, or by how much they change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Levels {
    /// Units in the building, in whatever condition.
    pub on_hand: i64,
    /// Units promised to holds.
    pub reserved: i64,
    /// The part of `on_hand` that is broken.
    pub damaged: i64,
    /// The part of `on_hand` that nobody may sell for now.
    pub quarantined: i64,
    /// Units that purchase orders will bring.
    pub on_order: i64,
    /// Units that transfers have shipped to here.
    pub in_transit: i64,
    /// The part of `reserved` that was promised beyond the good units.
    pub backordered: i64,
    /// The part of `reserved` whose units a physical fact took away.
    pub open_shortfall: i64,
    /// Units that left beyond what was on hand.
    pub discrepancy: i64,
}

/// The condition of units on hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Good.
    Sellable,
    /// Broken.
    Damaged,
    /// Set aside until somebody decides.
    Quarantined,
}

impl Levels {
    /// Good units, promised or not.
    pub fn sellable(&self) -> i64 {
        self.on_hand - self.damaged - self.quarantined
    }

    /// Good units that nothing is promised on.
    pub fn available(&self) -> i64 {
        (self.sellable() - self.reserved).max(0)
    }

    /// Promised units that are not there as good ones.
    pub fn gap(&self) -> i64 {
        (self.reserved - self.sellable()).max(0)
    }

    /// Units in a condition.
    pub fn within(&self, bucket: Bucket) -> i64 {
        match bucket {
            Bucket::Sellable => self.sellable(),
            Bucket::Damaged => self.damaged,
            Bucket::Quarantined => self.quarantined,
        }
    }

    /// Whether the numbers are possible. The same is written as constraints of the table.
    pub fn are_sound(&self) -> bool {
        let all = [
            self.on_hand,
            self.reserved,
            self.damaged,
            self.quarantined,
            self.on_order,
            self.in_transit,
            self.backordered,
            self.open_shortfall,
            self.discrepancy,
        ];
        let negative = all.iter().any(|it| *it < 0);
        !negative && self.sellable() >= 0 && self.backordered + self.open_shortfall == self.gap()
    }

    /// A change that adds units of a condition.
    pub fn incoming(bucket: Bucket, quantity: i64) -> Self {
        let mut change = Self {
            on_hand: quantity,
            ..Self::default()
        };
        change.count(bucket, quantity);
        change
    }

    /// A change that takes units away: out of their condition, then good ones, then others. What
    /// is not there at all becomes a discrepancy.
    pub fn outgoing(&self, bucket: Bucket, quantity: i64) -> Self {
        let mut change = Self::default();
        let mut left = quantity;
        for from in [
            bucket,
            Bucket::Sellable,
            Bucket::Quarantined,
            Bucket::Damaged,
        ] {
            let taken = left.min((*self + change).within(from));
            change.on_hand -= taken;
            change.count(from, -taken);
            left -= taken;
        }
        change.discrepancy = left;
        change
    }

    /// A change that moves units between conditions.
    pub fn moving(from: Bucket, to: Bucket, quantity: i64) -> Self {
        let mut change = Self::default();
        change.count(from, -quantity);
        change.count(to, quantity);
        change
    }

    /// Counts units in a condition; good ones are what is left of `on_hand`.
    fn count(&mut self, bucket: Bucket, quantity: i64) {
        match bucket {
            Bucket::Sellable => {}
            Bucket::Damaged => self.damaged += quantity,
            Bucket::Quarantined => self.quarantined += quantity,
        }
    }

    fn with(self, other: Self, join: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            on_hand: join(self.on_hand, other.on_hand),
            reserved: join(self.reserved, other.reserved),
            damaged: join(self.damaged, other.damaged),
            quarantined: join(self.quarantined, other.quarantined),
            on_order: join(self.on_order, other.on_order),
            in_transit: join(self.in_transit, other.in_transit),
            backordered: join(self.backordered, other.backordered),
            open_shortfall: join(self.open_shortfall, other.open_shortfall),
            discrepancy: join(self.discrepancy, other.discrepancy),
        }
    }
}

impl Add for Levels {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.with(other, i64::saturating_add)
    }
}

impl Sub for Levels {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.with(other, i64::saturating_sub)
    }
}

impl AddAssign for Levels {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

//! What callers ask for: the shelves of the benchmark, and reservations drawn from them.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;
use vocab::{Clock, LocationId, ProductId, ReservationId, TenantId};

use crate::stock::store::packed;
use crate::stock::{Line, Place};

/// Lines of one reservation.
const LINES: usize = 3;
/// Tenants, and products of each: 10,000 keys together.
const TENANTS: u64 = 10;
const PRODUCTS: u64 = 1_000;
/// More than any run can take.
pub const ON_HAND: i64 = 1 << 40;

/// Which keys are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// Three of 10,000.
    Cold,
    /// Always the same one.
    Hot,
}

/// One tenant with its shelves.
#[derive(Debug)]
pub struct Shop {
    /// Whose.
    pub tenant: TenantId,
    /// Where its stock lies.
    pub places: Vec<Place>,
}

/// All shops.
#[derive(Debug)]
pub struct World {
    /// In a fixed order.
    pub shops: Vec<Shop>,
}

/// One reservation that a caller asks for.
#[derive(Clone, Debug)]
pub struct Order {
    /// The number of its shop.
    pub shop: usize,
    /// Whose stock.
    pub tenant: TenantId,
    /// The id of the request, and so of the reservation.
    pub request: Uuid,
    /// What is wanted.
    pub lines: Vec<Line>,
}

/// Draws orders, the same ones from the same seed but for the time in their ids.
#[derive(Clone, Debug)]
pub struct Draw {
    world: Arc<World>,
    mix: Mix,
    clock: Clock,
    state: u64,
    /// The shops that cold orders come from.
    shops: std::ops::Range<u64>,
}

impl World {
    /// Makes the shops; always the same ones.
    pub fn new() -> Arc<Self> {
        let shops = (0..TENANTS).map(|number| {
            let name = number.to_be_bytes();
            let location = LocationId::derive(None, &[&name]);
            let place = |product: u64| Place {
                product: ProductId::derive(None, &[&name, &product.to_be_bytes()]),
                location,
            };
            Shop {
                tenant: TenantId::derive(None, &[&name]),
                places: (0..PRODUCTS).map(place).collect(),
            }
        });
        Arc::new(Self {
            shops: shops.collect(),
        })
    }
}

impl Order {
    /// The id of the reservation, which follows from the request.
    pub fn reservation(&self) -> ReservationId {
        ReservationId::from_uuid(self.request)
    }

    /// What the request is recognised by when it comes again.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(packed(&self.lines)).into()
    }
}

impl Draw {
    /// Begins to draw.
    pub fn new(world: &Arc<World>, mix: Mix, seed: u64) -> Self {
        Self {
            world: Arc::clone(world),
            mix,
            clock: Clock::system(),
            state: seed,
            shops: 0..TENANTS,
        }
    }

    /// Draws cold orders from one half of the shops only, so that two draws share no key.
    #[must_use]
    pub fn half(self, second: bool) -> Self {
        let middle = TENANTS / 2;
        let shops = if second { middle..TENANTS } else { 0..middle };
        Self { shops, ..self }
    }

    /// Draws the next order.
    pub fn order(&mut self) -> Option<Order> {
        let number = match self.mix {
            Mix::Cold => self.shops.start + self.below(self.shops.end - self.shops.start),
            Mix::Hot => 0,
        };
        let shop = usize::try_from(number).ok()?;
        let random = [self.next().to_be_bytes(), self.next().to_be_bytes()].concat();
        let random = random.first_chunk::<10>()?;
        let request = ReservationId::at(self.clock.now().millis(), *random).uuid();
        let mut lines = Vec::with_capacity(LINES);
        while lines.len() < LINES {
            let product = match self.mix {
                Mix::Cold => usize::try_from(self.below(PRODUCTS)).ok()?,
                Mix::Hot => 0,
            };
            let place = *self.world.shops.get(shop)?.places.get(product)?;
            let twice = lines.iter().any(|it: &Line| it.place == place);
            if self.mix == Mix::Hot || !twice {
                lines.push(Line { place, quantity: 1 });
            }
        }
        Some(Order {
            shop,
            tenant: self.world.shops.get(shop)?.tenant,
            request,
            lines,
        })
    }

    /// Draws a number from 0 to 1, never 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// The generator splitmix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

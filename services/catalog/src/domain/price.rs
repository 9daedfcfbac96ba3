//! What a product costs: one current price for each currency, scheduled ones, and their history.
//!
//! **Invariant:** all amounts of an offer are in one currency; a product has one offer a currency.

use std::collections::BTreeMap;

use vocab::{Currency, Moment, Money, PriceId, ProductId};

use super::Refusal;

/// The most prices of one product that wait for their time.
pub const SCHEDULED_MAX: usize = 100;

/// A price, and one to show beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What one base unit costs.
    pub price: Money,
    /// A former or recommended price.
    pub compare_at: Option<Money>,
}

/// A price in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    /// Its entry in the history.
    pub id: PriceId,
    /// What it says.
    pub offer: Offer,
    /// Since when it holds.
    pub since: Moment,
}

/// A price whose time has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Its entry in the history.
    pub id: PriceId,
    /// What it says.
    pub offer: Offer,
    /// When it takes effect.
    pub at: Moment,
}

/// All prices of a product but the past ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// The product's main currency, which always has a price.
    pub main: Currency,
    /// The prices in force.
    pub current: BTreeMap<Currency, Current>,
    /// The scheduled ones, by time and then by currency.
    pub scheduled: Vec<Scheduled>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Which sort of actor.
    pub kind: ActorKind,
    /// Its id or name.
    pub id: String,
}

/// Sorts of actors, numbered as the contract numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i16)]
pub enum ActorKind {
    /// A member of the staff.
    User = 1,
    /// A shopper.
    Customer = 2,
    /// A service of the mesh.
    Service = 3,
    /// The operator.
    System = 4,
    /// A system with an API key.
    ApiKey = 5,
    /// A system with an account of its own.
    ServiceAccount = 6,
}

impl ActorKind {
    /// Finds a sort by its number.
    pub fn of(number: i32) -> Option<Self> {
        let all = [
            Self::User,
            Self::Customer,
            Self::Service,
            Self::System,
            Self::ApiKey,
            Self::ServiceAccount,
        ];
        all.into_iter().find(|it| i32::from(*it as i16) == number)
    }
}

/// Where a price stands in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceState {
    /// Its time has not come.
    Scheduled,
    /// In force.
    Current,
    /// Was in force.
    Past,
    /// Cancelled or replaced before its time came.
    Cancelled,
}

/// One entry of a product's price history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceEntry {
    /// Its id.
    pub id: PriceId,
    /// Whose price it is.
    pub product: ProductId,
    /// What it says.
    pub offer: Offer,
    /// Since when it holds, or will.
    pub start: Moment,
    /// Until when it held.
    pub end: Option<Moment>,
    /// Where it stands.
    pub state: PriceState,
    /// Who set it.
    pub actor: Actor,
    /// When it was set.
    pub created_at: Moment,
    /// When it was cancelled or replaced before it held.
    pub cancelled_at: Option<Moment>,
}

/// What a product is to cost, as its owner writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The offer in the main currency.
    pub main: Offer,
    /// Offers in other currencies.
    pub others: Vec<Offer>,
}

/// One change of the prices in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Another offer in its currency, under an entry of its own.
    Set(PriceId, Offer),
    /// No longer sold in the currency.
    Cease(Currency),
}

impl Offer {
    /// The currency of all its amounts.
    pub fn currency(self) -> Currency {
        self.price.currency()
    }

    /// Refuses amounts in two currencies.
    pub fn agrees(self) -> Result<(), Refusal> {
        match self.compare_at {
            Some(beside) if beside.currency() != self.currency() => {
                Err(Refusal::CurrencyMismatch(beside.currency()))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Wanted {
    /// All offers, the main one first; refused where one currency is priced twice.
    pub fn offers(&self) -> Result<Vec<Offer>, Refusal> {
        let mut offers: Vec<Offer> = Vec::with_capacity(1 + self.others.len());
        for offer in [self.main].iter().chain(&self.others) {
            offer.agrees()?;
            if offers.iter().any(|it| it.currency() == offer.currency()) {
                return Err(Refusal::CurrencyMismatch(offer.currency()));
            }
            offers.push(*offer);
        }
        Ok(offers)
    }

    /// What is to change on the prices in force; `draw` gives each new entry its id.
    pub fn moves(
        &self,
        present: &Prices,
        mut draw: impl FnMut() -> PriceId,
    ) -> Result<Vec<Move>, Refusal> {
        let offers = self.offers()?;
        let mut moves = Vec::new();
        for offer in &offers {
            let held = present.current.get(&offer.currency());
            if held.is_none_or(|held| held.offer != *offer) {
                moves.push(Move::Set(draw(), *offer));
            }
        }
        for currency in present.current.keys() {
            if !offers.iter().any(|it| it.currency() == *currency) {
                moves.push(Move::Cease(*currency));
            }
        }
        Ok(moves)
    }
}

impl Prices {
    /// The price in force in the main currency.
    pub fn main_offer(&self) -> Option<Offer> {
        self.current.get(&self.main).map(|it| it.offer)
    }

    /// The prices in force in all other currencies.
    pub fn other_offers(&self) -> impl Iterator<Item = Offer> {
        let others = self.current.values();
        others
            .map(|it| it.offer)
            .filter(|offer| offer.currency() != self.main)
    }

    /// When the next scheduled price takes effect.
    pub fn next_at(&self) -> Option<Moment> {
        self.scheduled.first().map(|it| it.at)
    }

    /// Adds a scheduled price in its place.
    pub(super) fn schedule(&mut self, new: Scheduled) {
        self.scheduled.push(new);
        self.scheduled
            .sort_by_key(|it| (it.at, it.offer.currency()));
    }
}

impl PriceState {
    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Current => "CURRENT",
            Self::Past => "PAST",
            Self::Cancelled => "CANCELLED",
        }
    }
}

//! Prices: those of a product in its row, and entries of the history in facts and answers.

use journal::Unreadable;
use vocab::{Currency, Money};

use super::parts::{actor_of, price_state_of};
use super::{bytes, id, moment, needed};
use crate::domain::price::{Actor, Current, Offer, PriceEntry, Prices, Scheduled};

/// All prices of a product but the past ones.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredPrices {
    #[prost(string, tag = "1")]
    main: String,
    #[prost(message, repeated, tag = "2")]
    current: Vec<StoredPrice>,
    #[prost(message, repeated, tag = "3")]
    scheduled: Vec<StoredPrice>,
}

/// One price and its time.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredPrice {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    offer: Option<StoredOffer>,
    #[prost(int64, tag = "3")]
    at: i64,
}

/// Amounts in one currency.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredOffer {
    #[prost(string, tag = "1")]
    currency: String,
    #[prost(int64, tag = "2")]
    price_minor: i64,
    #[prost(int64, optional, tag = "3")]
    compare_at_minor: Option<i64>,
}

/// An entry of the price history.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredEntry {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    product: Vec<u8>,
    #[prost(message, optional, tag = "3")]
    offer: Option<StoredOffer>,
    #[prost(int64, tag = "4")]
    start: i64,
    #[prost(int64, optional, tag = "5")]
    end: Option<i64>,
    #[prost(string, tag = "6")]
    state: String,
    #[prost(int32, tag = "7")]
    actor_type: i32,
    #[prost(string, tag = "8")]
    actor_id: String,
    #[prost(int64, tag = "9")]
    created_at: i64,
    #[prost(int64, optional, tag = "10")]
    cancelled_at: Option<i64>,
}

impl From<Offer> for StoredOffer {
    fn from(it: Offer) -> Self {
        Self {
            currency: it.currency().to_string(),
            price_minor: it.price.amount_minor(),
            compare_at_minor: it.compare_at.map(Money::amount_minor),
        }
    }
}

impl StoredOffer {
    fn read(&self) -> Result<Offer, Unreadable> {
        offer(&self.currency, self.price_minor, self.compare_at_minor)
    }
}

/// Reads amounts in one currency.
pub fn offer(code: &str, price: i64, compare_at: Option<i64>) -> Result<Offer, Unreadable> {
    let currency: Currency = code.parse().map_err(Unreadable::because)?;
    Ok(Offer {
        price: Money::new(price, currency),
        compare_at: compare_at.map(|it| Money::new(it, currency)),
    })
}

impl From<Current> for StoredPrice {
    fn from(it: Current) -> Self {
        Self {
            id: bytes(it.id),
            offer: Some(it.offer.into()),
            at: it.since.micros(),
        }
    }
}

impl StoredPrice {
    /// Reads a price in force.
    pub fn current(&self) -> Result<Current, Unreadable> {
        Ok(Current {
            id: id(&self.id)?,
            offer: needed(self.offer.as_ref(), "an offer")?.read()?,
            since: moment(self.at)?,
        })
    }
}

impl From<&Prices> for StoredPrices {
    fn from(it: &Prices) -> Self {
        let scheduled = it.scheduled.iter().map(|it| StoredPrice {
            id: bytes(it.id),
            offer: Some(it.offer.into()),
            at: it.at.micros(),
        });
        Self {
            main: it.main.to_string(),
            current: it.current.values().map(|it| (*it).into()).collect(),
            scheduled: scheduled.collect(),
        }
    }
}

impl TryFrom<StoredPrices> for Prices {
    type Error = Unreadable;

    fn try_from(it: StoredPrices) -> Result<Self, Unreadable> {
        let mut prices = Self {
            main: it.main.parse().map_err(Unreadable::because)?,
            current: std::collections::BTreeMap::new(),
            scheduled: Vec::with_capacity(it.scheduled.len()),
        };
        for stored in &it.current {
            let current = stored.current()?;
            prices.current.insert(current.offer.currency(), current);
        }
        for stored in &it.scheduled {
            let Current { id, offer, since } = stored.current()?;
            let at = since;
            prices.scheduled.push(Scheduled { id, offer, at });
        }
        Ok(prices)
    }
}

impl From<&PriceEntry> for StoredEntry {
    fn from(it: &PriceEntry) -> Self {
        Self {
            id: bytes(it.id),
            product: bytes(it.product),
            offer: Some(it.offer.into()),
            start: it.start.micros(),
            end: it.end.map(|it| it.micros()),
            state: it.state.name().to_owned(),
            actor_type: i32::from(it.actor.kind as i16),
            actor_id: it.actor.id.clone(),
            created_at: it.created_at.micros(),
            cancelled_at: it.cancelled_at.map(|it| it.micros()),
        }
    }
}

impl TryFrom<StoredEntry> for PriceEntry {
    type Error = Unreadable;

    fn try_from(it: StoredEntry) -> Result<Self, Unreadable> {
        let kind = i16::try_from(it.actor_type).map_err(Unreadable::because)?;
        Ok(Self {
            id: id(&it.id)?,
            product: id(&it.product)?,
            offer: needed(it.offer, "an offer")?.read()?,
            start: moment(it.start)?,
            end: it.end.map(moment).transpose()?,
            state: price_state_of(&it.state)?,
            actor: Actor {
                kind: actor_of(kind)?,
                id: it.actor_id,
            },
            created_at: moment(it.created_at)?,
            cancelled_at: it.cancelled_at.map(moment).transpose()?,
        })
    }
}

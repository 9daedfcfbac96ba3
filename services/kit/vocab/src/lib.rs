//! The typed values that every service of Retail Mesh speaks in: no async, no I/O, no wire types.
//!
//! A value of this crate cannot hold what its type forbids, and no operation on one panics or
//! wraps: whatever can go wrong is a typed error. Time, randomness and keys come in as values.

mod id;

mod currency;
mod money;
mod quantity;
mod sku;

mod clock;
mod date;
mod moment;
mod period;

mod etag;
mod page;

mod base64url;
mod digest;
#[cfg(test)]
mod seeded;

pub use id::kind::PREFIXES as ID_PREFIXES;
pub use id::kind::alias::*;
pub use id::{ID_TEXT_MAX, Id, IdError, Kind, kind, uuid_time_ms};

pub use currency::{Currency, UnknownCurrency};
pub use money::{Money, MoneyError, UnitsError};
pub use quantity::{Delta, Quantity, QuantityError};
pub use sku::{Sku, SkuError};

pub use clock::{Clock, ClockHands};
pub use date::{Date, DateError};
pub use moment::{Moment, MomentError};
pub use period::{EmptyPeriod, Period};

pub use etag::{Etag, EtagError};
pub use page::{
    InvalidPageToken, PAGE_POSITION_MAX, PAGE_TOKEN_MAX, PageBinding, PageKey, PageKeys,
    PositionTooLong,
};

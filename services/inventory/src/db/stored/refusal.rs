//! Why a hold was not granted, as an order's hold remembers it.

use journal::Unreadable;
use vocab::Moment;

use super::parts::StoredShortage;
use super::{bytes, id, moment};
use crate::domain::refusal::NotHeld;

/// A remembered refusal: its reason, and what it tells.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredNotHeld {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(message, repeated, tag = "2")]
    shortages: Vec<StoredShortage>,
    #[prost(bytes = "vec", tag = "3")]
    id: Vec<u8>,
    #[prost(string, tag = "4")]
    text: String,
    #[prost(int64, tag = "5")]
    number: i64,
}

impl From<&NotHeld> for StoredNotHeld {
    fn from(why: &NotHeld) -> Self {
        let mut stored = Self {
            reason: why.reason().to_owned(),
            shortages: why.shortages().iter().map(Into::into).collect(),
            ..Self::default()
        };
        match why {
            NotHeld::Insufficient(_) | NotHeld::Firm => {}
            NotHeld::LocationUnknown(it) | NotHeld::LocationClosed(it) => stored.id = bytes(*it),
            NotHeld::ProductUnknown(it) => stored.id = bytes(*it),
            NotHeld::LocationMissing(line) => stored.number = (*line).into(),
            NotHeld::LotUnknown(product, lot) => {
                stored.id = bytes(*product);
                stored.text.clone_from(lot);
            }
            NotHeld::Expired(at) => stored.number = at.micros(),
            NotHeld::NotActive(state) => stored.text.clone_from(state),
            NotHeld::EpochStale(epoch) => stored.number = *epoch,
        }
        stored
    }
}

impl StoredNotHeld {
    /// Reads it.
    pub fn read(self) -> Result<NotHeld, Unreadable> {
        let shortages = self.shortages.iter().map(StoredShortage::read);
        let expired = |micros| -> Result<Moment, Unreadable> { moment(micros) };
        Ok(match self.reason.as_str() {
            "INSUFFICIENT_STOCK" => NotHeld::Insufficient(shortages.collect::<Result<_, _>>()?),
            "LOCATION_UNKNOWN" => NotHeld::LocationUnknown(id(&self.id)?),
            "LOCATION_CLOSED" => NotHeld::LocationClosed(id(&self.id)?),
            "PRODUCT_UNKNOWN" => NotHeld::ProductUnknown(id(&self.id)?),
            "LOCATION_MISSING" => {
                NotHeld::LocationMissing(i32::try_from(self.number).map_err(Unreadable::because)?)
            }
            "LOT_UNKNOWN" => NotHeld::LotUnknown(id(&self.id)?, self.text),
            "RESERVATION_EXPIRED" => NotHeld::Expired(expired(self.number)?),
            "RESERVATION_NOT_ACTIVE" => NotHeld::NotActive(self.text),
            "RESERVATION_EPOCH_STALE" => NotHeld::EpochStale(self.number),
            "RESERVATION_FIRM" => NotHeld::Firm,
            other => return Err(Unreadable(format!("the refusal {other} is not known"))),
        })
    }
}

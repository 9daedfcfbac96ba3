//! Answers, as they are kept for repetitions of their requests.

use journal::Unreadable;

use super::allocation::StoredAllocation;
use super::hold::StoredHold;
use super::import::StoredImport;
use super::parts::{StoredLevels, StoredMark, StoredPolicy};
use super::refusal::StoredNotHeld;
use super::transfer::StoredTransfer;
use super::{needed, place, place_bytes};
use crate::domain::fact::ShortfallMark;
use crate::domain::position::{Position, Shortfall};
use crate::domain::{Answer, Entry};

/// An answer: the parts that it has.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredAnswer {
    #[prost(message, optional, tag = "1")]
    hold: Option<StoredHold>,
    #[prost(message, optional, tag = "2")]
    refusal: Option<StoredNotHeld>,
    #[prost(message, repeated, tag = "3")]
    entries: Vec<StoredEntry>,
    #[prost(message, optional, tag = "4")]
    position: Option<StoredPosition>,
    #[prost(message, optional, tag = "5")]
    transfer: Option<StoredTransfer>,
    #[prost(message, optional, tag = "6")]
    allocation: Option<StoredAllocation>,
    #[prost(message, optional, tag = "7")]
    import: Option<StoredImport>,
}

/// The name of an entry.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredEntry {
    #[prost(bytes = "vec", tag = "1")]
    place: Vec<u8>,
    #[prost(int64, tag = "2")]
    version: i64,
}

/// A whole position.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredPosition {
    #[prost(bytes = "vec", tag = "1")]
    place: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    levels: Option<StoredLevels>,
    #[prost(message, optional, tag = "3")]
    policy: Option<StoredPolicy>,
    #[prost(message, optional, tag = "4")]
    shortfall: Option<StoredMark>,
}

impl From<&Answer> for StoredAnswer {
    fn from(answer: &Answer) -> Self {
        let mut stored = Self::default();
        match answer {
            Answer::Reservation(hold) => stored.hold = Some((&**hold).into()),
            Answer::NotHeld(why) => stored.refusal = Some(why.into()),
            Answer::Entries(entries) => stored.entries = entries.iter().map(Into::into).collect(),
            Answer::Position(position, entry) => {
                stored.position = Some((&**position).into());
                stored.entries = vec![entry.into()];
            }
            Answer::Transfer(it) => stored.transfer = Some((&**it).into()),
            Answer::Allocation(it) => stored.allocation = Some((&**it).into()),
            Answer::Import(it) => stored.import = Some((&**it).into()),
            Answer::Done => {}
        }
        stored
    }
}

impl TryFrom<StoredAnswer> for Answer {
    type Error = Unreadable;

    fn try_from(stored: StoredAnswer) -> Result<Self, Unreadable> {
        if let Some(hold) = stored.hold {
            return Ok(Self::Reservation(Box::new(hold.read()?)));
        }
        if let Some(refusal) = stored.refusal {
            return Ok(Self::NotHeld(refusal.read()?));
        }
        if let Some(transfer) = stored.transfer {
            return Ok(Self::Transfer(Box::new(transfer.read()?)));
        }
        if let Some(allocation) = stored.allocation {
            return Ok(Self::Allocation(Box::new(allocation.read()?)));
        }
        if let Some(import) = stored.import {
            return Ok(Self::Import(Box::new(import.read()?)));
        }
        let entries = stored.entries.iter().map(StoredEntry::read);
        let entries: Vec<Entry> = entries.collect::<Result<_, _>>()?;
        if let Some(position) = stored.position {
            let entry = needed(entries.first().copied(), "the entry")?;
            return Ok(Self::Position(Box::new(position.read()?), entry));
        }
        Ok(match entries.is_empty() {
            true => Self::Done,
            false => Self::Entries(entries),
        })
    }
}

impl From<&Entry> for StoredEntry {
    fn from(it: &Entry) -> Self {
        Self {
            place: place_bytes(it.place),
            version: it.version,
        }
    }
}

impl StoredEntry {
    fn read(&self) -> Result<Entry, Unreadable> {
        Ok(Entry {
            place: place(&self.place)?,
            version: self.version,
        })
    }
}

impl From<&Position> for StoredPosition {
    fn from(it: &Position) -> Self {
        let mark = it.shortfall.map(|open| ShortfallMark {
            id: open.id,
            opened: false,
            peak: open.peak,
        });
        Self {
            place: place_bytes(it.place),
            levels: Some(it.levels.into()),
            policy: StoredPolicy::of(&it.policy),
            shortfall: mark.map(Into::into),
        }
    }
}

impl StoredPosition {
    fn read(self) -> Result<Position, Unreadable> {
        let mark = self.shortfall.as_ref().map(StoredMark::read).transpose()?;
        Ok(Position {
            place: place(&self.place)?,
            levels: self.levels.unwrap_or_default().into(),
            policy: StoredPolicy::read(self.policy)?,
            shortfall: mark.map(|it| Shortfall {
                id: it.id,
                peak: it.peak,
            }),
        })
    }
}

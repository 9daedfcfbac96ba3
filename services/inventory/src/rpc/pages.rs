//! Page tokens of the lists: where one goes on, sealed for its tenant, list and filters.

use chassis::call::Call;
use chassis::fault::Fault;
use contracts::common::ErrorReason;
use prost::Message;
use uuid::Uuid;
use vocab::{LocationId, Moment, PageBinding, PageKeys, ProductId};

use crate::db::{EntryCursor, ListCursor, PositionCursor};
use crate::domain::Place;

/// Items of a page where none are asked for.
const PAGE_SIZE: i32 = 50;

/// How many items a page has.
pub fn size(asked: i32) -> i64 {
    i64::from(if asked == 0 { PAGE_SIZE } else { asked })
}

/// The page token of one call.
pub struct Page<'a> {
    keys: &'a PageKeys,
    call: &'a Call,
    filters: Vec<u8>,
}

/// A place in a list that a token can hold.
pub trait Position: Sized {
    /// Writes the place.
    fn write(&self) -> Vec<u8>;
    /// Reads a place that was written so.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl<'a> Page<'a> {
    /// The token of a call; `filters` is its request without token and size.
    pub fn of(keys: &'a PageKeys, call: &'a Call, filters: &impl Message) -> Self {
        Self {
            keys,
            call,
            filters: filters.encode_to_vec(),
        }
    }

    /// Where the page begins, if it is not the first.
    pub fn open<P: Position>(&self, token: &str) -> Result<Option<P>, Fault> {
        if token.is_empty() {
            return Ok(None);
        }
        let opened = self.keys.open(&self.binding(), token);
        let position = opened.ok().and_then(|bytes| P::read(&bytes));
        position.map(Some).ok_or_else(|| {
            let text = "the page token was not given out for this call";
            Fault::shared(ErrorReason::PageTokenInvalid, text)
        })
    }

    /// The token of the next page.
    pub fn seal<P: Position>(&self, position: Option<&P>) -> Result<String, Fault> {
        let Some(position) = position else {
            return Ok(String::new());
        };
        let sealed = self.keys.seal(&self.binding(), &position.write());
        sealed.map_err(Fault::bug)
    }

    fn binding(&self) -> PageBinding<'_> {
        PageBinding {
            tenant: self.call.tenant,
            list: &self.call.method,
            filters: &self.filters,
        }
    }
}

/// Cuts what was read beyond a page, and returns the last item if there was more.
pub fn cut<T>(items: &mut Vec<T>, size: i64) -> Option<&T> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    items.last().filter(|_| more)
}

fn number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*number), rest))
}

impl Position for PositionCursor {
    fn write(&self) -> Vec<u8> {
        let (product, location) = (self.place.product.uuid(), self.place.location.uuid());
        let number = self.number.to_be_bytes();
        [&number[..], product.as_bytes(), location.as_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (number, rest) = number(bytes)?;
        let (product, location) = rest.split_at_checked(16)?;
        let product = ProductId::from_uuid(Uuid::from_slice(product).ok()?);
        let location = LocationId::from_uuid(Uuid::from_slice(location).ok()?);
        Some(Self {
            number,
            place: Place::new(product, location),
        })
    }
}

impl Position for EntryCursor {
    fn write(&self) -> Vec<u8> {
        (self.at.micros(), self.position).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (micros, position) = <(i64, i64)>::read(bytes)?;
        Some(Self {
            at: Moment::from_micros(micros).ok()?,
            position,
        })
    }
}

impl Position for (i64, i64) {
    fn write(&self) -> Vec<u8> {
        [self.0.to_be_bytes(), self.1.to_be_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (first, rest) = number(bytes)?;
        let (second, rest) = number(rest)?;
        rest.is_empty().then_some((first, second))
    }
}

impl Position for ListCursor {
    fn write(&self) -> Vec<u8> {
        [&self.at.micros().to_be_bytes()[..], self.id.as_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (micros, id) = number(bytes)?;
        Some(Self {
            at: Moment::from_micros(micros).ok()?,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

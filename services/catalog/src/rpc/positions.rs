//! Places in the catalog's lists, as page tokens hold them. Where a list has several orders, a
//! number says by which of them its place is; the filters of a token hold the order as well.

use chassis::pages::Position;
use uuid::Uuid;
use vocab::{CategoryId, Moment, PriceId, ProductId};

use crate::db::{CategoryCursor, PriceCursor, ProductCursor, SearchCursor};

/// By a time.
const TIME: i64 = 0;
/// By a text.
const TEXT: i64 = 1;
/// By a price.
const PRICE: i64 = 2;
/// By a score.
const SCORE: i64 = 3;

/// Which order it is by, and the rest.
fn tagged(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (tag, rest) = bytes.split_at_checked(size_of::<i64>())?;
    Some((i64::read(tag)?, rest))
}

impl Position for ProductCursor {
    fn write(&self) -> Vec<u8> {
        match self {
            Self::Time(at, id) => (TIME, (*at, id.uuid())).write(),
            Self::Text(text, id) => (TEXT, (id.uuid(), text.clone())).write(),
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        match tagged(bytes)? {
            (TIME, rest) => {
                let (at, id) = <(Moment, Uuid)>::read(rest)?;
                Some(Self::Time(at, ProductId::from_uuid(id)))
            }
            (TEXT, rest) => {
                let (id, text) = <(Uuid, String)>::read(rest)?;
                Some(Self::Text(text, ProductId::from_uuid(id)))
            }
            _ => None,
        }
    }
}

impl Position for SearchCursor {
    fn write(&self) -> Vec<u8> {
        match self {
            Self::Score(score, id) => {
                let bits = score.to_bits().cast_signed();
                (SCORE, (bits, id.uuid())).write()
            }
            Self::Price(minor, id) => (PRICE, (*minor, id.uuid())).write(),
            Self::Title(title, id) => (TEXT, (id.uuid(), title.clone())).write(),
            Self::Time(at, id) => (TIME, (*at, id.uuid())).write(),
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = tagged(bytes)?;
        if tag == TEXT {
            let (id, title) = <(Uuid, String)>::read(rest)?;
            return Some(Self::Title(title, ProductId::from_uuid(id)));
        }
        let (number, id) = <(i64, Uuid)>::read(rest)?;
        let id = ProductId::from_uuid(id);
        match tag {
            SCORE => Some(Self::Score(f64::from_bits(number.cast_unsigned()), id)),
            PRICE => Some(Self::Price(number, id)),
            TIME => Some(Self::Time(Moment::from_micros(number).ok()?, id)),
            _ => None,
        }
    }
}

impl Position for PriceCursor {
    fn write(&self) -> Vec<u8> {
        (self.at, self.id.uuid()).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, id) = <(Moment, Uuid)>::read(bytes)?;
        Some(Self {
            at,
            id: PriceId::from_uuid(id),
        })
    }
}

impl Position for CategoryCursor {
    fn write(&self) -> Vec<u8> {
        let rest = (i64::from(self.place), self.slug.clone());
        (self.depth, (self.parent.uuid(), rest)).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (depth, (parent, (place, slug))) = <(i64, (Uuid, (i64, String)))>::read(bytes)?;
        Some(Self {
            depth,
            parent: CategoryId::from_uuid(parent),
            place: place.try_into().ok()?,
            slug,
        })
    }
}

//! Page tokens of the lists: where one goes on, sealed for its tenant, list and filters.

use chassis::call::Call;
use chassis::fault::Fault;
use contracts::common::ErrorReason;
use prost::Message;
use uuid::Uuid;
use vocab::{CategoryId, Moment, PageBinding, PageKeys, PriceId, ProductId};

use crate::db::{CategoryCursor, PriceCursor, ProductCursor, SearchCursor};

/// Items of a page where none are asked for.
const PAGE_SIZE: i32 = 50;
/// The length of the number that a position may begin with.
const NUMBER: usize = 8;
/// The length of an id at the end of a position.
const ID: usize = 16;

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
    /// Reads a place that was written so, of a list in the order of `like`.
    fn read(bytes: &[u8], like: &Self) -> Option<Self>;
}

impl<'a> Page<'a> {
    /// The token of a call; `filters` is its request without token, size and mask.
    pub fn of(keys: &'a PageKeys, call: &'a Call, filters: &impl Message) -> Self {
        Self {
            keys,
            call,
            filters: filters.encode_to_vec(),
        }
    }

    /// Where the page begins, if it is not the first.
    pub fn open<P: Position>(&self, token: &str, like: &P) -> Result<Option<P>, Fault> {
        if token.is_empty() {
            return Ok(None);
        }
        let opened = self.keys.open(&self.binding(), token);
        let position = opened.ok().and_then(|bytes| P::read(&bytes, like));
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

fn numbered(number: i64, id: Uuid) -> Vec<u8> {
    [&number.to_be_bytes()[..], id.as_bytes()].concat()
}

fn read_numbered(bytes: &[u8]) -> Option<(i64, Uuid)> {
    let (number, id) = bytes.split_first_chunk::<NUMBER>()?;
    Some((i64::from_be_bytes(*number), Uuid::from_slice(id).ok()?))
}

fn texted(text: &str, id: Uuid) -> Vec<u8> {
    [id.as_bytes(), text.as_bytes()].concat()
}

fn read_texted(bytes: &[u8]) -> Option<(String, Uuid)> {
    let (id, text) = bytes.split_first_chunk::<ID>()?;
    Some((
        String::from_utf8(text.to_vec()).ok()?,
        Uuid::from_bytes(*id),
    ))
}

impl Position for ProductCursor {
    fn write(&self) -> Vec<u8> {
        match self {
            Self::Time(at, id) => numbered(at.micros(), id.uuid()),
            Self::Text(text, id) => texted(text, id.uuid()),
        }
    }

    fn read(bytes: &[u8], like: &Self) -> Option<Self> {
        match like {
            Self::Time(..) => {
                let (micros, id) = read_numbered(bytes)?;
                let at = Moment::from_micros(micros).ok()?;
                Some(Self::Time(at, ProductId::from_uuid(id)))
            }
            Self::Text(..) => {
                let (text, id) = read_texted(bytes)?;
                Some(Self::Text(text, ProductId::from_uuid(id)))
            }
        }
    }
}

impl Position for SearchCursor {
    fn write(&self) -> Vec<u8> {
        match self {
            Self::Score(score, id) => numbered(score.to_bits().cast_signed(), id.uuid()),
            Self::Price(minor, id) => numbered(*minor, id.uuid()),
            Self::Title(title, id) => texted(title, id.uuid()),
            Self::Time(at, id) => numbered(at.micros(), id.uuid()),
        }
    }

    fn read(bytes: &[u8], like: &Self) -> Option<Self> {
        if let Self::Title(..) = like {
            let (title, id) = read_texted(bytes)?;
            return Some(Self::Title(title, ProductId::from_uuid(id)));
        }
        let (number, id) = read_numbered(bytes)?;
        let id = ProductId::from_uuid(id);
        Some(match like {
            Self::Score(..) => Self::Score(f64::from_bits(number.cast_unsigned()), id),
            Self::Price(..) => Self::Price(number, id),
            Self::Title(..) | Self::Time(..) => Self::Time(Moment::from_micros(number).ok()?, id),
        })
    }
}

impl Position for PriceCursor {
    fn write(&self) -> Vec<u8> {
        numbered(self.at.micros(), self.id.uuid())
    }

    fn read(bytes: &[u8], _like: &Self) -> Option<Self> {
        let (micros, id) = read_numbered(bytes)?;
        Some(Self {
            at: Moment::from_micros(micros).ok()?,
            id: PriceId::from_uuid(id),
        })
    }
}

impl Position for CategoryCursor {
    fn write(&self) -> Vec<u8> {
        let mut bytes = numbered(self.depth, self.parent.uuid());
        bytes.extend(self.place.to_be_bytes());
        bytes.extend(self.slug.as_bytes());
        bytes
    }

    fn read(bytes: &[u8], _like: &Self) -> Option<Self> {
        let (place, rest) = bytes.split_at_checked(NUMBER + ID)?;
        let (depth, parent) = read_numbered(place)?;
        let (place, slug) = rest.split_first_chunk::<4>()?;
        Some(Self {
            depth,
            parent: CategoryId::from_uuid(parent),
            place: i32::from_be_bytes(*place),
            slug: String::from_utf8(slug.to_vec()).ok()?,
        })
    }
}

//! Places in lists as bytes. Numbers come first, so that what follows needs no length.

use uuid::Uuid;
use vocab::Moment;

/// The length of a number.
const NUMBER: usize = 8;
/// The length of an id.
const ID: usize = 16;

/// A place in a list that a token can hold.
pub trait Position: Sized {
    /// Writes the place.
    fn write(&self) -> Vec<u8>;
    /// Reads a place that was written so; nothing where the bytes are something else.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Position for i64 {
    fn write(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Position for Uuid {
    fn write(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

impl Position for String {
    fn write(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_utf8(bytes.to_vec()).ok()
    }
}

impl Position for Moment {
    fn write(&self) -> Vec<u8> {
        self.micros().write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_micros(i64::read(bytes)?).ok()
    }
}

/// A number, and what lies behind it.
impl<P: Position> Position for (i64, P) {
    fn write(&self) -> Vec<u8> {
        [self.0.write(), self.1.write()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (number, rest) = bytes.split_at_checked(NUMBER)?;
        Some((i64::read(number)?, P::read(rest)?))
    }
}

/// A time, and what lies behind it.
impl<P: Position> Position for (Moment, P) {
    fn write(&self) -> Vec<u8> {
        [self.0.write(), self.1.write()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (moment, rest) = bytes.split_at_checked(NUMBER)?;
        Some((Moment::read(moment)?, P::read(rest)?))
    }
}

/// An id, and what lies behind it.
impl<P: Position> Position for (Uuid, P) {
    fn write(&self) -> Vec<u8> {
        [self.0.write(), self.1.write()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_at_checked(ID)?;
        Some((Uuid::read(id)?, P::read(rest)?))
    }
}

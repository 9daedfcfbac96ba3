//! Sixteen bytes that stand for something: a request, or what was told.

/// A name or a digest that only has to be the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub [u8; 16]);

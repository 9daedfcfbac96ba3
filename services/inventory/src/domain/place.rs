//! Where stock is counted: one product at one location.

use std::fmt;
use std::str::FromStr;

use vocab::IdError;
use vocab::{LocationId, ProductId};

/// Names a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// What is counted.
    pub product: ProductId,
    /// Where it lies.
    pub location: LocationId,
}

/// A text that names no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// There are not two ids.
    #[error("a place is two ids with a dash between them")]
    Form,
    /// One of them is not the id it should be.
    #[error(transparent)]
    Id(#[from] IdError),
}

impl Place {
    /// Names the position of a product at a location.
    pub fn new(product: ProductId, location: LocationId) -> Self {
        Self { product, location }
    }
}

/// The name of the stream: `prd_…-loc_…`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.product, self.location)
    }
}

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (product, location) = text.split_once('-').ok_or(NoPlace::Form)?;
        Ok(Self::new(product.parse()?, location.parse()?))
    }
}

//! A product: one thing that is sold under one SKU.

use std::collections::BTreeMap;

use vocab::{CategoryId, Moment, ProductId, Sku};

use super::key::Claim;
use super::price::Prices;

mod content;

pub use content::Content;

/// A product as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Counts its facts.
    pub version: i64,
    /// The unit in which it is counted, for ever.
    pub unit: Unit,
    /// What its owner wrote about it.
    pub content: Content,
    /// What it costs.
    pub prices: Prices,
    /// Whether it is for sale.
    pub state: ProductState,
    /// When it was created.
    pub created_at: Moment,
    /// When its version last rose.
    pub updated_at: Moment,
    /// When it last became ACTIVE.
    pub published_at: Option<Moment>,
    /// When it was deleted, if it is.
    pub deleted_at: Option<Moment>,
}

/// Whether a product is for sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductState {
    /// Being prepared.
    Draft,
    /// For sale.
    Active,
    /// Out of the range.
    Archived,
}

/// Units in which products are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pieces.
    Each,
    /// Grams.
    Gram,
    /// Millilitres.
    Millilitre,
    /// Millimetres.
    Millimetre,
}

/// The climate that a product needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Climate {
    /// Room temperature.
    Ambient,
    /// From 2 to 8 degrees.
    Chilled,
    /// At most -18 degrees.
    Frozen,
}

/// The size of a packed piece in millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimensions {
    /// The longest side.
    pub length: i32,
    /// The side across.
    pub width: i32,
    /// The side that stands up.
    pub height: i32,
}

/// What a product is called in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalizedText {
    /// Name.
    pub title: String,
    /// Text.
    pub description: String,
}

/// How a product belongs to others in the shop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinship {
    /// The options in which its variants differ; a product that has any is a family.
    pub axes: Vec<String>,
    /// The family that it is a variant of.
    pub family: Option<ProductId>,
    /// Its value for every axis of its family.
    pub options: BTreeMap<String, String>,
}

impl Product {
    /// Whether nobody but staff may see it.
    pub fn is_hidden(&self) -> bool {
        self.state != ProductState::Active || self.deleted_at.is_some()
    }

    /// Its SKU.
    pub fn sku(&self) -> &Sku {
        &self.content.sku
    }

    /// The categories it stands in.
    pub fn categories(&self) -> &[CategoryId] {
        &self.content.category_ids
    }
}

impl ProductState {
    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Active => "ACTIVE",
            Self::Archived => "ARCHIVED",
        }
    }
}

impl Kinship {
    /// Whether it groups variants.
    pub fn is_family(&self) -> bool {
        !self.axes.is_empty()
    }

    /// Whether the options name exactly the axes.
    pub fn fits(&self, axes: &[String]) -> bool {
        self.options.len() == axes.len() && axes.iter().all(|axis| self.options.contains_key(axis))
    }

    /// The claim to its combination of options in its family.
    pub fn combination(&self) -> Option<Claim> {
        let family = self.family?.to_string();
        let mut parts: Vec<&[u8]> = vec![family.as_bytes()];
        for (axis, value) in &self.options {
            parts.extend([axis.as_bytes(), value.as_bytes()]);
        }
        Some(Claim::Combination(
            ProductId::derive(None, &parts).to_string(),
        ))
    }
}

//! What has happened, in the past tense and complete enough to publish.

use vocab::{CategoryId, Currency, Moment, Money, PriceId, ProductId, Sku};

use super::Key;
use super::category::Category;
use super::price::{Current, PriceEntry};
use super::product::{Product, ProductState};

/// One fact about one aggregate.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// About a product.
    Product(ProductFact),
    /// About a category.
    Category(CategoryFact),
}

/// What happened to a product, and when it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductFact {
    /// The product.
    pub product: ProductId,
    /// When.
    pub at: Moment,
    /// What.
    pub what: ProductChange,
}

/// What can happen to a product. Whole products are as they are after it.
#[derive(Clone, Debug, PartialEq)]
pub enum ProductChange {
    /// It came into being, a DRAFT with its first prices.
    Created(Box<Product>),
    /// Fields other than prices and state changed, by their names in the contract.
    Updated(Box<Product>, Vec<String>),
    /// A price took effect in one currency, or ceased.
    PriceChanged(PriceChange),
    /// A price waits for its time.
    PriceScheduled(PriceEntry),
    /// A waiting price was cancelled, or replaced by another entry.
    PriceCancelled(PriceEntry, Option<PriceId>),
    /// It was hidden and taken off sale.
    Deleted(Sku),
    /// It came back as a DRAFT, without the categories that are gone.
    Undeleted(Box<Product>),
    /// It went on sale, out of the state that it was in.
    Published(Box<Product>, ProductState),
    /// It became a DRAFT again.
    Unpublished(Sku),
    /// It left the range, out of the state that it was in.
    Archived(Sku, ProductState),
}

/// What changed on the price in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// The currency.
    pub currency: Currency,
    /// The price until now.
    pub old: Option<Money>,
    /// The price from now on.
    pub new: Option<Current>,
    /// Whether it is the product's main price.
    pub main: bool,
}

/// What happened to a category, and when it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoryFact {
    /// The category.
    pub category: CategoryId,
    /// When.
    pub at: Moment,
    /// What.
    pub what: CategoryChange,
}

/// What can happen to a category. Whole categories are as they are after it; `path` and
/// ancestors follow from the lineage that they had at that moment.
#[derive(Clone, Debug, PartialEq)]
pub enum CategoryChange {
    /// It came into being.
    Created(Box<Category>, super::category::Lineage),
    /// Fields changed, by their names in the contract, or it moved.
    Updated(Box<Category>, super::category::Lineage, Vec<String>),
    /// It was removed for good, and its slug is free.
    Deleted(String),
}

impl Fact {
    /// The one aggregate that it changes.
    pub fn subject(&self) -> Key {
        match self {
            Self::Product(fact) => Key::Product(fact.product),
            Self::Category(fact) => Key::Category(fact.category),
        }
    }
}

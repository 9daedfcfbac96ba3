//! What a decision leaves behind, and what its caller hears.

use vocab::Moment;

use super::Fact;
use super::category::{Category, Lineage};
use super::key::{Key, State};
use super::price::PriceEntry;
use super::product::Product;

/// Facts in their order, plain states to save with them, and the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What happened.
    pub facts: Vec<Noted>,
    /// Plain states that changed or came into being.
    pub plain: Vec<(Key, State)>,
    /// What the caller hears.
    pub answer: Answer,
}

/// A fact and when it took effect, where that is not when it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    /// The fact.
    pub fact: Fact,
    /// The instant that was planned for it.
    pub effective_at: Option<Moment>,
}

/// What a caller hears of an accepted command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The product as it is now.
    Product(Box<Product>),
    /// The product as it is now, and the price that was set.
    Priced(Box<Product>, Box<PriceEntry>),
    /// The price that was cancelled.
    Price(Box<PriceEntry>),
    /// The category as it is now, with its place in the tree.
    Category(Box<Category>, Lineage),
    /// Nothing is left to tell.
    Done,
}

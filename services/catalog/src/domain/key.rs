//! Everything that is kept, by the key under which it is locked.
//!
//! Products and categories are aggregates with facts. The rest are plain states that are saved in
//! the same commit: they make uniqueness, emptiness and membership things that can be locked.

use vocab::{CategoryId, PriceId, ProductId, Sku};

use super::category::Category;
use super::price::PriceEntry;
use super::product::Product;

/// What is locked, in the order of the locks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The shape of the tenant's tree of categories.
    Tree,
    /// A category.
    Category(CategoryId),
    /// What lies in a category.
    Occupancy(CategoryId),
    /// A product.
    Product(ProductId),
    /// How many variants of a family are not deleted.
    Variants(ProductId),
    /// Whether a product stands in a category.
    Placement(CategoryId, ProductId),
    /// A name or number that one thing has.
    Claim(Claim),
    /// An entry of the price history.
    Price(PriceId),
}

/// What is unique in a tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// A product's SKU, deleted or not.
    Sku(Sku),
    /// A product's barcode, deleted or not.
    Barcode(String),
    /// A category's slug.
    Slug(String),
    /// A family's combination of options, as a digest; a deleted variant gives it up.
    Combination(String),
}

/// Who has what is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody any more.
    Nobody,
    /// A product.
    Product(ProductId),
    /// A category.
    Category(CategoryId),
}

/// Counts the changes of a tenant's tree: categories that came, went or moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// How many there were.
    pub revision: i64,
}

/// What lies directly in a category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Categories.
    pub categories: i64,
    /// Products that are not deleted.
    pub products: i64,
    /// The category itself is gone, so nothing may come to lie in it.
    pub closed: bool,
}

/// The state under a [`Key`] of the same kind.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// The shape of the tree.
    Tree(Tree),
    /// A category, or the tombstone of one.
    Category(Box<Category>),
    /// What lies in a category.
    Occupancy(Occupancy),
    /// A product.
    Product(Box<Product>),
    /// Variants of a family.
    Variants(i64),
    /// Whether the product stands there.
    Placement(bool),
    /// Who holds the claim.
    Claim(Holder),
    /// An entry of the price history.
    Price(Box<PriceEntry>),
}

/// The states that a decision may look at: those of the keys that its command named.
pub trait View {
    /// The state under a key; nothing where there was never one.
    fn state(&self, key: &Key) -> Option<&State>;
}

impl Key {
    /// The state that stands for absence, for keys that have one.
    pub fn empty(&self) -> Option<State> {
        match self {
            Self::Tree => Some(State::Tree(Tree::default())),
            Self::Variants(_) => Some(State::Variants(0)),
            Self::Placement(..) => Some(State::Placement(false)),
            Self::Claim(_) => Some(State::Claim(Holder::Nobody)),
            Self::Category(_) | Self::Occupancy(_) | Self::Product(_) | Self::Price(_) => None,
        }
    }
}

/// The product under its key.
pub(super) fn product(view: &dyn View, id: ProductId) -> Option<&Product> {
    match view.state(&Key::Product(id))? {
        State::Product(product) => Some(product),
        _ => None,
    }
}

/// The category under its key, unless it is gone.
pub(super) fn category(view: &dyn View, id: CategoryId) -> Option<&Category> {
    match view.state(&Key::Category(id))? {
        State::Category(category) if category.deleted_at.is_none() => Some(category),
        _ => None,
    }
}

/// What lies in a category that is not gone.
pub(super) fn occupancy(view: &dyn View, id: CategoryId) -> Option<Occupancy> {
    match view.state(&Key::Occupancy(id))? {
        State::Occupancy(occupancy) if !occupancy.closed => Some(*occupancy),
        _ => None,
    }
}

/// How many variants of a family are not deleted.
pub(super) fn variants(view: &dyn View, family: ProductId) -> i64 {
    match view.state(&Key::Variants(family)) {
        Some(State::Variants(count)) => *count,
        _ => 0,
    }
}

/// Who holds a claim.
pub(super) fn holder(view: &dyn View, claim: &Claim) -> Holder {
    match view.state(&Key::Claim(claim.clone())) {
        Some(State::Claim(holder)) => *holder,
        _ => Holder::Nobody,
    }
}

/// The entry of the price history under its key.
pub(super) fn price(view: &dyn View, id: PriceId) -> Option<&PriceEntry> {
    match view.state(&Key::Price(id))? {
        State::Price(entry) => Some(entry),
        _ => None,
    }
}

/// The shape of the tree.
pub(super) fn tree(view: &dyn View) -> Tree {
    match view.state(&Key::Tree) {
        Some(State::Tree(tree)) => *tree,
        _ => Tree::default(),
    }
}

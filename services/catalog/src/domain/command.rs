//! What can be asked of the catalog, and the keys that each question names.
//!
//! Ids, actors and snapshots come in as values, so that a command can be decided again.

use std::collections::BTreeSet;
use std::sync::Arc;

use vocab::{CategoryId, Moment, PriceId, ProductId};

use super::category::CategoryContent;
use super::key::{Claim, Key};
use super::price::{Actor, Move, Offer, Prices, Wanted};
use super::product::{Content, Product, Unit};

/// A command. Every value in it is valid for itself.
#[derive(Clone, Debug)]
pub enum Command {
    /// Creates a product.
    CreateProduct(Box<NewProduct>),
    /// Changes content and prices of a product.
    ReviseProduct(Box<Revision>),
    /// Hides a product.
    DeleteProduct(OnSnapshot),
    /// Brings a product back.
    UndeleteProduct(OnSnapshot),
    /// Moves a product between its states.
    MoveProduct(Transition),
    /// Sets a price, now or later.
    SetPrice(Box<PriceSetting>),
    /// Cancels a scheduled price.
    CancelPrice(PriceCancelling),
    /// Puts prices in force whose time has come.
    EnforcePrices(OnSnapshot),
    /// Creates a category.
    CreateCategory(Box<NewCategory>),
    /// Changes or moves a category.
    ReviseCategory(Box<CategoryRevision>),
    /// Removes an empty category.
    DeleteCategory(CategoryRemoval),
}

/// A product that is not there yet.
#[derive(Clone, Debug)]
pub struct NewProduct {
    /// Its id.
    pub id: ProductId,
    /// Its unit.
    pub unit: Unit,
    /// What its owner wrote.
    pub content: Content,
    /// What it is to cost.
    pub prices: Wanted,
    /// An id for each price, the main one first.
    pub price_ids: Vec<PriceId>,
    /// Who creates it.
    pub actor: Actor,
}

/// A product as it was read, and the etag that the caller sent.
#[derive(Clone, Debug)]
pub struct OnSnapshot {
    /// The product as it was read.
    pub snapshot: Arc<Product>,
    /// The etag, if one was sent.
    pub etag: Option<String>,
}

/// The whole new content of a product, and what changes on its prices.
#[derive(Clone, Debug)]
pub struct Revision {
    /// The product that it was made from.
    pub on: OnSnapshot,
    /// The new content.
    pub content: Content,
    /// The new main offer, by its currency.
    pub main: Offer,
    /// The prices that change.
    pub moves: Vec<Move>,
    /// Who changes it.
    pub actor: Actor,
}

/// A step of a product from state to state.
#[derive(Clone, Debug)]
pub struct Transition {
    /// The product.
    pub product: ProductId,
    /// The etag, if one was sent.
    pub etag: Option<String>,
    /// Where to.
    pub step: Step,
}

/// The steps between states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Puts on sale.
    Publish,
    /// Makes a draft again.
    Unpublish,
    /// Takes out of the range.
    Archive,
}

/// A price to set.
#[derive(Clone, Debug)]
pub struct PriceSetting {
    /// The product as it was read.
    pub on: OnSnapshot,
    /// The id of the new entry.
    pub id: PriceId,
    /// What it is to cost.
    pub offer: Offer,
    /// From when on; at once without.
    pub at: Option<Moment>,
    /// Who sets it.
    pub actor: Actor,
}

/// A scheduled price to cancel.
#[derive(Clone, Debug)]
pub struct PriceCancelling {
    /// The product.
    pub product: ProductId,
    /// The entry of its history.
    pub price: PriceId,
    /// The etag, if one was sent.
    pub etag: Option<String>,
}

/// A category that is not there yet.
#[derive(Clone, Debug)]
pub struct NewCategory {
    /// Its id.
    pub id: CategoryId,
    /// What its owner wrote.
    pub content: CategoryContent,
    /// The parent and all above it, as they were read.
    pub above: Vec<CategoryId>,
}

/// The whole new content of a category.
#[derive(Clone, Debug)]
pub struct CategoryRevision {
    /// The category.
    pub id: CategoryId,
    /// Its version when it was read.
    pub version: i64,
    /// Its content when it was read.
    pub old: CategoryContent,
    /// The new content.
    pub new: CategoryContent,
    /// The new parent and all above it, as they were read.
    pub above: Vec<CategoryId>,
    /// The revision of the tree that was read.
    pub revision: i64,
    /// The levels below the category, as they were read.
    pub height: usize,
    /// The etag, if one was sent.
    pub etag: Option<String>,
}

/// A category to remove.
#[derive(Clone, Debug)]
pub struct CategoryRemoval {
    /// The category.
    pub id: CategoryId,
    /// Its parent, as it was read.
    pub parent: Option<CategoryId>,
    /// Its slug, as it was read.
    pub slug: String,
    /// The etag, if one was sent.
    pub etag: Option<String>,
}

impl CategoryRevision {
    /// Whether it changes the place in the tree.
    pub fn moves(&self) -> bool {
        self.old.parent != self.new.parent
    }
}

impl Command {
    /// Everything that must be locked, each once.
    pub fn keys(&self) -> Vec<Key> {
        let mut keys = BTreeSet::new();
        match self {
            Self::CreateProduct(new) => create(new, &mut keys),
            Self::ReviseProduct(revision) => revise(revision, &mut keys),
            Self::DeleteProduct(on) => come_or_go(&on.snapshot, &mut keys),
            Self::UndeleteProduct(on) => come_or_go(&on.snapshot, &mut keys),
            Self::MoveProduct(transition) => keys.extend([Key::Product(transition.product)]),
            Self::SetPrice(setting) => {
                prices(&setting.on.snapshot, &mut keys);
                keys.insert(Key::Price(setting.id));
            }
            Self::CancelPrice(it) => keys.extend([Key::Product(it.product), Key::Price(it.price)]),
            Self::EnforcePrices(on) => prices(&on.snapshot, &mut keys),
            Self::CreateCategory(new) => create_category(new, &mut keys),
            Self::ReviseCategory(revision) => revise_category(revision, &mut keys),
            Self::DeleteCategory(removal) => {
                let occupied = [Some(removal.id), removal.parent];
                keys.extend(occupied.into_iter().flatten().map(Key::Occupancy));
                keys.extend([Key::Tree, Key::Category(removal.id)]);
                keys.insert(Key::Claim(Claim::Slug(removal.slug.clone())));
            }
        }
        keys.into_iter().collect()
    }
}

fn create(new: &NewProduct, keys: &mut BTreeSet<Key>) {
    keys.extend([Key::Product(new.id), sku(&new.content)]);
    keys.extend(new.content.barcodes.iter().map(|it| barcode(it)));
    for category in &new.content.category_ids {
        keys.extend([Key::Occupancy(*category), Key::Placement(*category, new.id)]);
    }
    keys.extend(new.price_ids.iter().copied().map(Key::Price));
    family(&new.content, keys);
}

fn revise(revision: &Revision, keys: &mut BTreeSet<Key>) {
    let (snapshot, new) = (&revision.on.snapshot, &revision.content);
    let old = &snapshot.content;
    keys.insert(Key::Product(snapshot.id));
    if old.sku != new.sku {
        keys.extend([sku(old), sku(new)]);
    }
    let (held, wanted) = (barcodes(old), barcodes(new));
    keys.extend(held.symmetric_difference(&wanted).cloned());
    let stands: BTreeSet<_> = old.category_ids.iter().collect();
    let stand: BTreeSet<_> = new.category_ids.iter().collect();
    for category in stands.symmetric_difference(&stand) {
        keys.extend([
            Key::Occupancy(**category),
            Key::Placement(**category, snapshot.id),
        ]);
    }
    if old.kinship != new.kinship {
        family(old, keys);
        family(new, keys);
        keys.insert(Key::Variants(snapshot.id));
    }
    if !revision.moves.is_empty() {
        prices(snapshot, keys);
    }
    for step in &revision.moves {
        if let Move::Set(id, _) = step {
            keys.insert(Key::Price(*id));
        }
    }
}

/// Deletion and its undoing touch the same things.
fn come_or_go(product: &Product, keys: &mut BTreeSet<Key>) {
    keys.insert(Key::Product(product.id));
    for category in product.categories() {
        keys.extend([
            Key::Occupancy(*category),
            Key::Placement(*category, product.id),
        ]);
    }
    if product.content.kinship.is_family() {
        keys.insert(Key::Variants(product.id));
    }
    family(&product.content, keys);
}

/// Whatever the schedule may bring in force meanwhile is named too.
fn prices(product: &Product, keys: &mut BTreeSet<Key>) {
    let Prices {
        current, scheduled, ..
    } = &product.prices;
    keys.insert(Key::Product(product.id));
    keys.extend(current.values().map(|it| Key::Price(it.id)));
    keys.extend(scheduled.iter().map(|it| Key::Price(it.id)));
}

fn family(content: &Content, keys: &mut BTreeSet<Key>) {
    if let Some(family) = content.kinship.family {
        keys.extend([Key::Product(family), Key::Variants(family)]);
        keys.extend(content.kinship.combination().map(Key::Claim));
    }
}

fn sku(content: &Content) -> Key {
    Key::Claim(Claim::Sku(content.sku.clone()))
}

fn barcode(code: &str) -> Key {
    Key::Claim(Claim::Barcode(code.to_owned()))
}

fn barcodes(content: &Content) -> BTreeSet<Key> {
    content.barcodes.iter().map(|it| barcode(it)).collect()
}

fn create_category(new: &NewCategory, keys: &mut BTreeSet<Key>) {
    let occupied = [Some(new.id), new.content.parent];
    keys.extend(occupied.into_iter().flatten().map(Key::Occupancy));
    keys.extend([Key::Tree, Key::Category(new.id)]);
    keys.extend(new.above.iter().copied().map(Key::Category));
    keys.insert(Key::Claim(Claim::Slug(new.content.slug.clone())));
}

fn revise_category(revision: &CategoryRevision, keys: &mut BTreeSet<Key>) {
    let (old, new) = (&revision.old, &revision.new);
    keys.insert(Key::Category(revision.id));
    keys.extend(revision.above.iter().copied().map(Key::Category));
    if revision.moves() {
        keys.insert(Key::Tree);
        let parents = [old.parent, new.parent];
        keys.extend(parents.into_iter().flatten().map(Key::Occupancy));
    }
    if old.slug != new.slug {
        let slugs = [old.slug.clone(), new.slug.clone()];
        keys.extend(slugs.map(|slug| Key::Claim(Claim::Slug(slug))));
    }
}

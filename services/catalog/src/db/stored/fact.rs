//! Facts and answers. One form serves all kinds of facts; the kind beside it says which parts are
//! read.

use journal::Unreadable;
use vocab::Money;

use super::category::{StoredAncestor, ancestors, lineage};
use super::parts::state_of;
use super::price::{StoredEntry, StoredPrice};
use super::{
    StoredCategory, StoredProduct, bytes, id, moment, needed, optional_bytes, optional_id,
};
use crate::domain::Answer;
use crate::domain::fact::{
    CategoryChange, CategoryFact, Fact, PriceChange, ProductChange, ProductFact,
};

/// A fact.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredFact {
    #[prost(bytes = "vec", tag = "1")]
    subject: Vec<u8>,
    #[prost(int64, tag = "2")]
    at: i64,
    #[prost(message, optional, tag = "3")]
    product: Option<StoredProduct>,
    #[prost(string, repeated, tag = "4")]
    changed: Vec<String>,
    #[prost(string, tag = "5")]
    currency: String,
    #[prost(int64, optional, tag = "6")]
    old_minor: Option<i64>,
    #[prost(message, optional, tag = "7")]
    current: Option<StoredPrice>,
    #[prost(bool, tag = "8")]
    main: bool,
    #[prost(message, optional, tag = "9")]
    entry: Option<StoredEntry>,
    #[prost(bytes = "vec", tag = "10")]
    replaced_by: Vec<u8>,
    #[prost(string, tag = "11")]
    sku: String,
    #[prost(string, tag = "12")]
    old_state: String,
    #[prost(message, optional, tag = "13")]
    category: Option<StoredCategory>,
    #[prost(message, repeated, tag = "14")]
    above: Vec<StoredAncestor>,
    #[prost(string, tag = "15")]
    slug: String,
}

/// An answer: the parts that it has.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredAnswer {
    #[prost(message, optional, tag = "1")]
    product: Option<StoredProduct>,
    #[prost(message, optional, tag = "2")]
    entry: Option<StoredEntry>,
    #[prost(message, optional, tag = "3")]
    category: Option<StoredCategory>,
    #[prost(message, repeated, tag = "4")]
    above: Vec<StoredAncestor>,
}

impl StoredFact {
    /// The kind of a fact, and the fact.
    pub fn of(fact: &Fact) -> (&'static str, Self) {
        match fact {
            Fact::Product(fact) => Self::of_product(fact),
            Fact::Category(fact) => Self::of_category(fact),
        }
    }

    fn of_product(fact: &ProductFact) -> (&'static str, Self) {
        let mut stored = Self {
            subject: bytes(fact.product),
            at: fact.at.micros(),
            ..Self::default()
        };
        let kind = match &fact.what {
            ProductChange::Created(product) => {
                stored.product = Some((&**product).into());
                "product_created"
            }
            ProductChange::Updated(product, changed) => {
                stored.product = Some((&**product).into());
                stored.changed.clone_from(changed);
                "product_updated"
            }
            ProductChange::PriceChanged(change) => {
                stored.currency = change.currency.to_string();
                stored.old_minor = change.old.map(Money::amount_minor);
                stored.current = change.new.map(Into::into);
                stored.main = change.main;
                "product_price_changed"
            }
            ProductChange::PriceScheduled(entry) => {
                stored.entry = Some(entry.into());
                "product_price_scheduled"
            }
            ProductChange::PriceCancelled(entry, by) => {
                stored.entry = Some(entry.into());
                stored.replaced_by = optional_bytes(*by);
                "product_price_cancelled"
            }
            ProductChange::Deleted(sku) => {
                stored.sku = sku.to_string();
                "product_deleted"
            }
            ProductChange::Undeleted(product) => {
                stored.product = Some((&**product).into());
                "product_undeleted"
            }
            ProductChange::Published(product, old) => {
                stored.product = Some((&**product).into());
                old.name().clone_into(&mut stored.old_state);
                "product_published"
            }
            ProductChange::Unpublished(sku) => {
                stored.sku = sku.to_string();
                "product_unpublished"
            }
            ProductChange::Archived(sku, old) => {
                stored.sku = sku.to_string();
                old.name().clone_into(&mut stored.old_state);
                "product_archived"
            }
        };
        (kind, stored)
    }

    fn of_category(fact: &CategoryFact) -> (&'static str, Self) {
        let mut stored = Self {
            subject: bytes(fact.category),
            at: fact.at.micros(),
            ..Self::default()
        };
        let kind = match &fact.what {
            CategoryChange::Created(category, lineage) => {
                stored.category = Some((&**category).into());
                stored.above = ancestors(lineage);
                "category_created"
            }
            CategoryChange::Updated(category, lineage, changed) => {
                stored.category = Some((&**category).into());
                stored.above = ancestors(lineage);
                stored.changed.clone_from(changed);
                "category_updated"
            }
            CategoryChange::Deleted(slug) => {
                stored.slug.clone_from(slug);
                "category_deleted"
            }
        };
        (kind, stored)
    }

    /// Reads a fact of a kind.
    pub fn read(self, kind: &str) -> Result<Fact, Unreadable> {
        match kind {
            "category_created" | "category_updated" | "category_deleted" => {
                self.read_category(kind).map(Fact::Category)
            }
            _ => self.read_product(kind).map(Fact::Product),
        }
    }

    fn read_product(self, kind: &str) -> Result<ProductFact, Unreadable> {
        let whole = |it: Option<StoredProduct>| -> Result<_, Unreadable> {
            Ok(Box::new(needed(it, "the product")?.try_into()?))
        };
        let sku = || self.sku.parse().map_err(Unreadable::because);
        let what = match kind {
            "product_created" => ProductChange::Created(whole(self.product)?),
            "product_updated" => ProductChange::Updated(whole(self.product)?, self.changed),
            "product_price_changed" => ProductChange::PriceChanged(self.price_change()?),
            "product_price_scheduled" => {
                ProductChange::PriceScheduled(needed(self.entry, "the entry")?.try_into()?)
            }
            "product_price_cancelled" => {
                let by = optional_id(&self.replaced_by)?;
                let entry = needed(self.entry, "the entry")?;
                ProductChange::PriceCancelled(entry.try_into()?, by)
            }
            "product_deleted" => ProductChange::Deleted(sku()?),
            "product_undeleted" => ProductChange::Undeleted(whole(self.product)?),
            "product_published" => {
                ProductChange::Published(whole(self.product)?, state_of(&self.old_state)?)
            }
            "product_unpublished" => ProductChange::Unpublished(sku()?),
            "product_archived" => ProductChange::Archived(sku()?, state_of(&self.old_state)?),
            other => return Err(Unreadable(format!("the kind {other} is not known"))),
        };
        Ok(ProductFact {
            product: id(&self.subject)?,
            at: moment(self.at)?,
            what,
        })
    }

    fn price_change(&self) -> Result<PriceChange, Unreadable> {
        let currency = self.currency.parse().map_err(Unreadable::because)?;
        let new = self.current.as_ref().map(StoredPrice::current);
        Ok(PriceChange {
            currency,
            old: self.old_minor.map(|it| Money::new(it, currency)),
            new: new.transpose()?,
            main: self.main,
        })
    }

    fn read_category(self, kind: &str) -> Result<CategoryFact, Unreadable> {
        let whole = |it: Option<StoredCategory>| -> Result<_, Unreadable> {
            Ok(Box::new(needed(it, "the category")?.try_into()?))
        };
        let what = match kind {
            "category_created" => {
                CategoryChange::Created(whole(self.category)?, lineage(self.above)?)
            }
            "category_updated" => {
                let above = lineage(self.above)?;
                CategoryChange::Updated(whole(self.category)?, above, self.changed)
            }
            _ => CategoryChange::Deleted(self.slug),
        };
        Ok(CategoryFact {
            category: id(&self.subject)?,
            at: moment(self.at)?,
            what,
        })
    }
}

impl From<&Answer> for StoredAnswer {
    fn from(answer: &Answer) -> Self {
        let mut stored = Self::default();
        match answer {
            Answer::Product(product) => stored.product = Some((&**product).into()),
            Answer::Priced(product, entry) => {
                stored.product = Some((&**product).into());
                stored.entry = Some((&**entry).into());
            }
            Answer::Price(entry) => stored.entry = Some((&**entry).into()),
            Answer::Category(category, lineage) => {
                stored.category = Some((&**category).into());
                stored.above = ancestors(lineage);
            }
            Answer::Done => {}
        }
        stored
    }
}

impl TryFrom<StoredAnswer> for Answer {
    type Error = Unreadable;

    fn try_from(it: StoredAnswer) -> Result<Self, Unreadable> {
        Ok(match (it.product, it.entry, it.category) {
            (Some(product), Some(entry), _) => {
                Self::Priced(Box::new(product.try_into()?), Box::new(entry.try_into()?))
            }
            (Some(product), None, _) => Self::Product(Box::new(product.try_into()?)),
            (None, Some(entry), _) => Self::Price(Box::new(entry.try_into()?)),
            (None, None, Some(category)) => {
                Self::Category(Box::new(category.try_into()?), lineage(it.above)?)
            }
            (None, None, None) => Self::Done,
        })
    }
}

//! From stored facts to the events of the contract. Pure: the same fact gives the same event.

use bus::{Message, Publish, Recorded, Unpublishable};
use contracts::catalog as pb;
use contracts::catalog::category_event::Event as CategoryEvent;
use contracts::catalog::product_event::Event as ProductEvent;
use contracts::convert::timestamp;
use prost_types::FieldMask;
use vocab::{Money, TenantId};

use crate::db::read_fact;
use crate::domain::Fact;
use crate::domain::fact::{CategoryChange, CategoryFact, PriceChange, ProductChange, ProductFact};
use crate::domain::product::Product;
use crate::rpc::convert::{category, price, product};

const PRODUCT: &str = "retail.catalog.v1.ProductEvent";
const CATEGORY: &str = "retail.catalog.v1.CategoryEvent";

/// The events of this context.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatalogEvents;

impl Publish for CatalogEvents {
    fn context(&self) -> &'static str {
        "catalog"
    }

    fn publish(&self, recorded: &Recorded) -> Result<Vec<Message>, Unpublishable> {
        let fact = read_fact(&recorded.kind, &recorded.payload)
            .map_err(|error| Unpublishable::Unreadable(error.to_string()))?;
        let message = match &fact {
            Fact::Product(fact) => product_message(recorded, fact),
            Fact::Category(fact) => category_message(recorded.tenant, fact),
        };
        Ok(vec![message])
    }
}

fn product_message(recorded: &Recorded, fact: &ProductFact) -> Message {
    let (event_type, token, event) = product_event(recorded, fact);
    let event = pb::ProductEvent {
        metadata: None,
        event: Some(event),
    };
    Message::new(event_type, PRODUCT, token, &event)
}

type Typed<E> = (&'static str, &'static str, E);

fn product_event(recorded: &Recorded, fact: &ProductFact) -> Typed<ProductEvent> {
    let whole = |it: &Product| Some(product::product(recorded.tenant, it));
    let product_id = fact.product.to_string();
    match &fact.what {
        ProductChange::Created(it) => (
            "retail.catalog.v1.ProductCreated",
            "product_created",
            ProductEvent::ProductCreated(pb::ProductCreated { product: whole(it) }),
        ),
        ProductChange::Updated(it, changed) => (
            "retail.catalog.v1.ProductUpdated",
            "product_updated",
            ProductEvent::ProductUpdated(pb::ProductUpdated {
                product: whole(it),
                update_mask: mask(changed),
            }),
        ),
        ProductChange::PriceChanged(change) => (
            "retail.catalog.v1.ProductPriceChanged",
            "product_price_changed",
            ProductEvent::ProductPriceChanged(price_changed(recorded, product_id, change)),
        ),
        ProductChange::PriceScheduled(entry) => (
            "retail.catalog.v1.ProductPriceScheduled",
            "product_price_scheduled",
            ProductEvent::ProductPriceScheduled(pb::ProductPriceScheduled {
                price_change: Some(price::entry(entry)),
            }),
        ),
        ProductChange::PriceCancelled(entry, by) => (
            "retail.catalog.v1.ProductPriceCancelled",
            "product_price_cancelled",
            ProductEvent::ProductPriceCancelled(pb::ProductPriceCancelled {
                price_change: Some(price::entry(entry)),
                replacing_price_change_id: by.map(|it| it.to_string()).unwrap_or_default(),
            }),
        ),
        ProductChange::Deleted(..)
        | ProductChange::Undeleted(_)
        | ProductChange::Published(..)
        | ProductChange::Unpublished(..)
        | ProductChange::Archived(..) => lifecycle_event(recorded, fact),
    }
}

fn lifecycle_event(recorded: &Recorded, fact: &ProductFact) -> Typed<ProductEvent> {
    let whole = |it: &Product| Some(product::product(recorded.tenant, it));
    let product_id = fact.product.to_string();
    match &fact.what {
        ProductChange::Undeleted(it) => (
            "retail.catalog.v1.ProductUndeleted",
            "product_undeleted",
            ProductEvent::ProductUndeleted(pb::ProductUndeleted { product: whole(it) }),
        ),
        ProductChange::Published(it, old) => (
            "retail.catalog.v1.ProductPublished",
            "product_published",
            ProductEvent::ProductPublished(pb::ProductPublished {
                product: whole(it),
                old_state: product::state(*old).into(),
            }),
        ),
        ProductChange::Unpublished(sku) => (
            "retail.catalog.v1.ProductUnpublished",
            "product_unpublished",
            ProductEvent::ProductUnpublished(pb::ProductUnpublished {
                product_id,
                sku: sku.to_string(),
            }),
        ),
        ProductChange::Archived(sku, old) => (
            "retail.catalog.v1.ProductArchived",
            "product_archived",
            ProductEvent::ProductArchived(pb::ProductArchived {
                product_id,
                sku: sku.to_string(),
                old_state: product::state(*old).into(),
            }),
        ),
        other => {
            let sku = match other {
                ProductChange::Deleted(sku) => sku.to_string(),
                _ => String::new(),
            };
            let deleted = pb::ProductDeleted { product_id, sku };
            let event = ProductEvent::ProductDeleted(deleted);
            ("retail.catalog.v1.ProductDeleted", "product_deleted", event)
        }
    }
}

fn price_changed(
    recorded: &Recorded,
    product_id: String,
    change: &PriceChange,
) -> pb::ProductPriceChanged {
    let new = change.new.as_ref();
    pb::ProductPriceChanged {
        product_id,
        old_price: change.old.map(Into::into),
        new_price: new.map(|it| it.offer.price.into()),
        effective_time: Some(timestamp(recorded.effective_at)),
        currency_code: change.currency.to_string(),
        compare_at_price: new.and_then(|it| it.offer.compare_at).map(Money::into),
        price_change_id: new.map(|it| it.id.to_string()).unwrap_or_default(),
        main_currency: change.main,
    }
}

fn category_message(tenant: TenantId, fact: &CategoryFact) -> Message {
    let (event_type, token, event) = match &fact.what {
        CategoryChange::Created(it, lineage) => (
            "retail.catalog.v1.CategoryCreated",
            "category_created",
            CategoryEvent::CategoryCreated(pb::CategoryCreated {
                category: Some(category::category(tenant, it, lineage)),
            }),
        ),
        CategoryChange::Updated(it, lineage, changed) => (
            "retail.catalog.v1.CategoryUpdated",
            "category_updated",
            CategoryEvent::CategoryUpdated(pb::CategoryUpdated {
                category: Some(category::category(tenant, it, lineage)),
                update_mask: mask(changed),
            }),
        ),
        CategoryChange::Deleted(slug) => (
            "retail.catalog.v1.CategoryDeleted",
            "category_deleted",
            CategoryEvent::CategoryDeleted(pb::CategoryDeleted {
                category_id: fact.category.to_string(),
                slug: slug.clone(),
            }),
        ),
    };
    let event = pb::CategoryEvent {
        metadata: None,
        event: Some(event),
    };
    Message::new(event_type, CATEGORY, token, &event)
}

fn mask(changed: &[String]) -> Option<FieldMask> {
    Some(FieldMask {
        paths: changed.to_vec(),
    })
}

#[cfg(test)]
mod tests;

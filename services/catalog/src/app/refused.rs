//! What each refusal of the domain is to a caller: kind, reason and metadata of the contract.

use chassis::fault::{Fault, Kind, Reason};
use journal::OUTRUN;

use crate::domain::{Holder, Refusal};

const PRODUCT: &str = "retail.catalog.v1.Product";
const CATEGORY: &str = "retail.catalog.v1.Category";
const PRICE: &str = "retail.catalog.v1.PriceChange";

const fn exists(name: &'static str) -> Reason {
    Reason::new(Kind::Exists, "retail.catalog", name)
}

const fn refused(name: &'static str) -> Reason {
    Reason::new(Kind::Refused, "retail.catalog", name)
}

const fn invalid(name: &'static str) -> Reason {
    Reason::new(Kind::Invalid, "retail.catalog", name)
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        let taken = |name| Self::new(exists(name), text.clone());
        match refusal {
            Refusal::ProductMissing(id) => Self::missing(PRODUCT, id.to_string()),
            Refusal::CategoryMissing(id) => Self::missing(CATEGORY, id.to_string()),
            Refusal::PriceMissing(id) => Self::missing(PRICE, id.to_string()),
            Refusal::Outrun => Self::new(OUTRUN, text),
            Refusal::EtagMismatch => Self::etag_mismatch(),
            Refusal::SkuExists(sku, by) => {
                held(taken("SKU_EXISTS").with("sku", sku.to_string()), by)
            }
            Refusal::BarcodeExists(code, by) => {
                held(taken("BARCODE_EXISTS").with("barcode", code), by)
            }
            Refusal::SlugExists(slug, by) => held(taken("SLUG_EXISTS").with("slug", slug), by),
            Refusal::VariantExists(by) => held(taken("VARIANT_EXISTS"), by),
            Refusal::CurrencyMismatch(currency) => {
                let fault = Self::new(invalid("CURRENCY_MISMATCH"), text);
                fault.with("currency_code", currency.to_string())
            }
            other => not_now(other, text),
        }
    }
}

/// The refusals that another state would not meet.
fn not_now(refusal: Refusal, text: String) -> Fault {
    let no = |name| Fault::new(refused(name), text.clone());
    match refusal {
        Refusal::CategoryUnknown(id) => no("CATEGORY_UNKNOWN").with("category_id", id.to_string()),
        Refusal::CategoryNotEmpty {
            categories,
            products,
        } => no("CATEGORY_NOT_EMPTY")
            .with("category_count", categories.to_string())
            .with("product_count", products.to_string()),
        Refusal::CategoryCycle(parent) => {
            no("CATEGORY_CYCLE").with("parent_category_id", parent.to_string())
        }
        Refusal::CategoryTooDeep(depth) => no("CATEGORY_TOO_DEEP").with("depth", depth.to_string()),
        Refusal::SchemaUnknown(id) => {
            no("SCHEMA_UNKNOWN").with("attribute_schema_id", id.to_string())
        }
        Refusal::ProductNotDeleted => no("PRODUCT_NOT_DELETED"),
        Refusal::ProductStateInvalid { state, deleted } => {
            let fault = no("PRODUCT_STATE_INVALID").with("state", state.name());
            match deleted {
                true => fault.with("deleted", "true"),
                false => fault,
            }
        }
        Refusal::ProductHasVariants(count) => {
            no("PRODUCT_HAS_VARIANTS").with("variant_count", count.to_string())
        }
        Refusal::FamilyInvalid(id) => {
            no("VARIANT_FAMILY_INVALID").with("product_id", id.to_string())
        }
        Refusal::OptionsInvalid(axes) => no("VARIANT_OPTIONS_INVALID").with("axes", axes.join(",")),
        Refusal::PriceNotScheduled(state) => no("PRICE_NOT_SCHEDULED").with("state", state.name()),
        Refusal::ScheduleFull => no("PRICE_SCHEDULE_FULL"),
        other => Fault::bug(other),
    }
}

/// Names who holds what is taken.
fn held(fault: Fault, by: Holder) -> Fault {
    match by {
        Holder::Product(id) => fault.with("product_id", id.to_string()),
        Holder::Category(id) => fault.with("category_id", id.to_string()),
        Holder::Nobody => fault,
    }
}

/// The refusal of a bundle, which this service does not keep yet.
pub fn bundles_not_served(component: &str) -> Fault {
    let text = "bundles are not served yet";
    Fault::new(refused("COMPONENT_INVALID"), text)
        .with("product_id", component)
        .with("why", "bundles are not served yet")
}

/// The refusal of amounts in two currencies in one search.
pub fn currencies_differ(currency: &str) -> Fault {
    let text = "prices of one search are in one currency";
    Fault::new(invalid("CURRENCY_MISMATCH"), text).with("currency_code", currency)
}

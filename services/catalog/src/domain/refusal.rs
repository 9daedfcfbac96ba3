//! Why a command is refused. Each variant states the fact that stands in its way.

use thiserror::Error;
use vocab::{AttributeSchemaId, CategoryId, Currency, PriceId, ProductId, Sku};

use super::Holder;
use super::price::PriceState;
use super::product::ProductState;

/// Why nothing happened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no such product.
    #[error("there is no such product")]
    ProductMissing(ProductId),
    /// There is no such category.
    #[error("there is no such category")]
    CategoryMissing(CategoryId),
    /// The product has no such price.
    #[error("there is no such price")]
    PriceMissing(PriceId),
    /// What the command rests on has changed since it was read; its caller reads again.
    #[error("the state has changed since it was read")]
    Outrun,
    /// The caller's etag is not the present one.
    #[error("the resource has changed since it was read")]
    EtagMismatch,
    /// The SKU is taken.
    #[error("another product has the SKU")]
    SkuExists(Sku, Holder),
    /// The barcode is taken.
    #[error("another product has the barcode")]
    BarcodeExists(String, Holder),
    /// The slug is taken.
    #[error("another category has the slug")]
    SlugExists(String, Holder),
    /// A category that is named does not exist.
    #[error("the category does not exist")]
    CategoryUnknown(CategoryId),
    /// The category has categories below it, or products.
    #[error("the category is not empty")]
    CategoryNotEmpty {
        /// Categories below it.
        categories: i64,
        /// Products in it that are not deleted.
        products: i64,
    },
    /// The category would come to lie below itself.
    #[error("the category would lie below itself")]
    CategoryCycle(CategoryId),
    /// The category, or one that moves with it, would lie too deep.
    #[error("the category would lie deeper than eight levels")]
    CategoryTooDeep(usize),
    /// A category names a schema that does not exist.
    #[error("the attribute schema does not exist")]
    SchemaUnknown(AttributeSchemaId),
    /// Only deleted products can be undeleted.
    #[error("the product is not deleted")]
    ProductNotDeleted,
    /// The product's state does not allow it.
    #[error("the product's state does not allow this")]
    ProductStateInvalid {
        /// Its state.
        state: ProductState,
        /// Whether it is deleted.
        deleted: bool,
    },
    /// The family has variants that are not deleted.
    #[error("the product has variants")]
    ProductHasVariants(i64),
    /// What is named as a family is none.
    #[error("the named product cannot have this variant")]
    FamilyInvalid(ProductId),
    /// The options do not name exactly the axes of the family.
    #[error("the options do not name exactly the axes of the family")]
    OptionsInvalid(Vec<String>),
    /// Another variant has the same options.
    #[error("another variant has the same options")]
    VariantExists(Holder),
    /// Amounts are in different currencies, or one currency is priced twice.
    #[error("amounts that belong together are in different currencies")]
    CurrencyMismatch(Currency),
    /// The price is in force already, or was.
    #[error("the price is not scheduled")]
    PriceNotScheduled(PriceState),
    /// Too many prices wait already.
    #[error("the product has as many scheduled prices as it can have")]
    ScheduleFull,
}

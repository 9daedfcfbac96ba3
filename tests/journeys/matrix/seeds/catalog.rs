//! Rows of the catalog: a tree of categories, a published product with a scheduled price, a deleted
//! one, a family with its variant.

use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use vocab::Clock;

use super::super::example::Ids;
use super::{Maker, Seeding, text};

pub const SEEDING: Seeding = Seeding {
    make: |maker| make(maker).boxed_local(),
    fixed: &[
        (
            "retail.catalog.v1.SearchProductsRequest.query",
            |_, mark| json!(mark),
        ),
        (
            "retail.catalog.v1.UpdateCategoryRequest.update_mask",
            |_, _| json!("displayName"),
        ),
        (
            "retail.catalog.v1.ListProductsRequest.show_deleted",
            |_, _| json!(true),
        ),
    ],
    elsewhere: &[("ats", "nothing makes schemas of attributes yet")],
    alike: &[
        (
            "retail.catalog.v1.CatalogService/CreateProduct",
            "bundle_components",
            "bundles are not made yet",
        ),
        (
            "retail.catalog.v1.CatalogService/ListProducts",
            "component_product_id",
            "bundles are not made yet",
        ),
        (
            "retail.catalog.v1.CatalogService/CreateCategory",
            "attribute_schema_id",
            "nothing makes schemas of attributes yet",
        ),
    ],
    counted: &[],
    own: &[],
    apart: &[],
};

async fn make(maker: &Maker<'_>) -> Ids {
    let mark = &maker.mark;
    let root = category(maker, &format!("{mark}-root"), None).await;
    let category = category(maker, mark, Some(&root)).await;
    let product = product(maker, "a", json!({"categoryIds": [category]})).await;
    let one = json!({"productId": product});
    maker.ask("CatalogService/PublishProduct", one).await;
    let later = later();
    let price = json!({
        "productId": product, "effectiveTime": later,
        "price": {"currencyCode": "EUR", "units": "11"},
    });
    let priced = maker.ask("CatalogService/SetProductPrice", price).await;
    let family = json!({"variantAxes": ["size"], "categoryIds": [&root]});
    let family = self::product(maker, "f", family).await;
    let variant = json!({"variantOfProductId": &family, "variantOptions": {"size": "XL"}});
    self::product(maker, "v", variant).await;
    let gone = json!({"productId": self::product(maker, "d", json!({})).await});
    maker.ask("CatalogService/DeleteProduct", gone).await;
    [
        ("cat", category),
        (
            "retail.catalog.v1.ListCategoriesRequest.parent_category_id",
            root,
        ),
        (
            "retail.catalog.v1.ListProductsRequest.variant_of_product_id",
            family.clone(),
        ),
        ("retail.catalog.v1.Product.variant_of_product_id", family),
        ("prd", product),
        ("pri", text(&priced, "/priceChange/priceChangeId")),
    ]
    .map(|(prefix, id)| (prefix.to_owned(), id))
    .into()
}

async fn category(maker: &Maker<'_>, slug: &str, parent: Option<&str>) -> String {
    let category = json!({
        "slug": slug, "displayName": slug, "description": slug,
        "parentCategoryId": parent.unwrap_or_default(),
    });
    let request = json!({"category": category});
    let made = maker.ask("CatalogService/CreateCategory", request).await;
    text(&made, "/category/categoryId")
}

async fn product(maker: &Maker<'_>, letter: &str, more: Value) -> String {
    let mark = &maker.mark;
    let mut product = json!({
        "sku": format!("{mark}-{letter}"), "title": format!("{mark} {letter}"),
        "description": mark, "brand": mark, "unitOfMeasure": "UNIT_OF_MEASURE_EACH",
        "price": {"currencyCode": "EUR", "units": "10"},
    });
    let fields = product.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    let request = json!({"product": product});
    let made = maker.ask("CatalogService/CreateProduct", request).await;
    text(&made, "/product/productId")
}

fn later() -> String {
    let now = Clock::system().now();
    let day = i64::try_from(Duration::from_secs(86_400).as_micros()).unwrap();
    let later = vocab::Moment::from_micros(now.micros() + day);
    later.unwrap().to_string()
}

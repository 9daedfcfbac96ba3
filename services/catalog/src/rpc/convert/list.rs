//! What lists ask for.

use chassis::fault::Fault;
use chassis::pages::{Page, size};
use contracts::catalog as pb;
use contracts::validate::Path;

use super::{id, optional_id, price, product, text, unfit};
use crate::app::Viewer;
use crate::db::{CategoryList, PriceList, ProductKey, ProductList, ProductOrder};

/// Reads what a list of products asks for, as its viewer may see it. Nothing, where it asks for
/// what there cannot be.
pub fn products(
    request: &pb::ListProductsRequest,
    viewer: Viewer,
    page: &Page<'_>,
) -> Result<Option<ProductList>, Fault> {
    let root = Path::Root;
    // No bundles are kept, so none contains anything.
    if !request.component_product_id.is_empty() {
        return Ok(None);
    }
    let order = order(&request.order_by);
    let family = &root.field("variant_of_product_id");
    let updated = request.update_period.as_ref().map(vocab::Period::try_from);
    let updated = updated.transpose().map_err(|_| {
        let text = "start_time must lie before end_time";
        unfit(&root.field("update_period"), "period.order", text)
    })?;
    let mut list = ProductList {
        category: optional_id(&root.field("category_id"), &request.category_id)?,
        below: request.include_descendants,
        states: product::states(&request.states),
        skus: request.skus.clone(),
        barcode: text(&request.barcode),
        brand: text(&request.brand),
        family: optional_id(family, &request.variant_of_product_id)?,
        updated,
        deleted: request.show_deleted,
        order,
        after: page.open(&request.page_token)?,
        limit: size(request.page_size) + 1,
    };
    if viewer == Viewer::Shopper {
        list.states = product::states(&[pb::ProductState::Active.into()]);
        list.deleted = false;
    }
    Ok(Some(list))
}

fn order(asked: &str) -> ProductOrder {
    let (name, way) = asked.split_once(' ').unwrap_or((asked, ""));
    let by = match name {
        "update_time" => ProductKey::Updated,
        "sku" => ProductKey::Sku,
        "title" => ProductKey::Title,
        _ => ProductKey::Created,
    };
    ProductOrder {
        by,
        descending: way == "desc",
    }
}

/// Reads what a list of categories asks for.
pub fn categories(
    request: &pb::ListCategoriesRequest,
    page: &Page<'_>,
) -> Result<CategoryList, Fault> {
    let root = Path::Root;
    let parent = &root.field("parent_category_id");
    Ok(CategoryList {
        parent: optional_id(parent, &request.parent_category_id)?,
        below: request.include_descendants,
        roots: request.roots_only,
        slug: text(&request.slug),
        after: page.open(&request.page_token)?,
        limit: size(request.page_size) + 1,
    })
}

/// Reads which part of a price history is asked for.
pub fn prices(request: &pb::ListProductPricesRequest, page: &Page<'_>) -> Result<PriceList, Fault> {
    let root = Path::Root;
    Ok(PriceList {
        product: id(&root.field("product_id"), &request.product_id)?,
        currency: text(&request.currency_code),
        states: price::states(&request.states),
        after: page.open(&request.page_token)?,
        limit: size(request.page_size) + 1,
    })
}

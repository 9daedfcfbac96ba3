//! Updates: what was sent is merged into the present resource, and the result is judged whole.

use chassis::fault::Fault;
use contracts::catalog as pb;
use contracts::mask::{self, Masked};
use contracts::validate::{Path, Validate, Violations};
use prost_types::FieldMask;
use vocab::TenantId;

use super::{category, product, unfit};
use crate::app::Revised;
use crate::db::Placed;
use crate::domain::category::CategoryContent;
use crate::domain::product::Product;

/// What an update makes of a product.
pub fn revised(
    tenant: TenantId,
    present: &Product,
    sent: &pb::Product,
    update_mask: Option<&FieldMask>,
) -> Result<Revised, Fault> {
    let present = product::product(tenant, present);
    let merged = merge(&present, sent, update_mask, "product")?;
    let at = Path::Root;
    let at = at.field("product");
    if merged.unit_of_measure != present.unit_of_measure {
        let text = "cannot be changed";
        return Err(unfit(&at.field("unit_of_measure"), "immutable", text));
    }
    product::revised(&at, &merged)
}

/// What an update makes of a category.
pub fn content(
    tenant: TenantId,
    present: &Placed,
    sent: &pb::Category,
    update_mask: Option<&FieldMask>,
) -> Result<CategoryContent, Fault> {
    let present = category::placed(tenant, present);
    let merged = merge(&present, sent, update_mask, "category")?;
    let at = Path::Root;
    category::content(&at.field("category"), &merged)
}

/// Returns what a read mask leaves of a product; its id and version always stay.
pub fn projected(whole: &pb::Product, read_mask: Option<&FieldMask>) -> Result<pb::Product, Fault> {
    let part = mask::project(whole, read_mask).map_err(|_| no_field("read_mask"))?;
    Ok(pb::Product {
        product_id: whole.product_id.clone(),
        version: whole.version,
        ..part
    })
}

/// Refuses a read mask that names what is no field, before anything is read.
pub fn readable(read_mask: Option<&FieldMask>) -> Result<(), Fault> {
    projected(&pb::Product::default(), read_mask).map(|_| ())
}

fn merge<M: Masked + Validate>(
    present: &M,
    sent: &M,
    update_mask: Option<&FieldMask>,
    name: &'static str,
) -> Result<M, Fault> {
    let merged = mask::update(present, sent, update_mask).map_err(|_| no_field("update_mask"))?;
    let mut found = Violations::default();
    let at = Path::Root;
    merged.check(&at.field(name), &mut found);
    found.into_result().map_err(Fault::invalid)?;
    Ok(merged)
}

fn no_field(name: &'static str) -> Fault {
    let at = Path::Root;
    unfit(&at.field(name), "field_mask.path", "must name fields only")
}

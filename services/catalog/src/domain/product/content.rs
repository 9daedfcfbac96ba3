//! What the owner of a product writes about it, prices apart.

use std::collections::BTreeMap;

use vocab::{CategoryId, Sku};

use super::{Climate, Dimensions, Kinship, LocalizedText};

/// The texts, measures and relations of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The merchant's number for it.
    pub sku: Sku,
    /// Name in the tenant's default language.
    pub title: String,
    /// Text in the tenant's default language.
    pub description: String,
    /// The maker's or seller's name; empty without one.
    pub brand: String,
    /// The categories it stands in, the one of the breadcrumbs first.
    pub category_ids: Vec<CategoryId>,
    /// The class for tax rules; empty without one.
    pub tax_class: String,
    /// The climate it must be kept in.
    pub climate: Option<Climate>,
    /// Gross weight of one base unit; 0 when it is not known.
    pub weight_grams: i64,
    /// Size of one packed base unit.
    pub dimensions: Option<Dimensions>,
    /// Whether inventory asks for lot numbers.
    pub lot_tracked: bool,
    /// Whether inventory knows each piece by a serial number.
    pub serial_tracked: bool,
    /// Days until it may no longer be sold; 0 when it does not expire.
    pub shelf_life_days: i32,
    /// Numbers on its packaging.
    pub barcodes: Vec<String>,
    /// Families and variants.
    pub kinship: Kinship,
    /// Addresses of pictures, the main one first.
    pub image_uris: Vec<String>,
    /// Texts in other languages, by language tag.
    pub localized_texts: BTreeMap<String, LocalizedText>,
    /// The tenant's own attributes as one JSON object; empty text without any.
    pub attributes: String,
}

impl Content {
    /// The fields, by their names in the contract, whose values differ from another content.
    pub fn changed_from(&self, old: &Self) -> Vec<String> {
        let (kin, old_kin) = (&self.kinship, &old.kinship);
        let days = self.shelf_life_days != old.shelf_life_days;
        let texts = self.localized_texts != old.localized_texts;
        let fields = [
            ("sku", self.sku != old.sku),
            ("title", self.title != old.title),
            ("description", self.description != old.description),
            ("brand", self.brand != old.brand),
            ("category_ids", self.category_ids != old.category_ids),
            ("tax_class", self.tax_class != old.tax_class),
            ("temperature_zone", self.climate != old.climate),
            ("weight_grams", self.weight_grams != old.weight_grams),
            ("dimensions", self.dimensions != old.dimensions),
            ("lot_tracked", self.lot_tracked != old.lot_tracked),
            ("serial_tracked", self.serial_tracked != old.serial_tracked),
            ("shelf_life_days", days),
            ("barcodes", self.barcodes != old.barcodes),
            ("variant_axes", kin.axes != old_kin.axes),
            ("variant_of_product_id", kin.family != old_kin.family),
            ("variant_options", kin.options != old_kin.options),
            ("image_uris", self.image_uris != old.image_uris),
            ("localized_texts", texts),
            ("custom_attributes", self.attributes != old.attributes),
        ];
        let changed = fields.into_iter().filter(|(_, changed)| *changed);
        changed.map(|(name, _)| name.to_owned()).collect()
    }
}

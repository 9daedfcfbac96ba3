//! The content of a product, but for what has a column of its own.

use std::collections::BTreeMap;

use journal::Unreadable;

use super::parts::{climate_number, climate_of};
use super::{bytes, id, optional_bytes, optional_id};
use crate::domain::product::{Content, Dimensions, Kinship, LocalizedText};

/// A product's content.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredContent {
    #[prost(string, tag = "1")]
    sku: String,
    #[prost(string, tag = "2")]
    title: String,
    #[prost(string, tag = "3")]
    description: String,
    #[prost(string, tag = "4")]
    brand: String,
    #[prost(bytes = "vec", repeated, tag = "5")]
    categories: Vec<Vec<u8>>,
    #[prost(string, tag = "6")]
    tax_class: String,
    #[prost(int32, tag = "7")]
    climate: i32,
    #[prost(int64, tag = "8")]
    weight_grams: i64,
    /// Length, width, height; empty when they are not known.
    #[prost(int32, repeated, tag = "9")]
    dimensions: Vec<i32>,
    #[prost(bool, tag = "10")]
    lot_tracked: bool,
    #[prost(bool, tag = "11")]
    serial_tracked: bool,
    #[prost(int32, tag = "12")]
    shelf_life_days: i32,
    #[prost(string, repeated, tag = "13")]
    barcodes: Vec<String>,
    #[prost(string, repeated, tag = "14")]
    axes: Vec<String>,
    #[prost(bytes = "vec", tag = "15")]
    family: Vec<u8>,
    #[prost(btree_map = "string, string", tag = "16")]
    options: BTreeMap<String, String>,
    #[prost(string, repeated, tag = "17")]
    image_uris: Vec<String>,
    #[prost(btree_map = "string, message", tag = "18")]
    texts: BTreeMap<String, StoredText>,
    #[prost(string, tag = "19")]
    attributes: String,
}

/// Texts in one language.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredText {
    #[prost(string, tag = "1")]
    title: String,
    #[prost(string, tag = "2")]
    description: String,
}

impl StoredContent {
    /// Fills in what columns hold.
    pub fn with_columns(mut self, sku: String, title: String, brand: String) -> Self {
        self.sku = sku;
        self.title = title;
        self.brand = brand;
        self
    }

    /// Leaves out what columns hold.
    pub fn without_columns(self) -> Self {
        self.with_columns(String::new(), String::new(), String::new())
    }
}

impl From<&Content> for StoredContent {
    fn from(it: &Content) -> Self {
        let texts = it.localized_texts.iter().map(|(language, text)| {
            let LocalizedText { title, description } = text.clone();
            (language.clone(), StoredText { title, description })
        });
        let size = it.dimensions.map(|it| vec![it.length, it.width, it.height]);
        Self {
            sku: it.sku.to_string(),
            title: it.title.clone(),
            description: it.description.clone(),
            brand: it.brand.clone(),
            categories: it.category_ids.iter().copied().map(bytes).collect(),
            tax_class: it.tax_class.clone(),
            climate: climate_number(it.climate),
            weight_grams: it.weight_grams,
            dimensions: size.unwrap_or_default(),
            lot_tracked: it.lot_tracked,
            serial_tracked: it.serial_tracked,
            shelf_life_days: it.shelf_life_days,
            barcodes: it.barcodes.clone(),
            axes: it.kinship.axes.clone(),
            family: optional_bytes(it.kinship.family),
            options: it.kinship.options.clone(),
            image_uris: it.image_uris.clone(),
            texts: texts.collect(),
            attributes: it.attributes.clone(),
        }
    }
}

impl TryFrom<StoredContent> for Content {
    type Error = Unreadable;

    fn try_from(it: StoredContent) -> Result<Self, Unreadable> {
        let categories = it.categories.iter().map(|it| id(it));
        let texts = it.texts.into_iter().map(|(language, text)| {
            let StoredText { title, description } = text;
            (language, LocalizedText { title, description })
        });
        let dimensions = match it.dimensions.as_slice() {
            [length, width, height] => Some(Dimensions {
                length: *length,
                width: *width,
                height: *height,
            }),
            _ => None,
        };
        Ok(Self {
            sku: it.sku.parse().map_err(Unreadable::because)?,
            title: it.title,
            description: it.description,
            brand: it.brand,
            category_ids: categories.collect::<Result<_, _>>()?,
            tax_class: it.tax_class,
            climate: climate_of(it.climate)?,
            weight_grams: it.weight_grams,
            dimensions,
            lot_tracked: it.lot_tracked,
            serial_tracked: it.serial_tracked,
            shelf_life_days: it.shelf_life_days,
            barcodes: it.barcodes,
            kinship: Kinship {
                axes: it.axes,
                family: optional_id(&it.family)?,
                options: it.options,
            },
            image_uris: it.image_uris,
            localized_texts: texts.collect(),
            attributes: it.attributes,
        })
    }
}

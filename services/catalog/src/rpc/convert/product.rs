//! Products, both ways.

use chassis::fault::Fault;
use contracts::catalog as pb;
use contracts::common::{TemperatureZone, UnitOfMeasure};
use contracts::validate::Path;
use prost::Message;
use vocab::{Etag, Sku, TenantId};

use super::{attributes, id, optional_id, price, time, unfit};
use crate::app::{Revised, bundles_not_served};
use crate::domain::price::Wanted;
use crate::domain::product::{
    Climate, Content, Dimensions, Kinship, LocalizedText, Product, ProductState, Unit,
};

/// The most bytes of an encoded product.
const PRODUCT_BYTES_MAX: usize = 256 * 1_024;

/// Reads a product that is to be created.
pub fn created(wire: &pb::Product) -> Result<(Unit, Revised), Fault> {
    let root = Path::Root;
    let at = root.field("product");
    Ok((unit(&at, wire.unit_of_measure)?, revised(&at, wire)?))
}

/// Reads a product that the rules of the contract have judged.
pub fn revised(at: &Path<'_>, wire: &pb::Product) -> Result<Revised, Fault> {
    if wire.encoded_len() > PRODUCT_BYTES_MAX {
        return Err(unfit(
            at,
            "product.bytes",
            "must not take more than 256 KiB",
        ));
    }
    if let Some(component) = wire.bundle_components.first() {
        return Err(bundles_not_served(&component.product_id));
    }
    Ok(Revised {
        content: content(at, wire)?,
        prices: prices(at, wire)?,
    })
}

fn unit(at: &Path<'_>, wire: i32) -> Result<Unit, Fault> {
    match UnitOfMeasure::try_from(wire).unwrap_or_default() {
        UnitOfMeasure::Each => Ok(Unit::Each),
        UnitOfMeasure::Gram => Ok(Unit::Gram),
        UnitOfMeasure::Millilitre => Ok(Unit::Millilitre),
        UnitOfMeasure::Millimetre => Ok(Unit::Millimetre),
        UnitOfMeasure::Unspecified => Err(unfit(
            &at.field("unit_of_measure"),
            "required",
            "must be set",
        )),
    }
}

fn prices(at: &Path<'_>, wire: &pb::Product) -> Result<Wanted, Fault> {
    let others = at.field("other_prices");
    let each = wire.other_prices.iter().enumerate();
    let read = each.map(|(place, it)| {
        let here = others.index(place);
        price::offer(&here, it.price.as_ref(), it.compare_at_price.as_ref())
    });
    Ok(Wanted {
        main: price::offer(at, wire.price.as_ref(), wire.compare_at_price.as_ref())?,
        others: read.collect::<Result<_, _>>()?,
    })
}

fn content(at: &Path<'_>, wire: &pb::Product) -> Result<Content, Fault> {
    let sku = wire.sku.parse::<Sku>();
    let attributes_at = at.field("custom_attributes");
    let categories = at.field("category_ids");
    let each = wire.category_ids.iter().enumerate();
    let ids = each.map(|(place, text)| id(&categories.index(place), text));
    Ok(Content {
        sku: sku.map_err(|_| unfit(&at.field("sku"), "string.code", "must be a code"))?,
        title: wire.title.clone(),
        description: wire.description.clone(),
        brand: wire.brand.clone(),
        category_ids: ids.collect::<Result<_, _>>()?,
        tax_class: wire.tax_class.clone(),
        climate: climate(wire.temperature_zone),
        weight_grams: wire.weight_grams,
        dimensions: wire.dimensions.as_ref().map(dimensions),
        lot_tracked: wire.lot_tracked,
        serial_tracked: wire.serial_tracked,
        shelf_life_days: wire.shelf_life_days,
        barcodes: wire.barcodes.clone(),
        kinship: Kinship {
            axes: wire.variant_axes.clone(),
            family: optional_id(
                &at.field("variant_of_product_id"),
                &wire.variant_of_product_id,
            )?,
            options: wire.variant_options.clone(),
        },
        image_uris: wire.image_uris.clone(),
        localized_texts: texts(wire),
        attributes: attributes::read(&attributes_at, wire.custom_attributes.as_ref())?,
    })
}

fn texts(wire: &pb::Product) -> std::collections::BTreeMap<String, LocalizedText> {
    let texts = wire.localized_texts.iter().map(|(language, it)| {
        let text = LocalizedText {
            title: it.title.clone(),
            description: it.description.clone(),
        };
        (language.clone(), text)
    });
    texts.collect()
}

fn dimensions(wire: &pb::Dimensions) -> Dimensions {
    Dimensions {
        length: wire.length_millimetres,
        width: wire.width_millimetres,
        height: wire.height_millimetres,
    }
}

fn climate(wire: i32) -> Option<Climate> {
    match TemperatureZone::try_from(wire).unwrap_or_default() {
        TemperatureZone::Unspecified => None,
        TemperatureZone::Ambient => Some(Climate::Ambient),
        TemperatureZone::Chilled => Some(Climate::Chilled),
        TemperatureZone::Frozen => Some(Climate::Frozen),
    }
}

/// Writes a product.
pub fn product(tenant: TenantId, it: &Product) -> pb::Product {
    let content = &it.content;
    let id = it.id.to_string();
    let main = it.prices.main_offer();
    let others = it.prices.other_offers().map(|offer| pb::ProductPrice {
        price: Some(offer.price.into()),
        compare_at_price: offer.compare_at.map(Into::into),
    });
    pb::Product {
        tenant_id: tenant.to_string(),
        sku: content.sku.to_string(),
        title: content.title.clone(),
        description: content.description.clone(),
        brand: content.brand.clone(),
        category_ids: content
            .category_ids
            .iter()
            .map(ToString::to_string)
            .collect(),
        state: state(it.state).into(),
        price: main.map(|it| it.price.into()),
        compare_at_price: main.and_then(|it| it.compare_at).map(Into::into),
        other_prices: others.collect(),
        tax_class: content.tax_class.clone(),
        unit_of_measure: wire_unit(it.unit).into(),
        version: it.version,
        etag: Etag::of(&id, it.version).to_string(),
        product_id: id,
        create_time: time(it.created_at),
        update_time: time(it.updated_at),
        publish_time: it.published_at.and_then(time),
        delete_time: it.deleted_at.and_then(time),
        ..described(content)
    }
}

fn described(it: &Content) -> pb::Product {
    let texts = it.localized_texts.iter().map(|(language, text)| {
        let text = pb::LocalizedText {
            title: text.title.clone(),
            description: text.description.clone(),
        };
        (language.clone(), text)
    });
    pb::Product {
        temperature_zone: wire_climate(it.climate).into(),
        weight_grams: it.weight_grams,
        dimensions: it.dimensions.map(|it| pb::Dimensions {
            length_millimetres: it.length,
            width_millimetres: it.width,
            height_millimetres: it.height,
        }),
        lot_tracked: it.lot_tracked,
        serial_tracked: it.serial_tracked,
        shelf_life_days: it.shelf_life_days,
        barcodes: it.barcodes.clone(),
        variant_axes: it.kinship.axes.clone(),
        variant_of_product_id: it
            .kinship
            .family
            .map(|it| it.to_string())
            .unwrap_or_default(),
        variant_options: it.kinship.options.clone(),
        image_uris: it.image_uris.clone(),
        localized_texts: texts.collect(),
        custom_attributes: attributes::write(&it.attributes),
        ..pb::Product::default()
    }
}

/// Writes the state of a product.
pub fn state(state: ProductState) -> pb::ProductState {
    match state {
        ProductState::Draft => pb::ProductState::Draft,
        ProductState::Active => pb::ProductState::Active,
        ProductState::Archived => pb::ProductState::Archived,
    }
}

/// The stored names of the states that a filter allows.
pub fn states(wire: &[i32]) -> Vec<&'static str> {
    let states = [
        ProductState::Draft,
        ProductState::Active,
        ProductState::Archived,
    ];
    let asked = states
        .into_iter()
        .filter(|it| wire.contains(&state(*it).into()));
    asked.map(ProductState::name).collect()
}

fn wire_unit(unit: Unit) -> UnitOfMeasure {
    match unit {
        Unit::Each => UnitOfMeasure::Each,
        Unit::Gram => UnitOfMeasure::Gram,
        Unit::Millilitre => UnitOfMeasure::Millilitre,
        Unit::Millimetre => UnitOfMeasure::Millimetre,
    }
}

fn wire_climate(climate: Option<Climate>) -> TemperatureZone {
    match climate {
        None => TemperatureZone::Unspecified,
        Some(Climate::Ambient) => TemperatureZone::Ambient,
        Some(Climate::Chilled) => TemperatureZone::Chilled,
        Some(Climate::Frozen) => TemperatureZone::Frozen,
    }
}

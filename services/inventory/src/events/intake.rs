//! What other services' events mean here: what catalog tells of products, and what store tells of
//! locations and of goods that left over a till or came back.
//!
//! Orders and their returns reach stock as calls of their sagas alone, and never from here. What
//! has happened is booked whatever is known of product and location.

use bus::consumer::Delivery;
use bus::{Listen, Poison};
use contracts::{catalog, store};
use prost::Message;
use vocab::{LocationId, Moment, ProductId};

use crate::app::told_fact;
use crate::domain::command::{RecordFacts, ToldFact, ToldKind};
use crate::domain::fact::{Goods, Told};
use crate::domain::key::{Location, Product};
use crate::domain::levels::Bucket;
use crate::domain::reservation::Reference;
use crate::domain::{Command, Place};

/// The number of a sale among the sorts of documents.
const SALE: i32 = 2;
/// The number of a return among the sorts of documents.
const RETURN: i32 = 5;

/// Reads what catalog tells of products.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProductIntake;

/// Reads what store tells of locations, sales and returns.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreIntake;

impl Listen<Command> for ProductIntake {
    fn name(&self) -> &'static str {
        "inventory-catalog"
    }

    fn source(&self) -> &'static str {
        "catalog"
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[
            "retail.catalog.v1.ProductCreated",
            "retail.catalog.v1.ProductUpdated",
            "retail.catalog.v1.ProductUndeleted",
            "retail.catalog.v1.ProductPublished",
        ]
    }

    fn effect(&self, delivery: &Delivery) -> Result<Option<Command>, Poison> {
        use catalog::product_event::Event;
        if !self.event_types().contains(&delivery.event_type.as_str()) {
            return Ok(None);
        }
        let event: catalog::ProductEvent = read(delivery)?;
        let product = match event.event {
            Some(Event::ProductCreated(it)) => it.product,
            Some(Event::ProductUpdated(it)) => it.product,
            Some(Event::ProductUndeleted(it)) => it.product,
            Some(Event::ProductPublished(it)) => it.product,
            _ => return Err(Poison::KindUnknown),
        };
        let product = product.ok_or_else(|| refused("the product is missing"))?;
        let known = Product {
            sku: product.sku,
            title: product.title,
            unit: product.unit_of_measure,
            bundle: !product.bundle_components.is_empty(),
            version: delivery.metadata.aggregate_version,
        };
        let id: ProductId = id(&product.product_id)?;
        Ok(Some(Command::LearnProduct(id, Box::new(known))))
    }
}

impl Listen<Command> for StoreIntake {
    fn name(&self) -> &'static str {
        "inventory-store"
    }

    fn source(&self) -> &'static str {
        "store"
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[
            "retail.store.v1.LocationCreated",
            "retail.store.v1.LocationUpdated",
            "retail.store.v1.LocationClosed",
            "retail.store.v1.LocationReopened",
            "retail.store.v1.LocationDeleted",
            "retail.store.v1.SaleCompleted",
            "retail.store.v1.SaleVoided",
            "retail.store.v1.SaleReturned",
        ]
    }

    fn effect(&self, delivery: &Delivery) -> Result<Option<Command>, Poison> {
        let kind = delivery.event_type.as_str();
        if !self.event_types().contains(&kind) {
            return Ok(None);
        }
        if kind.starts_with("retail.store.v1.Location") {
            return location(delivery).map(Some);
        }
        match kind {
            "retail.store.v1.SaleReturned" => returned(delivery).map(Some),
            _ => sale(delivery).map(Some),
        }
    }
}

fn location(delivery: &Delivery) -> Result<Command, Poison> {
    use store::location_event::Event;
    let event: store::LocationEvent = read(delivery)?;
    let version = delivery.metadata.aggregate_version;
    let place = match event.event {
        Some(Event::LocationCreated(it)) => it.location,
        Some(Event::LocationUpdated(it)) => it.location,
        Some(Event::LocationReopened(it)) => {
            return Ok(Command::OpenLocation(id(&it.location_id)?, true, version));
        }
        Some(Event::LocationClosed(it)) => {
            return Ok(Command::OpenLocation(id(&it.location_id)?, false, version));
        }
        Some(Event::LocationDeleted(it)) => {
            return Ok(Command::OpenLocation(id(&it.location_id)?, false, version));
        }
        None => return Err(Poison::KindUnknown),
    };
    let place = place.ok_or_else(|| refused("the location is missing"))?;
    let known = Location {
        open: place.state() != store::LocationState::Closed,
        code: place.code,
        time_zone: place.time_zone,
        priority: place.allocation_priority,
        version,
    };
    let id: LocationId = id(&place.location_id)?;
    Ok(Command::LearnLocation(id, Box::new(known)))
}

/// A sale takes each of its lines; a voided one puts back exactly what it took.
fn sale(delivery: &Delivery) -> Result<Command, Poison> {
    use store::sale_event::Event;
    let event: store::SaleEvent = read(delivery)?;
    let (sale, voided) = match event.event {
        Some(Event::SaleCompleted(it)) => (it.sale, false),
        Some(Event::SaleVoided(it)) => (it.sale, true),
        _ => return Err(Poison::KindUnknown),
    };
    let sale = sale.ok_or_else(|| refused("the sale is missing"))?;
    let location: LocationId = id(&sale.location_id)?;
    let mut facts = Vec::with_capacity(sale.lines.len());
    for line in &sale.lines {
        let (kind, way) = match voided {
            true => (ToldKind::Return(Bucket::Sellable), "void"),
            false => (ToldKind::Sale, "sale"),
        };
        let goods = goods(&line.lot_number, &line.serial_numbers);
        let document = (SALE, sale.sale_id.as_str());
        let place = Place::new(id(&line.product_id)?, location);
        let line_key = format!("{way}:{}", line.line_id);
        facts.push(fact(
            document,
            (place, kind),
            (line_key, line.quantity, goods),
        ));
    }
    recorded(delivery, facts)
}

/// Goods that came back over a till: on the shelf, aside for inspection, or not counted at all.
fn returned(delivery: &Delivery) -> Result<Command, Poison> {
    use store::sale_return_event::Event;
    let event: store::SaleReturnEvent = read(delivery)?;
    let Some(Event::SaleReturned(it)) = event.event else {
        return Err(Poison::KindUnknown);
    };
    let back = it.sale_return;
    let back = back.ok_or_else(|| refused("the return is missing"))?;
    let location: LocationId = id(&back.location_id)?;
    let mut facts = Vec::with_capacity(back.lines.len());
    for (number, line) in back.lines.iter().enumerate() {
        let bucket = match line.goods() {
            store::ReturnedGoods::Scrapped => continue,
            store::ReturnedGoods::Restocked => Bucket::Sellable,
            store::ReturnedGoods::Unspecified | store::ReturnedGoods::Quarantined => {
                Bucket::Quarantined
            }
        };
        let goods = goods(&line.lot_number, &line.serial_numbers);
        let document = (RETURN, back.sale_return_id.as_str());
        let place = Place::new(id(&line.product_id)?, location);
        let kind = ToldKind::Return(bucket);
        let told = (format!("return:{number}"), line.quantity, goods);
        facts.push(fact(document, (place, kind), told));
    }
    recorded(delivery, facts)
}

fn recorded(delivery: &Delivery, facts: Vec<ToldFact>) -> Result<Command, Poison> {
    let at = delivery.metadata.effective_time.as_ref();
    let at = at.map(contracts::convert::moment).transpose();
    let at: Option<Moment> = at.map_err(|_| refused("the time cannot be read"))?;
    Ok(Command::RecordFacts(Box::new(RecordFacts {
        facts,
        effective_at: at,
        lenient: true,
    })))
}

/// A fact that store told. It is remembered under its line, and shown without a key of its own.
fn fact(
    (kind, document): (i32, &str),
    (place, what): (Place, ToldKind),
    (key, quantity, goods): (String, i64, Goods),
) -> ToldFact {
    let told = Told {
        quantity,
        reference: Reference {
            kind,
            id: document.to_owned(),
        },
        fact_key: key,
        goods,
        metadata: Vec::new(),
    };
    let mut fact = told_fact(place, what, told);
    fact.told.fact_key.clear();
    fact
}

fn goods(lot: &str, serials: &[String]) -> Goods {
    Goods {
        lot: lot.to_owned(),
        serials: serials.to_vec(),
        ..Goods::default()
    }
}

fn read<M: Message + Default>(delivery: &Delivery) -> Result<M, Poison> {
    let read = M::decode(delivery.payload.clone());
    read.map_err(|error| Poison::Unreadable(error.to_string()))
}

fn id<K: vocab::Kind>(text: &str) -> Result<vocab::Id<K>, Poison> {
    text.parse().map_err(|_| refused("an id cannot be read"))
}

fn refused(why: &str) -> Poison {
    Poison::Refused(why.to_owned())
}

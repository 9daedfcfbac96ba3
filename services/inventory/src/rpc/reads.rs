//! Positions, one by one: as they are, as they were, and why.

use chassis::call::Call;
use chassis::fault::Fault;
use chassis::pages::{Page, cut, size};
use contracts::common;
use contracts::inventory as pb;
use contracts::validate::Path;
use vocab::{LocationId, Moment, ProductId};

use super::convert::position::{self, Shown};
use super::convert::{entry, hold, id, optional_id, own_id, time, unfit};
use super::{Rpc, Told};
use crate::app::{Buyable, Documents, Question, Then, Wish};
use crate::db::{Clocks, PositionList, Versioned};
use crate::domain::Place;
use crate::domain::reservation::Reservation;

impl Rpc {
    pub(super) async fn stock_position(
        &self,
        call: &Call,
        request: pb::GetStockPositionRequest,
    ) -> Told<pb::GetStockPositionResponse> {
        let place = place(&request.product_id, &request.location_id)?;
        let clocks = clocks(
            request.as_of_time.as_ref(),
            request.as_recorded_time.as_ref(),
        )?;
        let unit = self.unit(call, place.product).await?;
        let shown = match clocks.are_past() {
            true => then(
                call,
                &self.app.then(call, place, (clocks, None)).await?,
                false,
            ),
            false => {
                let found = self.app.position(call, place, request.min_version).await?;
                self.shown(call, &found)
            }
        };
        Ok(pb::GetStockPositionResponse {
            position: Some(pb::StockPosition {
                unit_of_measure: unit,
                ..shown
            }),
        })
    }

    pub(super) async fn product_stock(
        &self,
        call: &Call,
        request: pb::GetProductStockRequest,
    ) -> Told<pb::GetProductStockResponse> {
        let product: ProductId = own_id("product_id", &request.product_id)?;
        let locations = locations(&request.location_ids)?;
        if request.min_version > 0 {
            let [location] = locations.as_slice() else {
                let text = "must name exactly one location to wait for a version";
                let root = Path::Root;
                return Err(unfit(&root.field("location_ids"), "min_version.one", text));
            };
            let place = Place::new(product, *location);
            self.app.position(call, place, request.min_version).await?;
        }
        let list = PositionList {
            products: vec![product],
            locations,
            ..PositionList::default()
        };
        let unit = self.unit(call, product).await?;
        let all = self.app.all_positions(call, list).await?;
        let positions = all.iter().map(|it| pb::StockPosition {
            unit_of_measure: unit,
            ..self.shown(call, it)
        });
        let mut positions: Vec<pb::StockPosition> = positions.collect();
        let sum = |of: fn(&pb::StockPosition) -> i64| -> i64 { positions.iter().map(of).sum() };
        let (available, on_hand) = (sum(|it| it.available), sum(|it| it.on_hand));
        let promisable = sum(|it| it.promisable);
        positions.truncate(1_000);
        Ok(pb::GetProductStockResponse {
            product_id: product.to_string(),
            total_available: available,
            total_on_hand: on_hand,
            total_promisable: promisable,
            positions,
        })
    }

    pub(super) async fn why_stock(
        &self,
        call: &Call,
        request: pb::WhyStockRequest,
    ) -> Told<pb::WhyStockResponse> {
        let filters = pb::WhyStockRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let place = place(&request.product_id, &request.location_id)?;
        let asked = Question {
            place,
            clocks: clocks(
                request.as_of_time.as_ref(),
                request.as_recorded_time.as_ref(),
            )?,
            after: page.open(&request.page_token)?,
            limit: size(request.page_size),
        };
        let unit = self.unit(call, place.product).await?;
        let mut why = self.app.why(call, asked).await?;
        let last = cut(&mut why.entries, asked.limit).map(|it| (why.then.counted.upto, it.version));
        let entries = why.entries.iter().map(super::stock::shown);
        let shown = then(call, &why.then, !asked.clocks.are_past());
        let mut response = pb::WhyStockResponse {
            position: Some(pb::StockPosition {
                unit_of_measure: unit,
                ..shown
            }),
            policy: Some(position::policy(place, &why.then.position.policy)),
            opening: Some(position::levels(&why.opening)),
            transactions: entries.collect::<Result<_, _>>()?,
            next_page_token: page.seal(last.as_ref())?,
            ..pb::WhyStockResponse::default()
        };
        if let Some(documents) = why.documents {
            document(call, &mut response, (&why.then, &documents))?;
        }
        Ok(response)
    }

    pub(super) async fn batch_get_availability(
        &self,
        call: &Call,
        request: pb::BatchGetAvailabilityRequest,
    ) -> Told<pb::BatchGetAvailabilityResponse> {
        let wishes = request.lines.iter().map(wish);
        let wishes: Vec<Wish> = wishes.collect::<Result<_, _>>()?;
        let found = self.app.buyable(call, &wishes).await?;
        let lines = request.lines.iter().zip(found);
        Ok(pb::BatchGetAvailabilityResponse {
            availabilities: lines.map(|(line, it)| availability(line, it)).collect(),
        })
    }

    /// The number of a product's base unit; 0 where catalog never told of it.
    pub(super) async fn unit(&self, call: &Call, product: ProductId) -> Result<i32, Fault> {
        let units = self.app.units(call, [product]).await?;
        Ok(units.get(&product).copied().unwrap_or_default())
    }

    /// A position as it is today.
    pub(super) fn shown(&self, call: &Call, it: &Versioned) -> pb::StockPosition {
        let day = self.app.clock().now().utc_date();
        Shown::of(call.tenant, &it.position, it.version, it.recorded_at).on(day)
    }
}

/// Reads the name of a position.
pub(super) fn place(product: &str, location: &str) -> Result<Place, Fault> {
    let (product, location) = (
        own_id("product_id", product)?,
        own_id("location_id", location)?,
    );
    Ok(Place::new(product, location))
}

/// Reads the locations of a filter.
pub(super) fn locations(wire: &[String]) -> Result<Vec<LocationId>, Fault> {
    wire.iter().map(|it| own_id("location_ids", it)).collect()
}

/// Reads the products of a filter.
pub(super) fn products(wire: &[String]) -> Result<Vec<ProductId>, Fault> {
    wire.iter().map(|it| own_id("product_ids", it)).collect()
}

fn clocks(
    as_of: Option<&prost_types::Timestamp>,
    as_recorded: Option<&prost_types::Timestamp>,
) -> Result<Clocks, Fault> {
    Ok(Clocks {
        as_of: moment("as_of_time", as_of)?,
        as_recorded: moment("as_recorded_time", as_recorded)?,
    })
}

fn moment(
    name: &'static str,
    wire: Option<&prost_types::Timestamp>,
) -> Result<Option<Moment>, Fault> {
    let root = Path::Root;
    let moment = wire.map(contracts::convert::moment).transpose();
    let text = "must lie between 1970 and 2200";
    moment.map_err(|_| unfit(&root.field(name), "timestamp.era", text))
}

/// A position as it was; one that is as it is keeps its etag.
fn then(call: &Call, it: &Then, etag: bool) -> pb::StockPosition {
    let shown = Shown::of(call.tenant, &it.position, it.version, it.recorded_at);
    let mut shown = shown.on(it.at.utc_date());
    if !etag {
        shown.etag.clear();
    }
    shown
}

fn document(
    call: &Call,
    response: &mut pb::WhyStockResponse,
    (then, documents): (&Then, &Documents),
) -> Result<(), Fault> {
    response.holds = documents.holds.iter().map(touched).collect();
    let coming = documents.transfers.iter().map(|(it, quantity)| {
        let reference = common::Reference {
            kind: common::ReferenceKind::Transfer.into(),
            reference_id: it.id.to_string(),
        };
        pb::InboundStock {
            reference: Some(reference),
            quantity: *quantity,
            expected_time: it.expected_at.and_then(time),
        }
    });
    response.inbound = coming.collect();
    if let Some((opened, mark)) = &documents.shortfall {
        response.shortfall = Some(pb::Shortfall {
            shortfall_id: mark.id.to_string(),
            tenant_id: call.tenant.to_string(),
            product_id: then.position.place.product.to_string(),
            location_id: then.position.place.location.to_string(),
            state: pb::ShortfallState::Open.into(),
            open_quantity: then.position.levels.open_shortfall,
            peak_quantity: mark.peak,
            opening_transaction_id: entry::name(opened).to_string(),
            open_time: time(opened.recorded_at),
            ..pb::Shortfall::default()
        });
    }
    for opened in &documents.discrepancies {
        let fact = entry::read(opened)?;
        response.discrepancies.push(pb::Discrepancy {
            discrepancy_id: fact
                .discrepancy
                .map(|it| it.to_string())
                .unwrap_or_default(),
            tenant_id: call.tenant.to_string(),
            product_id: fact.place.product.to_string(),
            location_id: fact.place.location.to_string(),
            state: pb::DiscrepancyState::Open.into(),
            quantity: fact.deltas.discrepancy,
            transaction_id: entry::name(opened).to_string(),
            open_time: time(opened.recorded_at),
            ..pb::Discrepancy::default()
        });
    }
    Ok(())
}

fn touched((it, quantity): &(Reservation, i64)) -> pb::TouchedHold {
    let kind = match it.is_firm() {
        true => pb::ReservationKind::Firm,
        false => pb::ReservationKind::Timed,
    };
    pb::TouchedHold {
        reservation_id: it.id.to_string(),
        reference: Some(hold::reference(&it.reference)),
        kind: kind.into(),
        quantity: *quantity,
    }
}

fn wish(line: &pb::AvailabilityLine) -> Result<Wish, Fault> {
    let root = Path::Root;
    let at = root.field("lines");
    Ok(Wish {
        product: id(&at.field("product_id"), &line.product_id)?,
        location: optional_id(&at.field("location_id"), &line.location_id)?,
    })
}

fn availability(line: &pb::AvailabilityLine, it: Buyable) -> pb::Availability {
    let wanted = line.quantity.max(1);
    pb::Availability {
        product_id: line.product_id.clone(),
        location_id: line.location_id.clone(),
        available: it.available,
        backorderable: it.beyond,
        sufficient: it.available + it.beyond >= wanted,
        available_from_date: it.from.map(Into::into),
    }
}

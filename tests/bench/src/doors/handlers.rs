//! Handlers as services have them: open, convert, ask, convert.

use std::collections::HashMap;
use std::sync::Arc;

use chassis::call::Call;
use chassis::fault::{Fault, Kind, Reason};
use contracts::catalog::{self, GetProductRequest, GetProductResponse};
use contracts::inventory::{
    Reservation, ReservationLine, ReservationState, ReserveLine, ReserveStockRequest,
    ReserveStockResponse,
};
use tonic::{Request, Status};
use vocab::{ReservationId, TenantId};

use super::unary::Rpc;
use crate::order::World;
use crate::process::Process;
use crate::stock::Command;
use crate::stock::ledger::{Answer, Line, Place};

/// The service that reserves.
pub const INVENTORY: &str = "retail.inventory.v1.InventoryService";
/// The service that knows products.
pub const CATALOG: &str = "retail.catalog.v1.CatalogService";

/// Reserves by the journal.
#[derive(Clone)]
pub struct Reserve(pub Process);

/// Products in memory, by tenant and id. Reading one takes no SQL.
#[derive(Clone)]
pub struct Product(Arc<HashMap<(TenantId, String), catalog::Product>>);

/// Answers with a product and looks at nothing.
#[derive(Clone)]
pub struct Bare(pub Product);

impl Rpc for Reserve {
    const SERVICE: &'static str = INVENTORY;
    const METHOD: &'static str = "/ReserveStock";
    type Request = ReserveStockRequest;
    type Response = ReserveStockResponse;

    async fn answer(
        &self,
        request: Request<ReserveStockRequest>,
    ) -> Result<ReserveStockResponse, Status> {
        let (call, message) = Call::open(request)?;
        let lines = message
            .lines
            .iter()
            .map(line)
            .collect::<Result<Vec<_>, _>>()?;
        let attempt = call
            .attempt
            .ok_or_else(|| Fault::bug("a request without an id"))?;
        let id = ReservationId::from_uuid(attempt.request_id);
        let command = Command::Reserve(id, lines);
        let answer = self.0.journal.submit(&call, command).await?;
        Ok(reserved(&call, id, answer, &message))
    }
}

fn line(line: &ReserveLine) -> Result<Line, Fault> {
    let place = Place {
        product: line
            .product_id
            .parse()
            .map_err(|_| Fault::bug("an unchecked product"))?,
        location: line.location_id.parse().map_err(|_| unknown_location())?,
    };
    Ok(Line {
        place,
        quantity: line.quantity,
    })
}

fn unknown_location() -> Fault {
    let reason = Reason::new(Kind::Refused, "retail.inventory", "LOCATION_MISSING");
    Fault::new(reason, "the line names no location")
}

fn reserved(
    call: &Call,
    id: ReservationId,
    answer: Answer,
    message: &ReserveStockRequest,
) -> ReserveStockResponse {
    let (seconds, nanos) = answer.0.to_seconds_nanos();
    let lines = message
        .lines
        .iter()
        .zip(1..)
        .map(|(line, line_number)| ReservationLine {
            line_number,
            product_id: line.product_id.clone(),
            quantity: line.quantity,
            ..ReservationLine::default()
        });
    let mut reservation = Reservation {
        reservation_id: id.to_string(),
        tenant_id: call.tenant.to_string(),
        reference: message.reference.clone(),
        lines: lines.collect(),
        expire_time: Some(prost_types::Timestamp { seconds, nanos }),
        epoch: 1,
        ..Reservation::default()
    };
    reservation.set_state(ReservationState::Active);
    ReserveStockResponse {
        reservation: Some(reservation),
    }
}

impl Product {
    /// Makes a product for each shelf.
    pub fn of(world: &World) -> Self {
        let mut products = HashMap::new();
        for shop in &world.shops {
            for place in &shop.places {
                let id = place.product.to_string();
                let product = catalog::Product {
                    product_id: id.clone(),
                    tenant_id: shop.tenant.to_string(),
                    sku: "NO-SUCH-SHOE-42".to_owned(),
                    title: "A shoe that fits everybody who tries it on".to_owned(),
                    description: "Soft, warm and dry. ".repeat(20),
                    ..catalog::Product::default()
                };
                products.insert((shop.tenant, id), product);
            }
        }
        Self(Arc::new(products))
    }
}

impl Rpc for Product {
    const SERVICE: &'static str = CATALOG;
    const METHOD: &'static str = "/GetProduct";
    type Request = GetProductRequest;
    type Response = GetProductResponse;

    async fn answer(
        &self,
        request: Request<GetProductRequest>,
    ) -> Result<GetProductResponse, Status> {
        let (call, message) = Call::open(request)?;
        let found = self.0.get(&(call.tenant, message.product_id.clone()));
        let product = found.ok_or_else(|| Fault::missing("product", message.product_id))?;
        Ok(GetProductResponse {
            product: Some(product.clone()),
        })
    }
}

impl Rpc for Bare {
    const SERVICE: &'static str = CATALOG;
    const METHOD: &'static str = "/GetProduct";
    type Request = GetProductRequest;
    type Response = GetProductResponse;

    async fn answer(&self, _: Request<GetProductRequest>) -> Result<GetProductResponse, Status> {
        let product = self.0.0.values().next();
        Ok(GetProductResponse {
            product: product.cloned(),
        })
    }
}

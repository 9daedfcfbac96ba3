//! Rows of inventory: goods of a product that catalog and store would have told of, held by a cart
//! and an order and planned for a transfer; a shortfall with a discrepancy; opening stock.

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use sqlx::PgConnection;
use testbed::eventually;
use uuid::Uuid;
use vocab::{Id, LocationId, OrderId, ProductId};

use super::super::example::{Ids, fresh};
use super::{Maker, Seeding, text};
use crate::SOON;

pub const SEEDING: Seeding = Seeding {
    make: |maker| make(maker).boxed_local(),
    fixed: &[
        // Orders are made elsewhere: whoever names one first has a hold of it.
        (
            "retail.inventory.v1.HoldStockForOrderRequest.order_id",
            |_, _| json!(new_order()),
        ),
        (
            "retail.inventory.v1.ReleaseOrderHoldRequest.order_id",
            |_, _| json!(new_order()),
        ),
        ("retail.inventory.v1.AdjustStockRequest.reason", |_, _| {
            json!("ADJUSTMENT_REASON_FOUND")
        }),
        ("retail.inventory.v1.MoveStockRequest.to_bucket", |_, _| {
            json!("STOCK_BUCKET_DAMAGED")
        }),
        (
            "retail.inventory.v1.ReserveStockRequest.reference",
            |_, _| json!({"kind": "REFERENCE_KIND_CART", "referenceId": "cart-1"}),
        ),
        (
            "retail.inventory.v1.UpdateStockPolicyRequest.update_mask",
            |_, _| json!("safetyStock"),
        ),
    ],
    elsewhere: &[("ful", "fulfillments are made by another context")],
    alike: &[],
    counted: &[],
    own: &[
        (
            "retail.inventory.v1.InventoryService/BatchImportOpeningStock",
            "it answers row by row, and rows of others fail",
        ),
        (
            "retail.inventory.v1.InventoryService/ImportOpeningStock",
            "it answers row by row, and rows of others fail",
        ),
        (
            "retail.inventory.v1.OrderHoldService/ReleaseOrderHold",
            "a release may come before its hold, so the order of nobody is remembered",
        ),
    ],
    apart: &[],
};

const PRODUCT: &str = "INSERT INTO known_products VALUES ($1, $2, $3, $3, 1, false, 1)";
const LOCATION: &str = "INSERT INTO known_locations VALUES ($1, $2, $3, 'UTC', true, 1, 1)";

/// What others would have told of.
struct Told {
    product: String,
    /// One of which too little is there.
    short: String,
    opened: String,
    here: String,
    there: String,
}

async fn make(maker: &Maker<'_>) -> Ids {
    let told = told(maker).await;
    rules(maker, &told).await;
    receive(maker, &told.product, (20, &told.here)).await;
    let hold = hold(maker, &told.product, (2, &told.here)).await;
    let order = order(maker, &told).await;
    let transfer = transfer(maker, &told).await;
    fact(maker, &told).await;
    let import = import(maker, &told).await;
    let (touched, shortfall, discrepancy) = shortfall(maker, &told).await;
    [
        ("dis", discrepancy),
        ("imp", import),
        ("loc", told.here),
        ("ord", order),
        ("prd", told.product),
        ("rsv", hold),
        ("shf", shortfall),
        ("ten", maker.tenant.to_string()),
        ("trf", transfer),
        (
            "retail.inventory.v1.ListDiscrepanciesRequest.product_ids",
            told.short.clone(),
        ),
        (
            "retail.inventory.v1.ListShortfallsRequest.product_ids",
            told.short,
        ),
        (
            "retail.inventory.v1.ListShortfallsRequest.reservation_id",
            touched,
        ),
        (
            "retail.inventory.v1.Transfer.destination_location_id",
            told.there,
        ),
    ]
    .map(|(prefix, id)| (prefix.to_owned(), id))
    .into()
}

/// Writes down what catalog and store would tell.
async fn told(maker: &Maker<'_>) -> Told {
    let mut admin = maker.admin().await;
    let mut products = Vec::new();
    for letter in ["a", "b", "c"] {
        let id: ProductId = Id::from_uuid(fresh().parse::<Uuid>().unwrap());
        let row = (id.uuid(), format!("{}-{letter}", maker.mark));
        known(maker, &mut admin, (PRODUCT, row)).await;
        products.push(id.to_string());
    }
    let mut locations = Vec::new();
    for letter in ["h", "t"] {
        let id: LocationId = Id::from_uuid(fresh().parse::<Uuid>().unwrap());
        let row = (id.uuid(), format!("{}-{letter}", maker.mark));
        known(maker, &mut admin, (LOCATION, row)).await;
        locations.push(id.to_string());
    }
    let mut products = products.into_iter();
    let mut locations = locations.into_iter();
    Told {
        product: products.next().unwrap(),
        short: products.next().unwrap(),
        opened: products.next().unwrap(),
        here: locations.next().unwrap(),
        there: locations.next().unwrap(),
    }
}

async fn known(
    maker: &Maker<'_>,
    admin: &mut PgConnection,
    (sql, (id, name)): (&'static str, (Uuid, String)),
) {
    let row = sqlx::query(sql).bind(maker.tenant.uuid()).bind(id);
    row.bind(name).execute(admin).await.unwrap();
}

/// Rules of the tenant and of a position.
async fn rules(maker: &Maker<'_>, told: &Told) {
    let policy = json!({"policy": {"locationIds": [told.here, told.there]}});
    maker
        .ask("InventoryService/UpdateAllocationPolicy", policy)
        .await;
    let policy = json!({
        "policy": {
            "productId": told.product, "locationId": told.here, "lowStockThreshold": "2",
        },
        "updateMask": "lowStockThreshold",
    });
    maker
        .ask("InventoryService/UpdateStockPolicy", policy)
        .await;
}

async fn receive(maker: &Maker<'_>, product: &str, (quantity, at): (i64, &str)) {
    let request = json!({
        "reference": {"kind": "REFERENCE_KIND_PURCHASE_ORDER", "referenceId": maker.mark},
        "locationId": at,
        "lines": [{"productId": product, "quantity": quantity.to_string()}],
    });
    maker.ask("InventoryService/ReceiveStock", request).await;
}

async fn hold(maker: &Maker<'_>, product: &str, (quantity, at): (i64, &str)) -> String {
    let request = json!({
        "reference": {"kind": "REFERENCE_KIND_CART", "referenceId": maker.mark},
        "lines": [line(product, quantity, at)],
        "ttl": "3600s",
    });
    let held = maker.ask("InventoryService/ReserveStock", request).await;
    text(&held, "/reservation/reservationId")
}

fn line(product: &str, quantity: i64, at: &str) -> Value {
    json!({"productId": product, "quantity": quantity.to_string(), "locationId": at})
}

async fn order(maker: &Maker<'_>, told: &Told) -> String {
    let order = new_order();
    let request = json!({
        "orderId": order, "ordinal": 1, "fingerprint": "0123456789abcdef",
        "lines": [line(&told.product, 3, &told.here)],
    });
    maker
        .ask("OrderHoldService/HoldStockForOrder", request)
        .await;
    order
}

fn new_order() -> String {
    let order: OrderId = Id::from_uuid(fresh().parse::<Uuid>().unwrap());
    order.to_string()
}

async fn transfer(maker: &Maker<'_>, told: &Told) -> String {
    let transfer = json!({
        "sourceLocationId": told.here, "destinationLocationId": told.there, "note": maker.mark,
        "lines": [{"productId": told.product, "quantity": "2"}],
    });
    let request = json!({"transfer": transfer});
    let planned = maker.ask("InventoryService/CreateTransfer", request).await;
    text(&planned, "/transfer/transferId")
}

/// A sale that somebody else tells of.
async fn fact(maker: &Maker<'_>, told: &Told) {
    let request = json!({
        "reference": {"kind": "REFERENCE_KIND_EXTERNAL", "referenceId": maker.mark},
        "locationId": told.here,
        "facts": [{
            "factKey": "1", "type": "STOCK_FACT_TYPE_SALE", "productId": told.product,
            "quantity": "1",
        }],
    });
    maker
        .ask("InventoryService/RecordStockFacts", request)
        .await;
}

async fn import(maker: &Maker<'_>, told: &Told) -> String {
    let row = json!({"productId": told.opened, "locationId": told.here, "onHand": "4"});
    let request = json!({"rows": [row]});
    let rpc = "InventoryService/BatchImportOpeningStock";
    let done = maker.ask(rpc, request).await;
    text(&done, "/stockImport/importId")
}

/// More is lost than was there, and a cart waits for it: returns the hold, the shortfall and the
/// discrepancy, once they are listed.
async fn shortfall(maker: &Maker<'_>, told: &Told) -> (String, String, String) {
    receive(maker, &told.short, (5, &told.here)).await;
    let touched = hold(maker, &told.short, (4, &told.here)).await;
    let request = json!({
        "productId": told.short, "locationId": told.here, "delta": "-8",
        "reason": "ADJUSTMENT_REASON_THEFT", "note": maker.mark,
    });
    let lost = maker.ask("InventoryService/AdjustStock", request).await;
    for (rpc, list) in [
        ("InventoryService/ListShortfalls", "/shortfalls/0"),
        ("InventoryService/ListDiscrepancies", "/discrepancies/0"),
    ] {
        let listed = async || {
            let answer = maker.ask(rpc, json!({"productIds": [told.short]})).await;
            let found = answer.pointer(list).is_some();
            found.then_some(()).ok_or(answer)
        };
        eventually(SOON, "it is listed", listed).await.unwrap();
    }
    (
        touched,
        text(&lost, "/transaction/shortfallId"),
        text(&lost, "/transaction/discrepancyId"),
    )
}

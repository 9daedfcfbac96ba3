//! An inventory that runs on a database of its own, and clients of all sorts.

use std::io::sink;
use std::sync::LazyLock;
use std::time::Duration;

use chassis::edge::Edge;
use chassis::fault::StatusView;
use chassis::service::{Host, Running};
use chassis::settings::Environment;
use chassis::token::{Grant, MESH, Signer};
use contracts::common::{Reference, ReferenceKind};
use contracts::inventory as pb;
use contracts::inventory::inventory_service_client::InventoryServiceClient;
use contracts::inventory::order_hold_service_client::OrderHoldServiceClient;
use prost::Message;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};
use testbed::{Database, Nats, Postgres, PostgresSettings, Schema};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status};
use uuid::Builder;
use vocab::{Clock, Id, LocationId, Moment, OrderId, ProductId, TenantId};

static TABLES: LazyLock<Migrator> = LazyLock::new(inventory::migrations);

/// Everything that may be done here.
pub const ALL: &[&str] = &[
    "stock.read",
    "stock.reserve",
    "stock.commit",
    "stock.receive",
    "stock.adjust",
    "stock.move",
    "stock.record",
    "stock.import",
    "stock.hold_firm",
    "stock_import.read",
    "stock_policy.read",
    "stock_policy.write",
    "allocation.read",
    "allocation.write",
    "availability.read",
    "reservation.read",
    "shortfall.read",
    "shortfall.resolve",
    "discrepancy.read",
    "transfer.create",
    "transfer.ship",
    "transfer.receive",
    "transfer.complete",
    "transfer.cancel",
    "transfer.read",
];

pub type Client = InventoryServiceClient<InterceptedService<Edge, Bearer>>;
pub type Orders = OrderHoldServiceClient<InterceptedService<Edge, Bearer>>;

/// Shows a token with every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A running inventory.
pub struct Bed {
    pub database: Database,
    pub running: Running,
    signer: Signer,
}

pub fn tenant(number: u8) -> TenantId {
    Id::at(1_700_000_000_000, [number; 10])
}

pub fn product(number: u8) -> String {
    ProductId::at(1_700_000_000_000, [number; 10]).to_string()
}

pub fn location(number: u8) -> String {
    LocationId::at(1_700_000_000_000, [number; 10]).to_string()
}

pub fn order(number: u8) -> String {
    OrderId::at(1_700_000_000_000, [number; 10]).to_string()
}

impl Bed {
    /// An inventory on a fresh database, which knows products and locations 1 to 32.
    pub async fn new() -> Self {
        Self::on(Postgres::shared().await.unwrap()).await
    }

    /// An inventory on a database server of its own.
    pub async fn alone() -> Self {
        Self::on(Postgres::start(&PostgresSettings::default()).await.unwrap()).await
    }

    async fn on(postgres: Postgres) -> Self {
        let database = postgres.database(&Schema::of(&TABLES)).await.unwrap();
        for number in 1..=2 {
            know(&database, tenant(number)).await;
        }
        let signer = Signer::for_development().unwrap();
        let running = start(&database, &signer, Clock::system()).await;
        Self {
            database,
            running,
            signer,
        }
    }

    /// An inventory with a broker, which nobody has told of anything.
    pub async fn hearing(nats: &Nats) -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = postgres.database(&Schema::of(&TABLES)).await.unwrap();
        let signer = Signer::for_development().unwrap();
        let parts = (&signer, Clock::system());
        let running = start_with(&database, parts, Some(nats.url())).await;
        Self {
            database,
            running,
            signer,
        }
    }

    /// Another replica on the same database.
    pub async fn replica(&self) -> Running {
        self.replica_at(Clock::system()).await
    }

    /// Another replica, whose machine has a clock of its own.
    pub async fn replica_at(&self, clock: Clock) -> Running {
        start(&self.database, &self.signer, clock).await
    }

    /// A member of the staff of the first tenant.
    pub fn staff(&self) -> Client {
        self.client(&self.running, tenant(1), &[])
    }

    /// A member of the staff of a tenant.
    pub fn staff_of(&self, tenant: TenantId) -> Client {
        self.client(&self.running, tenant, &[])
    }

    /// The sagas of orders of the first tenant.
    pub fn orders(&self) -> Orders {
        let edge = self.running.edge("inventory").unwrap();
        OrderHoldServiceClient::with_interceptor(edge, self.bearer(tenant(1), &[]))
    }

    /// A client of a replica, bound to some locations or to none.
    pub fn client(&self, running: &Running, tenant: TenantId, locations: &[String]) -> Client {
        let edge = running.edge("inventory").unwrap();
        InventoryServiceClient::with_interceptor(edge, self.bearer(tenant, locations))
    }

    /// A client of a replica, whose token is of the replica's own time.
    pub fn client_at(&self, running: &Running, now: Moment) -> Client {
        let edge = running.edge("inventory").unwrap();
        let token = self.token_at(tenant(1), ALL, (&[], now));
        let bearer = Bearer(format!("Bearer {token}").parse().unwrap());
        InventoryServiceClient::with_interceptor(edge, bearer)
    }

    fn bearer(&self, tenant: TenantId, locations: &[String]) -> Bearer {
        let token = self.token(tenant, ALL, locations);
        Bearer(format!("Bearer {token}").parse().unwrap())
    }

    /// The token of somebody of a tenant.
    pub fn token(&self, tenant: TenantId, permissions: &[&str], locations: &[String]) -> String {
        self.token_at(tenant, permissions, (locations, Clock::system().now()))
    }

    fn token_at(
        &self,
        tenant: TenantId,
        permissions: &[&str],
        (locations, now): (&[String], Moment),
    ) -> String {
        let grant = Grant {
            tenant,
            subject: vocab::UserId::at(1, [9; 10]).to_string(),
            permissions: permissions.iter().map(|it| (*it).to_owned()).collect(),
            customer: None,
            locations: locations.iter().map(|it| it.parse().unwrap()).collect(),
            session: "ses".to_owned(),
            audience: MESH.to_owned(),
            life: Duration::from_secs(600),
        };
        self.signer.sign(&grant, now).unwrap()
    }

    /// A connection that may do everything.
    pub async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.database.admin_url())
            .await
            .unwrap()
    }
}

/// Writes down what catalog and store would tell.
pub async fn know(database: &Database, tenant: TenantId) {
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    for number in 1..=32 {
        let product: ProductId = product(number).parse().unwrap();
        sqlx::query("INSERT INTO known_products VALUES ($1, $2, $3, 'Thing', 1, false, 1)")
            .bind(tenant.uuid())
            .bind(product.uuid())
            .bind(format!("SKU-{number}"))
            .execute(&mut admin)
            .await
            .unwrap();
        let location: LocationId = location(number).parse().unwrap();
        sqlx::query("INSERT INTO known_locations VALUES ($1, $2, $3, 'UTC', true, $4, 1)")
            .bind(tenant.uuid())
            .bind(location.uuid())
            .bind(format!("L{number}"))
            .bind(i32::from(number))
            .execute(&mut admin)
            .await
            .unwrap();
    }
}

async fn start(database: &Database, signer: &Signer, clock: Clock) -> Running {
    start_with(database, (signer, clock), None).await
}

async fn start_with(
    database: &Database,
    (signer, clock): (&Signer, Clock),
    nats: Option<String>,
) -> Running {
    let file = std::env::temp_dir().join(format!("inventory-keys-{}.json", fresh()));
    std::fs::write(&file, serde_json::to_vec(&signer.jwks()).unwrap()).unwrap();
    let nats = nats.map(|url| ("NATS_URL", url));
    let environment: Environment = [
        ("RETAIL_PROFILE", "dev".to_owned()),
        ("RETAIL_TOKEN_KEYS_FILE", file.display().to_string()),
        ("INVENTORY_LISTEN", "127.0.0.1:0".to_owned()),
        ("INVENTORY_CALLS_PER_CALLER", "100000".to_owned()),
        ("INVENTORY_CALLS_PER_TENANT", "100000".to_owned()),
        ("INVENTORY_DATABASE_URL", database.url()),
        ("INVENTORY_SCAN_URL", database.scan_url()),
        ("INVENTORY_LOG_URL", database.log_url()),
    ]
    .into_iter()
    .chain(nats)
    .collect();
    let host = Host {
        environment: &environment,
        clock,
        lines: &|| match std::env::var_os("SHOW_LINES") {
            Some(_) => Box::new(std::io::stderr()),
            None => Box::new(sink()),
        },
    };
    Running::start(vec![inventory::service()], &host)
        .await
        .unwrap()
}

/// A request id that nobody has used.
pub fn fresh() -> String {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    Builder::from_random_bytes(random).into_uuid().to_string()
}

pub fn document(id: &str) -> Option<Reference> {
    Some(Reference {
        kind: ReferenceKind::Cart.into(),
        reference_id: id.to_owned(),
    })
}

/// Books goods in at a location.
pub async fn receive(
    client: &mut Client,
    lines: &[(u8, i64)],
    at: u8,
) -> Result<Vec<pb::StockTransaction>, Status> {
    let lines = lines.iter().map(|(number, quantity)| pb::ReceiptLine {
        product_id: product(*number),
        quantity: *quantity,
        ..pb::ReceiptLine::default()
    });
    let request = pb::ReceiveStockRequest {
        reference: Some(Reference {
            kind: ReferenceKind::PurchaseOrder.into(),
            reference_id: "PO-1".to_owned(),
        }),
        location_id: location(at),
        lines: lines.collect(),
        request_id: fresh(),
        ..pb::ReceiveStockRequest::default()
    };
    let answer = client.receive_stock(request).await?;
    Ok(answer.into_inner().transactions)
}

pub fn lines(lines: &[(u8, i64)]) -> Vec<pb::ReserveLine> {
    let lines = lines.iter().map(|(number, quantity)| pb::ReserveLine {
        product_id: product(*number),
        quantity: *quantity,
        ..pb::ReserveLine::default()
    });
    lines.collect()
}

/// A request to hold lines for a minute.
pub fn reserving(wanted: &[(u8, i64)]) -> pb::ReserveStockRequest {
    pb::ReserveStockRequest {
        reference: document("cart"),
        lines: lines(wanted),
        ttl: Some(prost_types::Duration {
            seconds: 60,
            nanos: 0,
        }),
        request_id: fresh(),
        ..pb::ReserveStockRequest::default()
    }
}

pub async fn reserve(client: &mut Client, wanted: &[(u8, i64)]) -> Result<pb::Reservation, Status> {
    let answer = client.reserve_stock(reserving(wanted)).await?;
    Ok(answer.into_inner().reservation.unwrap())
}

pub async fn commit(
    client: &mut Client,
    hold: &pb::Reservation,
    parts: Vec<pb::ReservationPart>,
) -> Result<pb::Reservation, Status> {
    let request = pb::CommitReservationRequest {
        reservation_id: hold.reservation_id.clone(),
        epoch: hold.epoch,
        parts,
        request_id: fresh(),
        ..pb::CommitReservationRequest::default()
    };
    let answer = client.commit_reservation(request).await?;
    Ok(answer.into_inner().reservation.unwrap())
}

pub async fn release(
    client: &mut Client,
    hold: &pb::Reservation,
    parts: Vec<pb::ReservationPart>,
) -> Result<pb::Reservation, Status> {
    use pb::release_reservation_request::Target;
    let request = pb::ReleaseReservationRequest {
        target: Some(Target::ReservationId(hold.reservation_id.clone())),
        parts,
        reason: "CART_EMPTIED".to_owned(),
        request_id: fresh(),
        ..pb::ReleaseReservationRequest::default()
    };
    let answer = client.release_reservation(request).await?;
    Ok(answer.into_inner().reservation.unwrap())
}

pub async fn find(client: &mut Client, id: &str) -> Result<pb::Reservation, Status> {
    let request = pb::GetReservationRequest {
        reservation_id: id.to_owned(),
    };
    let answer = client.get_reservation(request).await?;
    Ok(answer.into_inner().reservation.unwrap())
}

/// Adds units by hand, or takes them away.
pub fn adjusting(number: u8, at: u8, delta: i64) -> pb::AdjustStockRequest {
    pb::AdjustStockRequest {
        product_id: product(number),
        location_id: location(at),
        delta,
        reason: pb::AdjustmentReason::Theft.into(),
        request_id: fresh(),
        ..pb::AdjustStockRequest::default()
    }
}

pub async fn adjust(
    client: &mut Client,
    request: pb::AdjustStockRequest,
) -> Result<(pb::StockPosition, pb::StockTransaction), Status> {
    let answer = client.adjust_stock(request).await?.into_inner();
    Ok((answer.position.unwrap(), answer.transaction.unwrap()))
}

/// The numbers of a position that its row holds: on hand, reserved, open shortfall.
pub async fn levels(bed: &Bed, number: u8, at: u8) -> (i64, i64, i64) {
    let product: ProductId = product(number).parse().unwrap();
    let location: LocationId = location(at).parse().unwrap();
    let sql = "SELECT on_hand, reserved, open_shortfall FROM positions
        WHERE tenant_id = $1 AND product_id = $2 AND location_id = $3";
    let row = sqlx::query_as(sql)
        .bind(tenant(1).uuid())
        .bind(product.uuid())
        .bind(location.uuid());
    row.fetch_one(&mut bed.admin().await).await.unwrap()
}

pub fn part(line_number: i32, quantity: i64) -> pb::ReservationPart {
    pb::ReservationPart {
        line_number,
        quantity,
        ..pb::ReservationPart::default()
    }
}

/// The shortages that a refusal lists.
pub fn shortages(status: &Status) -> Vec<pb::Shortage> {
    let all = tonic_types::Status::decode(status.details()).unwrap();
    let short = all.details.into_iter();
    let short = short.filter(|it| it.type_url.ends_with("/retail.inventory.v1.Shortage"));
    short
        .map(|it| pb::Shortage::decode(&*it.value).unwrap())
        .collect()
}

pub fn view(status: &Status) -> StatusView {
    StatusView::of(status).unwrap()
}

/// The reason of a refusal.
pub fn reason<T: std::fmt::Debug>(result: Result<T, Status>) -> String {
    view(&result.unwrap_err()).reason
}

/// One value of the metadata of a refusal.
pub fn told<T: std::fmt::Debug>(result: &Result<T, Status>, key: &str) -> String {
    let view = view(result.as_ref().unwrap_err());
    view.metadata.get(key).cloned().unwrap_or_default()
}

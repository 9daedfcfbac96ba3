//! Callers of the doors: generated clients over TCP, or straight on the edge in this process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chassis::edge::Edge;
use contracts::catalog::GetProductRequest;
use contracts::catalog::catalog_service_client::CatalogServiceClient;
use contracts::common::{Reference, ReferenceKind};
use contracts::inventory::inventory_service_client::InventoryServiceClient;
use contracts::inventory::{ReserveLine, ReserveStockRequest};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::load::{Refused, Target};
use crate::order::Order;

/// Connections: one or two for each processor of the server.
const CONNECTIONS: usize = 4;
/// How long a caller waits, as it tells the server.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The header in which the details of a status travel.
const DETAILS: &str = "google.rpc.RetryInfo";

/// Tokens by shop.
pub type Tokens = Arc<Vec<MetadataValue<Ascii>>>;

/// Reserves over TCP.
#[derive(Clone)]
pub struct Remote {
    clients: Arc<Vec<InventoryServiceClient<Channel>>>,
    tokens: Tokens,
}

/// Reserves through the edge in this process: every layer, no socket.
#[derive(Clone)]
pub struct Local {
    client: InventoryServiceClient<Edge>,
    tokens: Tokens,
}

/// Reads a product over TCP.
#[derive(Clone)]
pub struct Reader {
    clients: Arc<Vec<CatalogServiceClient<Channel>>>,
    tokens: Tokens,
}

/// Connects to a server.
async fn channels(address: SocketAddr) -> anyhow::Result<Vec<Channel>> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
    let mut channels = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        channels.push(endpoint.connect().await?);
    }
    Ok(channels)
}

impl Remote {
    /// Connects.
    pub async fn connect(address: SocketAddr, tokens: &Tokens) -> anyhow::Result<Self> {
        let clients = channels(address).await?.into_iter();
        Ok(Self {
            clients: Arc::new(clients.map(InventoryServiceClient::new).collect()),
            tokens: Arc::clone(tokens),
        })
    }
}

impl Local {
    /// Calls an edge.
    pub fn of(edge: &Edge, tokens: &Tokens) -> Self {
        Self {
            client: InventoryServiceClient::new(edge.clone()),
            tokens: Arc::clone(tokens),
        }
    }
}

impl Reader {
    /// Connects.
    pub async fn connect(address: SocketAddr, tokens: &Tokens) -> anyhow::Result<Self> {
        let clients = channels(address).await?.into_iter();
        Ok(Self {
            clients: Arc::new(clients.map(CatalogServiceClient::new).collect()),
            tokens: Arc::clone(tokens),
        })
    }
}

impl Target for Remote {
    async fn reserve(&self, order: Order) -> Result<(), Refused> {
        let request = asking(message(&order), &self.tokens, &order);
        let client = spread(&self.clients, &order)?.clone();
        let answer = { client }.reserve_stock(request).await;
        answer.map(|_| ()).map_err(|it| refused(&it))
    }
}

impl Target for Local {
    async fn reserve(&self, order: Order) -> Result<(), Refused> {
        let request = asking(message(&order), &self.tokens, &order);
        let answer = self.client.clone().reserve_stock(request).await;
        answer.map(|_| ()).map_err(|it| refused(&it))
    }
}

impl Target for Reader {
    async fn reserve(&self, order: Order) -> Result<(), Refused> {
        let line = order.lines.first();
        let message = GetProductRequest {
            product_id: line
                .map(|it| it.place.product.to_string())
                .unwrap_or_default(),
            ..GetProductRequest::default()
        };
        let request = asking(message, &self.tokens, &order);
        let client = spread(&self.clients, &order)?.clone();
        let answer = { client }.get_product(request).await;
        let answer = answer.map_err(|it| refused(&it))?.into_inner();
        if answer.product.is_none() {
            let why = "no product came".to_owned();
            return Err(Refused { shed: false, why });
        }
        Ok(())
    }
}

/// Chooses a connection by the request, whose last bits are random.
pub(super) fn spread<'a, C>(clients: &'a [C], order: &Order) -> Result<&'a C, Refused> {
    let at = order.request.as_u128() % clients.len().max(1) as u128;
    let client = usize::try_from(at).ok().and_then(|at| clients.get(at));
    client.ok_or_else(|| Refused {
        shed: false,
        why: "there is no connection".to_owned(),
    })
}

pub(super) fn message(order: &Order) -> ReserveStockRequest {
    let lines = order.lines.iter().map(|line| ReserveLine {
        product_id: line.place.product.to_string(),
        quantity: line.quantity,
        location_id: line.place.location.to_string(),
        ..ReserveLine::default()
    });
    let reference = Reference {
        kind: ReferenceKind::Order.into(),
        reference_id: order.reservation().to_string(),
    };
    ReserveStockRequest {
        reference: Some(reference),
        lines: lines.collect(),
        request_id: order.request.to_string(),
        ..ReserveStockRequest::default()
    }
}

pub(super) fn asking<M>(message: M, tokens: &Tokens, order: &Order) -> Request<M> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    if let Some(token) = tokens.get(order.shop) {
        request
            .metadata_mut()
            .insert("authorization", token.clone());
    }
    request
}

/// Says what a status means. Shed is only what says so and when to come back.
pub(super) fn refused(status: &Status) -> Refused {
    let details = status.details();
    let hint = details
        .windows(DETAILS.len())
        .any(|it| it == DETAILS.as_bytes());
    let busy = matches!(status.code(), Code::ResourceExhausted | Code::Unavailable);
    Refused {
        shed: busy && hint,
        why: format!("{:?}: {}", status.code(), status.message()),
    }
}

//! The gRPC methods of inventory. Each opens its call, converts, asks the app once, and converts
//! back.

use bus::Follower;
use chassis::fault::Fault;
use contracts::inventory::inventory_service_server::InventoryServiceServer;
use contracts::inventory::order_hold_service_server::OrderHoldServiceServer;
use tonic::{Response, Status};
use vocab::PageKeys;

use crate::app::App;

pub(crate) mod convert;
mod facts;
mod firm;
mod holds;
mod imports;
mod lists;
mod methods;
pub(crate) mod ops;
mod positions;
mod reads;
mod refused;
mod rules;
mod stock;
mod transfers;
mod troubles;
mod watch;

type Answer<T> = Result<Response<T>, Status>;
type Told<T> = Result<T, Fault>;

/// The handlers, with what they need.
#[derive(Clone)]
pub struct Rpc {
    app: App,
    pages: PageKeys,
    follower: Follower,
}

impl Rpc {
    /// Serves an app; tokens are sealed with these keys, and watches hear what is followed.
    pub fn new(app: App, pages: PageKeys, follower: Follower) -> Self {
        Self {
            app,
            pages,
            follower,
        }
    }

    /// The service of stock.
    pub fn stock(&self) -> InventoryServiceServer<Self> {
        InventoryServiceServer::new(self.clone())
    }

    /// The service of orders' holds.
    pub fn order_holds(&self) -> OrderHoldServiceServer<Self> {
        OrderHoldServiceServer::new(self.clone())
    }
}

/// What the contract promises and this service does not serve yet.
fn unserved<T>() -> Result<T, Status> {
    Err(Status::unimplemented("not served yet"))
}

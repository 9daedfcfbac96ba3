//! The catalog's gRPC methods. Each opens its call, converts, asks the app once, and converts back.

use bus::Follower;
use chassis::call::Call;
use chassis::fault::Fault;
use contracts::catalog as pb;
use contracts::catalog::catalog_service_server::CatalogServiceServer;
use contracts::common::ActorType;
use contracts::validate::Path;
use tonic::{Response, Status};
use vocab::{Id, Kind, PageKeys};

use crate::app::{App, Viewer};
use crate::domain::product::Product;

pub(crate) mod convert;
mod lists;
mod methods;
pub(crate) mod ops;
mod positions;
mod watch;

type Answer<T> = Result<Response<T>, Status>;

/// The handlers, with what they need.
#[derive(Clone)]
pub struct Rpc {
    app: App,
    pages: PageKeys,
    follower: Follower,
}

impl Rpc {
    /// Serves an app; tokens are sealed with these keys, and watches hear what is followed.
    pub fn server(app: App, pages: PageKeys, follower: Follower) -> CatalogServiceServer<Self> {
        CatalogServiceServer::new(Self {
            app,
            pages,
            follower,
        })
    }
}

/// Who looks: shoppers and guests, or anybody else.
fn viewer(call: &Call) -> Viewer {
    let shops = call.caller.kind == ActorType::Customer || call.caller.customer.is_some();
    if shops {
        Viewer::Shopper
    } else {
        Viewer::Staff
    }
}

/// What the contract promises and this service does not serve yet.
fn unserved<T>() -> Result<T, Status> {
    Err(Status::unimplemented("not served yet"))
}

/// The one product of an answer.
fn shown(call: &Call, it: &Product) -> Option<pb::Product> {
    Some(convert::product::product(call.tenant, it))
}

/// Reads an id of the request.
fn id<K: Kind>(name: &'static str, text: &str) -> Result<Id<K>, Fault> {
    let root = Path::Root;
    convert::id(&root.field(name), text)
}

/// Takes a resource out of a request. The rules require it, where they do not ignore it.
fn sent<T>(name: &'static str, resource: Option<T>) -> Result<T, Fault> {
    let root = Path::Root;
    resource.ok_or_else(|| convert::unfit(&root.field(name), "required", "must be set"))
}

//! A peer in the same process: its edge is called directly, with no socket and no copy.
//!
//! The edge sees the same request as over a network and nothing more. A caller that goes away drops
//! the work, as a reset stream does.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use http::{Extensions, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt};

use super::failure;

type Edge = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// Where the edge of a service in this process is found. Peers may hold a door before there is
/// anything behind it, so that services which call each other can start in any order; a call to a
/// closed door fails as one to a port on which nobody listens.
#[derive(Clone, Default)]
pub struct Door(Arc<ArcSwapOption<Edge>>);

impl Door {
    /// A door that is open from the start.
    pub fn to<S>(edge: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let door = Self::default();
        door.open(edge);
        door
    }

    /// Lets calls through to an edge, from now on this one alone.
    pub fn open<S>(&self, edge: S)
    where
        S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let edge = edge.map_err(Into::into);
        self.0.store(Some(Arc::new(BoxCloneSyncService::new(edge))));
    }

    /// Lets no further call through; what is inside may finish.
    pub fn close(&self) {
        self.0.store(None);
    }

    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
        peer: &'static str,
    ) -> Result<Response<Body>, Status> {
        // A loop of calls that are always ready would starve the timers of the runtime.
        tokio::task::coop::consume_budget().await;
        let edge = self.0.load_full();
        let edge = edge.ok_or_else(|| failure::unreachable(peer, "nothing is served here"))?;
        // What a network would not carry must not arrive here either.
        *request.extensions_mut() = Extensions::new();
        let serving = AssertUnwindSafe(Edge::clone(&edge).oneshot(request)).catch_unwind();
        let mut response = match serving.await {
            Ok(served) => served.map_err(|it| failure::unreachable(peer, it))?,
            Err(_) => return Err(failure::unreachable(peer, "the server panicked")),
        };
        *response.extensions_mut() = Extensions::new();
        Ok(response)
    }
}

//! A real server of a contract, which behaves as a test tells it.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::auth::session_service_server::{SessionService, SessionServiceServer};
use contracts::auth::{
    ListRevocationsRequest, ListRevocationsResponse, ListSessionsRequest, ListSessionsResponse,
    RevokeSessionsRequest, RevokeSessionsResponse, WatchRevocationsRequest,
    WatchRevocationsResponse,
};
use futures_util::{Stream, StreamExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

/// Decides on a call by its number, from 1 on.
type Rule = dyn Fn(usize) -> Result<(), Status> + Send + Sync;

/// What is counted and remembered. Clones share it.
#[derive(Clone, Default)]
pub struct Backend(Arc<State>);

#[derive(Default)]
struct State {
    rule: Mutex<Option<Arc<Rule>>>,
    delay: Mutex<Duration>,
    calls: AtomicUsize,
    given_up: AtomicUsize,
    seen: Mutex<Option<(MetadataMap, usize)>>,
}

/// A backend on a port. Dropped, it listens no more; its connections stay.
pub struct Server {
    pub address: SocketAddr,
    listening: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Counts work that was dropped before its end.
struct Work<'a>(&'a AtomicUsize, bool);

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(usize::from(!self.1), Ordering::SeqCst);
    }
}

impl Backend {
    /// Fails calls by a rule.
    pub fn rule(&self, rule: impl Fn(usize) -> Result<(), Status> + Send + Sync + 'static) {
        *self.0.rule.lock().unwrap() = Some(Arc::new(rule));
    }

    /// Answers everything again.
    pub fn heal(&self) {
        *self.0.rule.lock().unwrap() = None;
    }

    /// Works so long before each answer.
    pub fn delay(&self, delay: Duration) {
        *self.0.delay.lock().unwrap() = delay;
    }

    /// How many calls arrived.
    pub fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }

    /// How many calls were given up while the backend worked.
    pub fn given_up(&self) -> usize {
        self.0.given_up.load(Ordering::SeqCst)
    }

    /// The headers of the last call, and how many values came beside them.
    pub fn seen(&self) -> (MetadataMap, usize) {
        self.0.seen.lock().unwrap().clone().unwrap()
    }

    /// The generated server, for calls in memory.
    pub fn edge(&self) -> SessionServiceServer<Self> {
        SessionServiceServer::new(self.clone())
    }

    /// Serves on a port of the kernel's choice.
    pub async fn serve(&self) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let incoming = TcpListenerStream::new(listener).map(|it| {
            let stream = it?;
            stream.set_nodelay(true)?;
            Ok::<_, std::io::Error>(stream)
        });
        let server = tonic::transport::Server::builder().add_service(self.edge());
        Server {
            address,
            listening: tokio::spawn(server.serve_with_incoming(incoming)),
        }
    }

    async fn work<M, R: Default>(&self, request: Request<M>) -> Result<Response<R>, Status> {
        let number = self.0.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let mut work = Work(&self.0.given_up, false);
        let beside = usize::from(
            request
                .extensions()
                .get::<tonic::GrpcMethod<'static>>()
                .is_some(),
        );
        *self.0.seen.lock().unwrap() = Some((request.metadata().clone(), beside));
        let delay = *self.0.delay.lock().unwrap();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        work.1 = true;
        let rule = self.0.rule.lock().unwrap().clone();
        rule.map_or(Ok(()), |rule| rule(number))?;
        Ok(Response::new(R::default()))
    }
}

#[tonic::async_trait]
impl SessionService for Backend {
    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        self.work(request).await
    }

    async fn revoke_sessions(
        &self,
        request: Request<RevokeSessionsRequest>,
    ) -> Result<Response<RevokeSessionsResponse>, Status> {
        self.work(request).await
    }

    async fn list_revocations(
        &self,
        request: Request<ListRevocationsRequest>,
    ) -> Result<Response<ListRevocationsResponse>, Status> {
        self.work(request).await
    }

    type WatchRevocationsStream =
        Pin<Box<dyn Stream<Item = Result<WatchRevocationsResponse, Status>> + Send>>;

    /// Sends two messages, the second after the delay, and then ends by the rule.
    async fn watch_revocations(
        &self,
        _: Request<WatchRevocationsRequest>,
    ) -> Result<Response<Self::WatchRevocationsStream>, Status> {
        let number = self.0.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let backend = self.clone();
        let messages = futures_util::stream::unfold(0, move |sent| {
            let backend = backend.clone();
            async move {
                let mut work = Work(&backend.0.given_up, false);
                let delay = *backend.0.delay.lock().unwrap();
                if sent == 1 {
                    tokio::time::sleep(delay).await;
                }
                work.1 = true;
                let rule = backend.0.rule.lock().unwrap().clone();
                let end = rule.map_or(Ok(()), |rule| rule(number));
                match sent {
                    0 | 1 => Some((Ok(WatchRevocationsResponse::default()), sent + 1)),
                    2 => end.err().map(|status| (Err(status), sent + 1)),
                    _ => None,
                }
            }
        });
        Ok(Response::new(
            Box::pin(messages) as Self::WatchRevocationsStream
        ))
    }
}

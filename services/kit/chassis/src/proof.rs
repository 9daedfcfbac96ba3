//! A small service for proofs of the chassis: real contracts, real handlers, a real key.

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use contracts::auth::session_service_server::{SessionService, SessionServiceServer};
use contracts::auth::{
    ListRevocationsRequest, ListRevocationsResponse, ListSessionsRequest, ListSessionsResponse,
    RevokeSessionsRequest, RevokeSessionsResponse, WatchRevocationsRequest,
    WatchRevocationsResponse,
};
use contracts::notification::delivery_report_service_server::{
    DeliveryReportService, DeliveryReportServiceServer,
};
use contracts::notification::{ReceiveDeliveryReportRequest, ReceiveDeliveryReportResponse};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use serde_json::Value;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use vocab::{Clock, TenantId, UserId};

use crate::call::Call;
use crate::contract::Contracts;
use crate::edge::{Edge, EdgeSettings, Parts, Pressure};
use crate::fault::Fault;
use crate::telemetry::{Identity, Level, Telemetry, TelemetrySettings};
use crate::token::{Grant, KeySource, MESH, Signer, TokenSettings, Verifier};

pub const SESSIONS: &str = "retail.auth.v1.SessionService";
pub const REPORTS: &str = "retail.notification.v1.DeliveryReportService";

/// What a handler does once it has been opened.
pub type Act = Arc<dyn Fn(Call) -> BoxFuture<'static, Result<(), Fault>> + Send + Sync>;
type Updates = Pin<Box<dyn stream::Stream<Item = Result<WatchRevocationsResponse, Status>> + Send>>;

/// Turns a closure into what a handler does.
pub fn act<F>(does: impl Fn(Call) -> F + Send + Sync + 'static) -> Act
where
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    Arc::new(move |call| Box::pin(does(call)))
}

/// A handler that does nothing.
pub fn idle() -> Act {
    act(async |_| Ok(()))
}

/// Two services of real contracts. Every handler remembers its call and does one thing.
#[derive(Clone)]
pub struct Probe {
    pub heard: Arc<Mutex<Vec<Call>>>,
    act: Act,
    updates: fn() -> Updates,
}

impl Probe {
    pub fn new(act: Act) -> Self {
        Self {
            heard: Arc::default(),
            act,
            updates: || Box::pin(stream::iter([Ok(WatchRevocationsResponse::default())])),
        }
    }

    pub fn with_updates(mut self, updates: fn() -> Updates) -> Self {
        self.updates = updates;
        self
    }

    /// The last call that reached a handler.
    pub fn last(&self) -> Call {
        self.heard.lock().unwrap().last().unwrap().clone()
    }

    async fn hear(&self, call: Call) -> Result<(), Status> {
        self.heard.lock().unwrap().push(call.clone());
        Ok((self.act)(call).await?)
    }
}

#[tonic::async_trait]
impl SessionService for Probe {
    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let (call, _) = Call::open(request)?;
        self.hear(call).await?;
        Ok(Response::new(Default::default()))
    }

    async fn revoke_sessions(
        &self,
        request: Request<RevokeSessionsRequest>,
    ) -> Result<Response<RevokeSessionsResponse>, Status> {
        let (call, _) = Call::open(request)?;
        self.hear(call).await?;
        Ok(Response::new(Default::default()))
    }

    async fn list_revocations(
        &self,
        request: Request<ListRevocationsRequest>,
    ) -> Result<Response<ListRevocationsResponse>, Status> {
        let (call, _) = Call::open(request)?;
        self.hear(call).await?;
        Ok(Response::new(Default::default()))
    }

    type WatchRevocationsStream = Updates;

    async fn watch_revocations(
        &self,
        request: Request<WatchRevocationsRequest>,
    ) -> Result<Response<Updates>, Status> {
        let (call, _) = Call::open(request)?;
        self.hear(call).await?;
        Ok(Response::new((self.updates)()))
    }
}

#[tonic::async_trait]
impl DeliveryReportService for Probe {
    async fn receive_delivery_report(
        &self,
        request: Request<ReceiveDeliveryReportRequest>,
    ) -> Result<Response<ReceiveDeliveryReportResponse>, Status> {
        let (call, _) = Call::open(request)?;
        self.hear(call).await?;
        Ok(Response::new(Default::default()))
    }
}

/// One update, then silence.
pub fn one_then_silence() -> Updates {
    let one = stream::iter([Ok(WatchRevocationsResponse::default())]);
    Box::pin(one.chain(stream::pending()))
}

pub fn sessions(probe: &Probe) -> SessionServiceServer<Probe> {
    SessionServiceServer::new(probe.clone())
}

pub fn reports(probe: &Probe) -> DeliveryReportServiceServer<Probe> {
    DeliveryReportServiceServer::new(probe.clone())
}

pub fn signer() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| Signer::for_development().unwrap())
}

pub fn tenant() -> TenantId {
    TenantId::at(1, [1; 10])
}

pub fn grant(subject: &str) -> Grant {
    let permissions = ["session.read", "session.revoke", "revocation.read"];
    Grant {
        tenant: tenant(),
        subject: subject.to_owned(),
        permissions: permissions.map(str::to_owned).to_vec(),
        customer: None,
        locations: Vec::new(),
        session: "session".to_owned(),
        audience: MESH.to_owned(),
        life: Duration::from_secs(600),
    }
}

/// A token of a member of the staff who may do everything here.
pub fn staff() -> String {
    token(&grant(&UserId::at(1, [2; 10]).to_string()))
}

pub fn token(grant: &Grant) -> String {
    signer().sign(grant, Clock::system().now()).unwrap()
}

/// A request with a token.
pub fn asking<M>(message: M, token: &str) -> Request<M> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

/// Log lines in memory.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    pub fn read(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let whole = text.lines().filter_map(|it| serde_json::from_str(it).ok());
        whole.collect()
    }
}

pub fn edge_settings() -> EdgeSettings {
    EdgeSettings {
        calls_per_caller: 10_000,
        calls_per_tenant: 10_000,
        reads_in_flight: 64,
        writes_in_flight: 64,
        waiting_max: 64,
        wait_max: Duration::from_millis(50),
        write_wait_max: Duration::from_millis(300),
        strict: true,
    }
}

pub fn token_settings() -> TokenSettings {
    TokenSettings {
        issuers: vec![crate::token::ISSUER.to_owned()],
        keys_file: None,
        life_max: Duration::from_secs(600),
        development: true,
    }
}

/// An edge around a probe, and what it wrote.
pub struct Bench {
    pub edge: Edge,
    pub probe: Probe,
    pub telemetry: Telemetry,
    pub lines: Lines,
}

impl Bench {
    pub fn of(probe: Probe, settings: &EdgeSettings, endpoint: Option<&str>) -> Self {
        Self::under(probe, settings, endpoint, None)
    }

    pub fn under(
        probe: Probe,
        settings: &EdgeSettings,
        endpoint: Option<&str>,
        pressure: Option<Pressure>,
    ) -> Self {
        Self::telling(Level::Debug, probe, settings, endpoint, pressure)
    }

    /// One whose log tells so much.
    pub fn telling(
        level: Level,
        probe: Probe,
        settings: &EdgeSettings,
        endpoint: Option<&str>,
        pressure: Option<Pressure>,
    ) -> Self {
        let lines = Lines::default();
        let identity = Identity {
            service: "auth".to_owned(),
            version: "0".to_owned(),
            instance: "auth-1".to_owned(),
        };
        let watched = TelemetrySettings {
            endpoint: endpoint.map(|it| crate::settings::Setting::parse(it).unwrap()),
            sample_ratio: 1.0,
            level,
        };
        let clock = Clock::system();
        let telemetry =
            Telemetry::start(&identity, &watched, clock.clone(), lines.clone()).unwrap();
        let keys = KeySource::Fixed(signer().jwks());
        let verifier = Verifier::new("auth", &token_settings(), keys, clock);
        let (_, health) = tonic_health::server::health_reporter();
        let routes = Routes::new(sessions(&probe)).add_service(reports(&probe));
        let edge = Edge::new(Parts {
            service: "auth",
            routes: routes.add_service(health),
            names: &[SESSIONS, REPORTS],
            bulk: &[],
            contracts: &Contracts::built().unwrap(),
            verifier: Arc::new(verifier),
            telemetry: &telemetry,
            settings,
            pressure,
        })
        .unwrap();
        Self {
            edge,
            probe,
            telemetry,
            lines,
        }
    }

    pub fn new(act: Act) -> Self {
        Self::of(Probe::new(act), &edge_settings(), None)
    }
}

//! Whole services: from their settings to their end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use contracts::auth::session_service_client::SessionServiceClient;
use contracts::auth::{ListSessionsRequest, WatchRevocationsRequest};
use tokio_stream::StreamExt;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use vocab::Clock;

use super::{Around, Host, Running, ServeError, Served, Service, Start, StartError, check};
use crate::client::{Credentials, Onward, Peers, PeersSettings, Retries};
use crate::health::{Dependency, LIVE, Need};
use crate::proof::{
    Lines, Probe, asking, grant, idle, one_then_silence, reports, sessions, signer, staff, token,
};
use crate::settings::{Environment, Mistakes, Reader, Secret};
use crate::tasks::{OnFailure, OnShutdown};

/// A file with the keys of the proofs.
fn keys() -> &'static str {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let file = std::env::temp_dir().join(format!("retail-keys-{}.json", std::process::id()));
        std::fs::write(&file, serde_json::to_vec(&signer().jwks()).unwrap()).unwrap();
        file
    });
    file.to_str().unwrap()
}

fn environment(more: &[(&str, &str)]) -> Environment {
    let base = [
        ("RETAIL_PROFILE", "dev"),
        ("RETAIL_TOKEN_KEYS_FILE", keys()),
        ("AUTH_LISTEN", "127.0.0.1:0"),
        ("ORDER_LISTEN", "127.0.0.1:0"),
    ];
    Environment::from_iter(base.iter().chain(more).copied())
}

fn nothing(_: &mut Reader<'_>, _: &Around) -> Option<()> {
    Some(())
}

fn auth() -> Service {
    Service::new("auth", nothing, async |_: Start, ()| {
        Ok(Served::default().with(sessions(&Probe::new(idle()))))
    })
}

/// Where each service wrote its lines, in the order of their start.
#[derive(Default)]
struct Written(Mutex<Vec<Lines>>);

async fn start(
    services: Vec<Service>,
    environment: &Environment,
    written: &Written,
) -> Result<Running, ServeError> {
    let lines = || -> Box<dyn std::io::Write + Send> {
        let lines = Lines::default();
        written.0.lock().unwrap().push(lines.clone());
        Box::new(lines)
    };
    let host = Host {
        environment,
        clock: Clock::system(),
        lines: &lines,
    };
    Running::start(services, &host).await
}

async fn channel(running: &Running, service: &str) -> Channel {
    let address = running.address(service).unwrap();
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

static PEERS: Mutex<Option<Peers>> = Mutex::new(None);

/// A service that calls auth, wherever that is.
fn order() -> Service {
    let settings = |reader: &mut Reader<'_>, around: &Around| {
        PeersSettings::read(reader, around.profile, &around.outside(&["auth"]))
    };
    Service::new("order", settings, async |start: Start, settings| {
        let own = Secret::new(token(&grant("order")));
        let credentials = Credentials::token(&own).map_err(StartError::of)?;
        let peers = start.connect(&settings, credentials, Retries::Elsewhere)?;
        *PEERS.lock().unwrap() = Some(peers);
        Ok(Served::default().with(reports(&Probe::new(idle()))))
    })
}

#[tokio::test]
async fn one_process_serves_several_services_and_each_is_itself() {
    let written = Written::default();
    let running = start(vec![order(), auth()], &environment(&[]), &written)
        .await
        .unwrap();
    let mut client = SessionServiceClient::new(channel(&running, "auth").await);
    let request = asking(ListSessionsRequest::default(), &staff());
    client.list_sessions(request).await.unwrap();
    let mut inside = SessionServiceClient::new(running.edge("auth").unwrap());
    let request = asking(ListSessionsRequest::default(), &staff());
    inside.list_sessions(request).await.unwrap();
    let elsewhere = SessionServiceClient::new(channel(&running, "order").await)
        .list_sessions(asking(ListSessionsRequest::default(), &staff()))
        .await;
    assert_eq!(elsewhere.unwrap_err().code(), Code::Unimplemented);
    let peers = PEERS.lock().unwrap().take().unwrap();
    let outgoing = peers
        .find("auth")
        .unwrap()
        .for_call(Onward::within(Duration::from_secs(5)));
    let mut beside = SessionServiceClient::new(outgoing);
    let answer = beside.list_sessions(ListSessionsRequest::default()).await;
    answer.expect("the edge beside us answers, and knows us by our token");
    drop(peers);
    running.end().await.unwrap();
    let written = written.0.lock().unwrap();
    for (lines, name) in written.iter().zip(["order", "auth"]) {
        let lines = lines.read();
        assert!(lines.iter().all(|it| it["service"] == name), "{name}");
        let begin = lines
            .iter()
            .find(|it| it["message"] == "service starts")
            .unwrap();
        assert_eq!(begin["profile"], "dev");
    }
}

fn names(mistakes: &Mistakes) -> Vec<&str> {
    mistakes.list().iter().map(|it| it.name.as_str()).collect()
}

#[tokio::test]
async fn all_mistakes_of_all_services_are_told_at_once() {
    let wrong = Environment::from_iter([
        ("RETAIL_PROFILE", "dev"),
        ("AUTH_LISTEN", "everywhere"),
        ("AUTH_LISTENN", "127.0.0.1:0"),
        ("ORDER_READS_IN_FLIGHT", "0"),
    ]);
    let refused = start(vec![auth(), order()], &wrong, &Written::default())
        .await
        .unwrap_err();
    assert_eq!(
        format!("{:?}", refused.exit_code()),
        format!("{:?}", ExitCode::from(64))
    );
    let ServeError::Settings(mistakes) = refused else {
        panic!("{refused:?}")
    };
    let expected = [
        "AUTH_LISTEN",
        "AUTH_LISTENN",
        "ORDER_LISTEN",
        "ORDER_READS_IN_FLIGHT",
    ];
    assert_eq!(names(&mistakes), expected);
}

#[test]
fn production_refuses_every_convenience_by_name() {
    let production = Environment::from_iter([
        ("AUTH_LISTEN", "0.0.0.0:17401"),
        ("AUTH_LOG_LEVEL", "debug"),
        ("RETAIL_REFLECTION", "true"),
        ("RETAIL_TOKEN_LIFE_MAX", "2h"),
    ]);
    let expected = [
        "AUTH_LOG_LEVEL",
        "AUTH_TLS_CERTIFICATE_FILE",
        "RETAIL_REFLECTION",
        "RETAIL_TLS_AUTHORITY_FILE",
        "RETAIL_TOKEN_LIFE_MAX",
    ];
    assert_eq!(
        names(&check(vec![auth()], &production).unwrap_err()),
        expected
    );
    let development = environment(&[("AUTH_LOG_LEVEL", "debug"), ("RETAIL_REFLECTION", "true")]);
    assert!(check(vec![auth()], &development).is_ok());
    let meant = Environment::from_iter([
        ("AUTH_LISTEN", "0.0.0.0:17401"),
        ("AUTH_TLS_CERTIFICATE_FILE", "a"),
        ("AUTH_TLS_KEY_FILE", "b"),
        ("RETAIL_TLS_AUTHORITY_FILE", "c"),
        ("RETAIL_REFLECTION", "true"),
        ("RETAIL_REFLECTION_ALLOWED", "true"),
    ]);
    assert!(check(vec![auth()], &meant).is_ok());
}

static BROKER: AtomicBool = AtomicBool::new(true);
static DATABASE: AtomicBool = AtomicBool::new(true);

fn depending() -> Service {
    Service::new("auth", nothing, async |_: Start, ()| {
        let look = |what: &'static AtomicBool| async move { what.load(Ordering::Relaxed) };
        Ok(Served::default()
            .with(sessions(&Probe::new(idle())))
            .needing(Dependency::new("nats", Need::Optional, move || {
                look(&BROKER)
            }))
            .needing(Dependency::new("postgres", Need::Required, move || {
                look(&DATABASE)
            })))
    })
}

async fn is_well(channel: &Channel, name: &str) -> bool {
    let request = HealthCheckRequest {
        service: name.to_owned(),
    };
    let answer = HealthClient::new(channel.clone())
        .check(request)
        .await
        .unwrap();
    answer.into_inner().status == 1
}

/// Waits until health says something, but not for ever.
async fn becomes(channel: &Channel, name: &str, well: bool) {
    let waiting = async {
        while is_well(channel, name).await != well {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect(name);
}

#[tokio::test]
async fn health_tells_what_is_missing_and_what_still_works() {
    let written = Written::default();
    let running = start(vec![depending()], &environment(&[]), &written)
        .await
        .unwrap();
    let channel = channel(&running, "auth").await;
    for name in [
        "",
        LIVE,
        "profile.dev",
        "dependency.nats",
        "retail.auth.v1.SessionService",
    ] {
        assert!(is_well(&channel, name).await, "{name}");
    }
    assert!(!is_well(&channel, "profile.prod").await);
    BROKER.store(false, Ordering::Relaxed);
    becomes(&channel, "dependency.nats", false).await;
    assert!(is_well(&channel, "").await, "calls do not need the broker");
    DATABASE.store(false, Ordering::Relaxed);
    becomes(&channel, "", false).await;
    assert!(!is_well(&channel, "retail.auth.v1.SessionService").await);
    assert!(is_well(&channel, LIVE).await, "no reason to be killed");
    DATABASE.store(true, Ordering::Relaxed);
    becomes(&channel, "", true).await;
    let unknown = HealthCheckRequest {
        service: "nobody".to_owned(),
    };
    let unknown = HealthClient::new(channel).check(unknown).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    running.end().await.unwrap();
}

#[tokio::test]
async fn nobody_is_ready_who_cannot_tell_whose_a_token_is() {
    let written = Written::default();
    let alone = [
        ("RETAIL_PROFILE", "dev"),
        ("ORDER_LISTEN", "127.0.0.1:0"),
        ("RETAIL_AUTH_URL", "http://127.0.0.1:1"),
    ];
    let alone = Environment::from_iter(alone);
    let order = Service::new("order", nothing, async |_: Start, ()| {
        Ok(Served::default().with(reports(&Probe::new(idle()))))
    });
    let running = start(vec![order], &alone, &written).await.unwrap();
    let channel = channel(&running, "order").await;
    assert!(!is_well(&channel, "").await && !is_well(&channel, "dependency.keys").await);
    assert!(
        is_well(&channel, LIVE).await,
        "it waits, and is no worse for it"
    );
    running.end().await.unwrap();
}

async fn described(
    channel: Channel,
    ask: MessageRequest,
) -> Result<MessageResponse, tonic::Status> {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(ask),
    };
    let mut client = ServerReflectionClient::new(channel);
    let answers = client
        .server_reflection_info(tokio_stream::iter([request]))
        .await?;
    let answer = answers.into_inner().next().await.unwrap()?;
    Ok(answer.message_response.unwrap())
}

#[tokio::test]
async fn tools_may_ask_for_exactly_what_is_served_where_that_is_allowed() {
    let written = Written::default();
    let running = start(vec![auth()], &environment(&[]), &written)
        .await
        .unwrap();
    let open = channel(&running, "auth").await;
    let listed = described(open.clone(), MessageRequest::ListServices(String::new())).await;
    let MessageResponse::ListServicesResponse(listed) = listed.unwrap() else {
        panic!("no list")
    };
    let listed: Vec<_> = listed.service.into_iter().map(|it| it.name).collect();
    assert_eq!(
        listed,
        [
            "retail.auth.v1.SessionService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
        ]
    );
    for symbol in [
        "retail.auth.v1.SessionService.ListSessions",
        "grpc.health.v1.Health",
        "google.rpc.ErrorInfo",
        "google.rpc.BadRequest",
        "grpc.reflection.v1alpha.ServerReflection",
    ] {
        let ask = MessageRequest::FileContainingSymbol(symbol.to_owned());
        let answer = described(open.clone(), ask).await.unwrap();
        assert!(
            matches!(answer, MessageResponse::FileDescriptorResponse(_)),
            "{symbol}"
        );
    }
    running.end().await.unwrap();
    let quiet = environment(&[("RETAIL_REFLECTION", "false")]);
    let running = start(vec![auth()], &quiet, &Written::default())
        .await
        .unwrap();
    let shut = channel(&running, "auth").await;
    let answer = described(shut, MessageRequest::ListServices(String::new())).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unimplemented);
    running.end().await.unwrap();
}

static ENDED: Mutex<Vec<&str>> = Mutex::new(Vec::new());

fn ending() -> Service {
    Service::new("auth", nothing, async |start: Start, ()| {
        let end = |what| async move { ENDED.lock().unwrap().push(what) };
        start.tasks.spawn(
            "writer",
            OnFailure::Fatal,
            OnShutdown::Drain,
            move |shutdown| async move {
                shutdown.requested().await;
                end("tasks").await;
                Ok(())
            },
        );
        let slow = crate::proof::act(move |_| async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            end("calls").await;
            Ok(())
        });
        Ok(Served::default()
            .with(sessions(&Probe::new(slow)))
            .at_end("flush the relay", end("relay"))
            .at_end("close the pool", end("pool")))
    })
}

#[tokio::test]
async fn the_end_goes_from_the_outside_to_the_inside() {
    let written = Written::default();
    let running = start(vec![ending()], &environment(&[]), &written)
        .await
        .unwrap();
    let mut client = SessionServiceClient::new(channel(&running, "auth").await);
    let calling = tokio::spawn(async move {
        client
            .list_sessions(asking(ListSessionsRequest::default(), &staff()))
            .await
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.end().await.unwrap();
    assert!(
        calling.await.unwrap().is_ok(),
        "the call that was under way finished"
    );
    assert_eq!(*ENDED.lock().unwrap(), ["calls", "tasks", "relay", "pool"]);
}

fn watched() -> Service {
    Service::new("auth", nothing, async |_: Start, ()| {
        let probe = Probe::new(idle()).with_updates(one_then_silence);
        Ok(Served::default().with(sessions(&probe)))
    })
}

#[tokio::test]
async fn a_watch_does_not_hold_up_the_end_and_is_told_to_come_back() {
    let written = Written::default();
    let running = start(vec![watched()], &environment(&[]), &written)
        .await
        .unwrap();
    let mut client = SessionServiceClient::new(channel(&running, "auth").await);
    let request = asking(WatchRevocationsRequest::default(), &staff());
    let mut watch = client
        .watch_revocations(request)
        .await
        .unwrap()
        .into_inner();
    assert!(watch.message().await.unwrap().is_some());
    let began = tokio::time::Instant::now();
    let (ended, last) = tokio::join!(running.end(), watch.message());
    ended.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(last.unwrap_err().code(), Code::Unavailable);
}

static STARTED: AtomicU32 = AtomicU32::new(0);

fn failing() -> Service {
    Service::new("auth", nothing, async |start: Start, ()| {
        start
            .tasks
            .spawn("relay", OnFailure::Fatal, OnShutdown::Abort, |_| async {
                STARTED.fetch_add(1, Ordering::Relaxed);
                Err("the broker refuses us".into())
            });
        Ok(Served::default().with(sessions(&Probe::new(idle()))))
    })
}

#[tokio::test]
async fn a_task_that_nothing_works_without_takes_the_process_with_it() {
    let running = start(vec![failing()], &environment(&[]), &Written::default())
        .await
        .unwrap();
    tokio::time::timeout(Duration::from_secs(10), running.failed())
        .await
        .unwrap();
    let error = running.end().await.unwrap_err();
    assert!(
        error.to_string().contains("the broker refuses us"),
        "{error}"
    );
}

#[tokio::test]
async fn a_service_that_does_not_start_says_why_and_ends_those_before_it() {
    let refused = async |service: Service, environment: Environment| {
        let started = start(vec![order(), service], &environment, &Written::default()).await;
        match started.unwrap_err() {
            ServeError::Start("auth", error) => error.chain(),
            other => panic!("{other:?}"),
        }
    };
    let broken = Service::new("auth", nothing, async |_: Start, ()| {
        Err::<Served, _>(StartError::of("no database"))
    });
    assert!(
        refused(broken, environment(&[]))
            .await
            .contains("no database")
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    assert!(
        refused(auth(), environment(&[("AUTH_LISTEN", &taken)]))
            .await
            .contains("cannot listen")
    );
    let missing = environment(&[("RETAIL_TOKEN_KEYS_FILE", "/nonexistent/keys.json")]);
    let started = start(vec![auth()], &missing, &Written::default())
        .await
        .unwrap_err();
    assert!(
        matches!(started, ServeError::Start("auth", StartError::Keys(_))),
        "{started:?}"
    );
    let none = environment(&[("RETAIL_TOKEN_KEYS_FILE", "")]);
    let started = start(vec![auth()], &none, &Written::default())
        .await
        .unwrap_err();
    assert!(
        matches!(started, ServeError::Start("auth", StartError::NoKeys)),
        "{started:?}"
    );
}

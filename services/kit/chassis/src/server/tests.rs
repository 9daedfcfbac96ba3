//! The server over real connections: calls, limits, the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use contracts::auth::ListSessionsRequest;
use contracts::auth::session_service_client::SessionServiceClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use super::{Server, ServerSettings, TlsFiles};
use crate::proof::{Act, Bench, act, asking, idle, staff};
use crate::settings::{Environment, Mistakes, Profile, read};
use crate::tasks::Tasks;

mod encrypted;

pub(super) fn settings(tls: Option<TlsFiles>) -> ServerSettings {
    ServerSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        connections_max: 16,
        connections_per_peer: 16,
        streams_max: 100,
        age_max: Duration::from_secs(600),
        tls,
    }
}

/// A server on a port of the system's choice.
pub(super) struct Served {
    pub address: SocketAddr,
    pub bench: Bench,
    pub tls: Option<super::ServerTls>,
    tasks: Tasks,
    running: JoinHandle<()>,
}

impl Served {
    pub async fn start(settings: &ServerSettings, act: Act) -> Self {
        let bench = Bench::new(act);
        let server = Server::bind(settings).await.unwrap();
        let (address, tls) = (server.address(), server.tls());
        let tasks = Tasks::default();
        let running = tokio::spawn(server.run(bench.edge.clone(), tasks.shutdown()));
        Self {
            address,
            bench,
            tls,
            tasks,
            running,
        }
    }

    async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.connect().await.unwrap()
    }
}

async fn list(channel: Channel) -> Result<(), tonic::Status> {
    let mut client = SessionServiceClient::new(channel);
    let request = asking(ListSessionsRequest::default(), &staff());
    client.list_sessions(request).await.map(drop)
}

/// What the other side says until it closes, or everything if that takes too long.
async fn closes(address: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut bytes = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes));
    closed.await.is_ok()
}

#[tokio::test]
async fn a_call_over_tcp_passes_the_same_layers_as_one_in_memory() {
    let served = Served::start(&settings(None), idle()).await;
    list(served.channel().await).await.unwrap();
    let call = served.bench.probe.last();
    assert_eq!(
        (&*call.method, call.peer),
        ("retail.auth.v1.SessionService/ListSessions", None)
    );
    let mut client = SessionServiceClient::new(served.channel().await);
    let nobody = client.list_sessions(ListSessionsRequest::default()).await;
    assert_eq!(nobody.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn connections_have_a_limit_in_all_and_for_one_peer() {
    for (connections_max, connections_per_peer) in [(2, 16), (16, 2)] {
        let limited = ServerSettings {
            connections_max,
            connections_per_peer,
            ..settings(None)
        };
        let served = Served::start(&limited, idle()).await;
        let held = (served.channel().await, served.channel().await);
        list(held.0.clone()).await.unwrap();
        list(held.1.clone()).await.unwrap();
        assert!(closes(served.address).await, "the third is not let in");
        list(held.0).await.unwrap();
        drop(held.1);
        let again = async {
            while list(
                Endpoint::from_shared(format!("http://{}", served.address))
                    .unwrap()
                    .connect_lazy(),
            )
            .await
            .is_err()
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), again)
            .await
            .expect("room is made");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_connects_and_says_nothing_is_sent_away() {
    let served = Served::start(&settings(None), idle()).await;
    let began = tokio::time::Instant::now();
    assert!(closes(served.address).await);
    assert!(began.elapsed() >= Duration::from_secs(5));
}

#[tokio::test]
async fn whoever_speaks_something_else_is_cut_off() {
    let served = Served::start(&settings(None), idle()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes));
    assert!(read.await.is_ok(), "closed");
    list(served.channel().await).await.unwrap();
}

/// A runtime of its own for callers, while that of the server is held up.
fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    tokio::task::spawn_blocking(move || runtime().block_on(work))
}

#[tokio::test]
async fn many_who_give_up_at_once_do_not_cut_off_their_neighbours() {
    const BUSY: Duration = Duration::from_millis(600);
    let gone = 500;
    let roomy = ServerSettings {
        streams_max: 1_000,
        ..settings(None)
    };
    // The first call holds up the only thread of the server, so that it reads all at once that
    // others called and gave up meanwhile.
    let first = std::sync::atomic::AtomicBool::new(true);
    let act = act(move |_| {
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            std::thread::sleep(BUSY);
        }
        async { Ok(()) }
    });
    let served = Served::start(&roomy, act).await;
    let address = served.address;
    let calling = apart(async move {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.connect().await.unwrap();
        let holding = tokio::spawn(list(channel.clone()));
        tokio::time::sleep(BUSY / 6).await;
        let neighbour = tokio::spawn(list(channel.clone()));
        let mut leaving = tokio::task::JoinSet::new();
        for _ in 0..gone {
            leaving.spawn(list(channel.clone()));
        }
        tokio::time::sleep(BUSY / 3).await;
        leaving.abort_all();
        holding.await.unwrap().unwrap();
        neighbour.await.unwrap().unwrap();
        list(channel).await.unwrap();
    });
    calling.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_refusals_do_not_end_a_connection() {
    let served = Served::start(&settings(None), idle()).await;
    let channel = served.channel().await;
    for _ in 0..60 {
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..80 {
            let mut client = SessionServiceClient::new(channel.clone());
            // More than one frame, so that it is refused while it is still sending.
            let long = ListSessionsRequest {
                page_token: "x".repeat(40_000),
                ..ListSessionsRequest::default()
            };
            asking.spawn(async move { client.list_sessions(long).await.map(drop) });
        }
        for answer in asking.join_all().await {
            assert_eq!(answer.unwrap_err().code(), Code::Unauthenticated);
        }
    }
    list(channel).await.unwrap();
}

/// A handler that waits until it is let go.
fn held(gate: &Arc<Semaphore>) -> Act {
    let gate = Arc::clone(gate);
    act(move |_| {
        let gate = Arc::clone(&gate);
        async move {
            drop(gate.acquire().await);
            Ok(())
        }
    })
}

#[tokio::test]
async fn at_the_end_calls_finish_and_nothing_new_is_taken() {
    let gate = Arc::new(Semaphore::new(0));
    let served = Served::start(&settings(None), held(&gate)).await;
    let calling = tokio::spawn(list(served.channel().await));
    while served.bench.probe.heard.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    served.tasks.request_shutdown();
    while TcpStream::connect(served.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(
        !served.running.is_finished(),
        "somebody is still being served"
    );
    gate.add_permits(1);
    calling.await.unwrap().unwrap();
    tokio::time::timeout(Duration::from_secs(10), served.running)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn at_the_end_an_idle_connection_is_told_and_keeps_nobody() {
    let served = Served::start(&settings(None), idle()).await;
    let idle = served.channel().await;
    list(idle.clone()).await.unwrap();
    let began = tokio::time::Instant::now();
    served.tasks.request_shutdown();
    tokio::time::timeout(Duration::from_secs(10), served.running)
        .await
        .unwrap()
        .unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(list(idle).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_connection_that_is_old_is_ended_without_a_lost_call() {
    let short = ServerSettings {
        age_max: Duration::from_millis(200),
        ..settings(None)
    };
    let served = Served::start(&short, idle()).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", served.address)).unwrap();
    let channel = endpoint.connect_lazy();
    let began = tokio::time::Instant::now();
    let (mut good, mut lost) = (0, 0);
    while began.elapsed() < Duration::from_secs(1) {
        match list(channel.clone()).await {
            Ok(()) => good += 1,
            Err(_) => lost += 1,
        }
    }
    assert!(good > 10 && lost <= 5, "{good} good, {lost} lost");
}

fn read_settings(profile: Profile, variables: &[(&str, &str)]) -> Result<ServerSettings, Mistakes> {
    let environment = Environment::from_iter(variables.iter().copied());
    read(&environment, "ORDER", |it| {
        ServerSettings::read(it, profile)
    })
}

fn refused(profile: Profile, variables: &[(&str, &str)]) -> Vec<String> {
    let mistakes = read_settings(profile, variables).unwrap_err();
    mistakes.list().iter().map(|it| it.name.clone()).collect()
}

#[test]
fn development_listens_on_loopback_alone() {
    for address in ["0.0.0.0:17401", "192.168.1.7:17401", "[::]:17401"] {
        let names = refused(Profile::Development, &[("ORDER_LISTEN", address)]);
        assert_eq!(names, ["ORDER_LISTEN"]);
    }
    assert!(read_settings(Profile::Development, &[("ORDER_LISTEN", "[::1]:0")]).is_ok());
    assert_eq!(refused(Profile::Development, &[]), ["ORDER_LISTEN"]);
}

#[test]
fn production_serves_nothing_in_clear_and_knows_its_peers() {
    let listen = ("ORDER_LISTEN", "0.0.0.0:17401");
    let names = refused(Profile::Production, &[listen]);
    assert_eq!(
        names,
        ["ORDER_TLS_CERTIFICATE_FILE", "RETAIL_TLS_AUTHORITY_FILE"]
    );
    let half = ("ORDER_TLS_CERTIFICATE_FILE", "chain.pem");
    assert!(
        refused(Profile::Production, &[listen, half]).contains(&"ORDER_TLS_KEY_FILE".to_owned())
    );
    let folder = std::env::temp_dir();
    let key = folder.join(format!("retail-key-{}.pem", std::process::id()));
    std::fs::write(&key, "secret").unwrap();
    let path = key.to_str().unwrap();
    let all = [
        listen,
        half,
        ("ORDER_TLS_KEY_FILE", path),
        ("RETAIL_TLS_AUTHORITY_FILE", "authority.pem"),
    ];
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(refused(Profile::Production, &all), ["ORDER_TLS_KEY_FILE"]);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(read_settings(Profile::Production, &all).is_ok());
    std::fs::remove_file(&key).unwrap();
}

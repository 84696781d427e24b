//! A network that loses, delays and cuts, in simulated time (turmoil): clients and a command server on the log in
//! memory. What was acknowledged is stored, once.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use clients::Random;
use hyper_util::rt::TokioIo;
use shared::log::EventLog;
use shared::log::memory::MemoryStore;
use shared::model::clock::{ManualClock, Timestamp};
use shared::rpc::auth::principal::trusting;
use shared::rpc::progress::Progress;
use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::command::{CreatePostRequest, RegisterAccountRequest};
use shared::runtime::settings::CommandSettings;
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;
use tonic::transport::{Channel, Endpoint, Server, Uri};
use tonic::{Code, Status};
use turmoil::net::{TcpListener, TcpStream};

use crate::api::{ask, is_passing, registration};
use crate::seeds;

/// `CHIRP_NETWORKS=n` sets another number.
const NETWORKS: u64 = 500;
const NETWORKS_OF_THE_CONTROL: u64 = 40;
const CLIENTS: usize = 3;
const COMMANDS: usize = 40;
const SERVER: &str = "server";
const PORT: u16 = 50051;
/// In simulated time.
const ENOUGH: Duration = Duration::from_secs(600);
const DEADLINE: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(5);
/// A client that gets no answer to its pings takes its connection for broken.
const KEEPALIVE: Duration = Duration::from_millis(500);
/// The longest spell in which the network is good or bad.
const SPELL_TICKS_MAX: usize = 200;

/// Texts and handles, with the ids that were answered, and how many answers were lost.
type Told = Arc<Mutex<(Vec<(String, String)>, usize)>>;

/// A connection as the server takes it.
struct Connection(TcpStream);

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// A command server whose only state is the log.
async fn serve(log: Arc<dyn EventLog>) -> turmoil::Result {
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    let (connections, accepted) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            if connections.send(io::Result::Ok(Connection(connection))).await.is_err() {
                return;
            }
        }
    });
    // No command waits for read tables here.
    let head = log.clone();
    let progress =
        Box::new(|| Progress::watch(std::future::pending(), head, Wake::default().listen(), &Tasks::default()));
    let routes = command_server::routes(log, LazyLock::new(progress), &CommandSettings::default());
    Ok(Server::builder().add_routes(trusting(routes)).serve_with_incoming(ReceiverStream::new(accepted)).await?)
}

fn connect() -> Channel {
    let connector = tower::service_fn(|_: Uri| async { TcpStream::connect((SERVER, PORT)).await.map(TokioIo::new) });
    let endpoint = Endpoint::from_static("http://server:50051").http2_keep_alive_interval(KEEPALIVE);
    endpoint.keep_alive_timeout(KEEPALIVE).connect_timeout(DEADLINE).connect_with_connector_lazy(connector)
}

/// Calls until it is answered.
async fn insist<T>(told: &Told, call: impl AsyncFn() -> Result<T, Status>) -> T {
    loop {
        let answer = timeout(DEADLINE, call()).await;
        match answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer"))) {
            Ok(answered) => return answered,
            Err(status) if is_passing(&status) || status.code() == Code::ResourceExhausted => {
                told.lock().expect("nobody panics with it").1 += 1;
                sleep(KEEPALIVE / 10).await;
            }
            Err(status) => panic!("{status:?}"),
        }
    }
}

async fn write(name: String, mut ids: impl FnMut() -> String, told: Told) -> turmoil::Result {
    let commands = CommandServiceClient::new(connect());
    let request_id = ids();
    let register = async || {
        let request = RegisterAccountRequest { request_id: request_id.clone(), ..registration(&name) };
        commands.clone().register_account(request).await
    };
    let author = insist(&told, register).await.into_inner().account_id;
    told.lock().expect("nobody panics with it").0.push((name.clone(), author.clone()));
    for number in 0..COMMANDS {
        let (text, request_id) = (format!("{name}, {number}"), ids());
        let create = async || {
            let request = ask!(CreatePostRequest { author_id: &author, text: &text, request_id: &request_id });
            commands.clone().create_post(request).await
        };
        let post = insist(&told, create).await.into_inner().post_id;
        told.lock().expect("nobody panics with it").0.push((text, post));
    }
    Ok(())
}

/// The outcome of one network.
#[derive(Default)]
struct Happened {
    acknowledged: usize,
    /// Answers that were lost.
    repeated: usize,
    crashes: usize,
}

/// With `with_ids`, clients send request ids; without, as the control, they do not.
fn simulate(seed: u64, with_ids: bool) -> Result<Happened, String> {
    let mut random = Random::new(seed);
    let mut network = turmoil::Builder::new();
    network.rng_seed(seed).simulation_duration(ENOUGH).tick_duration(TICK);
    network.min_message_latency(Duration::from_millis(1)).max_message_latency(Duration::from_millis(100));
    let mut network = network.build();
    let clock = Arc::new(ManualClock::default());
    clock.set(Timestamp(1_700_000_000_000_000));
    let store = MemoryStore::new(clock);
    let log = store.clone();
    network.host(SERVER, move || serve(Arc::new(log.open())));
    let told = Told::default();
    let names: Vec<String> = (0..CLIENTS).map(|number| format!("client_{number}")).collect();
    for name in &names {
        let mut ids = Random::new(random.between(0, i64::MAX - 1).unsigned_abs());
        let ids = move || if with_ids { ids.uuid().to_string() } else { String::new() };
        network.client(name.as_str(), write(name.clone(), ids, told.clone()));
    }
    let mut crashes = 0;
    loop {
        let name = random.pick(&names).as_str();
        let trouble = random.below(3);
        match trouble {
            0 => network.partition(name, SERVER),
            1 => network.hold(name, SERVER),
            _ => {
                network.crash(SERVER);
                crashes += 1;
            }
        }
        let mut ended = false;
        for _ in 0..random.below(SPELL_TICKS_MAX) {
            ended = network.step().expect("no client fails");
        }
        match trouble {
            0 => network.repair(name, SERVER),
            1 => network.release(name, SERVER),
            _ => network.bounce(SERVER),
        }
        for _ in 0..random.below(SPELL_TICKS_MAX) {
            ended = ended || network.step().expect("no client fails");
        }
        if ended {
            break;
        }
    }
    let (acknowledged, repeated) = std::mem::take(&mut *told.lock().expect("nobody panics with it"));
    check(&store, &acknowledged)?;
    Ok(Happened { acknowledged: acknowledged.len(), repeated, crashes })
}

fn check(store: &MemoryStore, acknowledged: &[(String, String)]) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    let log = store.open();
    let events = runtime.block_on(log.read(shared::model::ids::Position(0), usize::MAX)).expect("it is in memory");
    let line = |event: &shared::log::Recorded| {
        let payload: serde_json::Value = serde_json::from_str(&event.payload).expect("it is JSON");
        let (position, version) = (event.position.0, event.version.0);
        serde_json::json!({ "position": position, "stream": event.stream.as_str(), "version": version,
            "type": event.kind, "payload": payload })
    };
    let lines: Vec<_> = events.iter().map(line).collect();
    crate::writers::check(&lines, acknowledged)
}

#[test]
fn whatever_the_network_does_every_command_is_done_once() {
    let seeds = seeds("CHIRP_NETWORKS", NETWORKS);
    let Happened { mut acknowledged, mut repeated, mut crashes } = Happened::default();
    for seed in seeds.clone() {
        let happened = simulate(seed, true).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        acknowledged += happened.acknowledged;
        repeated += happened.repeated;
        crashes += happened.crashes;
    }
    let networks = seeds.end - seeds.start;
    println!("{networks} networks, {acknowledged} acknowledged, {repeated} asked again, {crashes} crashes");
    assert!(repeated as u64 > networks, "the network was well: {repeated} were asked again");
}

#[test]
fn without_request_ids_the_network_makes_some_command_happen_twice() {
    let found = (0..NETWORKS_OF_THE_CONTROL).find_map(|seed| simulate(seed, false).err());
    let broken = found.expect("it happens");
    assert!(broken.starts_with("P2"), "{broken}");
    println!("{broken}");
}

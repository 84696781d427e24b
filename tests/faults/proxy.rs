//! Unknown outcomes: a proxy that drops answers after the request was executed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clients::Random;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::api::Api;
use crate::number;
use crate::process::{Roles, folder, store_of, verified};
use crate::writers::{Writers, check, log_of};

/// How many answers are dropped; `CHIRP_DROPS=n` sets another number.
const DROPS: u64 = 1_000;
const CLIENTS: usize = 8;
/// In one of so many reads of answers the connection is dropped.
const DROPS_ONE_IN: usize = 4;
/// The frames with which a server begins a connection: its settings, and the acknowledgement of the client's.
const GREETINGS: usize = 2;

/// Forwards to a server, and drops some of its answers.
struct Proxy {
    address: String,
    dropped: Arc<AtomicU64>,
}

impl Proxy {
    async fn start(server: String, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let dropped = Arc::new(AtomicU64::new(0));
        tokio::spawn({
            let dropped = dropped.clone();
            async move {
                for number in 0.. {
                    let (client, _) = listener.accept().await.expect("somebody connects");
                    let Ok(upstream) = TcpStream::connect(&server).await else { continue };
                    tokio::spawn(forward(client, upstream, Random::new(seed + number), dropped.clone()));
                }
            }
        });
        Self { address, dropped }
    }
}

async fn forward(client: TcpStream, server: TcpStream, mut random: Random, dropped: Arc<AtomicU64>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let asking = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
    let answering = async {
        let mut bytes = vec![0; 16 * 1024];
        for number in 0.. {
            let read = from_server.read(&mut bytes).await?;
            if read == 0 {
                break;
            }
            if number >= GREETINGS && random.below(DROPS_ONE_IN) == 0 {
                dropped.fetch_add(1, Ordering::Relaxed);
                break;
            }
            to_client.write_all(&bytes[..read]).await?;
        }
        std::io::Result::Ok(())
    };
    // The end of either direction ends both, and the connections with them.
    tokio::select! { _ = asking => {}, _ = answering => {} }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_dropped_is_given_again_and_nothing_is_done_twice() {
    let drops = number("CHIRP_DROPS").unwrap_or(DROPS);
    let seed = clients::first_seed();
    println!("seed {seed}");
    let folder = folder();
    let roles = Roles::start(folder.path()).await;
    let proxy = Proxy::start(roles.commands.address.clone(), seed).await;
    let (queries, ops) = (roles.queries.address.clone(), roles.projector.address.clone());
    // Accounts are registered without faults.
    let began = AtomicU64::new(0);
    let api = || match began.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => roles.api.clone(),
        _ => Api::new(&proxy.address, &queries, &ops),
    };
    let writers = Writers::start("w", CLIENTS, api).await;
    while proxy.dropped.load(Ordering::Relaxed) < drops {
        tokio::time::sleep(Duration::from_millis(20)).await;
        writers.progress(1).await;
    }
    let written = writers.stop().await;
    let dropped = proxy.dropped.load(Ordering::Relaxed);
    let log = log_of(&store_of(folder.path()).await, folder.path()).await;
    println!("{dropped} drops, {} acknowledged, {} asked again", written.acknowledged.len(), written.repeated);
    assert!(written.repeated as u64 >= drops / 2, "{} were asked again", written.repeated);
    check(&log, &written.acknowledged).expect("every promise is kept");
    verified(folder.path()).await;
}

//! Command servers that are killed, and servers that are replaced one after the other, while clients write.

use std::time::{Duration, Instant};

use clients::Random;

use crate::api::{Api, Told};
use crate::number;
use crate::process::{Role, Roles, Surroundings, folder, store_of, verified};
use crate::writers::{Writers, check, log_of};

/// `CHIRP_KILLS=n` sets another number.
const KILLS: u64 = 50;
/// How often both servers are replaced; `CHIRP_ROLLS=n` sets another number.
const ROLLS: u64 = 5;
const CLIENTS: usize = 16;
/// The longest time from the start of a process to its first answer. The report says how long it took.
const FIRST_ANSWER_MAX: Duration = Duration::from_secs(60);
/// The longest time from the first attempt to the answer. Two servers that write one SQLite file wait for each other, without taking turns.
const ROLL_MAX: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_is_there_once_however_often_the_server_is_killed() {
    let kills = number("CHIRP_KILLS").unwrap_or(KILLS);
    let seed = clients::first_seed();
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let folder = folder();
    let mut roles = Roles::start(folder.path()).await;
    let addresses = [&roles.commands, &roles.queries, &roles.projector].map(|role| role.address.clone());
    let writers = Writers::start("w", CLIENTS, || Api::new(&addresses[0], &addresses[1], &addresses[2])).await;
    let mut slowest = Duration::ZERO;
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_micros(random.below(40_000) as u64)).await;
        roles.commands.process.kill().await;
        let began = Instant::now();
        roles.commands.restart().await;
        writers.progress(1).await;
        slowest = slowest.max(began.elapsed());
        writers.progress(CLIENTS).await;
    }
    let written = writers.stop().await;
    let log = log_of(&store_of(folder.path()).await, folder.path()).await;
    println!(
        "{kills} kills, {} acknowledged, {} asked again, {} events; the first answer after {slowest:?} at most",
        written.acknowledged.len(),
        written.repeated,
        log.len()
    );
    check(&log, &written.acknowledged).expect("every promise is kept");
    assert!(written.repeated > 0, "somebody was interrupted");
    assert!(slowest < FIRST_ANSWER_MAX, "the first answer after {slowest:?}");
    roles.api.head().await;
    verified(folder.path()).await;
}

/// Two servers of each kind behind the same clients; they are stopped and started again one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_are_replaced_under_load_and_no_command_fails() {
    let rolls = number("CHIRP_ROLLS").unwrap_or(ROLLS);
    let folder = folder();
    let mut roles = Roles::start(folder.path()).await;
    let store = store_of(folder.path()).await;
    let mut second = Role::start_in(Surroundings::default(), "command-server", "--listen", &store, &[]).await;
    let addresses = [&roles.commands, &second].map(|role| role.address.clone());
    let (queries, ops) = (roles.queries.address.clone(), roles.projector.address.clone());
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let api = || {
        let turn = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Api::new(&addresses[turn / 2 % 2], &queries, &ops)
    };
    let writers = Writers::start("w", CLIENTS, api).await;
    let reader = roles.api.register("reader").await.id;
    roles.api.home(&reader, crate::api::up_to_date()).await;
    for _ in 0..rolls {
        for server in [&mut roles.commands, &mut second] {
            server.process.signal("TERM");
            server.restart().await;
            writers.progress(CLIENTS).await;
        }
        let mut stream = roles.api.stream(&reader, "").await;
        while stream.next().await != Told::CaughtUp {}
        roles.queries.process.signal("TERM");
        let mut told = vec![];
        while let Ok(next) = stream.next_or_end().await {
            told.push(next);
        }
        assert!(told.contains(&Told::Draining), "a stream is told to go elsewhere: {told:?}");
        roles.queries.restart().await;
    }
    let written = writers.stop().await;
    println!(
        "{rolls} rolls, {} acknowledged, {} asked again, the slowest after {:?}",
        written.acknowledged.len(),
        written.repeated,
        written.slowest
    );
    let log = log_of(&store, folder.path()).await;
    check(&log, &written.acknowledged).expect("every promise is kept");
    assert!(written.slowest < ROLL_MAX, "a command took {:?}", written.slowest);
    verified(folder.path()).await;
}

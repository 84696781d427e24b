//! The cost of a server without calls: its wake-ups and its writes are counted, since both depend on the code alone,
//! while their time depends on the machine.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use shared::rpc::proto::command::CreatePostRequest;
use shared::rpc::proto::command::WaitFor;
use tokio::time::{Instant, sleep};

use crate::api::{Told, ask, up_to_date};
use crate::live::{followers, open_streams};
use crate::process::{Dev, Process, folder, on_postgres, path};

/// Long enough for everything that happens every few seconds.
const WINDOW: Duration = Duration::from_secs(16);
/// After this, the work that the last call left for later is done.
const SETTLED_AFTER: Duration = Duration::from_secs(6);
/// Wake-ups per second of the three roles together.
const WAKE_UPS_MAX: f64 = 20.0;
/// System calls per second that write to the disk.
const WRITES_MAX: f64 = 2.0;
/// System calls that write to files or wait for the disk.
const WRITING: &str = "trace=pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,ftruncate,fallocate";
/// How many times as many wake-ups idle streams may cause, besides their heartbeats.
const STREAMS_TIMES_MAX: f64 = 1.2;
/// By how many wake-ups per second two windows differ when something that happens every few seconds falls into one of them once more.
const BY_CHANCE: f64 = 2.0;

/// How often the threads of a process have given up the processor by themselves: each time, something had to wake them.
fn wake_ups(process: &Process) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.id())).expect("the process is there");
    let of_task = |task: fs::DirEntry| {
        // A thread may end meanwhile.
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count.map_or(0, |count| count.trim().parse::<u64>().expect("it is a number"))
    };
    tasks.filter_map(Result::ok).map(of_task).sum()
}

/// Wake-ups per second in a window, once what came before is done.
async fn wake_ups_when_idle(process: &Process) -> f64 {
    sleep(SETTLED_AFTER).await;
    let (before, began) = (wake_ups(process), Instant::now());
    sleep(WINDOW).await;
    let rate = (wake_ups(process) - before) as f64 / began.elapsed().as_secs_f64();
    println!("{rate:.1} wake-ups a second");
    rate
}

#[tokio::test]
async fn a_server_that_nobody_asks_wakes_up_less_than_twenty_times_a_second() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    assert!(wake_ups_when_idle(&dev.process).await <= WAKE_UPS_MAX, "of a new store");

    // Waiting for the tables watches them from then on.
    let ada = dev.api.register("ada").await.id;
    let post = ask!(CreatePostRequest { author_id: &ada, text: "hello", wait_for: WaitFor::Projected });
    dev.api.try_post(post).await.expect("it is published");
    dev.api.home(&ada, up_to_date()).await;
    assert!(wake_ups_when_idle(&dev.process).await <= WAKE_UPS_MAX, "after it was used");
}

#[tokio::test]
async fn a_server_that_nobody_asks_writes_to_the_disk_less_than_twice_a_second() {
    if on_postgres() {
        // Its files are written by PostgreSQL.
        return;
    }
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    dev.api.home(&ada, up_to_date()).await;
    sleep(SETTLED_AFTER).await;
    let trace = folder.path().join("trace");
    let mut tracing = Command::new("strace")
        .args(["-f", "-qq", "-e", WRITING, "-o", path(&trace), "-p", &dev.process.id().to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("strace is missing (Debian: apt-get install strace)");
    let began = Instant::now();
    sleep(WINDOW).await;
    let window = began.elapsed();
    let id = tracing.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().expect("there is a kill").success());
    tracing.wait().expect("it ends");
    let traced = fs::read_to_string(&trace).expect("it is traced");
    let writes = traced.lines().filter(|line| line.contains('(')).count();
    println!("{writes} writes within {window:?}");
    assert!(writes as f64 / window.as_secs_f64() <= WRITES_MAX, "{traced}");
    assert!(writes > 0, "the projector says now and then that it is alive, so something is wrong with the trace");
}

/// Heartbeats are left out, since they are what a stream may cost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_idle_streams_cause_hardly_more_wake_ups_than_none() {
    const STREAMS: usize = 1_000;
    let folder = folder();
    let dev = Dev::start_failing(folder.path(), "streams::heartbeat=return").await;
    let (_, followers) = followers(&dev.api, 10).await;
    let without = wake_ups_when_idle(&dev.process).await;
    let streams = open_streams(&dev.query, &followers, STREAMS).await;
    let with = wake_ups_when_idle(&dev.process).await;
    assert_eq!(streams.len(), STREAMS);
    assert!(with <= without * STREAMS_TIMES_MAX + BY_CHANCE, "{with:.1} a second instead of {without:.1}");
}

/// Heartbeats of many streams are sent together, so that a second of them costs far fewer wake-ups than there are heartbeats.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_heartbeats_of_a_thousand_streams_share_their_wake_ups() {
    const STREAMS: usize = 1_000;
    /// Long enough for a heartbeat of each stream.
    const HEARTBEATS: Duration = Duration::from_secs(16);
    /// For so many heartbeats the server may wake up once more.
    const OF_WAKE_UP_MIN: u64 = 2;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (_, followers) = followers(&dev.api, 10).await;
    let streams = open_streams(&dev.query, &followers, STREAMS).await;
    let read = streams.into_iter().map(|mut feed| {
        tokio::spawn(async move {
            loop {
                assert_eq!(feed.next().await, Told::Heartbeat);
            }
        })
    });
    let readers: Vec<_> = read.collect();
    sleep(SETTLED_AFTER).await;
    let (before, began) = (wake_ups(&dev.process), Instant::now());
    sleep(HEARTBEATS).await;
    let woken = wake_ups(&dev.process) - before;
    println!("{woken} wake-ups within {:?}", began.elapsed());
    assert!(readers.iter().all(|reader| !reader.is_finished()), "a stream has ended or said something else");
    assert!(woken <= STREAMS as u64 / OF_WAKE_UP_MIN, "{woken} wake-ups for {STREAMS} heartbeats");
}

//! Clocks that jump, forward and back, in each process separately.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clients::Random;

use crate::api::{Api, Told, fresh, item, texts};
use crate::number;
use crate::process::{Role, Surroundings, faketime, folder, store_of, verified};
use crate::writers::{Writers, check, log_of};

/// `CHIRP_JUMPS=n` sets another number.
const JUMPS: u64 = 20;
const CLIENTS: usize = 4;
const OFFSETS: [&str; 5] = ["+0", "+1h", "-2h", "+30s", "-1s"];

/// A process, and the file that sets by how much its clock is wrong.
async fn start(role: &str, listen: &str, store: &str, folder: &Path) -> (Role, PathBuf) {
    let file = folder.join(format!("{role}.time"));
    fs::write(&file, OFFSETS[0]).expect("there is room");
    let environment = [
        ("LD_PRELOAD", faketime()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        // Only the wall clock jumps.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let surroundings = Surroundings { environment, ..Surroundings::default() };
    (Role::start_in(surroundings, role, listen, store, &[]).await, file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_jump_change_no_order_and_no_stream() {
    let jumps = number("CHIRP_JUMPS").unwrap_or(JUMPS);
    let seed = clients::first_seed();
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let folder = folder();
    let store = store_of(folder.path()).await;
    let (commands, command_time) = start("command-server", "--listen", &store, folder.path()).await;
    let (projector, projector_time) = start("projector", "--ops-listen", &store, folder.path()).await;
    let (queries, query_time) = start("query-server", "--listen", &store, folder.path()).await;
    let api = || Api::new(&commands.address, &queries.address, &projector.address);
    let [ada, bob] = api().accounts(["ada", "bob"]).await;
    let token = api().follow(&bob, &ada).await;
    api().home(&bob, fresh(&token)).await;
    let mut stream = api().stream(&bob, "").await;
    let writers = Writers::start("w", CLIENTS, api).await;
    for jump in 0..jumps {
        let file = random.pick(&[&command_time, &projector_time, &query_time]).to_owned();
        // Replaced atomically: a file that is empty for a moment would be a time, too.
        let next = file.with_extension("next");
        fs::write(&next, random.pick(&OFFSETS)).expect("there is room");
        fs::rename(&next, file).expect("it is there");
        writers.progress(CLIENTS).await;
        let text = format!("post {jump}");
        let made = api().post(&ada, &text).await;
        assert_eq!(stream.news().await, item(&text), "jump {jump}");
        api().home(&bob, fresh(&made.token)).await;
        if random.one_in(3) {
            // The stream resumes from there.
            let token = stream.token.clone();
            stream = api().stream(&bob, &token).await;
            while stream.next().await != Told::CaughtUp {}
        }
    }
    let written = writers.stop().await;
    let log = log_of(&store, folder.path()).await;
    let times: Vec<i64> = log.iter().filter_map(|event| event["recorded_at"].as_i64()).collect();
    let (first, last) = (times.iter().min().expect("there are some"), times.iter().max().expect("there are some"));
    let apart = Duration::from_micros(u64::try_from(last - first).expect("it is not less"));
    println!("{jumps} jumps, {} acknowledged; times are {apart:?} apart", written.acknowledged.len());
    assert!(apart > Duration::from_secs(20), "the clock of the command server has jumped: {apart:?}");
    let known = written.acknowledged;
    check(&log, &known).expect("every promise is kept");
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_clock_that_was_ahead_is_told_and_pins_no_time_of_others() {
    const HOUR_MICROS: i64 = 3_600_000_000;
    let folder = folder();
    let store = store_of(folder.path()).await;
    let (commands, command_time) = start("command-server", "--listen", &store, folder.path()).await;
    let (mut projector, _) = start("projector", "--ops-listen", &store, folder.path()).await;
    let (queries, _) = start("query-server", "--listen", &store, folder.path()).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await.id;
    let set = |offset: &str| {
        let next = command_time.with_extension("next");
        fs::write(&next, offset).expect("there is room");
        fs::rename(&next, &command_time).expect("it is there");
    };
    set("+1h");
    api.post(&ada, "from the future").await;
    projector.process.says(|line| line.contains("in the future of this machine's clock").then_some(())).await;
    set("+0");
    let made = api.post(&ada, "from now").await;
    assert_eq!(
        texts(&api.home(&ada, fresh(&made.token)).await.items),
        ["from now", "from the future"],
        "order is by position"
    );
    let log = log_of(&store, folder.path()).await;
    let times: Vec<i64> = log.iter().filter_map(|event| event["recorded_at"].as_i64()).collect();
    let [.., future, now] = times.as_slice() else { panic!("there are events: {times:?}") };
    assert!(future - now > HOUR_MICROS / 2, "the time is the wall's again: {times:?}");
    verified(folder.path()).await;
}

//! What holds only for a store in two files.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use shared::rpc::proto::query::{GetPostRequest, StreamHomeTimelineRequest};
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::api::{Api, ask, fresh, reason, texts, up_to_date};
use crate::process::{Dev, Role, Roles, chirp, chirp_with, eventually, folder, path, verified};

/// The access modes of all descriptors of a process for files with this name.
fn access_modes(process: u32, name: &str) -> Vec<i64> {
    const ACCESS_MODE: i64 = 3;
    let mut modes = Vec::new();
    for entry in std::fs::read_dir(format!("/proc/{process}/fd")).expect("the process is there") {
        let descriptor = entry.expect("the process is there").path();
        // A descriptor may be closed while they are listed.
        let Ok(target) = std::fs::read_link(&descriptor) else { continue };
        if target.file_name().is_none_or(|found| found != name) {
            continue;
        }
        let number = descriptor.file_name().and_then(|number| number.to_str()).expect("a number").to_owned();
        let info = std::fs::read_to_string(format!("/proc/{process}/fdinfo/{number}")).expect("it is open");
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).expect("it has flags");
        modes.push(i64::from_str_radix(flags.trim(), 8).expect("an octal number") & ACCESS_MODE);
    }
    modes
}

#[tokio::test]
async fn each_process_opens_only_what_it_may_write_for_writing() {
    const READ_ONLY: i64 = 0;
    const READ_WRITE: i64 = 2;
    let folder = folder();
    let (commands, projector) = (Role::command_server(folder.path()).await, Role::projector(folder.path()).await);
    let queries = Role::query_server(folder.path()).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await;
    let made = api.post(&ada.id, "a post").await;
    // All connections of the pools are in use at some moment.
    for _ in 0..20 {
        let (one, two) = (api.home(&ada.id, fresh(&made.token)), api.home(&ada.id, up_to_date()));
        let _pages = tokio::join!(one, two);
    }
    let modes = |role: &Role, name: &str| access_modes(role.process.id(), name);
    let of_queries = modes(&queries, "tables.db");
    assert!(!of_queries.is_empty() && of_queries.iter().all(|mode| *mode == READ_ONLY), "{of_queries:?}");
    assert!(modes(&queries, "log.db").iter().all(|mode| *mode == READ_ONLY), "the log, too");
    assert_eq!(modes(&commands, "tables.db"), Vec::<i64>::new(), "a command server knows no read tables");
    // The control: this is what writing looks like.
    assert!(modes(&projector, "tables.db").contains(&READ_WRITE));
    assert!(modes(&commands, "log.db").contains(&READ_WRITE));
    eventually("the tables are filled", || api.projections(), |all| all.iter().all(|one| one.lag_events == 0)).await;
}

#[tokio::test]
async fn read_tables_of_another_log_are_refused() {
    let (folder, elsewhere) = (folder(), folder());
    let mut dev = Dev::start(folder.path()).await;
    dev.api.register("ada").await;
    dev.process.kill().await;
    let mut other = Dev::start(elsewhere.path()).await;
    other.api.register("bob").await;
    other.process.signal("TERM");
    assert_eq!(other.process.ended().await.code(), Some(0));
    for name in ["tables.db", "tables.db-wal", "tables.db-shm"] {
        let (from, to) = (elsewhere.path().join(name), folder.path().join(name));
        if to.exists() {
            std::fs::remove_file(&to).expect("it can be removed");
        }
        if from.exists() {
            std::fs::copy(from, to).expect("it can be copied");
        }
    }
    let any: &Path = folder.path();
    for arguments in [
        ["projector", "--store", path(any), "--ops-listen", "127.0.0.1:0"],
        ["query-server", "--store", path(any), "--listen", "127.0.0.1:0"],
    ] {
        let finished = chirp_with(&arguments, &[]).await.with(1);
        assert!(finished.stderr.contains("another log"), "{finished:#?}");
    }
}

/// How often a supervisor starts a process in vain.
const RESTARTS: usize = 5;

#[tokio::test]
async fn a_second_dev_refuses_and_names_the_first_which_goes_on() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let again = async || {
        let listen =
            ["--command-listen", "127.0.0.1:0", "--query-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
        let arguments = [["dev", "--no-demo", "--data", path(folder.path())].as_slice(), &listen].concat();
        let refused = chirp(&arguments).await.with(1).stderr;
        assert!(refused.contains(&format!("process {}", dev.process.id())), "{refused}");
    };
    // Two supervisors that do not give up.
    let restarts = async || {
        for _ in 0..RESTARTS {
            again().await;
        }
    };
    let posts = async {
        for number in 0..4 * RESTARTS {
            dev.api.post(&ada, &format!("post {number}")).await;
        }
    };
    tokio::join!(restarts(), restarts(), posts);
    assert_eq!(dev.api.home(&ada, up_to_date()).await.items.len(), 4 * RESTARTS);
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_projector_beside_another_stands_by_and_goes_on_when_that_has_ended() {
    let folder = folder();
    let commands = Role::command_server(folder.path()).await;
    let mut first = Role::projector(folder.path()).await;
    let mut second = Role::projector(folder.path()).await;
    let queries = Role::query_server(folder.path()).await;
    let api = Api::new(&commands.address, &queries.address, &second.address);
    let ada = api.register("ada").await;
    let made = api.post(&ada.id, "projected once").await;
    assert_eq!(texts(&api.home(&ada.id, fresh(&made.token)).await.items), ["projected once"]);
    assert!(!first.process.has_ended() && !second.process.has_ended(), "nobody ends for the other");
    first.process.kill().await;
    let made = api.post(&ada.id, "and again").await;
    assert_eq!(api.home(&ada.id, fresh(&made.token)).await.items.len(), 2);
    // A process that comes back stands by in its turn.
    first.restart().await;
    let made = api.post(&ada.id, "and once more").await;
    assert_eq!(api.home(&ada.id, fresh(&made.token)).await.items.len(), 3);
    assert!(!first.process.has_ended() && !second.process.has_ended());
    verified(folder.path()).await;
}

#[tokio::test]
async fn two_command_servers_on_one_file_take_turns() {
    const CLIENTS: usize = 8;
    const POSTS: usize = 400;
    let folder = folder();
    let (one, other) = (Role::command_server(folder.path()).await, Role::command_server(folder.path()).await);
    let api = |role: &Role| Api::new(&role.address, &role.address, &role.address);
    let [ada, bob] = api(&one).accounts(["ada", "bob"]).await;
    let done = std::sync::Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let mut writers = JoinSet::new();
    for (server, author) in
        [(&one, &ada), (&other, &bob)].into_iter().enumerate().map(|(at, (role, author))| ((at, api(role)), author))
    {
        for _ in 0..CLIENTS {
            let ((at, api), author, done) = (server.clone(), author.clone(), done.clone());
            writers.spawn(async move {
                while done.iter().map(|count| count.load(Ordering::SeqCst)).sum::<usize>() < POSTS {
                    api.post(&author, "a turn").await;
                    done[at].fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    }
    writers.join_all().await;
    let counts = [done[0].load(Ordering::SeqCst), done[1].load(Ordering::SeqCst)];
    println!("{counts:?}");
    assert!(counts.iter().all(|count| *count >= POSTS / 4), "one of them waits for the other: {counts:?}");
}

#[tokio::test]
async fn after_a_clean_stop_a_copy_of_the_log_alone_is_the_log() {
    let (folder, copy) = (folder(), folder());
    let mut dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    for number in 0..20 {
        dev.api.post(&ada, &format!("post {number}")).await;
    }
    let before = texts(&dev.api.home(&ada, up_to_date()).await.items);
    dev.process.signal("TERM");
    assert_eq!(dev.process.ended().await.code(), Some(0));
    for name in ["log.db", "tables.db"] {
        let left = std::fs::metadata(folder.path().join(format!("{name}-wal"))).map_or(0, |file| file.len());
        assert_eq!(left, 0, "{name}-wal is empty or gone");
    }
    std::fs::copy(folder.path().join("log.db"), copy.path().join("log.db")).expect("it is copied");
    let dev = Dev::start(copy.path()).await;
    assert_eq!(texts(&dev.api.home(&ada, up_to_date()).await.items), before);
    verified(copy.path()).await;
}

#[tokio::test]
async fn the_last_of_three_processes_that_stop_leaves_whole_files() {
    let folder = folder();
    let Roles { mut commands, mut projector, mut queries, api } = Roles::start(folder.path()).await;
    let ada = api.register("ada").await.id;
    let made = api.post(&ada, "a post").await;
    api.home(&ada, fresh(&made.token)).await;
    for role in [&mut queries, &mut commands, &mut projector] {
        role.process.signal("TERM");
        assert_eq!(role.process.ended().await.code(), Some(0));
    }
    for name in ["log.db", "tables.db"] {
        let left = std::fs::metadata(folder.path().join(format!("{name}-wal"))).map_or(0, |file| file.len());
        assert_eq!(left, 0, "{name}-wal is empty or gone");
    }
}

#[tokio::test]
async fn a_token_from_the_future_of_a_store_that_lost_its_newest_events_is_refused() {
    let (folder, older) = (folder(), folder());
    let mut dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await;
    dev.api.home(&ada.id, fresh(&ada.token)).await;
    dev.process.kill().await;
    for file in std::fs::read_dir(folder.path()).expect("the store is there") {
        let file = file.expect("the store is there").path();
        std::fs::copy(&file, older.path().join(file.file_name().expect("a file has a name"))).expect("it is copied");
    }
    let dev = Dev::start(folder.path()).await;
    let lost = dev.api.post(&ada.id, "lost").await;
    let resume_token = dev.api.home(&ada.id, fresh(&lost.token)).await.resume_token;

    let restored = Dev::start(older.path()).await;
    let mut queries = restored.api.queries.clone();
    let mut wrong = Vec::new();
    let mut check = |what: &str, status: Option<Status>| {
        let told = status.as_ref().map(|status| (status.code(), reason(status)));
        if told != Some((Code::OutOfRange, Some("TOKEN_FROM_LOST_HISTORY".to_owned()))) {
            wrong.push(format!("{what}: {told:?}"));
        }
    };
    let request = ask!(GetPostRequest { post_id: &lost.id, consistency: fresh(&lost.token) });
    check("at_least_as_fresh", queries.get_post(request).await.err());
    let request = ask!(StreamHomeTimelineRequest { account_id: &ada.id, resume_token: &resume_token });
    check("resume_token", queries.stream_home_timeline(request).await.err());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

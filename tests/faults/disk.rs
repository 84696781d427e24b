//! Disks that fail to sync, and disks that are full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use shared::rpc::proto::command::CreatePostRequest;
use tonic::Code;

use crate::api::{Api, ask, reason, registration, up_to_date};
use crate::process::{Role, Roles, Surroundings, folder, path, store_of, verified};
use crate::writers::{Writers, check, log_of};
use crate::{number, status_of};

/// How many calls of fsync fail; `CHIRP_FSYNCS=n` sets another number.
const FSYNCS: u64 = 100;
/// One of so many calls of fsync fails.
const FAILS_EVERY: u64 = 37;
/// The first calls succeed: a server that cannot make its files does not start.
const SYNCS_TO_START: u64 = 40;
/// Commands while every sync fails.
const TRIED: u64 = 50;
const PAUSE: Duration = Duration::from_millis(20);
const CLIENTS: usize = 8;
/// A disk that the writers do not fill in some seconds, and that is full once another file takes the rest.
const DISK_BYTES: u64 = 96 * 1024 * 1024;
/// How long filling the disk may take.
const FULL_WITHIN: Duration = Duration::from_secs(300);
/// How soon a server must write again, by itself. The report says how long it took.
const RESUMES_WITHIN: Duration = Duration::from_secs(60);

/// A command server whose calls of fsync fail as `when` says, in the syntax of strace, whose output goes to a file.
async fn with_failing_syncs(store: &str, trace: &Path, when: &str) -> Role {
    let which = Command::new("strace").arg("--version").output();
    which.expect("strace is missing, which makes system calls fail (Debian: apt-get install strace)");
    let inject = format!("inject=fdatasync,fsync:error=EIO:when={when}");
    let strace = ["strace", "-D", "-I1", "-f", "-qq", "-o", path(trace), "-e", "trace=fdatasync,fsync", "-e", &inject];
    let surroundings = Surroundings { starter: strace.map(str::to_owned).to_vec(), ..Surroundings::default() };
    Role::start_in(surroundings, "command-server", "--listen", store, &[]).await
}

/// What was not synced is not acknowledged; what was acknowledged survives a kill of the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_synced_is_never_acknowledged() {
    let wanted = number("CHIRP_FSYNCS").unwrap_or(FSYNCS);
    let folder = folder();
    let (store, trace) = (store_of(folder.path()).await, folder.path().join("trace"));
    let mut commands = with_failing_syncs(&store, &trace, &format!("{SYNCS_TO_START}+{FAILS_EVERY}")).await;
    let (projector, queries) = (Role::projector(folder.path()).await, Role::query_server(folder.path()).await);
    let api = || Api::new(&commands.address, &queries.address, &projector.address);
    let writers = Writers::start("w", CLIENTS, api).await;
    let failed = || fs::read_to_string(&trace).expect("it is traced").matches("EIO").count() as u64;
    while failed() < wanted {
        writers.progress(CLIENTS).await;
    }
    let written = writers.stop().await;
    let failed = failed();
    commands.process.kill().await;
    let log = log_of(&store, folder.path()).await;
    println!("{failed} syncs failed, {} acknowledged, {} asked again", written.acknowledged.len(), written.repeated);
    assert!(written.repeated > 0, "a failed sync fails somebody's command");
    check(&log, &written.acknowledged).expect("every promise is kept");
    verified(folder.path()).await;
}

/// The simplest form of it, in which any store fails at once that does not sync before it answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_no_sync_succeeds_nothing_is_acknowledged_and_then_all_goes_on() {
    let folder = folder();
    let (store, trace) = (store_of(folder.path()).await, folder.path().join("trace"));
    // A server that cannot make its files does not start, so they are made before.
    Role::command_server(folder.path()).await.process.kill().await;
    let commands = with_failing_syncs(&store, &trace, "1+").await;
    let api = Api::new(&commands.address, &commands.address, &commands.address);
    let register = async |number| api.commands.clone().register_account(registration(&format!("w_{number}"))).await;
    for number in 0..TRIED {
        let refused = register(number).await.expect_err("it cannot be synced");
        assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::Unavailable, Some("STORE_UNAVAILABLE")));
    }
    // When strace is stopped, it detaches from the process.
    let tracer = status_of(&commands.process, "TracerPid:");
    let ended = Command::new("kill").arg(tracer).status().expect("there is a kill");
    assert!(ended.success(), "strace was not told to end");
    let began = Instant::now();
    while register(TRIED).await.is_err() {
        assert!(began.elapsed() < RESUMES_WITHIN, "it writes again once it can sync");
        tokio::time::sleep(PAUSE).await;
    }
    println!("{TRIED} refused, and all goes on {:?} after syncs succeed", began.elapsed());
    let log = log_of(&store, folder.path()).await;
    let registered = log.iter().filter(|event| event["type"] == "account.registered").count();
    assert_eq!(registered, 1, "what was refused is not there");
}

/// A small file system in memory, until it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Self {
        fs::create_dir_all(at).expect("the folder can be made");
        let size = format!("size={DISK_BYTES}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        let mounted = mounted.expect("there is a mount");
        assert!(mounted.status.success(), "this test mounts a small disk, for which it must be root: {mounted:?}");
        Self(at.to_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is just being killed may still have it open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_not_reads_and_all_goes_on_once_there_is_room() {
    let folder = folder();
    let disk = SmallDisk::mount(&folder.path().join("disk"));
    let mut roles = Roles::start(&disk.0).await;
    let reader = roles.api.register("reader").await.id;
    let writers = Writers::start("w", CLIENTS, || {
        Api::new(&roles.commands.address, &roles.queries.address, &roles.projector.address)
    });
    let writers = writers.await;
    for round in 0..3 {
        // The projector must have work left when the disk is full.
        roles.projector.process.signal("STOP");
        writers.progress(CLIENTS * 4).await;
        let filler = disk.0.join("filler");
        let filled = fs::write(&filler, vec![0; usize::try_from(DISK_BYTES).expect("it is small")]);
        assert!(filled.is_err(), "the disk is larger than it should be");
        let began = Instant::now();
        let mut tried = 0;
        let refused = loop {
            // Every attempt must be another post, since there may still be room for one.
            tried += 1;
            let text = format!("filler {round}-{tried} {}", "x".repeat(400));
            let request = ask!(CreatePostRequest { author_id: &reader, text: text });
            match roles.api.try_post(request).await {
                Err(refused) => break refused,
                Ok(_) => assert!(began.elapsed() < FULL_WITHIN, "the disk is never full"),
            }
        };
        assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::ResourceExhausted, Some("STORE_FULL")));
        roles.api.account(&reader, None).await.expect("reads go on");
        roles.projector.process.signal("CONT");
        roles.projector.process.says(|line| line.contains("the projector pauses").then_some(())).await;
        roles.api.account(&reader, None).await.expect("reads go on");
        fs::remove_file(&filler).expect("it is there");
        let began = Instant::now();
        writers.progress(CLIENTS).await;
        roles.api.home(&reader, up_to_date()).await;
        println!("round {round}: all goes on {:?} after there is room", began.elapsed());
        assert!(began.elapsed() < RESUMES_WITHIN, "it took {:?}", began.elapsed());
    }
    let written = writers.stop().await;
    let store = store_of(&disk.0).await;
    let log = log_of(&store, folder.path()).await;
    println!("{} acknowledged, {} asked again", written.acknowledged.len(), written.repeated);
    check(&log, &written.acknowledged).expect("every promise is kept");
    verified(&disk.0).await;
}

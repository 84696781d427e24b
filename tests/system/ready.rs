//! What a process reports of itself: whether it is alive, whether it is ready, and why not; from its first moment on.

use shared::rpc::proto::query::GetAccountRequest;
use shared::rpc::proto::query::get_account_request::Account;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::api::{Api, ask, channel, reason, registration};
use crate::around::{Half, tamper};
use crate::process::{Dev, Process, Role, chirp, eventually, folder, path, store_of};
use crate::roles::http;

/// Nobody listens there.
const UNREACHABLE: &str = "postgres://postgres:hunter2@127.0.0.1:1/chirp";

/// The address at which a process listens, as soon as it does.
async fn listening(process: &mut Process) -> String {
    process
        .says(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(line.get("listening")?.as_str()?.to_owned())
        })
        .await
}

/// A projector and a query server that wait for a store.
pub async fn waiting_on(store: &str) -> (Process, Process) {
    let mut projector = Process::start(&["projector", "--store", store, "--ops-listen", "127.0.0.1:0"]);
    let mut queries = Process::start(&["query-server", "--store", store, "--listen", "127.0.0.1:0"]);
    for process in [&mut projector, &mut queries] {
        let address = listening(process).await;
        says_what_it_waits_for(&address, "store").await;
    }
    (projector, queries)
}

async fn says_what_it_waits_for(address: &str, check: &str) {
    let alive = http(address, "/livez").await;
    assert!(alive.starts_with("HTTP/1.1 200 OK\r\n") && alive.ends_with("ok\n"), "{alive}");
    let said = async || http(address, "/readyz?verbose").await;
    let is_waiting =
        |said: &String| said.starts_with("HTTP/1.1 503 ") && said.contains(&format!("[-]{check} failed: waiting for"));
    let said = eventually("it says what it waits for", said, is_waiting).await;
    assert!(said.contains("readyz check failed") && !said.contains("hunter2"), "{said}");
    let short = http(address, "/readyz").await;
    assert!(short.starts_with("HTTP/1.1 503 ") && short.contains("waiting for"), "{short}");
    let metrics = http(address, "/metrics").await;
    assert!(metrics.starts_with("HTTP/1.1 200 OK\r\n") && metrics.contains("chirp_ready{"), "{metrics}");
    let asked = HealthClient::new(channel(address)).check(HealthCheckRequest::default()).await;
    assert_eq!(asked.expect("it answers").into_inner().status(), ServingStatus::NotServing);
    let api = Api::new(address, address, address);
    let request = ask!(GetAccountRequest { account: Some(Account::Handle("ada".to_owned())) });
    let refused = api.queries.clone().get_account(request).await.expect_err("there is nothing to ask");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::Unavailable, Some("STORE_UNAVAILABLE")));
    let refused = api.commands.clone().register_account(registration("ada")).await.expect_err("nobody may append");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::Unavailable, Some("STORE_UNAVAILABLE")));
}

#[tokio::test]
async fn before_the_store_is_there_every_role_says_that_it_is_alive_and_what_it_waits_for() {
    let (mut projector, mut queries) = waiting_on(UNREACHABLE).await;
    let mut commands = Process::start(&["command-server", "--store", UNREACHABLE, "--listen", "127.0.0.1:0"]);
    let address = listening(&mut commands).await;
    says_what_it_waits_for(&address, "store").await;
    for process in [&mut projector, &mut queries, &mut commands] {
        process.signal("TERM");
        assert_eq!(process.ended().await.code(), Some(0), "it ends while it waits");
    }
    let folder = folder();
    waiting_on(path(&folder.path().join("not-made"))).await;
}

#[tokio::test]
async fn every_check_of_a_ready_process_is_listed() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    for (address, checks) in [
        (&dev.command, ["store", "writer"].as_slice()),
        (&dev.query, &["store", "tables"]),
        (&dev.ops, &["store", "tables", "projections"]),
    ] {
        let said = http(address, "/readyz?verbose").await;
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("readyz check passed\n"), "{said}");
        for check in checks {
            assert!(said.contains(&format!("[+]{check} ok\n")), "no {check} in {said}");
        }
    }
}

#[tokio::test]
async fn a_critical_projection_that_has_stopped_makes_the_projector_unready_and_nobody_else() {
    let folder = folder();
    // The fifth event is the follow, after two of each account.
    let dev = Dev::start_failing(folder.path(), "projector::apply=return(graph_1@5)").await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    let said = async || http(&dev.ops, "/readyz?verbose").await;
    let has_stopped = |said: &String| {
        said.starts_with("HTTP/1.1 503 ") && said.contains("[-]projections failed: graph_1 has stopped: ")
    };
    eventually("it says that it has stopped", said, has_stopped).await;
    let asked = HealthClient::new(channel(&dev.ops)).check(HealthCheckRequest::default()).await;
    assert_eq!(asked.expect("it answers").into_inner().status(), ServingStatus::NotServing);
    for address in [&dev.command, &dev.query] {
        assert!(http(address, "/readyz").await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

#[tokio::test]
async fn a_projector_that_starts_where_the_one_before_was_killed_says_of_nobody_that_it_has_stopped() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    dev.api.register("ada").await;
    dev.process.kill().await;
    let store = store_of(folder.path()).await;
    // As if that had been long ago, by any clock.
    assert!(tamper(folder.path(), Half::Tables, "UPDATE projections SET heartbeat_at = 1").await > 0);
    let mut projector = Process::start(&["projector", "--store", &store, "--ops-listen", "127.0.0.1:0"]);
    let address = listening(&mut projector).await;
    projector.says(|line| line.contains("the projector works and answers operators").then_some(())).await;
    // On a server it now waits for the lease to end.
    let listed = chirp(&["projection", "list", "--ops", &address]).await.with(0);
    let said = std::sync::Mutex::new(vec![listed.stdout]);
    let ready = async || {
        let ready = http(&address, "/readyz?verbose").await;
        said.lock().expect("nobody panics with it").push(ready.clone());
        ready
    };
    eventually("it is ready", ready, |said| said.starts_with("HTTP/1.1 200 OK\r\n")).await;
    let said = [said.into_inner().expect("nobody panics with it"), projector.said()].concat();
    for line in said {
        let is_alarm = ["stopped", "nobody works", "no projector"].iter().any(|alarm| line.contains(alarm));
        assert!(!is_alarm, "{line}");
    }
}

/// A small file system in memory, until it is dropped.
struct SmallDisk(std::path::PathBuf);

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is just being killed may still have it open.
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn while_its_disk_is_full_a_command_server_is_not_ready() {
    let folder = folder();
    let disk = SmallDisk(folder.path().join("disk"));
    std::fs::create_dir(&disk.0).expect("the folder can be made");
    let mount = ["-t", "tmpfs", "-o", "size=32m", "tmpfs", path(&disk.0)];
    let mounted = std::process::Command::new("mount").args(mount).output().expect("there is a mount");
    assert!(mounted.status.success(), "this test mounts a small disk, for which it must be root: {mounted:?}");
    let commands = Role::start_at("command-server", "--listen", path(&disk.0), &[]).await;
    let ready = async || http(&commands.address, "/readyz?verbose").await;
    eventually("it is ready", ready, |said| said.starts_with("HTTP/1.1 200 OK\r\n")).await;
    let filler = disk.0.join("filler");
    assert!(std::fs::write(&filler, vec![0; 32 << 20]).is_err(), "the disk is larger than it should be");
    let is_full =
        |said: &String| said.starts_with("HTTP/1.1 503 ") && said.contains("[-]writer failed: its disk is full");
    eventually("it says that its disk is full", ready, is_full).await;
    std::fs::remove_file(&filler).expect("it is there");
    eventually("it is ready again", ready, |said| said.starts_with("HTTP/1.1 200 OK\r\n")).await;
}

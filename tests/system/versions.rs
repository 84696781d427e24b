//! Stores whose schemas are of another version than the binary: refused with both versions, or upgraded.

use crate::around::{Half, tamper};
use crate::process::{Dev, Process, chirp, folder, is_on_server, path, store_of};

/// A role of each kind, as they are started by hand.
const ROLES: [(&str, &str); 3] =
    [("command-server", "--listen"), ("query-server", "--listen"), ("projector", "--ops-listen")];

#[tokio::test]
async fn a_store_that_a_newer_build_has_written_is_refused_by_name() {
    for (half, named) in
        [(Half::Log, "the log has schema version 99"), (Half::Tables, "the read tables has schema version 99")]
    {
        let folder = folder();
        let mut dev = Dev::start(folder.path()).await;
        dev.api.register("ada").await;
        dev.process.signal("TERM");
        dev.process.ended().await;
        let store = store_of(folder.path()).await;
        assert_eq!(tamper(folder.path(), half, "UPDATE store SET schema_version = 99").await, 1);
        for (role, listen) in ROLES {
            // A command server needs no read tables, whose version only concerns those who read and write them.
            if role == "command-server" && half == Half::Tables {
                continue;
            }
            let refused = chirp(&[role, listen, "127.0.0.1:0", "--store", &store]).await.with(2);
            assert!(refused.stderr.contains(named), "{role}: {}", refused.stderr);
        }
        let refused = chirp(&[
            "dev",
            "--data",
            &store,
            "--no-demo",
            "--command-listen",
            "127.0.0.1:0",
            "--query-listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ])
        .await
        .with(2);
        assert!(refused.stderr.contains(named), "dev: {}", refused.stderr);
        if is_on_server(folder.path()) {
            let refused = chirp(&["migrate", "up", "--store", &store]).await.with(1);
            assert!(refused.stderr.contains(named), "migrate up: {}", refused.stderr);
        }
    }
}

#[tokio::test]
async fn an_older_store_is_not_served_before_it_was_brought_forward() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    dev.api.register("ada").await;
    let head = dev.api.head().await;
    dev.process.signal("TERM");
    dev.process.ended().await;
    let store = store_of(folder.path()).await;
    tamper(folder.path(), Half::Log, "UPDATE store SET schema_version = 1").await;
    let mut waiting = Process::start(&["query-server", "--listen", "127.0.0.1:0", "--store", &store]);
    waiting.says(|line| line.contains("the log has schema version 1").then_some(())).await;
    if is_on_server(folder.path()) {
        let status = ["migrate", "status", "--store", &store];
        let told = chirp(&status).await.with(1);
        assert!(told.stdout.contains("schema chirp_log     there, version 1\n"), "{told:?}");
        assert!(told.stderr.contains("the log has schema version 1, and this build serves version"), "{told:?}");
        chirp(&["migrate", "up", "--store", &store]).await.with(0);
        let told = chirp(&status).await.with(0);
        assert!(!told.stdout.contains("version 1\n") && told.stderr.is_empty(), "{told:?}");
    } else {
        chirp(&["log", "export", "--store", &store, "--to", path(&folder.path().join("log.jsonl"))]).await.with(0);
    }
    let dev = Dev::start(folder.path()).await;
    assert_eq!(dev.api.head().await, head, "what was there is there");
    waiting.says(|line| line.contains("the query server answers").then_some(())).await;
}

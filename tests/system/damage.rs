//! Files that were lost, replaced, cut or damaged: the rest is not taken for the store, and no process reports that all is well.

use std::fs;

use shared::rpc::proto::command::CreatePostRequest;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tonic::Code;

use crate::api::{ask, registration, request_id};
use crate::process::{Dev, Process, Role, chirp, eventually, folder, path, store_of, verified_at};
use crate::roles::http;

/// A store in a folder with a post in it, whose processes have stopped.
async fn a_store_with_a_post() -> tempfile::TempDir {
    let folder = folder();
    let mut dev = Dev::start_at(path(folder.path())).await;
    let ada = dev.api.register("ada").await.id;
    dev.api.post(&ada, "there").await;
    dev.process.signal("TERM");
    assert_eq!(dev.process.ended().await.code(), Some(0));
    folder
}

#[tokio::test]
async fn a_log_that_is_lost_beside_its_tables_is_not_replaced_by_an_empty_one() {
    let folder = a_store_with_a_post().await;
    fs::remove_file(folder.path().join("log.db")).expect("it is there");
    for create in [&[][..], &["--create"]] {
        let arguments =
            [&["command-server", "--store", path(folder.path()), "--listen", "127.0.0.1:0"], create].concat();
        let refused = chirp(&arguments).await.with(1);
        assert!(refused.stderr.contains("has read tables and no log"), "{refused:#?}");
    }
    assert!(!folder.path().join("log.db").exists(), "none was made");
}

#[tokio::test]
async fn a_log_that_was_replaced_under_a_process_takes_no_more_commands() {
    let folder = a_store_with_a_post().await;
    let dev = Dev::start_at(path(folder.path())).await;
    let bob = dev.api.register("bob").await.id;
    let log = folder.path().join("log.db");
    let copy = folder.path().join("copy.db");
    fs::copy(&log, &copy).expect("it can be copied");
    fs::rename(&copy, &log).expect("it can be replaced");
    let request = ask!(CreatePostRequest { request_id: request_id(), author_id: &bob, text: "into the void" });
    let refused = dev.api.try_post(request).await.expect_err("nobody would find it again");
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    let say = || http(&dev.command, "/readyz?verbose");
    eventually("it is told", say, |said| said.contains("was removed or replaced")).await;
}

#[tokio::test]
async fn a_log_that_is_found_damaged_is_not_called_healthy() {
    let folder = a_store_with_a_post().await;
    let file = folder.path().join("log.db");
    let mut connection = SqliteConnectOptions::new().filename(&file).connect().await.expect("it opens");
    let index = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_events_1'";
    let page: i64 = sqlx::query_scalar(index).fetch_one(&mut connection).await.expect("streams have an index");
    let size: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut connection).await.expect("it is known");
    connection.close().await.expect("it closes");
    let mut bytes = fs::read(&file).expect("it can be read");
    let [start, end] = [page - 1, page].map(|page| usize::try_from(page * size).expect("it is small"));
    bytes[start..end].fill(0xa5);
    fs::write(&file, bytes).expect("it can be written");
    // It opens, and its events can be read; nothing can be appended.
    let dev = Dev::start_at(path(folder.path())).await;
    let ada = "01920000-0000-7000-8000-000000000001";
    let say = async || {
        // One of these commands needs the damaged page.
        let request = ask!(CreatePostRequest { request_id: request_id(), author_id: ada, text: "x" });
        let _ = dev.api.try_post(request).await;
        let _ = dev.api.commands.clone().register_account(registration("bob")).await;
        http(&dev.command, "/readyz?verbose").await
    };
    eventually("it is told", say, |said| said.contains("[-]writer failed: the log is damaged")).await;
}

#[tokio::test]
async fn a_restore_that_did_not_come_to_its_end_leaves_no_store_that_opens() {
    let original = folder();
    let dev = Dev::start(original.path()).await;
    let ada = dev.api.register("ada").await.id;
    for number in 0..20 {
        dev.api.post(&ada, &format!("post {number}")).await;
    }
    let file = original.path().join("chirp.backup");
    chirp(&["backup", "--store", &store_of(original.path()).await, "--to", path(&file)]).await.with(0);
    let text = fs::read_to_string(&file).expect("it was written");
    let elsewhere = folder();
    let target = store_of(elsewhere.path()).await;
    let cut = elsewhere.path().join("cut.backup");
    // Without its last line, or in the middle of a line.
    for length in [0, 1, text.len() / 2, text.len() - 2] {
        fs::write(&cut, &text[..length]).expect("it can be written");
        chirp(&["restore", "--from", path(&cut), "--store", &target]).await.with(1);
        let mut command_server =
            Process::start(&["command-server", "--create", "--store", &target, "--listen", "127.0.0.1:0"]);
        let refusal =
            command_server.says(|line| line.contains("has not ended; run that again").then(|| line.to_owned())).await;
        assert!(refusal.contains("the log is not whole"), "{refusal}");
        let refused = chirp(&["backup", "--store", &target, "--to", path(&elsewhere.path().join("x"))]).await.with(1);
        assert!(refused.stderr.contains("is not whole"), "{refused:#?}");
    }
    fs::write(&cut, text.clone() + "more").expect("it can be written");
    let refused = chirp(&["restore", "--from", path(&cut), "--store", &target]).await.with(1);
    assert!(refused.stderr.contains("comes after the end"), "{refused:#?}");
    chirp(&["restore", "--from", path(&file), "--store", &target]).await.with(0);
    let copy = Dev::start_at(&target).await;
    assert_eq!(copy.api.texts_of(&ada).await.len(), 20);
    verified_at(&target).await;
}

#[tokio::test]
async fn a_store_is_not_given_a_new_epoch_under_a_process_that_uses_it() {
    let folder = folder();
    let store = store_of(folder.path()).await;
    let mut dev = Dev::start_at(&store).await;
    dev.api.register("ada").await;
    let refused = chirp(&["store", "new-epoch", "--store", &store]).await.with(1);
    assert!(refused.stderr.contains("is in use by another process"), "{refused:#?}");
    dev.process.signal("TERM");
    dev.process.ended().await;
    // A query server makes tokens, too.
    let mut queries = Role::start_at("query-server", "--listen", &store, &[]).await;
    let refused = chirp(&["store", "new-epoch", "--store", &store]).await.with(1);
    assert!(refused.stderr.contains("is in use by another process"), "{refused:#?}");
    queries.process.kill().await;
    chirp(&["store", "new-epoch", "--store", &store]).await.with(0);
}

#[tokio::test]
async fn a_store_that_is_a_file_is_refused_before_a_port_is_bound() {
    let folder = folder();
    let file = folder.path().join("a-file");
    fs::write(&file, "x").expect("it can be written");
    for (role, listen) in [("command-server", "--listen"), ("query-server", "--listen"), ("projector", "--ops-listen")]
    {
        let refused = chirp(&[role, "--store", path(&file), listen, "127.0.0.1:0"]).await.with(2);
        assert!(refused.stderr.contains("is not a folder"), "{refused:#?}");
    }
}

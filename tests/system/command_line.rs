//! How the command line behaves among other programs: in pipes, on terminals, in containers, and beside environment
//! variables that are meant for others.

use std::path::Path;

use serde_json::Value;
use shared::rpc::proto::admin::DiscardParkedEventRequest;

use crate::api::{ask, registration, up_to_date};
use crate::around::append_unreadable;
use crate::process::{
    Dev, Role, Surroundings, chirp, chirp_unread, chirp_with, eventually, folder, on_postgres, path, store_of,
};

/// A name that clears the screen, moves the cursor and reverses the text, if a terminal gets it as it is.
const RUDE: &str = "\u{9b}2J\u{85}\u{202e}gnp.exe\u{2066}\u{200f}\u{7f}\u{2069}\u{202c}";

/// Characters that a terminal must not get.
fn is_rude(character: char) -> bool {
    RUDE.contains(character) && !character.is_ascii_graphic() || character == '\u{1b}'
}

fn polite(what: &str, said: &str) {
    assert!(!said.contains(is_rude), "{what}: {said:?}");
}

#[tokio::test]
async fn whoever_prints_ends_without_a_word_when_nobody_reads() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    dev.api.post(&ada, "one").await;
    dev.api.home(&ada, up_to_date()).await;
    let head = dev.api.head().await.to_string();
    let store = store_of(folder.path()).await;
    let file = |name: &str| path(&folder.path().join(name)).to_owned();
    let (graph, backup, copy, restored) = (file("graph"), file("backup"), file("copy"), file("restored"));
    std::fs::write(&graph, "0 1\n1 2\n").expect("there is room");
    let ops = ["--ops", &dev.ops];
    let commands: Vec<Vec<&str>> = vec![
        vec!["--help"],
        vec!["events", "tail", ops[0], ops[1]],
        vec!["events", "tail", "-o", "json", ops[0], ops[1]],
        // It has nothing to print, and ends all the same.
        vec!["events", "tail", "--follow", "--after", &head, ops[0], ops[1]],
        vec!["events", "show", "1", ops[0], ops[1]],
        vec!["projection", "list", ops[0], ops[1]],
        vec!["projection", "rebuild", "hashtags_1", ops[0], ops[1]],
        vec!["projection", "release", "hashtags_1", ops[0], ops[1]],
        vec!["parked", "list", ops[0], ops[1]],
        vec!["parked", "retry", "posts_1", ops[0], ops[1]],
        vec!["at", "1", "--account", &ada, ops[0], ops[1]],
        vec!["verify", "--store", &store],
        vec!["verify", "-o", "json", "--store", &store],
        vec!["log", "export", "--to", "-", "--store", &store],
        vec!["log", "copy", "--from", &store, "--to", &copy],
        vec!["store", "new-epoch", "--store", &copy],
        vec!["backup", "--store", &store, "--to", &backup],
        vec!["restore", "--from", &backup, "--store", &restored],
        vec!["replay", "--graph", &graph, "--command", &dev.command, "--query", &dev.query],
    ];
    for command in commands {
        let finished = chirp_unread(&command, false).await;
        assert_eq!(finished.code, Some(0), "{command:?}: {finished:#?}");
        for word in ["panicked", "error", "ipe"] {
            assert!(!finished.stderr.contains(word), "{command:?}: {finished:#?}");
        }
        if command[0] == "projection" || command[0] == "verify" {
            // As in `2>&1 | head`.
            let finished = chirp_unread(&command, true).await;
            assert_eq!(finished.code, Some(0), "{command:?}: {finished:#?}");
        }
    }
}

#[tokio::test]
async fn what_others_wrote_does_not_command_a_terminal_and_json_means_what_they_wrote() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let mut request = registration("ada");
    request.display_name = RUDE.to_owned();
    let answer = dev.api.commands.clone().register_account(request).await.expect("it is a name").into_inner();
    let ada = answer.account_id;
    dev.api.post(&ada, &format!("post {RUDE}")).await;
    dev.api.home(&ada, up_to_date()).await;
    let events = dev.api.events().await;
    let position = |kind: &str| {
        let found = events.iter().find(|event| event.r#type == kind);
        found.expect("it was recorded").position.to_string()
    };
    dev.process.signal("TERM");
    dev.process.ended().await;
    let broken =
        append_unreadable(folder.path(), "post-01920000-0000-7000-8000-000000000001", "post.created", "{}").await;
    let dev = Dev::start(folder.path()).await;
    let parked = async || chirp(&["parked", "list", "--ops", &dev.ops]).await.with(0).stdout;
    eventually("it is parked", parked, |listed| listed.contains("posts_1")).await;
    let reason = format!("{RUDE}\n42  posts_1");
    let discard =
        ask!(DiscardParkedEventRequest { projection: "posts_1", position: broken.unsigned(), reason: &reason });
    dev.api.admin.clone().discard_parked_event(discard).await.expect("it is parked");

    let (account, post, broken) = (position("account.registered"), position("post.created"), broken.to_string());
    let rude = format!("no_{RUDE}");
    for (command, code) in [
        (vec!["events", "show", &account], 0),
        (vec!["events", "show", &post], 0),
        (vec!["at", &post, "--account", &ada], 0),
        (vec!["at", &post, "--home", &ada], 0),
        (vec!["parked", "list", "--discarded"], 0),
        (vec!["parked", "show", "posts_1", &broken], 0),
        (vec!["parked", "list", "--discarded", "-o", "json"], 0),
        (vec!["parked", "list", "--projection", &rude], 1),
        (vec!["projection", "rebuild", &rude], 1),
        (vec!["at", "1", "--account", &rude], 1),
    ] {
        let finished = chirp(&[command.as_slice(), &["--ops", &dev.ops]].concat()).await.with(code);
        polite(&format!("{command:?}"), &finished.stdout);
        polite(&format!("{command:?}"), &finished.stderr);
    }
    let listed = chirp(&["parked", "list", "--discarded", "--ops", &dev.ops]).await.with(0).stdout;
    assert!(!listed.lines().any(|line| line.starts_with("42")), "a text makes no row of its own: {listed}");
    let shown = chirp(&["events", "show", &account, "-o", "json", "--ops", &dev.ops]).await.with(0).stdout;
    polite("json", &shown);
    let shown: Value = serde_json::from_str(&shown).expect("it is JSON");
    assert!(shown["payload"].to_string().contains("gnp.exe"), "{shown}");
    let then = chirp(&["at", &post, "--account", &ada, "--ops", &dev.ops]).await.with(0).stdout;
    let then: Value = serde_json::from_str(&then).expect("it is JSON");
    assert_eq!(then["was"]["display_name"], RUDE);
}

#[tokio::test]
async fn a_projection_that_is_mistyped_is_refused_before_anything_is_announced() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    for order in ["rebuild", "cancel-rebuild", "release"] {
        let wrong = chirp(&["projection", order, "timelins_1", "--ops", &dev.ops]).await.with(1);
        assert!(wrong.stderr.starts_with("error: "), "{wrong:#?}");
        assert!(wrong.stderr.contains("timelines_1"), "it says which there are: {wrong:#?}");
    }
    let said = chirp(&["projection", "rebuild", "timelines_1", "--ops", &dev.ops]).await.with(0);
    assert!(said.stderr.contains("rebuilding timelines_1"), "{said:#?}");
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_names_its_file() {
    let listen = ["--command-listen", "127.0.0.1:0", "--query-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    let (no_log, no_tables) = (folder(), folder());
    let (log, tables) = (no_log.path().join("log.db"), no_tables.path().join("tables.db"));
    for file in [&log, &tables] {
        std::fs::create_dir(file).expect("there is room");
    }
    let (of_log, of_tables) = (path(no_log.path()), path(no_tables.path()));
    for (file, arguments) in [
        (&log, [&["dev", "--no-demo", "--data", of_log][..], &listen].concat()),
        (&tables, [&["dev", "--no-demo", "--data", of_tables][..], &listen].concat()),
        (&log, vec!["command-server", "--listen", "127.0.0.1:0", "--store", of_log]),
        (&log, vec!["restore", "--from", "/dev/null", "--store", of_log]),
        (&log, vec!["log", "copy", "--from", of_tables, "--to", of_log]),
    ] {
        let finished = chirp(&arguments).await.with(1);
        let last = finished.stderr.lines().last().unwrap_or_default();
        assert!(last.contains(path(file)), "{arguments:?}: {finished:#?}");
    }
    // They wait, and print for what.
    for role in [&["projector", "--ops-listen"], &["query-server", "--listen"]] {
        let arguments = [&role[..], &["127.0.0.1:0", "--store", of_log]].concat();
        let mut process = crate::process::Process::start(&arguments);
        process.says(|line| (line.contains("not yet") && line.contains(path(&log))).then_some(())).await;
    }
}

#[tokio::test]
async fn the_past_is_shown_where_only_the_store_can_be_written_and_the_folder_is_named_otherwise() {
    let (folder, elsewhere) = (folder(), folder());
    let nowhere = folder.path().join("nowhere");
    // As below a read-only root.
    let environment = vec![("TMPDIR".to_owned(), path(&nowhere).to_owned())];
    let surroundings = || Surroundings { environment: environment.clone(), ..Surroundings::default() };
    let store = store_of(folder.path()).await;
    let commands = Role::command_server(folder.path()).await;
    // A store on a server has no folder.
    let tmp = if on_postgres() { vec!["--tmp", path(elsewhere.path())] } else { vec![] };
    let projector = Role::start_in(surroundings(), "projector", "--ops-listen", &store, &tmp).await;
    let api = crate::api::Api::new(&commands.address, &commands.address, &projector.address);
    let ada = api.register("ada").await.id;
    let shown = chirp(&["at", "1000000", "--account", &ada, "--ops", &projector.address]).await.with(1).stderr;
    assert!(shown.contains("POSITION_BEYOND_HEAD"), "{shown}");
    let head = api.events().await.last().expect("there are events").position.to_string();
    let shown = chirp(&["at", &head, "--account", &ada, "--ops", &projector.address]).await.with(0).stdout;
    assert!(shown.contains("\"handle\": \"ada\""), "{shown}");
    let left = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("it is there");
        entries.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_dir())).count()
    };
    assert_eq!((left(folder.path()), left(elsewhere.path())), (0, 0), "nothing is left behind");
    drop(projector);

    let projector =
        Role::start_in(surroundings(), "projector", "--ops-listen", &store, &["--tmp", path(&nowhere)]).await;
    let refused = chirp(&["at", &head, "--account", &ada, "--ops", &projector.address]).await.with(1).stderr;
    assert!(refused.contains(path(&nowhere)) && refused.contains("TEMPORARY_FOLDER_UNUSABLE"), "{refused}");
}

/// Nobody listens there.
const UNREACHABLE: &str = "postgres://postgres@127.0.0.1:1/chirp";

#[tokio::test]
async fn a_benchmark_makes_and_drops_databases_only_on_a_server_that_is_named_for_it() {
    let folder = folder();
    let file = folder.path().join("chirp.toml");
    std::fs::write(&file, format!("store = '{UNREACHABLE}'\n")).expect("there is room");
    let short = ["bench", "append", "--rounds", "1", "--seconds", "0.1", "--accounts", "10", "--config", path(&file)];
    let variables = [("CHIRP_STORE", UNREACHABLE), ("CHIRP_DATA", UNREACHABLE)];
    chirp_with(&short, &variables).await.with(0);
    let named = chirp_with(&short, &[("CHIRP_BENCH_SERVER", UNREACHABLE)]).await.with(1);
    assert!(named.stderr.contains("a throw-away database cannot be made"), "{named:#?}");
}

#[tokio::test]
async fn what_is_configured_wrongly_has_an_exit_code_of_its_own() {
    let folder = folder();
    let (store, missing) = (path(folder.path()).to_owned(), folder.path().join("missing"));
    for arguments in [
        vec!["migrate", "up", "--store", &store],
        vec!["migrate", "status", "--store", &store],
        vec!["bench", "append", "--bench-server", &store],
        vec!["log", "copy", "--from", &store, "--to", &store],
        vec!["verify", "--store", path(&missing)],
        vec!["log", "export", "--to", "-", "--store", path(&missing)],
        vec!["store", "new-epoch", "--store", path(&missing)],
        vec!["store", "new-epoch", "--store", "mysql://h/db"],
        vec!["command-server", "--store", path(&missing), "--listen", "127.0.0.1:0"],
        // An address that no machine has.
        vec!["command-server", "--store", &store, "--listen", "192.0.2.1:0"],
        vec!["projector", "--store", &store, "--projections", "timelins_1"],
        vec!["dev", "--connection-age", "0"],
    ] {
        let finished = chirp(&arguments).await;
        assert_eq!(finished.code, Some(2), "{arguments:?}: {finished:#?}");
    }
}

#[tokio::test]
async fn a_log_filter_that_names_what_is_not_there_is_answered_by_that_name() {
    let folder = folder();
    let missing = path(&folder.path().join("missing")).to_owned();
    let verify = ["verify", "--store", &missing];
    for (finished, named) in [
        (chirp(&[&["--log", "off,projctor=debug"], &verify[..]].concat()).await, "names projctor,"),
        (chirp_with(&verify, &[("CHIRP_LOG", "query_serve::streams=debug")]).await, "names query_serve::streams,"),
    ] {
        assert!(finished.stderr.contains(named), "{finished:?}");
    }
    let right = chirp(&[&["--log", "off,projector=debug"], &verify[..]].concat()).await;
    assert!(!right.stderr.contains("warning"), "{right:?}");
}

//! What is no store is refused before anything is made, and a secret is never printed, wherever it was given and
//! however malformed its address is.

use std::path::Path;

use tokio::task::JoinSet;

use crate::process::{Finished, chirp, chirp_with, folder, path};

/// Stands for a password.
const SECRET: &str = "hunter2";

/// None of these is the address of a store.
const MALFORMED: [&str; 26] = [
    "mysql://u:hunter2@h/db",
    "postgresq://u:hunter2@h/db",
    "Postgres://u:hunter2@h/db",
    "POSTGRES://u:hunter2@h/db",
    "http://u:hunter2@h/db",
    "sqlite:hunter2@db",
    "postgres:u:hunter2@h/db",
    "postgres:/u:hunter2@h/db",
    "postgres//u:hunter2@h/db",
    "u:hunter2@h/db",
    "//u:hunter2@h/db",
    "./postgres://u:hunter2@h/db",
    " postgres://u:hunter2@h/db",
    "postgres ://u:hunter2@h/db",
    "postgres://u:hunter2@h:port/db",
    "postgres://u:hunter2@h:99999/db",
    "postgres://u:hunt/hunter2@h/db",
    "postgres://u:1/hunter2@h/db",
    "postgres://u:1?hunter2@h/db",
    "postgres://u:1#hunter2@h/db",
    "postgres://u:x@h/db?passwrd=hunter2",
    "postgres://u:hunter2@h/db?unknown=hunter2",
    "postgres://u:hunter2@h/db?sslmode=hunter2",
    "postgres://u@h/db?port=hunter2",
    "postgres://u:hunter2@[::1/db",
    "host=h user=u password=hunter2",
];

/// Every command that takes the address of a store, which is appended to the last word.
const WITH_STORE: [&[&str]; 13] = [
    &["dev", "--data="],
    &["command-server", "--store="],
    &["command-server", "--create", "--store="],
    &["query-server", "--store="],
    &["projector", "--store="],
    &["verify", "--store="],
    &["migrate", "up", "--store="],
    &["migrate", "status", "--store="],
    &["log", "copy", "--to=x", "--from="],
    &["log", "export", "--to=-", "--store="],
    &["log", "import", "--from=-", "--store="],
    &["backup", "--to=/nowhere/x", "--store="],
    &["bench", "append", "--bench-server="],
];

/// Commands whose last word takes another value, with arguments that lead nowhere.
const OTHERS: [&[&str]; 8] = [
    &["restore", "--from=/nowhere/x", "--store="],
    &["replay", "--graph=/nowhere/x", "--command="],
    &["projection", "list", "--ops="],
    &["events", "tail", "--ops="],
    &["at", "1", "--account=0", "--ops="],
    &["parked", "list", "--ops="],
    &["dev", "--command-listen="],
    &["--log="],
];

fn without_secret(finished: &Finished, what: &str) {
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(!said.contains(SECRET), "{what}: {said}");
}

/// The words of a command, and what is in its environment.
type Run = (Vec<String>, Vec<(String, String)>);

/// Runs commands, some at once, and gives what each printed.
async fn run_all(runs: Vec<Run>) -> Vec<(String, Finished)> {
    const AT_ONCE: usize = 8;
    let mut finished = Vec::new();
    for some in runs.chunks(AT_ONCE) {
        let mut running = JoinSet::new();
        for run in some {
            let (arguments, environment) = run.clone();
            running.spawn(async move {
                let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let variables: Vec<(&str, &str)> =
                    environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                (format!("{arguments:?} {environment:?}"), chirp_with(&words, &variables).await)
            });
        }
        finished.extend(running.join_all().await);
    }
    finished
}

fn with(command: &[&str], value: &str) -> Vec<String> {
    let mut words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    words.last_mut().expect("a command has words").push_str(value);
    words
}

#[tokio::test]
async fn what_is_no_store_is_refused_by_every_command_and_shown_by_none() {
    let mut runs = Vec::new();
    for address in MALFORMED {
        for command in WITH_STORE {
            runs.push((with(command, address), vec![]));
        }
    }
    for (what, finished) in run_all(runs).await {
        without_secret(&finished, &what);
        assert_eq!(finished.code, Some(2), "{what}: {finished:#?}");
    }
    for made in ["mysql:", "postgres:", "postgres", "u:hunter2@h", "sqlite:hunter2@db"] {
        assert!(!Path::new(made).exists(), "{made} was made");
    }
}

#[tokio::test]
async fn nothing_that_was_given_is_repeated_where_it_may_be_a_secret() {
    let folder = folder();
    let mut runs = Vec::new();
    for (number, address) in MALFORMED.into_iter().enumerate() {
        for command in OTHERS {
            runs.push((with(command, address), vec![]));
        }
        // Where no store is expected, or something else.
        for words in [vec!["verify", address], vec![address], vec!["dev", "--stroe", address]] {
            runs.push((words.into_iter().map(str::to_owned).collect(), vec![]));
        }
        runs.push((vec!["dev".to_owned(), format!("--stroe={address}")], vec![]));
        for command in [
            ["verify", ""],
            ["dev", ""],
            ["query-server", ""],
            ["migrate", "status"],
            ["events", "tail"],
            ["verify", "--help"],
        ] {
            let words: Vec<String> =
                command.iter().filter(|word| !word.is_empty()).map(|word| (*word).to_owned()).collect();
            let variables = ["CHIRP_STORE", "CHIRP_DATA", "CHIRP_OPS", "CHIRP_LISTEN", "CHIRP_BENCH_SERVER"];
            runs.push((words.clone(), variables.map(|name| (name.to_owned(), address.to_owned())).to_vec()));
            // As it should stand in a file, without its quotes, and in the place of its key.
            for (form, text) in [
                format!("store = '{address}'\ndata = '{address}'\n"),
                format!("store = {address}\n"),
                format!("'{address}' = 1\n"),
                format!("stroe = '{address}'\n"),
                format!("['{address}']\nstore = 1\n"),
                format!("timeline_cap = '{address}'\n"),
                format!("store = ['{address}']\n"),
                format!("{address}\n"),
            ]
            .into_iter()
            .enumerate()
            {
                let file = folder.path().join(format!("{number}-{form}.toml"));
                std::fs::write(&file, text).expect("there is room");
                runs.push(([vec![format!("--config={}", path(&file))], words.clone()].concat(), vec![]));
            }
        }
    }
    for (what, finished) in run_all(runs).await {
        without_secret(&finished, &what);
        assert!(what.contains("--help") || finished.code != Some(0), "{what}: {finished:#?}");
    }
}

/// A valid address of a store that cannot be reached.
#[tokio::test]
async fn help_and_failures_show_no_password_of_an_address_that_is_right() {
    let address = "postgres://u:hunter2@127.0.0.1:1/db?password=hunter2";
    let variables =
        ["CHIRP_STORE", "CHIRP_DATA", "CHIRP_TO", "CHIRP_FROM"].map(|name| (name.to_owned(), address.to_owned()));
    let folder = folder();
    let file = folder.path().join("chirp.toml");
    std::fs::write(
        &file,
        format!("store = \"{address}\"\ndata = \"{address}\"\nto = \"{address}\"\nfrom = \"{address}\"\n"),
    )
    .expect("there is room");
    let mut runs = Vec::new();
    for command in WITH_STORE.into_iter().chain(OTHERS) {
        let words = command.iter().filter(|word| !word.starts_with("--")).map(|word| (*word).to_owned());
        let words: Vec<String> = words.chain(["--help".to_owned()]).collect();
        runs.push((words.clone(), variables.to_vec()));
        runs.push(([vec![format!("--config={}", path(&file))], words].concat(), vec![]));
    }
    for command in [["migrate", "up"], ["migrate", "status"]] {
        let words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        runs.push((words.clone(), variables.to_vec()));
        runs.push(([words, vec!["--log=debug".to_owned()]].concat(), variables.to_vec()));
    }
    for (what, finished) in run_all(runs).await {
        without_secret(&finished, &what);
    }
}

#[tokio::test]
async fn a_folder_is_made_only_where_somebody_asked_for_it() {
    let folder = folder();
    let missing = folder.path().join("missing");
    let refused = chirp(&["command-server", "--store", path(&missing), "--listen", "127.0.0.1:0"]).await.with(2);
    assert!(refused.stderr.contains(path(&missing)) && refused.stderr.contains("--create"), "{refused:#?}");
    assert!(!missing.exists(), "it was made");
    let missing_store = chirp(&["verify", "--store", path(&missing)]).await.with(2);
    assert!(missing_store.stderr.contains("there is no store in"), "{missing_store:#?}");
    assert!(!missing.exists(), "it was made");

    let (projector, queries) = crate::ready::waiting_on(path(&missing)).await;
    assert!(!missing.exists(), "it was made");
    let commands = crate::process::Role::start_at("command-server", "--listen", path(&missing), &["--create"]).await;
    assert!(missing.exists());
    for mut waited in [projector, queries] {
        waited.says(|line| line.contains("answers").then_some(())).await;
    }
    drop(commands);
}

//! Backups: taken while the store is in use, restored elsewhere.

use std::fs;
use std::path::Path;

use shared::rpc::proto::query::GetHomeTimelineRequest;
use tokio::task::JoinSet;
use tonic::Code;

use crate::api::{Api, ask, fresh, reason, texts, up_to_date};
use crate::around::{Half, tamper};
use crate::process::{Dev, chirp, folder, path, store_of, verified};

/// How often a backup is taken under load.
const ROUNDS: usize = 3;
const WRITERS: usize = 4;

/// Every event of a log as its line of JSON, up to a position.
async fn events(store: &str, file: &Path, until: u64) -> Vec<String> {
    chirp(&["log", "export", "--store", store, "--to", path(file)]).await.with(0);
    let text = fs::read_to_string(file).expect("it was written");
    let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("it is JSON");
    let is_wanted = |text: &&str| line(text)["event"]["position"].as_u64().is_some_and(|position| position <= until);
    text.lines().filter(is_wanted).map(str::to_owned).collect()
}

async fn write_until(api: Api, author: String, stop: tokio::sync::watch::Receiver<bool>) -> usize {
    let mut written = 0;
    while !*stop.borrow() {
        api.post(&author, &format!("under load, {written}")).await;
        written += 1;
    }
    written
}

#[tokio::test]
async fn what_is_restored_is_equal_to_the_byte_and_tokens_from_before_are_refused() {
    let original = folder();
    let dev = Dev::start(original.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    let odd = "quotes \" and \\ and \u{1f426} and \u{7f} and a long tail ".to_owned() + &"x".repeat(300);
    let token = dev.api.post(&ada, &odd).await.token;
    let first = ask!(GetHomeTimelineRequest { account_id: &bob, page_size: 1, consistency: fresh(&token) });
    let page = dev.api.queries.clone().get_home_timeline(first).await.expect("a page").into_inner();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        writers.spawn(write_until(dev.api.clone(), ada.clone(), stopped.clone()));
    }
    let store = store_of(original.path()).await;
    let mut restored_last = None;
    for round in 0..ROUNDS {
        let elsewhere = folder();
        let file = elsewhere.path().join("chirp.backup");
        let backed_up = chirp(&["backup", "--store", &store, "--to", path(&file)]).await.with(0).stdout;
        let until: u64 = backed_up.split([' ', ',']).filter_map(|word| word.parse().ok()).next().expect("a position");
        let target = store_of(elsewhere.path()).await;
        let restored = chirp(&["restore", "--from", path(&file), "--store", &target]).await.with(0).stdout;
        assert_eq!(
            restored.rsplit(' ').next(),
            backed_up.rsplit(' ').next(),
            "the hash of the last event, in round {round}"
        );
        let (before, after) = (original.path().join(format!("{round}.jsonl")), elsewhere.path().join("log.jsonl"));
        let (before, after) = (events(&store, &before, until).await, events(&target, &after, u64::MAX).await);
        assert_eq!(after.len() as u64, until);
        assert!(before == after, "round {round}: the logs differ");
        // A second restore changes nothing.
        chirp(&["restore", "--from", path(&file), "--store", &target]).await.with(0);
        restored_last = Some((elsewhere, until));
    }
    stop.send_replace(true);
    let written: usize = writers.join_all().await.into_iter().sum();
    assert!(written > ROUNDS, "there was load: {written} posts");

    let (elsewhere, until) = restored_last.expect("there were rounds");
    let copy = Dev::start(elsewhere.path()).await;
    assert!(copy.api.head().await >= until);
    assert!(texts(&copy.api.home(&bob, up_to_date()).await.items).iter().any(|text| text.starts_with("under load")));
    let refused = copy.api.account(&ada, fresh(&token)).await.expect_err("it is of another store");
    assert_eq!(
        (refused.code(), reason(&refused).as_deref()),
        (Code::InvalidArgument, Some("TOKEN_FROM_ANOTHER_STORE"))
    );
    let next = ask!(GetHomeTimelineRequest { account_id: &bob, page_token: page.next_page_token, page_size: 1 });
    let refused = copy.api.queries.clone().get_home_timeline(next).await.expect_err("it is of another store");
    assert_eq!(reason(&refused).as_deref(), Some("TOKEN_FROM_ANOTHER_STORE"));
    verified(elsewhere.path()).await;
}

#[tokio::test]
async fn a_backup_that_is_damaged_or_incomplete_is_refused_and_a_file_is_not_overwritten() {
    let original = folder();
    let dev = Dev::start(original.path()).await;
    dev.api.accounts(["ada", "bob"]).await;
    let store = store_of(original.path()).await;
    let file = original.path().join("chirp.backup");
    chirp(&["backup", "--store", &store, "--to", path(&file)]).await.with(0);
    let again = chirp(&["backup", "--store", &store, "--to", path(&file)]).await.with(1).stderr;
    assert!(again.contains("is there already"), "{again}");
    let whole = fs::read_to_string(&file).expect("it was written");
    let lines: Vec<&str> = whole.lines().collect();
    let without_end = lines[..lines.len() - 1].join("\n") + "\n";
    let without_an_event =
        whole.lines().filter(|line| !line.contains("\"position\":2,")).collect::<Vec<_>>().join("\n");
    let cases = [
        (whole.replacen("\"ada\"", "\"eve\"", 1), "the hash chain is broken"),
        (without_end, "the end was never written"),
        (without_an_event, "is not next"),
        (whole.replacen("\"format\":1", "\"format\":9", 1), "its format is 9"),
        ("nonsense".to_owned(), "line 1 cannot be read"),
        (String::new(), "line 1 is missing"),
        (lines[1..].join("\n"), "this is no log of Chirp"),
    ];
    for (text, expected) in cases {
        let elsewhere = folder();
        let damaged = elsewhere.path().join("damaged");
        fs::write(&damaged, &text).expect("it can be written");
        let target = store_of(elsewhere.path()).await;
        let refused = chirp(&["restore", "--from", path(&damaged), "--store", &target]).await.with(1).stderr;
        assert!(refused.contains(expected), "{expected:?} is not in {refused}");
    }
    // The store of another log is left alone.
    let other = folder();
    let other_dev = Dev::start(other.path()).await;
    other_dev.api.accounts(["carol", "dan"]).await;
    let target = store_of(other.path()).await;
    let refused = chirp(&["restore", "--from", path(&file), "--store", &target]).await.with(1).stderr;
    assert!(refused.contains("another log") || refused.contains("more than that"), "{refused}");
    other_dev.api.account(&other_dev.api.register("eve").await.id, up_to_date()).await.expect("it goes on");
    verified(other.path()).await;
}

#[tokio::test]
async fn a_backup_goes_through_a_pipe_as_it_goes_into_a_file() {
    let original = folder();
    let dev = Dev::start(original.path()).await;
    dev.api.accounts(["ada", "bob"]).await;
    let store = store_of(original.path()).await;
    let file = original.path().join("chirp.backup");
    let told = chirp(&["backup", "--store", &store, "--to", path(&file)]).await.with(0).stdout;
    let piped = chirp(&["backup", "--store", &store, "--to", "-"]).await.with(0);
    assert_eq!(piped.stdout, fs::read_to_string(&file).expect("it was written"));
    assert_eq!(piped.stderr.rsplit(' ').next(), told.rsplit(' ').next(), "the hash of the last event: {piped:?}");
    assert!(!Path::new("-").exists());

    let elsewhere = folder();
    let target = store_of(elsewhere.path()).await;
    let restoring = std::process::Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["restore", "--from", "-", "--store", &target])
        .stdin(fs::File::open(&file).expect("it is there"))
        .output()
        .expect("the binary starts");
    assert!(restoring.status.success(), "{restoring:?}");
    let (before, after) = (original.path().join("log.jsonl"), elsewhere.path().join("log.jsonl"));
    assert_eq!(events(&target, &after, u64::MAX).await, events(&store, &before, u64::MAX).await);
}

#[tokio::test]
async fn a_log_that_is_copied_in_part_is_opened_by_nobody_until_the_copy_is_whole() {
    let (original, elsewhere) = (folder(), folder());
    let mut dev = Dev::start(original.path()).await;
    dev.api.accounts(["ada", "bob"]).await;
    dev.process.kill().await;
    let (store, target) = (store_of(original.path()).await, store_of(elsewhere.path()).await);
    // As if events were missing at its end.
    assert_eq!(tamper(original.path(), Half::Log, "UPDATE head SET position = position + 7").await, 1);
    let copy = ["log", "copy", "--from", &store, "--to", &target];
    let failed = chirp(&copy).await.with(1).stderr;
    assert!(failed.contains("the source ends before its head"), "{failed}");
    let refused = chirp(&["log", "export", "--store", &target, "--to", "-"]).await.with(1);
    assert!(refused.stderr.contains("the log is not whole"), "{refused:?}");
    assert_eq!(tamper(original.path(), Half::Log, "UPDATE head SET position = position - 7").await, 1);
    for round in ["it goes on", "it is there"] {
        let copied = chirp(&copy).await.with(0);
        assert!(copied.stderr.contains("going on after position"), "{round}: {copied:?}");
    }
    let copy = Dev::start(elsewhere.path()).await;
    copy.api.register("carol").await;
    verified(elsewhere.path()).await;
}

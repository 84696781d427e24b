//! What an operator does: list, rebuild, read the log, verify, replay.

use std::path::Path;
use std::time::Duration;

use projector::projections;
use serde_json::Value;
use shared::rpc::proto::admin::*;
use shared::rpc::proto::command::LikePostRequest;
use shared::rpc::proto::query::GetHomeTimelineRequest;

use crate::api::{Api, ask, fresh, item, reason, texts, up_to_date, within};
use crate::around::{Half, lock, sorted, tamper};
use crate::process::{Dev, Process, Roles, chirp, eventually, folder, path, store_of, verified};

/// Fills a store with some of everything.
async fn fill(api: &Api) -> String {
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    for (follower, followee) in [(&bob, &ada), (&eve, &ada), (&ada, &bob), (&eve, &bob)] {
        api.follow(follower, followee).await;
    }
    for number in 0..10 {
        let post = api.post(&ada, &format!("post {number}")).await.id;
        let like = ask!(LikePostRequest { account_id: &bob, post_id: &post });
        api.commands.clone().like_post(like).await.expect("it is liked");
        if number % 3 == 0 {
            api.repost(&bob, &post).await;
        }
        if number % 4 == 0 {
            api.delete(&ada, &post).await;
        }
    }
    eve
}

#[tokio::test]
async fn every_projection_can_be_rebuilt_while_it_serves_and_nothing_differs() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let eve = fill(&dev.api).await;
    let before = dev.api.home(&eve, up_to_date()).await;
    assert!(!before.items.is_empty());
    let request = ask!(GetHomeTimelineRequest { account_id: &eve, page_size: 2 });
    let page = dev.api.queries.clone().get_home_timeline(request.clone()).await.expect("a page").into_inner();

    let listed = chirp(&["projection", "list", "-o", "json", "--ops", &dev.ops]).await.with(0);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("it is JSON");
    let listed = listed["projections"].as_array().expect("a list").clone();
    let names: Vec<&str> = listed.iter().filter_map(|projection| projection["name"].as_str()).collect();
    assert_eq!(names, sorted(projections::names()));
    for name in sorted(projections::names()) {
        let rebuilt = chirp(&["projection", "rebuild", name, "--ops", &dev.ops]).await.with(0);
        assert!(rebuilt.stdout.contains(name) && rebuilt.stdout.contains("caught up"), "{rebuilt:#?}");
        verified(folder.path()).await;
        assert_eq!(dev.api.home(&eve, None).await.items, before.items, "after {name}");
    }
    // Page tokens hold positions, so they survive.
    let next = GetHomeTimelineRequest { page_token: page.next_page_token, page_size: 100, ..request };
    let rest = dev.api.queries.clone().get_home_timeline(next).await.expect("a page").into_inner();
    assert_eq!(texts(&[page.items, rest.items].concat()), texts(&before.items));

    let table = chirp(&["projection", "list", "--ops", &dev.ops]).await.with(0).stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("NAME"), "{table}");
    assert_eq!(lines.len(), 1 + projections::names().len(), "{table}");
    let wrong = chirp(&["projection", "rebuild", "posts_9", "--ops", &dev.ops]).await.with(1);
    assert!(wrong.stderr.contains("posts_9") && wrong.stderr.contains("PROJECTION_NOT_FOUND"), "{wrong:#?}");
    let nobody = chirp(&["events", "show", "999999", "--ops", &dev.ops]).await.with(1);
    assert!(nobody.stderr.contains("999999"), "{nobody:#?}");
}

#[tokio::test]
async fn a_rebuild_whose_caller_went_away_does_not_stand_in_the_way_of_later_ones() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    fill(&dev.api).await;
    // While another transaction writes, the rebuild waits; meanwhile its caller gives up.
    let lock = lock(folder.path(), Half::Tables).await;
    let mut admin = dev.api.admin.clone();
    let request = ask!(RebuildProjectionRequest { name: "posts_1" });
    admin.rebuild_projection(within(Duration::from_millis(300), request.clone())).await.expect_err("it takes too long");
    lock.release().await;
    let again = async || {
        let answered = dev.api.admin.clone().rebuild_projection(request.clone()).await;
        answered.err().map(|status| (status.code(), reason(&status)))
    };
    eventually("a rebuild is refused", again, Option::is_none).await;
    verified(folder.path()).await;
}

#[tokio::test]
async fn the_log_can_be_read_filtered_and_followed() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    fill(&dev.api).await;
    let events = dev.api.events().await;
    let head = dev.api.head().await;
    let positions: Vec<u64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=head).collect::<Vec<_>>(), "dense");
    assert!(
        events
            .windows(2)
            .all(|pair| pair[0].recorded_at.unwrap_or_default().seconds
                <= pair[1].recorded_at.unwrap_or_default().seconds)
    );

    let tail = chirp(&["events", "tail", "--ops", &dev.ops]).await.with(0);
    assert_eq!(tail.stdout.lines().count() as u64, head);
    let tail =
        chirp(&["events", "tail", "-o", "json", "--type", "post.created", "--limit", "3", "--ops", &dev.ops]).await;
    let posts: Vec<Value> = tail.with(0).stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(posts.len(), 3);
    assert!(posts.iter().all(|event| event["type"] == "post.created"));
    let stream = posts[0]["stream"].as_str().expect("a name").to_owned();
    let of_stream = chirp(&["events", "tail", "--stream", &stream, "--ops", &dev.ops]).await.with(0).stdout;
    assert!(of_stream.lines().all(|line| line.contains(&stream)) && !of_stream.is_empty(), "{of_stream}");
    let correlation = posts[0]["correlation_id"].as_str().expect("an id").to_owned();
    let caused = chirp(&["events", "tail", "--correlation-id", &correlation, "--ops", &dev.ops]).await.with(0).stdout;
    assert_eq!(caused.lines().count(), 1, "{caused}");

    let position = posts[1]["position"].to_string();
    let shown = chirp(&["events", "show", &position, "-o", "json", "--ops", &dev.ops]).await.with(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&shown).expect("JSON"), posts[1]);
    let shown = chirp(&["events", "show", &position, "--ops", &dev.ops]).await.with(0).stdout;
    assert!(shown.contains("post.created") && shown.contains("\"post "), "{shown}");

    // `--follow` also survives a restart of the projector.
    let after = head.to_string();
    let mut follower = Process::start(&["events", "tail", "--follow", "--after", &after, "--ops", &dev.ops]);
    dev.api.register("late").await;
    follower.says(|line| line.contains("account.registered").then_some(())).await;
    dev.process.kill().await;
    let addresses = [&*dev.command, &*dev.query, &*dev.ops];
    let restarted = Dev::start_on(folder.path(), addresses, &[]).await;
    restarted.api.register("later").await;
    let line = follower.says(|line| line.contains("account.registered").then(|| line.to_owned())).await;
    assert!(line.trim_start().starts_with(&(head + 3).to_string()) || line.contains("account-"), "{line}");
    assert!(!follower.has_ended());
}

#[tokio::test]
async fn verify_finds_a_flipped_byte_in_the_log_and_says_where() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    fill(&dev.api).await;
    dev.api.head().await;
    verified(folder.path()).await;
    dev.process.kill().await;
    let store = &store_of(folder.path()).await;
    let faults = [
        // One byte of a text, so that the JSON stays valid.
        (
            "UPDATE events SET payload = replace(payload, 'post 3', 'post 8') WHERE payload LIKE '%\"post 3\"%'",
            "UPDATE events SET payload = replace(payload, 'post 8', 'post 3') WHERE payload LIKE '%\"post 8\"%' AND position = (SELECT MIN(position) FROM events WHERE payload LIKE '%\"post 8\"%')",
            "position ",
        ),
        (
            "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 7",
            "UPDATE events SET recorded_at = recorded_at - 1 WHERE position = 7",
            "position 7: the hash chain is broken",
        ),
        (
            "UPDATE events SET principal = 'mallory' WHERE position = 9",
            "UPDATE events SET principal = 'anonymous' WHERE position = 9",
            "position 9: the hash chain is broken",
        ),
        (
            "UPDATE head SET hash = {sqlite: zeroblob(32)}{postgres: decode(repeat('00', 32), 'hex')}",
            "UPDATE head SET hash = (SELECT hash FROM events ORDER BY position DESC LIMIT 1)",
            "the head",
        ),
    ];
    for (break_it, mend_it, expected) in faults {
        assert_eq!(tamper(folder.path(), Half::Log, break_it).await, 1, "{break_it}");
        let finished = chirp(&["verify", "--store", store]).await.with(1);
        assert!(finished.stdout.contains(expected), "{break_it}: {finished:#?}");
        assert!(
            !finished.stdout.contains("\n0 differences") && finished.stdout.contains(" differences in "),
            "{finished:#?}"
        );
        assert_eq!(tamper(folder.path(), Half::Log, mend_it).await, 1, "{mend_it}");
        verified(folder.path()).await;
    }
    // A payload that is wrong together with its digest still breaks the chain.
    let sql = "UPDATE events SET payload_digest = {sqlite: zeroblob(32)}{postgres: decode(repeat('00', 32), 'hex')} WHERE position = 5";
    assert_eq!(tamper(folder.path(), Half::Log, sql).await, 1);
    let finished = chirp(&["verify", "--store", store, "-o", "json"]).await.with(1);
    let told: Value = serde_json::from_str(&finished.stdout).expect("it is JSON");
    assert!(told["differences"].as_u64().is_some_and(|count| count >= 2), "{told:#}");
    assert!(told["first_differences"][0].as_str().is_some_and(|first| first.starts_with("position 5:")), "{told:#}");
}

#[tokio::test]
async fn verify_finds_a_log_that_lost_its_newest_event() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    fill(&dev.api).await;
    verified(folder.path()).await;
    dev.process.kill().await;
    let sql = "DELETE FROM events WHERE position = (SELECT position FROM head)";
    assert_eq!(tamper(folder.path(), Half::Log, sql).await, 1);
    let finished = chirp(&["verify", "--store", &store_of(folder.path()).await]).await.with(1);
    assert!(finished.stdout.contains("the head: "), "{finished:#?}");
}

#[tokio::test]
async fn verify_finds_a_changed_row_in_every_kind_of_read_table() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    fill(&dev.api).await;
    verified(folder.path()).await;
    dev.process.kill().await;
    let faults = [
        ("UPDATE profiles_1 SET bio = 'x' WHERE account = 1", "UPDATE profiles_1 SET bio = '' WHERE account = 1"),
        (
            "UPDATE posts_1 SET text = 'post 8' WHERE text = 'post 7'",
            "UPDATE posts_1 SET text = 'post 7' WHERE post = (SELECT MIN(post) FROM posts_1 WHERE NOT deleted AND text = 'post 8')",
        ),
        (
            "UPDATE counts_1_accounts SET followers = followers + 1 WHERE account = 1",
            "UPDATE counts_1_accounts SET followers = followers - 1 WHERE account = 1",
        ),
        (
            "UPDATE counts_1_posts SET likes = likes - 1 WHERE post = (SELECT MAX(post) FROM posts_1 WHERE NOT deleted)",
            "UPDATE counts_1_posts SET likes = likes + 1 WHERE post = (SELECT MAX(post) FROM posts_1 WHERE NOT deleted)",
        ),
        (
            "UPDATE graph_1_follows SET follower = -follower WHERE place = (SELECT MIN(place) FROM graph_1_follows)",
            "UPDATE graph_1_follows SET follower = -follower WHERE follower < 0",
        ),
        (
            "UPDATE timelines_1 SET owner = -owner WHERE (owner, place) = (SELECT timelines_1.owner, timelines_1.place FROM timelines_1 JOIN posts_1 ON posts_1.post = timelines_1.post AND NOT posts_1.deleted WHERE timelines_1.place = timelines_1.post AND NOT EXISTS (SELECT 1 FROM posts_1_reposts WHERE posts_1_reposts.post = timelines_1.post) ORDER BY timelines_1.owner DESC, timelines_1.place LIMIT 1)",
            "UPDATE timelines_1 SET owner = -owner WHERE owner < 0",
        ),
    ];
    for (break_it, mend_it) in faults {
        assert_eq!(tamper(folder.path(), Half::Tables, break_it).await, 1, "{break_it}");
        let finished = chirp(&["verify", "--store", &store_of(folder.path()).await]).await;
        assert_eq!(finished.code, Some(1), "{break_it}: {finished:#?}");
        assert_eq!(tamper(folder.path(), Half::Tables, mend_it).await, 1, "{mend_it}");
        verified(folder.path()).await;
    }
}

#[tokio::test]
async fn a_stopped_projection_shows_its_lag_and_what_it_missed_is_applied_later() {
    let folder = folder();
    let Roles { commands: _commands, projector: _projector, queries: _queries, api } =
        Roles::start(folder.path()).await;
    let ada = api.register("ada").await;
    eventually("it catches up", || api.projections(), |all| all.iter().all(|one| one.lag_events == 0)).await;
    for projection in api.projections().await {
        assert_eq!((projection.state(), projection.checkpoint, projection.head), (ProjectionState::CaughtUp, 2, 2));
        assert_eq!(projection.lag.unwrap_or_default(), prost_types::Duration::default());
    }
    // The write lock of the tables keeps the projector from applying anything.
    let lock = lock(folder.path(), Half::Tables).await;
    let mut newest = ada.token;
    for number in 0..5 {
        newest = api.post(&ada.id, &format!("post {number}")).await.token;
    }
    let lagging = eventually(
        "the lag grows old",
        || api.projections(),
        |all| all.iter().all(|one| one.lag.unwrap_or_default().nanos > 100_000_000),
    )
    .await;
    for projection in lagging {
        assert_eq!((projection.state(), projection.lag_events), (ProjectionState::Behind, 5), "{projection:?}");
        assert_eq!((projection.checkpoint, projection.head), (2, 7));
    }
    lock.release().await;
    assert_eq!(api.home(&ada.id, fresh(&newest)).await.items.len(), 5);
    eventually(
        "it catches up",
        || api.projections(),
        |all| all.iter().all(|one| one.state() == ProjectionState::CaughtUp),
    )
    .await;
}

/// A small graph in which everybody is followed by somebody.
fn graph(folder: &Path, lines: usize) -> String {
    let mut text = String::from("# a small graph\n");
    for line in 0..lines {
        text.push_str(&format!("{} {}\n", line % 17, 17 + line * 7 % 23));
    }
    let file = folder.join("graph.txt");
    std::fs::write(&file, text).expect("a file can be written");
    path(&file).to_owned()
}

fn replay<'a>(dev: &'a Dev, graph: &'a str) -> Vec<&'a str> {
    vec![
        "replay",
        "--graph",
        graph,
        "--both-ways",
        "--post-each",
        "-o",
        "json",
        "--command",
        &dev.command,
        "--query",
        &dev.query,
    ]
}

#[tokio::test]
async fn a_replay_that_runs_twice_doubles_nothing() {
    let (folder, files) = (folder(), folder());
    let dev = Dev::start(folder.path()).await;
    let graph = graph(files.path(), 50);
    chirp(&replay(&dev, &graph)).await.with(0);
    let head = dev.api.head().await;
    // 17 + 23 people with an account and a handle each, 50 lines both ways, and a post each.
    assert_eq!(head, 40 * 2 + 50 * 2 + 40);
    chirp(&replay(&dev, &graph)).await.with(0);
    assert_eq!(dev.api.head().await, head);
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_replay_goes_on_after_kill_9_of_everything_in_its_middle() {
    let (folder, files) = (folder(), folder());
    let mut dev = Dev::start(folder.path()).await;
    let graph = graph(files.path(), 2_000);
    let followers = std::fs::read_to_string(&graph).expect("the file is there");
    let distinct: std::collections::BTreeSet<&str> = followers.lines().filter(|line| !line.starts_with('#')).collect();
    let arguments = replay(&dev, &graph).iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let running = tokio::spawn(async move { chirp(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await });
    for killed_after in [30, 200, 400] {
        eventually("the replay goes on", || dev.api.head(), |head| *head >= killed_after).await;
        dev.process.kill().await;
        let addresses = [dev.command.clone(), dev.query.clone(), dev.ops.clone()];
        dev = Dev::start_on(folder.path(), addresses.each_ref().map(String::as_str), &[]).await;
    }
    let finished = running.await.expect("it ends").with(0);
    let events = dev.api.events().await;
    let count = |kind: &str| events.iter().filter(|event| event.r#type == kind).count();
    assert_eq!(count("account.registered"), 40, "{finished:#?}");
    assert_eq!(count("post.created"), 40);
    assert_eq!(count("follow.followed"), distinct.len() * 2);
    verified(folder.path()).await;
}

#[tokio::test]
async fn the_demo_is_seeded_once_and_the_calls_to_paste_name_what_is_there() {
    let folder = folder();
    let data = path(folder.path());
    let any = "127.0.0.1:0";
    let arguments = ["dev", "--data", data, "--command-listen", any, "--query-listen", any, "--ops-listen", any];
    let mut heads = Vec::new();
    for _ in 0..2 {
        let mut process = Process::start(&arguments);
        let ready = process.says(|line| line.strip_prefix("ready ").map(str::to_owned)).await;
        let find = |key: &str| {
            let word = ready.split(' ').find_map(|word| word.strip_prefix(key));
            word.unwrap_or_else(|| panic!("no {key} in {ready}")).to_owned()
        };
        let api = Api::new(&find("command="), &find("query="), &find("ops="));
        let call = process.says(|line| line.starts_with("grpcurl").then(|| line.to_owned())).await;
        let owner = call.split('"').nth(3).expect("an id").to_owned();
        let timeline = api.home(&owner, up_to_date()).await;
        assert!(timeline.items.len() >= 3, "{call}: {:?}", texts(&timeline.items));
        heads.push(api.head().await);
        process.signal("TERM");
        assert_eq!(process.ended().await.code(), Some(0));
    }
    assert_eq!(heads[0], heads[1], "a restart doubles nothing");
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_stream_goes_on_through_a_rebuild() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    let page = dev.api.home(&bob, up_to_date()).await;
    let mut feed = dev.api.stream(&bob, &page.resume_token).await;
    for (number, name) in sorted(projections::names()).iter().enumerate() {
        dev.api.post(&ada, &format!("before {number}")).await;
        let request = RebuildProjectionRequest { name: (*name).to_owned() };
        let rebuilt = dev.api.admin.clone().rebuild_projection(request).await.expect("it is rebuilt").into_inner();
        // Whether the new rows have the newest post already depends on timing.
        let state = rebuilt.projection.expect("always set").state();
        assert!(matches!(state, ProjectionState::CaughtUp | ProjectionState::Behind), "{name}: {state:?}");
        dev.api.post(&ada, &format!("after {number}")).await;
        assert_eq!(feed.news().await, item(&format!("before {number}")), "{name}");
        assert_eq!(feed.news().await, item(&format!("after {number}")), "{name}");
    }
    let mut resumed = dev.api.stream(&bob, &page.resume_token).await;
    for number in 0..projections::names().len() {
        assert_eq!(resumed.news().await, item(&format!("before {number}")));
        assert_eq!(resumed.news().await, item(&format!("after {number}")));
    }
}

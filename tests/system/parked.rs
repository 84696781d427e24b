//! Poison: events that a projection cannot apply. They are parked, and everything else goes on.

use std::path::Path;
use std::time::Duration;

use projector::projections::best_effort;
use serde_json::Value;
use shared::rpc::proto::admin::*;
use shared::rpc::proto::command::{BlockAccountRequest, LikePostRequest};
use shared::runtime::settings::TimelineSettings;
use tonic::Code;
use uuid::Uuid;

use crate::api::{ask, fresh, reason, texts, up_to_date};
use crate::around::{Half, append_unreadable, lock, sorted, tamper};
use crate::process::{Dev, Role, Roles, chirp, eventually, folder, store_of, verified};

/// Longer than it takes until an event is parked that cannot be applied.
const LONGER_THAN_TRIED: Duration = Duration::from_secs(2);

async fn parked(dev: &Dev) -> Vec<Value> {
    let listed = chirp(&["parked", "list", "-o", "json", "--ops", &dev.ops]).await.with(0);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("it is JSON");
    listed["parked_events"].as_array().expect("a list").clone()
}

/// A store with an author and a follower, whose processes have stopped, and the position of its newest event.
async fn prepared(folder: &Path) -> ([String; 2], u64) {
    let mut dev = Dev::start(folder).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    let token = dev.api.follow(&bob, &ada).await;
    dev.api.home(&bob, fresh(&token)).await;
    let head = dev.api.head().await;
    dev.process.signal("TERM");
    assert!(dev.process.ended().await.success());
    ([ada, bob], head)
}

#[tokio::test]
async fn events_that_nobody_can_read_are_parked_and_nothing_else_waits() {
    let folder = folder();
    let ([ada, bob], _) = prepared(folder.path()).await;
    let poll = format!("poll-{}", Uuid::now_v7());
    let unknown = append_unreadable(folder.path(), &poll, "poll.created", "{}").await;
    let post = format!("post-{}", Uuid::now_v7());
    let broken = append_unreadable(folder.path(), &post, "post.created", r#"{"text":"half of a po"}"#).await;
    let dev = Dev::start(folder.path()).await;
    let token = dev.api.post(&ada, "all is well").await.token;
    assert_eq!(texts(&dev.api.home(&bob, fresh(&token)).await.items), ["all is well"]);

    let listed = parked(&dev).await;
    let of = |position: i64| -> Vec<&str> {
        let here = listed.iter().filter(|parked| parked["position"] == position);
        here.filter_map(|parked| parked["projection"].as_str()).collect()
    };
    assert_eq!(of(unknown.0), sorted(best_effort()), "who knows whom it concerns");
    let projections = projector::projections::all(&TimelineSettings::default());
    let wants_posts = |name: &&str| {
        projections.iter().any(|projection| projection.name() == *name && projection.aggregates().contains(&"post"))
    };
    let wanting = sorted(best_effort()).into_iter().filter(wants_posts).collect::<Vec<_>>();
    assert_eq!(of(broken.0), wanting, "those that want posts");
    assert_eq!(listed.len(), sorted(best_effort()).len() + wanting.len(), "once each");
    for parked in &listed {
        assert_eq!(parked["attempts"], 4, "{parked}");
        let cause = parked["cause"].as_str().unwrap_or_default();
        let expected =
            if parked["position"] == unknown.0 { "unknown event type poll.created" } else { "broken payload" };
        assert!(cause.contains(expected), "{parked}");
    }
    let projections = dev.api.projections().await;
    assert!(projections.iter().all(|projection| projection.failure.is_empty()), "{projections:#?}");
    let counts: u64 = projections.iter().map(|projection| projection.parked_count).sum();
    assert_eq!(counts, listed.len() as u64);

    let shown = chirp(&["parked", "show", "posts_1", &broken.to_string(), "--ops", &dev.ops]).await.with(0).stdout;
    assert!(shown.contains("half of a po") && shown.contains("broken payload") && shown.contains(&post), "{shown}");
    let retried = chirp(&["parked", "retry", "posts_1", "--ops", &dev.ops]).await.with(1).stdout;
    assert_eq!(retried, "0 applied, 2 still parked\n");
    let again = parked(&dev).await;
    assert!(again.iter().any(|parked| parked["projection"] == "posts_1" && parked["attempts"] == 5), "{again:#?}");

    for parked in &again {
        let (projection, position) = (parked["projection"].as_str().expect("a name"), parked["position"].to_string());
        let why = ["--reason", "a broken build wrote it", "--ops", &dev.ops];
        chirp(&[["parked", "discard", projection, &position].as_slice(), &why].concat()).await.with(0);
    }
    assert!(parked(&dev).await.is_empty());
    let kept = chirp(&["parked", "list", "--discarded", "--ops", &dev.ops]).await.with(0).stdout;
    assert_eq!(kept.matches("discarded: a broken build wrote it").count(), listed.len(), "{kept}");
    // A discarded event stays discarded, also in a rebuild.
    chirp(&["projection", "rebuild", "posts_1", "--ops", &dev.ops]).await.with(0);
    assert!(parked(&dev).await.is_empty());
    assert_eq!(texts(&dev.api.home(&bob, up_to_date()).await.items), ["all is well"]);
    let twice = ask!(DiscardParkedEventRequest { projection: "posts_1", position: broken.unsigned(), reason: "again" });
    let twice = dev.api.admin.clone().discard_parked_event(twice).await.expect_err("it is discarded already");
    assert_eq!((twice.code(), reason(&twice).as_deref()), (Code::NotFound, Some("PARKED_EVENT_NOT_FOUND")));

    // Each is logged once, and what comes after is checked on its own.
    for number in 0..10 {
        dev.api.post(&ada, &format!("a good post, {number}")).await;
    }
    let like = ask!(LikePostRequest { account_id: &bob, post_id: &dev.api.post(&ada, "liked").await.id });
    dev.api.commands.clone().like_post(like).await.expect("it is liked");
    let store = store_of(folder.path()).await;
    let told = chirp(&["verify", "--store", &store]).await.with(1).stdout;
    assert!(told.contains("2 differences in "), "{told}");
    for position in [unknown, broken] {
        let lines = told.lines().filter(|line| line.starts_with(&format!("position {position}: "))).count();
        assert_eq!(lines, 1, "{told}");
    }
}

#[tokio::test]
async fn the_reason_of_a_discard_is_kept_as_it_was_written() {
    let folder = folder();
    prepared(folder.path()).await;
    let post = format!("post-{}", Uuid::now_v7());
    let broken = append_unreadable(folder.path(), &post, "post.created", "{}").await;
    let dev = Dev::start(folder.path()).await;
    eventually("it is parked", || parked(&dev), |parked| !parked.is_empty()).await;
    let written = "nul \0, \u{10ffff}0 and \u{10ffff}";
    let discard =
        ask!(DiscardParkedEventRequest { projection: "posts_1", position: broken.unsigned(), reason: written });
    let discarded = dev.api.admin.clone().discard_parked_event(discard).await.expect("it is discarded").into_inner();
    assert_eq!(discarded.parked_event.expect("always set").discard_reason, written);
    let listing = ask!(ListParkedEventsRequest { projection: "posts_1", include_discarded: true });
    let listed = dev.api.admin.clone().list_parked_events(listing).await.expect("it is listed").into_inner();
    let reasons: Vec<_> = listed.parked_events.iter().map(|parked| parked.discard_reason.as_str()).collect();
    assert_eq!(reasons, [written]);
}

#[tokio::test]
async fn a_stream_of_events_passes_what_it_cannot_read_and_says_so() {
    let folder = folder();
    let ([ada, _], head) = prepared(folder.path()).await;
    let poll = format!("poll-{}", Uuid::now_v7());
    let unknown = append_unreadable(folder.path(), &poll, "poll.created", "{}").await;
    let dev = Dev::start(folder.path()).await;
    let made = dev.api.post(&ada, "after it").await;
    // Whatever is asked for, from the beginning and from a token before it.
    let follows = i32::from(EventType::Followed);
    for types in [vec![], vec![i32::from(EventType::PostCreated)], vec![follows]] {
        let wants_posts = types != [follows];
        let request = StreamEventsRequest { after_position: head - 1, types, ..StreamEventsRequest::default() };
        let mut stream = dev.api.admin.clone().stream_events(request.clone()).await.expect("it opens").into_inner();
        let (mut skipped, mut posts, mut token) = (Vec::new(), Vec::new(), None);
        loop {
            let message = stream.message().await.expect("it does not end").expect("it does not end");
            match message.message.expect("always set") {
                stream_events_response::Message::Skipped(event) => skipped.push((message.position, event.stored_type)),
                stream_events_response::Message::Event(event) if event.r#type() == EventType::PostCreated => {
                    posts.push(message.position);
                }
                stream_events_response::Message::CaughtUp(_) => break,
                _ => {}
            }
            token.get_or_insert(message.resume_token);
        }
        assert_eq!(skipped, [(unknown.unsigned(), "poll.created".to_owned())]);
        assert_eq!(posts, if wants_posts { vec![unknown.next().unsigned()] } else { vec![] }, "{made:?}");
        let resumed = StreamEventsRequest { after_position: 0, resume_token: token.expect("there was one"), ..request };
        let mut stream = dev.api.admin.clone().stream_events(resumed).await.expect("it opens").into_inner();
        let passes = async {
            loop {
                let message = stream.message().await.expect("it does not end").expect("it does not end");
                if let Some(stream_events_response::Message::CaughtUp(_)) = message.message {
                    return message.position;
                }
            }
        };
        assert_eq!(passes.await, unknown.next().unsigned(), "it passes again when it is resumed");
    }
}

#[tokio::test]
async fn what_a_panic_parked_and_what_waited_for_it_is_healed_by_trying_again() {
    let folder = folder();
    let ([ada, bob], head) = prepared(folder.path()).await;
    let poison = head + 1;
    let mut dev =
        Dev::start_failing(folder.path(), &format!("projector::apply=return(posts_1@{poison}+timelines_1@{poison})"))
            .await;
    let poisoned = dev.api.post(&ada, "poison for two").await;
    let like = ask!(LikePostRequest { account_id: &bob, post_id: &poisoned.id });
    dev.api.commands.clone().like_post(like).await.expect("it is liked");
    let token = dev.api.post(&ada, "all is well").await.token;
    assert_eq!(texts(&dev.api.home(&bob, fresh(&token)).await.items), ["all is well"]);
    let expect = |listed: &[Value]| {
        let row = |parked: &Value| {
            let number = |field: &str| parked[field].as_u64().expect("a number");
            let projection = parked["projection"].as_str().expect("a name").to_owned();
            (projection, number("position"), number("attempts"), number("behind_position"))
        };
        let rows: Vec<_> = listed.iter().map(row).collect();
        let expected = [
            ("posts_1".to_owned(), poison, 4, 0),
            ("timelines_1".to_owned(), poison, 4, 0),
            ("posts_1".to_owned(), poison + 1, 0, poison),
        ];
        assert_eq!(rows, expected, "{listed:#?}");
    };
    expect(&parked(&dev).await);
    dev.process.kill().await;

    let dev = Dev::start(folder.path()).await;
    expect(&parked(&dev).await);
    // What was parked before the restart still holds up what follows.
    dev.api.delete(&ada, &poisoned.id).await;
    dev.api.home(&bob, up_to_date()).await;
    assert_eq!(parked(&dev).await.len(), 5, "the deletion waits, too");
    let retried = chirp(&["parked", "retry", "posts_1", &poison.to_string(), "--ops", &dev.ops]).await.with(0).stdout;
    assert_eq!(retried, "3 applied, 0 still parked\n");
    let retried = chirp(&["parked", "retry", "timelines_1", "--ops", &dev.ops]).await.with(0).stdout;
    assert_eq!(retried, "2 applied, 0 still parked\n");
    assert!(parked(&dev).await.is_empty());
    verified(folder.path()).await;
}

/// Two projections decide who may see what; wrong answers would be worse than none.
#[tokio::test]
async fn a_critical_projection_stops_and_goes_on_when_the_cause_is_mended() {
    let folder = folder();
    let ([ada, bob], head) = prepared(folder.path()).await;
    let mut dev = Dev::start_failing(folder.path(), &format!("projector::apply=return(graph_1@{})", head + 1)).await;
    let block = ask!(BlockAccountRequest { account_id: &ada, target_account_id: &bob });
    dev.api.commands.clone().block_account(block).await.expect("it is blocked");
    let stopped = |projections: &Vec<Projection>| {
        projections.iter().any(|one| one.name == "graph_1" && one.state() == ProjectionState::Stopped)
    };
    let projections = eventually("graph_1 stops", || dev.api.projections(), stopped).await;
    let graph = projections.iter().find(|projection| projection.name == "graph_1").expect("it is listed");
    assert!(
        graph.failure.contains(&format!("position {}: ", head + 1)) && graph.failure.contains("panicked"),
        "{graph:?}"
    );
    assert_eq!(graph.checkpoint, head);
    assert!(parked(&dev).await.is_empty());
    let others_are_there = |projections: &Vec<Projection>| {
        projections.iter().filter(|one| one.name != "graph_1").all(|one| one.lag_events == 0)
    };
    eventually("the others go on", || dev.api.projections(), others_are_there).await;
    dev.process.kill().await;
    let dev = Dev::start(folder.path()).await;
    dev.api.home(&bob, up_to_date()).await;
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_failure_of_the_store_parks_nothing() {
    let folder = folder();
    let ([ada, bob], _) = prepared(folder.path()).await;
    let dev = Dev::start(folder.path()).await;
    let held = lock(folder.path(), Half::Tables).await;
    let token = dev.api.post(&ada, "while nobody can write the tables").await.token;
    tokio::time::sleep(LONGER_THAN_TRIED).await;
    held.release().await;
    assert_eq!(dev.api.home(&bob, fresh(&token)).await.items.len(), 1);
    assert!(parked(&dev).await.is_empty());
    verified(folder.path()).await;
}

#[tokio::test]
async fn an_event_that_was_changed_in_the_log_is_found_and_not_served() {
    let folder = folder();
    let mut roles = Roles::start(folder.path()).await;
    let [ada] = roles.api.accounts(["ada"]).await;
    let token = roles.api.post(&ada, "before").await.token;
    roles.api.account(&ada, fresh(&token)).await.expect("it is there");
    roles.projector.process.signal("TERM");
    roles.projector.process.ended().await;
    let post = roles.api.post(&ada, "the truth").await.id;
    let position = roles.api.post(&ada, "after").await;
    let sql = "UPDATE events SET payload = replace(payload, 'the truth', 'a lie') WHERE payload LIKE '%the truth%'";
    assert_eq!(tamper(folder.path(), Half::Log, sql).await, 1);
    let projector = Role::projector(folder.path()).await;
    let api = crate::api::Api::new(&roles.commands.address, &roles.queries.address, &projector.address);
    let stopped = |projections: &Vec<Projection>| {
        projections
            .iter()
            .all(|one| one.state() == ProjectionState::Stopped && one.failure.contains("the hash chain is broken"))
    };
    let projections = eventually("all stop", || api.projections(), stopped).await;
    let found: u64 = projections[0].failure.split([' ', ':']).find_map(|word| word.parse().ok()).expect("a position");
    assert_eq!(projections[0].checkpoint + 1, found);
    assert_eq!(api.get_post(&post, None).await.expect_err("it is not served").code(), Code::NotFound);
    assert_eq!(api.get_post(&position.id, None).await.expect_err("nor what follows").code(), Code::NotFound);
    // Once it is mended, as from a backup, everything is served.
    let sql = "UPDATE events SET payload = replace(payload, 'a lie', 'the truth') WHERE payload LIKE '%a lie%'";
    assert_eq!(tamper(folder.path(), Half::Log, sql).await, 1);
    let mut projector = projector;
    projector.kill_and_restart().await;
    assert_eq!(api.get_post(&post, fresh(&position.token)).await.expect("it is served").text, "the truth");
    verified(folder.path()).await;
}

//! History that goes back: an older copy of a log is put under newer tables, or a database fails over to one that lacks
//! the newest commits. What the log does not have is never served, and tokens of it are refused with a reason of their
//! own.

use std::path::Path;

use shared::rpc::proto::admin::{ProjectionState, StreamEventsRequest};
use shared::rpc::proto::command::{CreatePostRequest, LikePostRequest, MarkNotificationsSeenRequest, WaitFor};
use shared::rpc::proto::query::*;
use tonic::{Code, Status};

use crate::api::{Api, Told, ask, fresh, reason, text, texts, up_to_date};
use crate::around::{Half, cut_connections, put_back_at_once};
use crate::process::{
    Dev, Role, Roles, chirp, chirp_with, eventually, folder, folder_on_server, on_postgres, path, store_of, verified,
};
use crate::roles::http;

/// Posts before the moment to which history goes back, and after it.
const KEPT: usize = 20;
const LOST: usize = 50;

/// Tokens and ids of a client that were made in a stretch of the log that is lost.
struct OfLostStretch {
    owner: String,
    post: String,
    consistency: String,
    page: String,
    resume: String,
    notification: String,
    events: String,
}

impl OfLostStretch {
    /// Takes them of an account whose post another likes, and whose timeline has more than one page.
    async fn hold(api: &Api, (owner, other): (&str, &str), post: &str) -> Self {
        let like = ask!(LikePostRequest { account_id: other, post_id: post });
        let token = api.commands.clone().like_post(like).await.expect("it is liked").into_inner().consistency_token;
        let first = ask!(GetHomeTimelineRequest { account_id: owner, page_size: 1, consistency: fresh(&token) });
        let page = api.queries.clone().get_home_timeline(first).await.expect("a page").into_inner();
        let notifications = ask!(ListNotificationsRequest { account_id: owner, consistency: fresh(&token) });
        let notifications = api.queries.clone().list_notifications(notifications).await.expect("a page").into_inner();
        let events = StreamEventsRequest { after_position: api.head().await - 1, ..StreamEventsRequest::default() };
        let mut events = api.admin.clone().stream_events(events).await.expect("it opens").into_inner();
        let mut last = String::new();
        for _subscribed_and_event in 0..2 {
            last = events.message().await.expect("it goes on").expect("it goes on").resume_token;
        }
        Self {
            owner: owner.to_owned(),
            post: post.to_owned(),
            consistency: token,
            page: page.next_page_token,
            resume: page.resume_token,
            notification: notifications.notifications.first().expect("it was told").notification_id.clone(),
            events: last,
        }
    }

    /// The status of a call with each of them.
    async fn try_all(&self, api: &Api) -> Vec<(&'static str, Option<Status>)> {
        let Self { owner, post, consistency, page, resume, notification, events } = self;
        let (mut queries, mut commands, mut admin) = (api.queries.clone(), api.commands.clone(), api.admin.clone());
        let of_post = ask!(GetPostRequest { post_id: post, consistency: fresh(consistency) });
        let next = ask!(GetHomeTimelineRequest { account_id: owner, page_size: 1, page_token: page });
        let stream = ask!(StreamHomeTimelineRequest { account_id: owner, resume_token: resume });
        let seen = ask!(MarkNotificationsSeenRequest { account_id: owner, up_to_notification_id: notification });
        let of_events = StreamEventsRequest { resume_token: events.clone(), ..StreamEventsRequest::default() };
        vec![
            ("at_least_as_fresh", queries.get_post(of_post).await.err()),
            ("page_token", queries.get_home_timeline(next).await.err()),
            ("resume_token", queries.stream_home_timeline(stream).await.err()),
            ("notification id", commands.mark_notifications_seen(seen).await.err()),
            ("token of events", admin.stream_events(of_events).await.err()),
        ]
    }

    async fn are_refused(&self, api: &Api, when: &str) {
        let answers = self.try_all(api).await;
        let expected = Some((Code::OutOfRange, Some("TOKEN_FROM_LOST_HISTORY".to_owned())));
        let told = |status: &Option<Status>| status.as_ref().map(|status| (status.code(), reason(status)));
        let wrong: Vec<_> = answers.iter().filter(|(_, status)| told(status) != expected).collect();
        assert!(wrong.is_empty(), "{when}: {wrong:#?}");
    }
}

async fn posts(api: &Api, author: &str, what: &str, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(api.post(author, &format!("{what} {number}")).await.id);
    }
    ids
}

/// The texts of a whole home timeline, newest first.
async fn all_of_home(api: &Api, owner: &str) -> Vec<String> {
    let request = ask!(GetHomeTimelineRequest { account_id: owner, page_size: 100, consistency: up_to_date() });
    texts(&api.queries.clone().get_home_timeline(request).await.expect("a page").into_inner().items)
}

async fn stop(dev: &mut Dev) {
    dev.process.signal("TERM");
    assert_eq!(dev.process.ended().await.code(), Some(0));
}

#[tokio::test]
async fn tables_ahead_of_an_older_log_are_set_aside_and_filled_again_and_tokens_of_the_lost_stretch_are_refused() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    posts(&dev.api, &ada, "kept", KEPT).await;
    let before = all_of_home(&dev.api, &bob).await;
    let kept_token = dev.api.home(&bob, up_to_date()).await.read_at;
    stop(&mut dev).await;
    let log = Half::Log.save(folder.path()).await;

    let mut dev = Dev::start(folder.path()).await;
    let lost = posts(&dev.api, &ada, "lost", LOST).await;
    let held = OfLostStretch::hold(&dev.api, (&ada, &bob), &lost[0]).await;
    let read = all_of_home(&dev.api, &bob).await;
    assert_eq!(read.len(), KEPT + LOST, "the control: they were served before");
    stop(&mut dev).await;
    log.put_back(folder.path()).await;

    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    assert_eq!(all_of_home(api, &bob).await, before, "what the log does not have is not served");
    for post in &lost {
        let refused = api.get_post(post, None).await.expect_err("it is lost");
        assert_eq!(reason(&refused).as_deref(), Some("POST_NOT_FOUND"));
    }
    held.are_refused(api, "while the log is shorter").await;
    api.account(&ada, fresh(&kept_token)).await.expect("a token of what is kept is good");
    let projections = api.projections().await;
    let is_told = |projection: &shared::rpc::proto::admin::Projection| {
        let set_aside = projection.set_aside.first().map(|set| set.checkpoint > projection.head);
        set_aside == Some(true) && projection.checkpoint <= projection.head
    };
    assert!(projections.iter().all(is_told), "{projections:#?}");
    let metrics = http(&dev.ops, "/metrics").await;
    assert!(metrics.contains("chirp_projection_set_aside{projection=\"posts_1\"} 1"), "{metrics}");
    let ready = || http(&dev.ops, "/readyz");
    eventually("what is filled again can do its work", ready, |answer| answer.contains("200 OK")).await;

    let request = ask!(CreatePostRequest { author_id: &ada, text: "after", wait_for: WaitFor::Projected });
    let after = api.try_post(request).await.expect("it is shown");
    api.get_post(&after.id, None).await.expect("it is shown when the answer says so");
    posts(api, &ada, "new", 2 * LOST).await;
    held.are_refused(api, "after the log has passed their positions").await;
    assert_eq!(all_of_home(api, &bob).await.len(), 100, "a page is full");
    verified(folder.path()).await;

    for projection in &projections {
        let name = projection.name.as_str();
        let released = chirp(&["projection", "release", name, "--ops", &dev.ops]).await.with(0);
        assert!(released.stderr.contains("1 sets of tables released"), "{released:#?}");
    }
    assert!(api.projections().await.iter().all(|projection| projection.set_aside.is_empty()));
    let metrics = http(&dev.ops, "/metrics").await;
    assert!(metrics.contains("chirp_projection_set_aside{projection=\"posts_1\"} 0"), "{metrics}");
    verified(folder.path()).await;
}

#[tokio::test]
async fn history_that_goes_back_twice_loses_no_tables_before_they_are_released() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    dev.api.account(&ada, up_to_date()).await.expect("it is there");
    stop(&mut dev).await;
    let log = Half::Log.save(folder.path()).await;
    for round in 1..=2 {
        let mut dev = Dev::start(folder.path()).await;
        let post = dev.api.post(&ada, "lost").await;
        dev.api.get_post(&post.id, fresh(&post.token)).await.expect("it is there");
        all_of_home(&dev.api, &ada).await;
        eventually("all have it", || dev.api.projections(), |all| all.iter().all(|one| one.lag_events == 0)).await;
        stop(&mut dev).await;
        log.put_back(folder.path()).await;
        let mut dev = Dev::start(folder.path()).await;
        let projections = dev.api.projections().await;
        assert!(projections.iter().all(|projection| projection.set_aside.len() == round), "{projections:#?}");
        stop(&mut dev).await;
    }
    verified(folder.path()).await;
}

#[tokio::test]
async fn older_tables_under_a_newer_log_catch_up() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    posts(&dev.api, &ada, "old", 3).await;
    all_of_home(&dev.api, &bob).await;
    stop(&mut dev).await;
    let tables = Half::Tables.save(folder.path()).await;
    let mut dev = Dev::start(folder.path()).await;
    posts(&dev.api, &ada, "new", 3).await;
    let expected = all_of_home(&dev.api, &bob).await;
    stop(&mut dev).await;
    tables.put_back(folder.path()).await;
    let dev = Dev::start(folder.path()).await;
    assert_eq!(all_of_home(&dev.api, &bob).await, expected);
    assert!(dev.api.projections().await.iter().all(|projection| projection.set_aside.is_empty()));
    verified(folder.path()).await;
}

/// A query server that starts before the projector must find out by itself that the tables are of another history.
#[tokio::test]
async fn a_query_server_alone_does_not_serve_tables_ahead_of_the_log() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    all_of_home(&dev.api, &ada).await;
    stop(&mut dev).await;
    let log = Half::Log.save(folder.path()).await;
    let mut dev = Dev::start(folder.path()).await;
    let lost = dev.api.post(&ada, "lost").await;
    dev.api.get_post(&lost.id, fresh(&lost.token)).await.expect("it is there");
    stop(&mut dev).await;
    log.put_back(folder.path()).await;

    let queries = Role::query_server(folder.path()).await;
    let commands = Role::command_server(folder.path()).await;
    let api = Api::new(&commands.address, &queries.address, "127.0.0.1:1");
    let request = crate::api::within(std::time::Duration::from_millis(500), ask!(GetPostRequest { post_id: &lost.id }));
    let refused = api.queries.clone().get_post(request).await.expect_err("it is not served");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::Unavailable, Some("PROJECTION_REBUILDING")));
    // A command server does not take it for projected, either.
    let waiting = ask!(CreatePostRequest { author_id: &ada, text: "new", wait_for: WaitFor::Projected });
    let waiting = crate::api::within(std::time::Duration::from_millis(500), waiting);
    let refused = api.commands.clone().create_post(waiting).await.expect_err("nobody projects");
    assert_eq!(reason(&refused).as_deref(), Some("NOT_YET_PROJECTED"));

    let projector = Role::projector(folder.path()).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let served = || async { api.get_post(&lost.id, None).await.err().and_then(|refused| reason(&refused)) };
    eventually("it is filled again", served, |told| told.as_deref() == Some("POST_NOT_FOUND")).await;
    assert_eq!(texts(&api.home(&ada, up_to_date()).await.items), ["new"]);
    verified(folder.path()).await;
}

/// A failover to a standby that lacks the newest commits: log and tables go back together, under running processes.
async fn database_goes_back(cut: bool) {
    let folder = folder_on_server().await;
    let Roles { commands: _commands, projector: _projector, queries: _queries, api } =
        Roles::start(folder.path()).await;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    posts(&api, &ada, "kept", 3).await;
    let before = all_of_home(&api, &bob).await;
    eventually("all have it", || api.projections(), |all| all.iter().all(|one| one.lag_events == 0)).await;
    let (log, tables) = (Half::Log.save(folder.path()).await, Half::Tables.save(folder.path()).await);
    let lost = posts(&api, &ada, "lost", LOST).await;
    let held = OfLostStretch::hold(&api, (&ada, &bob), &lost[0]).await;
    assert_eq!(all_of_home(&api, &bob).await.len(), 3 + LOST);
    let mut stream = api.stream(&bob, &api.home(&bob, up_to_date()).await.resume_token).await;
    assert_eq!(stream.next().await, Told::CaughtUp);
    eventually("all have it", || api.projections(), |all| all.iter().all(|one| one.lag_events == 0)).await;

    put_back_at_once(folder.path(), (&log, &tables)).await;
    if cut {
        cut_connections(folder.path()).await;
    }
    let post = |text: &'static str| {
        let request = ask!(CreatePostRequest { author_id: &ada, text: text });
        let api = api.clone();
        async move { api.try_post(request).await.ok() }
    };
    let made = eventually("commands succeed", || post("new"), Option::is_some).await.expect("it was made");
    let shown = || async { api.get_post(&made.id, fresh(&made.token)).await.ok().is_some() };
    eventually("it is projected", shown, |shown| *shown).await;
    let now = all_of_home(&api, &bob).await;
    assert!(now.iter().filter(|text| *text != "new").eq(before.iter()), "{now:?}");
    let ended = stream.next_to_the_end().await;
    assert!(
        reason(&ended).as_deref() == Some("TOKEN_FROM_LOST_HISTORY") || cut && ended.code() == Code::Unavailable,
        "the stream ends, since what it told is gone: {ended:?}"
    );
    held.are_refused(&api, "while the log is shorter").await;
    posts(&api, &ada, "more", 2 * LOST).await;
    held.are_refused(&api, "after the log has passed their positions").await;
    let projections =
        eventually("all go on", || api.projections(), |all| all.iter().all(|one| one.lag_events == 0)).await;
    assert!(projections.iter().all(|one| one.state() == ProjectionState::CaughtUp && one.failure.is_empty()));
    verified(folder.path()).await;
}

/// On a database whatever `CHIRP_TEST_ENGINE` says, so these need not run twice.
mod on_server {
    use super::database_goes_back;

    #[tokio::test]
    async fn a_failover_that_lost_the_newest_events_stops_no_projection() {
        database_goes_back(true).await;
    }

    #[tokio::test]
    async fn a_database_that_goes_back_without_a_word_stops_no_projection() {
        database_goes_back(false).await;
    }
}

#[tokio::test]
async fn a_store_that_was_copied_gets_an_epoch_of_its_own() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await;
    let made = dev.api.post(&ada.id, "a post").await;
    dev.api.get_post(&made.id, fresh(&made.token)).await.expect("it is there");
    let before: Vec<String> = dev.api.home(&ada.id, up_to_date()).await.items.iter().map(text).collect();
    stop(&mut dev).await;
    let store = store_of(folder.path()).await;
    let told = chirp(&["store", "new-epoch", "--store", &store]).await.with(0).stdout;
    assert!(told.contains("has the epoch"), "{told}");
    let dev = Dev::start(folder.path()).await;
    let refused = dev.api.get_post(&made.id, fresh(&made.token)).await.expect_err("the token is of another store");
    assert_eq!(reason(&refused).as_deref(), Some("TOKEN_FROM_ANOTHER_STORE"));
    assert_eq!(texts(&dev.api.home(&ada.id, up_to_date()).await.items), before, "the tables went along");
    assert!(dev.api.projections().await.iter().all(|projection| projection.set_aside.is_empty()));
    let missing: &Path = &folder.path().join("missing");
    if !on_postgres() {
        let refused = chirp_with(&["store", "new-epoch", "--store", path(missing)], &[]).await.with(2).stderr;
        assert!(refused.contains("there is no store"), "{refused}");
    }
    verified(folder.path()).await;
}

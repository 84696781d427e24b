//! Streams of posts and of events, as their clients see them.

use std::collections::BTreeMap;
use std::time::Instant;

use shared::rpc::proto::admin::event::Details;
use shared::rpc::proto::admin::stream_events_response::Message as EventMessage;
use shared::rpc::proto::admin::{EventType, StreamEventsRequest, StreamEventsResponse};
use shared::rpc::proto::command::*;
use shared::rpc::proto::query::stream_post_response::Event;
use shared::rpc::proto::query::thread_item::Item;
use shared::rpc::proto::query::*;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use crate::api::{Api, ask, fresh, reason, up_to_date};
use crate::metrics::value;
use crate::process::{DEADLINE, Dev, folder, verified};

/// A client of the stream of a post.
struct Watch {
    stream: Streaming<StreamPostResponse>,
    token: String,
    /// The post: its text and how many likes, reposts and replies it has; nothing when it is a tombstone.
    post: Option<(String, [i64; 3])>,
    /// The replies by their ids, in the same form.
    replies: BTreeMap<String, Option<(String, [i64; 3])>>,
    /// How often the post was sent.
    updates: usize,
}

fn seen(item: ThreadItem) -> (String, Option<(String, [i64; 3])>) {
    match item.item.expect("it is always set") {
        Item::Post(post) => {
            let counts = [post.like_count, post.repost_count, post.reply_count];
            (post.post_id, Some((post.text, counts)))
        }
        Item::Tombstone(tombstone) => (tombstone.post_id, None),
    }
}

impl Watch {
    async fn open(api: &Api, request: StreamPostRequest) -> Self {
        let stream = api.queries.clone().stream_post(request).await.expect("it opens").into_inner();
        let mut watch = Self { stream, token: String::new(), post: None, replies: BTreeMap::new(), updates: 0 };
        assert!(matches!(watch.next().await, Ok(Event::Subscribed(_))));
        watch
    }

    async fn next(&mut self) -> Result<Event, Status> {
        let message = timeout(DEADLINE, self.stream.message()).await.expect("the stream says something")?;
        let message = message.ok_or_else(|| Status::ok("the stream has ended without a word"))?;
        self.token = message.resume_token;
        let event = message.event.expect("exactly one is set");
        match event.clone() {
            Event::Item(PostReplyItem { reply, .. }) => self.replies.extend([seen(reply.expect("it is always set"))]),
            Event::Removed(PostReplyRemoved { post_id }) => drop(self.replies.remove(&post_id)),
            Event::Updated(PostUpdated { item, .. }) => {
                self.post = seen(item.expect("it is always set")).1;
                self.updates += 1;
            }
            _ => {}
        }
        Ok(event)
    }

    /// Reads on until this is what the client has.
    async fn until(&mut self, text: &str, counts: [i64; 3], replies: &[(&str, &str, [i64; 3])]) {
        let replies: BTreeMap<_, _> =
            replies.iter().map(|(id, text, counts)| ((*id).to_owned(), Some(((*text).to_owned(), *counts)))).collect();
        let post = Some((text.to_owned(), counts));
        while (&self.post, &self.replies) != (&post, &replies) {
            let event = self.next().await.expect("the stream goes on");
            assert!(!matches!(event, Event::Heartbeat(_)), "it has {:?} and {:?}", self.post, self.replies);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_its_counts_and_its_replies_are_streamed_as_they_change() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    let made = api.post(&ada, "hello").await;
    let post = made.id.as_str();
    let request = ask!(StreamPostRequest { post_id: post, consistency: fresh(&made.token) });
    let mut watch = Watch::open(api, request).await;
    watch.until("hello", [0, 0, 0], &[]).await;

    let answer = async |author: &str, parent: &str, text: &str| {
        let request = ask!(CreatePostRequest { author_id: author, text: text, reply_to_post_id: parent });
        api.try_post(request).await.expect("it is published").id
    };
    let one = answer(&bob, post, "one").await;
    watch.until("hello", [0, 0, 1], &[(&one, "one", [0, 0, 0])]).await;
    api.commands.clone().like_post(ask!(LikePostRequest { account_id: &eve, post_id: &one })).await.expect("liked");
    let below = answer(&eve, &one, "below").await;
    api.repost(&bob, post).await;
    watch.until("hello", [0, 1, 1], &[(&one, "one", [1, 0, 1])]).await;

    // A client that was away gets the net change.
    let token = watch.token.clone();
    let shared_with_eve =
        StreamPostRequest { viewer_account_id: eve.clone(), ..ask!(StreamPostRequest { post_id: post }) };
    let mut of_eve = Watch::open(api, shared_with_eve).await;
    let two = answer(&eve, post, "two").await;
    api.delete(&bob, &one).await;
    let edit = ask!(EditPostRequest { author_id: &ada, post_id: post, text: "hello again" });
    api.commands.clone().edit_post(edit).await.expect("it is edited");
    watch.stream = api
        .queries
        .clone()
        .stream_post(ask!(StreamPostRequest { post_id: post, resume_token: &token, consistency: up_to_date() }))
        .await
        .expect("it opens")
        .into_inner();
    while !matches!(watch.next().await, Ok(Event::CaughtUp(_))) {}
    assert_eq!(watch.post, Some(("hello again".to_owned(), [0, 1, 1])));
    assert_eq!(watch.replies.get(&one), Some(&None), "a tombstone, since something hangs on it");
    api.delete(&eve, &below).await;
    watch.until("hello again", [0, 1, 1], &[(&two, "two", [0, 0, 0])]).await;

    // The stream ends when its viewer may not see the post any more.
    let block = ask!(BlockAccountRequest { account_id: &ada, target_account_id: &eve });
    api.commands.clone().block_account(block).await.expect("she is blocked");
    let ended = loop {
        if let Err(status) = of_eve.next().await {
            break status;
        }
    };
    assert_eq!((ended.code(), reason(&ended).as_deref()), (Code::NotFound, Some("POST_NOT_FOUND")));

    api.delete(&ada, post).await;
    while watch.post.is_some() {
        watch.next().await.expect("a tombstone is not the end");
    }
    verified(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_that_change_quickly_are_told_a_few_times_a_second() {
    const LIKES: usize = 200;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let post = api.post(&api.register("ada").await.id, "popular").await;
    let request = ask!(StreamPostRequest { post_id: &post.id, consistency: fresh(&post.token) });
    let mut watch = Watch::open(api, request).await;
    watch.until("popular", [0, 0, 0], &[]).await;
    let began = Instant::now();
    let mut liking = JoinSet::new();
    for worker in 0..4 {
        let (api, post) = (api.clone(), post.id.clone());
        liking.spawn(async move {
            for number in 0..LIKES / 4 {
                let account = api.register(&format!("fan_{worker}_{number}")).await.id;
                let like = ask!(LikePostRequest { account_id: account, post_id: &post });
                api.commands.clone().like_post(like).await.expect("it is liked");
            }
        });
    }
    watch.until("popular", [i64::try_from(LIKES).expect("it is small"), 0, 0], &[]).await;
    liking.join_all().await;
    let most = 4 * usize::try_from(began.elapsed().as_secs()).expect("it is short") + 6;
    assert!(watch.updates <= most, "it was told {} times in {:?}", watch.updates, began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_watch_one_post_share_what_is_read_and_each_sees_its_own_of_it() {
    const WATCHERS: usize = 100;
    const LIKES: usize = 5;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let post = api.post(&api.register("ada").await.id, "watched").await;
    let mut watchers = Vec::new();
    for number in 0..WATCHERS {
        let viewer = api.register(&format!("viewer_{number}")).await;
        let request = StreamPostRequest {
            viewer_account_id: viewer.id.clone(),
            ..ask!(StreamPostRequest { post_id: &post.id, consistency: fresh(&viewer.token) })
        };
        let mut watch = Watch::open(api, request).await;
        while !matches!(watch.next().await, Ok(Event::CaughtUp(_))) {}
        watchers.push((viewer.id, watch));
    }
    let reads = async || value(&dev, "chirp_stream_shared_reads_total", &["of=\"posts\""]).await.unwrap_or(0.0);
    let before = reads().await;
    let likers: Vec<String> = watchers.iter().take(LIKES).map(|(viewer, _)| viewer.clone()).collect();
    for (number, liker) in likers.iter().enumerate() {
        let like = ask!(LikePostRequest { account_id: liker, post_id: &post.id });
        api.commands.clone().like_post(like).await.expect("it is liked");
        let likes = i64::try_from(number + 1).expect("it is small");
        for (viewer, watch) in &mut watchers {
            let shown = loop {
                let Event::Updated(PostUpdated { item, .. }) = watch.next().await.expect("the stream goes on") else {
                    continue;
                };
                let Some(Item::Post(shown)) = item.and_then(|item| item.item) else { panic!("it is there") };
                if shown.like_count == likes {
                    break shown;
                }
            };
            assert_eq!(shown.liked, likers[..=number].contains(viewer), "{viewer} after {likes} likes");
        }
    }
    let shared = reads().await - before;
    let told = (WATCHERS * LIKES) as f64;
    assert!(shared >= 1.0 && shared <= told / 4.0, "{shared} reads for {told} updates");
}

/// A client of an event stream.
struct Consumer {
    stream: Streaming<StreamEventsResponse>,
    position: u64,
}

impl Consumer {
    async fn open(api: &Api, after_position: u64, types: &[EventType]) -> Self {
        let types = types.iter().map(|kind| i32::from(*kind)).collect();
        let request = StreamEventsRequest { after_position, types, ..StreamEventsRequest::default() };
        let stream = api.admin.clone().stream_events(request).await.expect("it opens").into_inner();
        let mut consumer = Self { stream, position: 0 };
        assert!(matches!(consumer.next().await, Ok(EventMessage::Subscribed(_))));
        assert_eq!(consumer.position, after_position);
        consumer
    }

    async fn next(&mut self) -> Result<EventMessage, Status> {
        let message = timeout(DEADLINE, self.stream.message()).await.expect("the stream says something")?;
        let message = message.ok_or_else(|| Status::ok("the stream has ended without a word"))?;
        assert!(message.position >= self.position, "never back");
        self.position = message.position;
        Ok(message.message.expect("exactly one is set"))
    }

    /// All events up to the end of the log, with their positions.
    async fn all(&mut self) -> Vec<(u64, EventType)> {
        let mut events = Vec::new();
        loop {
            match self.next().await.expect("the stream goes on") {
                EventMessage::Event(event) => events.push((self.position, event.r#type())),
                EventMessage::CaughtUp(_) => return events,
                _ => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_in_order_from_any_position_and_go_on_after_a_kill() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    let follow = dev.api.follow(&bob, &ada).await;
    let post = dev.api.post(&ada, "hello @bob #world").await.id;
    dev.api.repost(&bob, &post).await;
    drop(follow);

    // The log's own bookkeeping is left out.
    let stored = dev.api.events().await;
    let is_public = |kind: &str| !kind.starts_with("handle.") && !kind.starts_with("requests.");
    let expected: Vec<u64> =
        stored.iter().filter(|event| is_public(&event.r#type)).map(|event| event.position).collect();
    let mut consumer = Consumer::open(&dev.api, 0, &[]).await;
    let heard = consumer.all().await;
    assert_eq!(heard.iter().map(|(position, _)| *position).collect::<Vec<_>>(), expected);
    let kinds: Vec<EventType> = heard.iter().map(|(_, kind)| *kind).collect();
    use EventType::{AccountRegistered, Followed, PostCreated, PostReposted};
    assert_eq!(kinds, [AccountRegistered, AccountRegistered, Followed, PostCreated, PostReposted]);
    for (from, expected) in expected.iter().zip(1..) {
        let rest = Consumer::open(&dev.api, *from, &[]).await.all().await;
        assert_eq!(rest, heard[expected..]);
    }
    let mut posts = Consumer::open(&dev.api, 0, &[PostCreated]).await;
    let EventMessage::Event(event) = posts.next().await.expect("it goes on") else { panic!("an event comes first") };
    let Some(Details::PostCreated(created)) = event.details else { panic!("it tells of a post") };
    assert_eq!(
        (created.post_id, created.text, created.hashtags),
        (post, "hello @bob #world".into(), vec!["world".into()])
    );
    assert_eq!(created.mentioned_account_ids, std::slice::from_ref(&bob));
    assert_eq!(posts.all().await, []);

    // Live, and resumed after a kill.
    dev.api.post(&ada, "live").await;
    assert!(matches!(consumer.next().await, Ok(EventMessage::Event(event)) if event.r#type() == PostCreated));
    let at = consumer.position;
    dev.process.kill().await;
    assert!(consumer.next().await.is_err(), "the connection is gone");
    dev = Dev::start(folder.path()).await;
    dev.api.post(&ada, "after the kill").await;
    let mut resumed = Consumer::open(&dev.api, at, &[]).await;
    assert_eq!(resumed.all().await.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(), [PostCreated]);

    // It does not delay a server that stops.
    dev.process.signal("TERM");
    let last = loop {
        match resumed.next().await {
            Ok(message) => assert!(matches!(message, EventMessage::Draining(_))),
            Err(status) => break status,
        }
    };
    assert_eq!((last.code(), reason(&last).as_deref()), (Code::Unavailable, Some("SHUTTING_DOWN")));
}

//! Several subscriptions in one call: what they send, how they begin, end and are resumed, and what does not disturb what.

use std::collections::BTreeMap;
use std::time::Duration;

use shared::rpc::proto::command::{
    BlockAccountRequest, BookmarkPostRequest, LikePostRequest, MarkNotificationsSeenRequest, UnblockAccountRequest,
    UnlikePostRequest, UpdateProfileRequest,
};
use shared::rpc::proto::common::ErrorReason;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::stream_request::Message as Wish;
use shared::rpc::proto::query::stream_response::Event as Live;
use shared::rpc::proto::query::subscription::Topic;
use shared::rpc::proto::query::{
    AccountStateTopic, CreateSubscribeTicketRequest, GetPresenceRequest, HomeTimelineTopic, ListNotificationsRequest,
    NotificationsTopic, PostTopic, Presence, PresenceAnnouncement, PresenceTopic, StreamRequest, StreamResponse,
    StreamStart, SubscribeRequest, Subscription, SubscriptionRefreshCause as RefreshCause, Unsubscription,
    WatchPostsTopic,
};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use crate::api::{Api, ask, reason, text, up_to_date};
use crate::process::{DEADLINE, Dev, folder};

fn home() -> Topic {
    Topic::HomeTimeline(HomeTimelineTopic {})
}

fn watch(posts: &[&str]) -> Topic {
    Topic::WatchPosts(WatchPostsTopic { post_ids: posts.iter().map(|id| (*id).to_owned()).collect() })
}

fn subscription(id: &str, viewer: &str, topic: Topic) -> Subscription {
    Subscription {
        subscription_id: id.to_owned(),
        viewer_account_id: viewer.to_owned(),
        page_resume_token: String::new(),
        topic: Some(topic),
    }
}

/// A call whose client can go on saying what it wants.
struct Call {
    wishes: mpsc::Sender<StreamRequest>,
    messages: Streaming<StreamResponse>,
    token: String,
}

impl Call {
    async fn open(queries: &QueryServiceClient<Channel>, resume_token: &str) -> Self {
        let (wishes, asked) = mpsc::channel(8);
        let messages = queries.clone().stream(ReceiverStream::new(asked)).await.expect("it is taken").into_inner();
        let call = Self { wishes, messages, token: String::new() };
        let start = StreamStart { consistency: up_to_date(), resume_token: resume_token.to_owned() };
        call.wish(Wish::Start(start)).await;
        call
    }

    async fn wish(&self, wish: Wish) {
        self.wishes.send(StreamRequest { message: Some(wish) }).await.expect("the call goes on");
    }

    async fn subscribe(&self, id: &str, viewer: &str, topic: Topic) {
        self.wish(Wish::Subscribe(subscription(id, viewer, topic))).await;
    }

    async fn next_or_end(&mut self) -> Result<(String, Live), Status> {
        next(&mut self.messages, &mut self.token).await
    }

    /// The next thing that was said, but for heartbeats.
    async fn next(&mut self) -> (String, Live) {
        loop {
            match self.next_or_end().await.expect("the call goes on") {
                (_, Live::Heartbeat(_)) => {}
                said => return said,
            }
        }
    }

    /// What is said next of a subscription that says something of this kind; what it says before, and what others say, is passed.
    async fn next_of<T>(&mut self, id: &str, wanted: impl Fn(Live) -> Option<T>) -> T {
        loop {
            let (of, said) = self.next().await;
            if of == id
                && let Some(found) = wanted(said)
            {
                return found;
            }
        }
    }

    async fn caught_up(&mut self, id: &str) {
        self.next_of(id, |said| matches!(said, Live::CaughtUp(_)).then_some(())).await;
    }
}

async fn next(messages: &mut Streaming<StreamResponse>, token: &mut String) -> Result<(String, Live), Status> {
    let message = timeout(DEADLINE, messages.message()).await.expect("something comes");
    let StreamResponse { resume_token, subscription_id, event } = message?.expect("a call ends with a status");
    assert!(!resume_token.is_empty() && resume_token.len() <= 2_048, "{resume_token}");
    *token = resume_token;
    Ok((subscription_id, event.expect("every message says something")))
}

fn item(said: Live) -> Option<String> {
    match said {
        Live::HomeTimelineItem(item) => Some(text(&item.item.expect("always set"))),
        _ => None,
    }
}

async fn like(api: &Api, account: &str, post: &str) {
    api.commands.clone().like_post(ask!(LikePostRequest { account_id: account, post_id: post })).await.expect("liked");
}

#[tokio::test]
async fn one_call_has_all_that_a_client_shows_and_its_token_goes_on_from_there() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let post = api.post(&ada, "first").await.id;
    api.home(&bob, up_to_date()).await;

    let mut call = Call::open(&api.queries, "").await;
    call.subscribe("h", &bob, home()).await;
    call.subscribe("n", &bob, Topic::Notifications(NotificationsTopic {})).await;
    call.subscribe("p", &bob, Topic::Post(PostTopic { post_id: post.clone() })).await;
    call.subscribe("o", &bob, Topic::Presence(PresenceTopic {})).await;
    call.subscribe("w", &bob, watch(&[&post])).await;
    call.subscribe("s", &bob, Topic::AccountState(AccountStateTopic {})).await;
    let mut begun: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    while begun.len() < 6 || begun.values().any(|said| said.last() != Some(&"caught up")) {
        let (id, said) = call.next().await;
        let named = match said {
            Live::Subscribed(_) => "subscribed",
            Live::Refresh(refresh) => {
                assert_eq!(refresh.cause(), RefreshCause::BeginsNow);
                "refresh"
            }
            Live::WatchedPost(counts) => {
                assert_eq!((counts.post_id.as_str(), counts.unavailable, counts.like_count), (post.as_str(), false, 0));
                "counts"
            }
            Live::CaughtUp(_) => "caught up",
            other => panic!("{other:?}"),
        };
        begun.entry(id).or_default().push(named);
    }
    for id in ["h", "n", "p", "s"] {
        assert_eq!(begun[id], ["subscribed", "refresh", "caught up"], "{id}");
    }
    assert_eq!(
        (&begun["o"], &begun["w"]),
        (&vec!["subscribed", "caught up"], &vec!["subscribed", "counts", "caught up"])
    );

    api.post(&ada, "second").await;
    assert_eq!(call.next_of("h", item).await, "second");
    let _ada_is_here = api.stream(&ada, "").await;
    let came = call.next_of("o", |said| if let Live::Presence(came) = said { Some(came) } else { None }).await;
    assert_eq!(came, Presence { account_id: ada.clone(), online: true });

    // What bob does on another device.
    like(api, &bob, &post).await;
    let state = call.next_of("s", |said| if let Live::PostState(state) = said { Some(state) } else { None }).await;
    assert_eq!(
        (state.post_id.as_str(), state.liked, state.reposted, state.bookmarked),
        (post.as_str(), true, false, false)
    );
    let counts = call.next_of("w", |said| if let Live::WatchedPost(counts) = said { Some(counts) } else { None }).await;
    assert_eq!((counts.post_id.as_str(), counts.like_count), (post.as_str(), 1));
    api.commands
        .clone()
        .bookmark_post(ask!(BookmarkPostRequest { account_id: &bob, post_id: &post }))
        .await
        .expect("kept");
    let state = call.next_of("s", |said| if let Live::PostState(state) = said { Some(state) } else { None }).await;
    assert_eq!((state.liked, state.bookmarked), (true, true));
    let renamed = ask!(UpdateProfileRequest { account_id: &bob, display_name: "Robert" });
    api.commands.clone().update_profile(renamed).await.expect("it is renamed");
    let profile = call.next_of("s", |said| if let Live::Profile(profile) = said { Some(profile) } else { None }).await;
    assert_eq!(profile.display_name, "Robert");
    let token = call.token.clone();
    drop(call);

    // Away, and back by the other method, with the same subscriptions and one that the token does not know.
    api.post(&ada, "third").await;
    let unlike = ask!(UnlikePostRequest { account_id: &bob, post_id: &post });
    api.commands.clone().unlike_post(unlike).await.expect("unliked");
    let request = SubscribeRequest {
        consistency: up_to_date(),
        viewer_account_id: bob.clone(),
        resume_token: token,
        subscriptions: vec![
            subscription("home", "", home()),
            subscription("state", "", Topic::AccountState(AccountStateTopic {})),
            subscription("of ada", &ada, home()),
        ],
        ticket: String::new(),
    };
    let mut messages = api.queries.clone().subscribe(request).await.expect("it is taken").into_inner();
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut token = String::new();
    while said.len() < 3 || said.values().any(|said| said.last().is_none_or(|last| last != "caught up")) {
        let (id, live) = next(&mut messages, &mut token).await.expect("it goes on");
        let named = match live {
            Live::Subscribed(_) => "subscribed".to_owned(),
            Live::Refresh(_) => "refresh".to_owned(),
            Live::CaughtUp(_) => "caught up".to_owned(),
            Live::PostState(state) => format!("liked {}, kept {}", state.liked, state.bookmarked),
            live => item(live).expect("nothing else happened"),
        };
        said.entry(id).or_default().push(named);
    }
    assert_eq!(said["home"], ["subscribed", "third", "caught up"]);
    assert_eq!(said["state"], ["subscribed", "liked false, kept true", "caught up"]);
    assert_eq!(said["of ada"], ["subscribed", "refresh", "caught up"]);
}

#[tokio::test]
async fn a_ticket_takes_the_place_of_the_request_once() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let bob = dev.api.register("bob").await.id;
    let request = CreateSubscribeTicketRequest {
        consistency: up_to_date(),
        viewer_account_id: bob.clone(),
        resume_token: String::new(),
        subscriptions: vec![subscription("h", "", home())],
    };
    let mut queries = dev.api.queries.clone();
    let made = queries.create_subscribe_ticket(request).await.expect("it is made").into_inner();
    assert!(made.ticket.len() < 1_024 && made.expires_at.is_some(), "{made:?}");
    let with_ticket = SubscribeRequest { ticket: made.ticket.clone(), ..SubscribeRequest::default() };
    let mut messages = queries.subscribe(with_ticket.clone()).await.expect("it is taken").into_inner();
    let mut token = String::new();
    while !matches!(next(&mut messages, &mut token).await.expect("it goes on").1, Live::CaughtUp(_)) {}
    dev.api.post(&bob, "heard").await;
    assert_eq!(item(next(&mut messages, &mut token).await.expect("it goes on").1).as_deref(), Some("heard"));
    let again = queries.subscribe(with_ticket).await.expect_err("it was used");
    assert_eq!((again.code(), reason(&again).as_deref()), (Code::InvalidArgument, Some("TICKET_SPENT")));
    // In its seal, at the end.
    let (kept, seal) = made.ticket.split_at(made.ticket.len() - 8);
    let changed = format!("{kept}{}{}", if seal.starts_with('A') { 'B' } else { 'A' }, &seal[1..]);
    let changed = SubscribeRequest { ticket: changed, ..SubscribeRequest::default() };
    let refused = queries.subscribe(changed).await.expect_err("it is none");
    assert_eq!(reason(&refused).as_deref(), Some("TOKEN_INVALID"));
}

#[tokio::test]
async fn a_call_to_which_none_can_be_added_ends_with_its_last_subscription() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let nobody = "01920000-0000-7000-8000-000000000001";
    let subscriptions = vec![subscription("a", nobody, home()), subscription("b", nobody, watch(&[nobody]))];
    let request = SubscribeRequest { subscriptions, ..SubscribeRequest::default() };
    let mut messages = dev.api.queries.clone().subscribe(request).await.expect("it is taken").into_inner();
    let (mut token, mut told) = (String::new(), Vec::new());
    let end = loop {
        match next(&mut messages, &mut token).await {
            Ok((id, Live::Ended(ended))) => told.push((id, ended.reason())),
            Ok(other) => panic!("{other:?}"),
            Err(end) => break end,
        }
    };
    told.sort();
    assert_eq!(told, ["a", "b"].map(|id| (id.to_owned(), ErrorReason::AccountNotFound)));
    assert_eq!((end.code(), reason(&end).as_deref()), (Code::NotFound, Some("ACCOUNT_NOT_FOUND")));
}

#[tokio::test]
async fn what_is_seen_and_who_is_followed_is_told_to_the_other_devices() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&ada, &bob).await;
    let request = ask!(ListNotificationsRequest { account_id: &bob, consistency: up_to_date() });
    let notified = api.queries.clone().list_notifications(request).await.expect("it answers").into_inner();
    let newest = &notified.notifications[0];
    let mut call = Call::open(&api.queries, "").await;
    call.subscribe("s", &bob, Topic::AccountState(AccountStateTopic {})).await;
    call.caught_up("s").await;
    let seen = ask!(MarkNotificationsSeenRequest { account_id: &bob, up_to_notification_id: &newest.notification_id });
    api.commands.clone().mark_notifications_seen(seen).await.expect("they are seen");
    let seen = call.next_of("s", |said| if let Live::NotificationsSeen(seen) = said { Some(seen) } else { None }).await;
    assert_eq!(seen.up_to_place, newest.place);
    api.follow(&bob, &ada).await;
    let standing = |said| if let Live::Relationship(to) = said { Some(to) } else { None };
    let to = call.next_of("s", standing).await;
    assert_eq!((to.target_account_id.as_str(), to.relationship.expect("always set").following), (ada.as_str(), true));
    // A block by the other ends bob's follow, which is bob's state; that ada blocks is told with it, as GetRelationship tells it.
    let block = ask!(BlockAccountRequest { account_id: &ada, target_account_id: &bob });
    api.commands.clone().block_account(block).await.expect("it is blocked");
    let ended = call.next_of("s", standing).await.relationship.expect("always set");
    assert_eq!((ended.following, ended.blocked_by, ended.blocking), (false, true, false));
}

#[tokio::test]
async fn a_subscription_that_is_refused_or_ends_is_told_and_the_others_go_on() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let post = api.post(&ada, "first").await.id;
    api.home(&bob, up_to_date()).await;
    let mut call = Call::open(&api.queries, "").await;
    call.subscribe("h", &bob, home()).await;
    call.caught_up("h").await;
    let nobody = "01920000-0000-7000-8000-000000000001";
    let topic = || Topic::Post(PostTopic { post_id: nobody.to_owned() });
    let wrong_post = Topic::Post(PostTopic { post_id: "x".to_owned() });
    let cases = [
        (subscription("a", nobody, home()), Code::NotFound, ErrorReason::AccountNotFound),
        (subscription("b", &bob, topic()), Code::NotFound, ErrorReason::PostNotFound),
        (subscription("c", "x", home()), Code::InvalidArgument, ErrorReason::IdMalformed),
        (subscription("d", "", home()), Code::InvalidArgument, ErrorReason::IdMalformed),
        (subscription("e", &bob, wrong_post), Code::InvalidArgument, ErrorReason::IdMalformed),
        (subscription("f", &bob, watch(&[])), Code::InvalidArgument, ErrorReason::BatchSizeInvalid),
        (
            Subscription { topic: None, ..subscription("g", &bob, home()) },
            Code::InvalidArgument,
            ErrorReason::FieldInvalid,
        ),
        (
            Subscription { page_resume_token: "x".to_owned(), ..subscription("i", &bob, home()) },
            Code::InvalidArgument,
            ErrorReason::TokenInvalid,
        ),
    ];
    for (subscription, code, reason) in cases {
        let id = subscription.subscription_id.clone();
        call.wish(Wish::Subscribe(subscription)).await;
        let (of, said) = call.next().await;
        let Live::Ended(ended) = said else { panic!("{id}: {said:?}") };
        assert_eq!((of, ended.code, ended.reason()), (id, code as i32, reason), "{}", ended.message);
        assert!(!ended.message.is_empty());
    }
    // One that ends later, and its name is free again.
    call.subscribe("p", &bob, Topic::Post(PostTopic { post_id: post.clone() })).await;
    call.caught_up("p").await;
    let block = ask!(BlockAccountRequest { account_id: &ada, target_account_id: &bob });
    api.commands.clone().block_account(block).await.expect("it is blocked");
    let ended = call.next_of("p", |said| if let Live::Ended(ended) = said { Some(ended) } else { None }).await;
    assert_eq!(ended.reason(), ErrorReason::PostNotFound);
    call.subscribe("p", &ada, Topic::Post(PostTopic { post_id: post.clone() })).await;
    call.caught_up("p").await;
    // One that is ended says no more, and the others do.
    call.wish(Wish::Unsubscribe(Unsubscription { subscription_id: "p".to_owned() })).await;
    call.wish(Wish::Unsubscribe(Unsubscription { subscription_id: "nothing".to_owned() })).await;
    call.subscribe("q", &bob, home()).await;
    call.caught_up("q").await;
    like(api, &ada, &post).await;
    api.post(&bob, "second").await;
    let mut heard = Vec::new();
    while heard.len() < 2 {
        let (of, said) = call.next().await;
        assert_ne!(of, "p", "{said:?}");
        heard.extend(item(said).map(|text| (of, text)));
    }
    heard.sort_unstable();
    assert_eq!(heard, [("h".to_owned(), "second".to_owned()), ("q".to_owned(), "second".to_owned())]);
}

#[tokio::test]
async fn what_has_ended_begins_anew_although_the_call_was_resumed_with_it() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    let post = api.post(&ada, "first").await.id;
    let topic = || Topic::Post(PostTopic { post_id: post.clone() });
    let block = async || {
        let block = ask!(BlockAccountRequest { account_id: &ada, target_account_id: &bob });
        api.commands.clone().block_account(block).await.expect("it is blocked");
    };
    let unblock = async || {
        let unblock = ask!(UnblockAccountRequest { account_id: &ada, target_account_id: &bob });
        api.commands.clone().unblock_account(unblock).await.expect("it is not blocked any more");
    };
    let ended = |said| matches!(said, Live::Ended(_)).then_some(());
    let begun = |said| match said {
        Live::Refresh(refresh) => Some(refresh.cause() == RefreshCause::BeginsNow),
        Live::CaughtUp(_) => Some(false),
        _ => None,
    };
    let mut call = Call::open(&api.queries, "").await;
    call.subscribe("first", &bob, topic()).await;
    call.caught_up("first").await;

    let mut call = Call::open(&api.queries, &call.token).await;
    call.subscribe("resumed", &bob, topic()).await;
    assert!(!call.next_of("resumed", begun).await, "it goes on from its token");
    let token = call.token.clone();
    block().await;
    call.next_of("resumed", ended).await;
    unblock().await;
    call.subscribe("after it ended", &bob, topic()).await;
    assert!(call.next_of("after it ended", begun).await, "its client has nothing of it any more");
    call.wish(Wish::Unsubscribe(Unsubscription { subscription_id: "after it ended".to_owned() })).await;

    block().await;
    let mut call = Call::open(&api.queries, &token).await;
    call.subscribe("refused", &bob, topic()).await;
    call.next_of("refused", ended).await;
    unblock().await;
    call.subscribe("after it was refused", &bob, topic()).await;
    assert!(call.next_of("after it was refused", begun).await, "its client has nothing of it any more");

    let mut call = Call::open(&api.queries, &token).await;
    call.subscribe("left", &bob, topic()).await;
    call.caught_up("left").await;
    call.wish(Wish::Unsubscribe(Unsubscription { subscription_id: "left".to_owned() })).await;
    call.subscribe("after it was left", &bob, topic()).await;
    assert!(call.next_of("after it was left", begun).await, "its client has nothing of it any more");
}

#[tokio::test]
async fn a_call_that_makes_no_sense_fails_as_a_whole() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let bob = dev.api.register("bob").await.id;
    let subscribe = |id: &str| Wish::Subscribe(subscription(id, &bob, home()));
    let start = |token: &str| Wish::Start(StreamStart { consistency: up_to_date(), resume_token: token.to_owned() });
    let cases = [
        (vec![Some(subscribe("a"))], "FIELD_INVALID"),
        (vec![None], "FIELD_INVALID"),
        (vec![Some(start("")), Some(start(""))], "FIELD_INVALID"),
        (vec![Some(start("")), None], "FIELD_INVALID"),
        (vec![Some(start("")), Some(subscribe(""))], "FIELD_INVALID"),
        (vec![Some(start("")), Some(subscribe(&"x".repeat(65)))], "FIELD_INVALID"),
        (vec![Some(start("")), Some(subscribe("a")), Some(subscribe("a"))], "FIELD_INVALID"),
        (vec![Some(start("nonsense"))], "TOKEN_INVALID"),
    ];
    for (wishes, expected) in cases {
        let named = format!("{wishes:?}");
        let wishes = wishes.into_iter().map(|message| StreamRequest { message });
        let asked =
            tokio_stream::StreamExt::chain(tokio_stream::iter(wishes.collect::<Vec<_>>()), tokio_stream::pending());
        let mut messages = dev.api.queries.clone().stream(asked).await.expect("it begins").into_inner();
        let mut token = String::new();
        let refused = loop {
            if let Err(refused) = next(&mut messages, &mut token).await {
                break refused;
            }
        };
        assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::InvalidArgument, Some(expected)), "{named}");
    }
    // A client that says nothing more goes on listening; one that goes away leaves nothing behind.
    let asked = tokio_stream::iter([start(""), subscribe("a")].map(|wish| StreamRequest { message: Some(wish) }));
    let mut messages = dev.api.queries.clone().stream(asked).await.expect("it begins").into_inner();
    let mut token = String::new();
    while !matches!(next(&mut messages, &mut token).await.expect("it goes on").1, Live::CaughtUp(_)) {}
    dev.api.post(&bob, "heard").await;
    assert_eq!(item(next(&mut messages, &mut token).await.expect("it goes on").1).as_deref(), Some("heard"));
}

#[tokio::test]
async fn a_call_has_so_many_subscriptions_and_no_more() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let bob = dev.api.register("bob").await.id;
    dev.api.home(&bob, up_to_date()).await;
    let mut call = Call::open(&dev.api.queries, "").await;
    for number in 0..65 {
        call.subscribe(&number.to_string(), &bob, home()).await;
    }
    let mut caught_up = 0;
    let mut refused = Vec::new();
    while caught_up < 64 || refused.is_empty() {
        match call.next().await {
            (_, Live::CaughtUp(_)) => caught_up += 1,
            (of, Live::Ended(ended)) => refused.push((of, ended.reason())),
            _ => {}
        }
    }
    assert_eq!(refused, [("64".to_owned(), ErrorReason::TooManyStreams)]);
    dev.api.post(&bob, "to all of them").await;
    let mut heard = 0;
    while heard < 64 {
        heard += usize::from(item(call.next().await.1).is_some());
    }
}

#[tokio::test]
async fn whoever_says_to_be_away_does_not_appear_online() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let bob = api.register("bob").await.id;
    api.home(&bob, up_to_date()).await;
    let is_online = async || {
        let request = ask!(GetPresenceRequest { account_ids: vec![bob.clone()] });
        api.queries.clone().get_presence(request).await.expect("it answers").into_inner().presences[0].online
    };
    let mut call = Call::open(&api.queries, "").await;
    call.subscribe("h", &bob, home()).await;
    call.caught_up("h").await;
    assert!(is_online().await);
    call.wish(Wish::Presence(PresenceAnnouncement { away: true })).await;
    // An account lingers for some seconds after its last stream.
    let gone = async {
        while is_online().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, gone).await.expect("it goes");
    api.post(&bob, "still heard").await;
    assert_eq!(call.next_of("h", item).await, "still heard");
    call.wish(Wish::Presence(PresenceAnnouncement { away: false })).await;
    let back = async {
        while !is_online().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, back).await.expect("it comes back");
}

//! Many streams at once, and slow ones.

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::stream_notifications_response::Event as NotificationEvent;
use shared::rpc::proto::query::*;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_types::StatusExt;

use crate::api::{Api, Feed, Told, ask, channel, item, reason, up_to_date};
use crate::metrics::value;
use crate::process::{DEADLINE, Dev, eventually, folder};

/// Streams that share a connection.
const STREAMS_OF_CONNECTION: usize = 500;

/// Streams of these owners in turn, each caught up, over as many connections as they need.
pub async fn open_streams(query: &str, owners: &[String], count: usize) -> Vec<Feed> {
    let mut opening = JoinSet::new();
    for first in (0..count).step_by(STREAMS_OF_CONNECTION) {
        let client = QueryServiceClient::new(channel(query));
        let of_connection = first..count.min(first + STREAMS_OF_CONNECTION);
        let owners: Vec<String> = of_connection.map(|number| owners[number % owners.len()].clone()).collect();
        opening.spawn(async move {
            let mut feeds = Vec::new();
            for owner in owners {
                let mut feed = Feed::open(&client, ask!(StreamHomeTimelineRequest { account_id: owner })).await;
                while feed.next().await != Told::CaughtUp {}
                feeds.push(feed);
            }
            feeds
        });
    }
    opening.join_all().await.into_iter().flatten().collect()
}

/// Accounts that follow one, and that one.
pub async fn followers(api: &Api, count: usize) -> (String, Vec<String>) {
    let [ada] = api.accounts(["ada"]).await;
    let mut followers = Vec::new();
    for number in 0..count {
        let follower = api.register(&format!("reader_{number}")).await.id;
        api.follow(&follower, &ada).await;
        followers.push(follower);
    }
    // So that no stream gets the follows.
    api.home(&followers[0], up_to_date()).await;
    (ada, followers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_one_of_five_thousand_streams_has_every_item_once() {
    const STREAMS: usize = 5_000;
    const POSTS: usize = 5;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (ada, followers) = followers(&dev.api, 100).await;
    let streams = open_streams(&dev.query, &followers, STREAMS).await;
    assert_eq!(streams.len(), STREAMS);

    let expected: Vec<Told> = (0..POSTS).map(|number| item(&format!("post {number}"))).collect();
    let mut reading = JoinSet::new();
    for mut feed in streams {
        let expected = expected.clone();
        reading.spawn(async move {
            let mut heard = Vec::new();
            while heard.len() < expected.len() {
                heard.push(feed.news().await);
            }
            assert_eq!(heard, expected);
        });
    }
    for number in 0..POSTS {
        dev.api.post(&ada, &format!("post {number}")).await;
    }
    reading.join_all().await;
}

/// A reader that takes nothing is closed, and loses nothing; no other stream waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_takes_nothing_is_closed_and_goes_on_from_its_last_token() {
    // More than fits on the way: the queue, and what HTTP/2 lets a server send ahead.
    const POSTS: usize = 1_500;
    let text = |number: usize| format!("{number:0>400}");
    let folder = folder();
    let dev = Dev::start_failing(folder.path(), "streams::slow_after=return(2)").await;
    let (ada, followers) = followers(&dev.api, 1).await;
    let bob = &followers[0];
    // Each on a connection of its own, since the streams of one connection share its small window.
    const ON_THE_WAY: u32 = 64 * 1024;
    let open = async |token: &str| {
        let request = ask!(StreamHomeTimelineRequest { account_id: bob, resume_token: token });
        let endpoint = Endpoint::from_shared(format!("http://{}", dev.query)).expect("an address makes a URI");
        let endpoint = endpoint.initial_stream_window_size(ON_THE_WAY).initial_connection_window_size(ON_THE_WAY);
        Feed::open(&QueryServiceClient::new(endpoint.connect_lazy()), request).await
    };
    let (mut stuck, mut neighbour) = (open("").await, open("").await);
    let commands = dev.api.commands.clone();
    let mut writing = JoinSet::new();
    for writer in 0..8 {
        let (mut commands, ada) = (commands.clone(), ada.clone());
        writing.spawn(async move {
            for number in (writer..POSTS).step_by(8) {
                let request = ask!(CreatePostRequest { author_id: ada.clone(), text: text(number) });
                commands.create_post(request).await.expect("it is published");
            }
        });
    }
    let mut heard = 0;
    while heard < POSTS {
        match neighbour.next().await {
            Told::Item(..) => heard += 1,
            Told::Heartbeat => panic!("{heard} of {POSTS} items came"),
            _ => {}
        }
    }
    writing.join_all().await;

    // It is not read until the server has closed it; then it reads what was on the way.
    let closed = || value(&dev, "chirp_streams_closed_total", &["reason=\"ResourceExhausted\""]);
    eventually("the stream is closed", closed, |closed| *closed == Some(1.0)).await;
    let mut texts = Vec::new();
    let ended = loop {
        match stuck.next_or_end().await {
            Ok(Told::Item(text, _)) => texts.push(text),
            Ok(Told::Heartbeat) => panic!("it was not slow enough: {} of {POSTS} items came", texts.len()),
            Ok(_) => {}
            Err(status) => break status,
        }
    };
    assert_eq!((ended.code(), reason(&ended).as_deref()), (Code::ResourceExhausted, Some("CONSUMER_TOO_SLOW")));
    let info = ended.get_details_error_info().expect("it has a reason");
    assert!(info.metadata.contains_key("resume_token"), "{info:?}");
    let mut resumed = open(&stuck.token).await;
    while texts.len() < POSTS {
        match resumed.next().await {
            Told::Item(text, _) => texts.push(text),
            Told::Heartbeat => panic!("{} of {POSTS} items came", texts.len()),
            _ => {}
        }
    }
    texts.sort_unstable();
    let expected: Vec<String> = (0..POSTS).map(text).collect();
    assert_eq!(texts, expected, "every post once");
}

/// The parts of a notification stream's message that this test looks at.
fn said(event: NotificationEvent) -> String {
    match event {
        NotificationEvent::Subscribed(_) => "subscribed".to_owned(),
        NotificationEvent::CaughtUp(_) => "caught up".to_owned(),
        NotificationEvent::Item(item) => {
            let notification = item.notification.expect("always set");
            format!("{} by {}", notification.reason().as_str_name(), notification.causer_count)
        }
        NotificationEvent::Removed(removed) => format!("{} gone", removed.reason().as_str_name()),
        NotificationEvent::Seen(_) => "seen".to_owned(),
        other => format!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_come_change_are_seen_and_go_on_their_stream() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    let post = api.post(&ada, "hello").await.id;
    let list = ask!(ListNotificationsRequest { account_id: &ada, consistency: up_to_date() });
    let page = api.queries.clone().list_notifications(list).await.expect("they are listed").into_inner();
    let open = async |token: &str| {
        let consistency = up_to_date();
        let request =
            ask!(StreamNotificationsRequest { account_id: &ada, consistency: consistency, resume_token: token });
        api.queries.clone().stream_notifications(request).await.expect("it opens").into_inner()
    };
    let mut stream = open(&page.resume_token).await;
    let mut token = String::new();
    let mut hear = async || {
        let message = timeout(DEADLINE, stream.message()).await.expect("it says something").expect("no error");
        let message = message.expect("the stream goes on");
        token = message.resume_token;
        said(message.event.expect("exactly one is set"))
    };
    assert_eq!([hear().await, hear().await], ["subscribed", "caught up"]);
    let like = |account: &str| ask!(LikePostRequest { account_id: account, post_id: &post });
    api.commands.clone().like_post(like(&bob)).await.expect("it is liked");
    assert_eq!(hear().await, "NOTIFICATION_REASON_LIKED by 1");
    api.commands.clone().like_post(like(&eve)).await.expect("it is liked");
    assert_eq!(hear().await, "NOTIFICATION_REASON_LIKED by 2");
    let page = api.queries.clone();
    let list = ask!(ListNotificationsRequest { account_id: &ada, consistency: up_to_date() });
    let newest = page.clone().list_notifications(list).await.expect("listed").into_inner().notifications.remove(0);
    let seen = ask!(MarkNotificationsSeenRequest { account_id: &ada, up_to_notification_id: newest.notification_id });
    api.commands.clone().mark_notifications_seen(seen).await.expect("it is noted");
    assert_eq!(hear().await, "seen");
    api.commands.clone().delete_post(ask!(DeletePostRequest { author_id: &ada, post_id: &post })).await.expect("gone");
    assert_eq!(hear().await, "NOTIFICATION_REASON_LIKED gone");
    // A client that was away gets the net change.
    let last = token.clone();
    api.follow(&bob, &ada).await;
    let mut resumed = open(&last).await;
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let message = timeout(DEADLINE, resumed.message()).await.expect("it says something").expect("no error");
        heard.push(said(message.expect("it goes on").event.expect("exactly one is set")));
    }
    assert_eq!(heard, ["subscribed", "NOTIFICATION_REASON_FOLLOWED by 1", "caught up"]);
}

//! A client of the home stream that follows the rules of the contract to the letter: what it holds must always be the
//! timeline.

use std::collections::BTreeMap;
use std::time::Duration;

use query_server::Queries;
use reference::Entry;
use shared::proto::query as v1;
use shared::proto::query::home_timeline_removed::Target;
use shared::proto::query::query_service_server::QueryService;
use shared::proto::query::stream_home_timeline_response::Event;
use shared::proto::query::{RemovalCause, TimelineItem};
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tonic::{Code, Request};

use crate::random::Random;

const PAGE_SIZE: i32 = 100;
/// A resume that says more than this never ends.
const MESSAGES_MAX: usize = 10_000;

/// How long the stream of a client that stayed may take to tell what happened.
const LIVE_PATIENCE: Duration = Duration::from_secs(10);

/// A client that has been away, and comes back, or stays.
pub struct Client {
    account_id: String,
    entries: BTreeMap<String, TimelineItem>,
    resume_token: String,
    /// The stream, while the client stays.
    live: Option<<Queries as QueryService>::StreamHomeTimelineStream>,
}

impl Client {
    /// A client that has fetched the whole timeline; nothing when there is no such account.
    pub async fn start(queries: &Queries, account_id: &str) -> Option<Self> {
        let mut client = Self {
            account_id: account_id.to_owned(),
            entries: BTreeMap::new(),
            resume_token: String::new(),
            live: None,
        };
        client.fetch(queries).await.then_some(client)
    }

    /// Goes on with the stream if the client stayed, until the client is as it should be or nothing more comes; else comes back over
    /// connections that break, and in the end over one that lasts. False when the account is gone.
    pub async fn go_on(&mut self, queries: &Queries, random: &mut Random, is_right: impl Fn(&Self) -> bool) -> bool {
        while !is_right(self)
            && let Some(live) = &mut self.live
        {
            let Ok(next) = timeout(LIVE_PATIENCE, live.next()).await else { break };
            match next.expect("a stream goes on") {
                Ok(message) => {
                    self.resume_token = message.resume_token;
                    match message.event.expect("every message says something") {
                        Event::CaughtUp(_) => {}
                        Event::Refresh(_) => {
                            self.live = None;
                            return self.fetch(queries).await;
                        }
                        event => self.apply(event),
                    }
                }
                Err(status) if status.code() == Code::NotFound => return false,
                Err(status) => panic!("the stream broke: {status:?}"),
            }
        }
        // What the stream did not tell must not be healed by coming back.
        if self.live.is_some() && (!is_right(self) || random.one_in(2)) {
            return true;
        }
        self.live = None;
        self.come_back(queries, random).await
    }

    async fn come_back(&mut self, queries: &Queries, random: &mut Random) -> bool {
        while random.one_in(2) {
            if !self.resume(queries, random.below(6)).await {
                return false;
            }
        }
        self.resume(queries, MESSAGES_MAX).await
    }

    /// Opens the stream where it was left and reads until it has caught up, or the connection breaks after so many
    /// messages. False when the account is gone.
    async fn resume(&mut self, queries: &Queries, breaks_after: usize) -> bool {
        let request = v1::StreamHomeTimelineRequest {
            account_id: self.account_id.clone(),
            resume_token: self.resume_token.clone(),
            ..Default::default()
        };
        let mut stream = match queries.stream_home_timeline(Request::new(request)).await {
            Ok(stream) => stream.into_inner(),
            Err(status) if status.code() == Code::NotFound => return false,
            Err(status) => panic!("the stream was refused: {status:?}"),
        };
        for _ in 0..breaks_after {
            let message = stream.next().await.expect("a stream goes on until it has caught up").expect("no error");
            match message.event.expect("every message says something") {
                Event::CaughtUp(_) => {
                    self.resume_token = message.resume_token;
                    self.live = Some(stream);
                    return true;
                }
                Event::Refresh(_) => {
                    drop(stream);
                    return self.fetch(queries).await;
                }
                event => self.apply(event),
            }
            self.resume_token = message.resume_token;
        }
        assert!(breaks_after < MESSAGES_MAX, "the stream never caught up");
        true
    }

    /// What the client shows.
    pub fn shown(&self) -> Vec<Entry> {
        let entry = |item: &TimelineItem| Entry {
            post_id: item.post.clone().unwrap_or_default().post_id,
            place: item.place,
            reposted_by: Some(item.reposted_by_account_id.clone()).filter(|id| !id.is_empty()),
        };
        let mut entries: Vec<Entry> = self.entries.values().map(entry).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.place));
        entries
    }

    /// The texts of what the client shows, by post.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.values().filter_map(|item| item.post.as_ref()).map(|post| (&*post.post_id, &*post.text))
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Subscribed(_) | Event::FellBehind(_) | Event::Heartbeat(_) => {}
            Event::Item(v1::HomeTimelineItem { item }) => {
                let item = item.expect("an item has an item");
                self.entries.insert(item.post.clone().expect("an item has a post").post_id, item);
            }
            Event::Updated(v1::HomeTimelineUpdated { item }) => {
                let item = item.expect("an update has an item");
                if let Some(entry) = self.entries.get_mut(&item.post.clone().expect("an item has a post").post_id) {
                    *entry = item;
                }
            }
            Event::Removed(removed) => self.remove(&removed),
            Event::CaughtUp(_) | Event::Refresh(_) | Event::Draining(_) => {
                panic!("{event:?} does not come here")
            }
        }
    }

    fn remove(&mut self, removed: &v1::HomeTimelineRemoved) {
        let cause = removed.cause();
        let account = match removed.target.as_ref().expect("a removal names something") {
            Target::PostId(post) => {
                self.entries.remove(post);
                return;
            }
            Target::AccountId(account) => account,
        };
        let owner = &self.account_id;
        self.entries.retain(|_, item| {
            let post = item.post.as_ref().expect("an item has a post");
            let is_repost = !item.reposted_by_account_id.is_empty();
            let actor = if is_repost { &item.reposted_by_account_id } else { &post.author_id };
            match cause {
                RemovalCause::Unfollowed => {
                    let is_reply_to = !is_repost && post.reply_to_account_id == *account && post.author_id != *owner;
                    actor != account && !is_reply_to
                }
                RemovalCause::Blocked | RemovalCause::Muted | RemovalCause::Deactivated => {
                    actor != account && post.author_id != *account
                }
                RemovalCause::Protected => post.author_id != *account,
                RemovalCause::Unspecified | RemovalCause::Deleted | RemovalCause::Undone => {
                    panic!("{cause:?} does not name an account")
                }
            }
        });
    }

    async fn fetch(&mut self, queries: &Queries) -> bool {
        self.entries.clear();
        let mut page_token = String::new();
        let mut is_first = true;
        loop {
            let request = v1::GetHomeTimelineRequest {
                account_id: self.account_id.clone(),
                page_size: PAGE_SIZE,
                page_token,
                ..Default::default()
            };
            let page = match queries.get_home_timeline(Request::new(request)).await {
                Ok(page) => page.into_inner(),
                Err(status) if status.code() == Code::NotFound => return false,
                Err(status) => panic!("the timeline was refused: {status:?}"),
            };
            if is_first {
                self.resume_token = page.resume_token;
                is_first = false;
            }
            for item in page.items {
                self.entries.insert(item.post.clone().expect("an item has a post").post_id, item);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return true;
            }
        }
    }
}

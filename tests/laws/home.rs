//! What a client holds of a home timeline.

use std::collections::BTreeMap;

use query_server::Queries;
use reference::Entry;
use shared::proto::query as v1;
use shared::proto::query::home_timeline_removed::Target;
use shared::proto::query::query_service_server::QueryService;
use shared::proto::query::stream_home_timeline_response::Event;
use shared::proto::query::{RemovalCause, TimelineItem};
use tonic::{Code, Request, Status};

use crate::client::{Said, View};

const PAGE_SIZE: i32 = 100;

/// The items, by their posts.
pub struct HomeView {
    account_id: String,
    entries: BTreeMap<String, TimelineItem>,
}

impl HomeView {
    /// What it shows.
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

    /// The texts of what it shows, by post.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.values().filter_map(|item| item.post.as_ref()).map(|post| (&*post.post_id, &*post.text))
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
}

impl View for HomeView {
    type Message = v1::StreamHomeTimelineResponse;
    type Messages = <Queries as QueryService>::StreamHomeTimelineStream;

    fn of(account_id: &str) -> Self {
        Self { account_id: account_id.to_owned(), entries: BTreeMap::new() }
    }

    async fn fetch(&mut self, queries: &Queries) -> Option<String> {
        self.entries.clear();
        let (mut page_token, mut resume_token) = (String::new(), None);
        loop {
            let request = v1::GetHomeTimelineRequest {
                account_id: self.account_id.clone(),
                page_size: PAGE_SIZE,
                page_token,
                ..Default::default()
            };
            let page = match queries.get_home_timeline(Request::new(request)).await {
                Ok(page) => page.into_inner(),
                Err(status) if status.code() == Code::NotFound => return None,
                Err(status) => panic!("the timeline was refused: {status:?}"),
            };
            // That of the first page.
            resume_token.get_or_insert(page.resume_token);
            for item in page.items {
                self.entries.insert(item.post.clone().expect("an item has a post").post_id, item);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return resume_token;
            }
        }
    }

    async fn open(&self, queries: &Queries, resume_token: String) -> Result<Self::Messages, Status> {
        let account_id = self.account_id.clone();
        let request = v1::StreamHomeTimelineRequest { account_id, resume_token, ..Default::default() };
        Ok(queries.stream_home_timeline(Request::new(request)).await?.into_inner())
    }

    fn take(&mut self, message: Self::Message) -> (String, Said) {
        let mut said = Said::Something;
        match message.event.expect("every message says something") {
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
            Event::CaughtUp(_) => said = Said::CaughtUp,
            Event::Refresh(_) => said = Said::Refresh,
            Event::Draining(_) => panic!("nobody stops the server"),
        }
        (message.resume_token, said)
    }
}

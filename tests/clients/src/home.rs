//! What a client keeps of a home timeline.

use std::collections::BTreeMap;

use reference::Entry;
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::TimelineItem;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::stream_home_timeline_response::Event;
use tonic::{Status, Streaming};

use crate::client::{Said, Transport, View};

const PAGE_SIZE: i32 = 100;

pub struct HomeView {
    account_id: String,
    entries: BTreeMap<String, TimelineItem>,
}

impl HomeView {
    fn entries(&self) -> Vec<Entry> {
        let entry = |item: &TimelineItem| Entry {
            post_id: item.post.clone().unwrap_or_default().post_id,
            place: item.place,
            reposted_by: Some(item.reposted_by_account_id.clone()).filter(|id| !id.is_empty()),
        };
        let mut entries: Vec<Entry> = self.entries.values().map(entry).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.place));
        entries
    }
}

impl View for HomeView {
    type Message = v1::StreamHomeTimelineResponse;

    /// The entries, and the texts of their posts.
    type Shown = (Vec<Entry>, BTreeMap<String, String>);

    fn of(account_id: &str) -> Self {
        Self { account_id: account_id.to_owned(), entries: BTreeMap::new() }
    }

    fn shown(&self) -> Self::Shown {
        let posts = self.entries.values().filter_map(|item| item.post.as_ref());
        (self.entries(), posts.map(|post| (post.post_id.clone(), post.text.clone())).collect())
    }

    async fn fetch<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        consistency: Option<v1::Consistency>,
    ) -> Result<String, Status> {
        self.entries.clear();
        let (mut page_token, mut resume_token) = (String::new(), None);
        loop {
            let request = v1::GetHomeTimelineRequest {
                consistency: consistency.clone(),
                account_id: self.account_id.clone(),
                page_size: PAGE_SIZE,
                page_token,
                ..Default::default()
            };
            let page = queries.clone().get_home_timeline(request).await?.into_inner();
            // The token of the first page.
            resume_token.get_or_insert(page.resume_token);
            for item in page.items {
                self.entries.insert(item.post.clone().expect("an item has a post").post_id, item);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(resume_token.unwrap_or_default());
            }
        }
    }

    async fn open<T: Transport>(
        &self,
        queries: &QueryServiceClient<T>,
        consistency: Option<v1::Consistency>,
        resume_token: String,
    ) -> Result<Streaming<Self::Message>, Status> {
        let account_id = self.account_id.clone();
        let request = v1::StreamHomeTimelineRequest { account_id, consistency, resume_token, ..Default::default() };
        Ok(queries.clone().stream_home_timeline(request).await?.into_inner())
    }

    fn take(&mut self, message: Self::Message) -> (String, Said) {
        let mut said = Said::Something;
        match message.event.expect("every message says something") {
            Event::Subscribed(_) | Event::FellBehind(_) | Event::Heartbeat(_) => {}
            Event::Item(v1::HomeTimelineItem { item, includes }) => {
                let item = item.expect("an item has an item");
                check_whole(&item, &includes.expect("an item comes with what it refers to"));
                self.entries.insert(item.post.clone().expect("an item has a post").post_id, item);
            }
            Event::Updated(v1::HomeTimelineUpdated { item, includes }) => {
                let item = item.expect("an update has an item");
                check_whole(&item, &includes.expect("an update comes with what it refers to"));
                if let Some(entry) = self.entries.get_mut(&item.post.clone().expect("an item has a post").post_id) {
                    *entry = item;
                }
            }
            Event::Removed(removed) => {
                assert!(!removed.post_ids.is_empty(), "a removal names something");
                self.entries.retain(|post_id, _| !removed.post_ids.contains(post_id));
            }
            Event::CaughtUp(_) => said = Said::CaughtUp,
            Event::Refresh(_) => said = Said::Refresh,
            Event::Draining(_) => panic!("nobody stops the server"),
        }
        (message.resume_token, said)
    }
}

/// Panics unless an entry can be drawn from its message alone.
fn check_whole(item: &TimelineItem, includes: &v1::Includes) {
    let post = item.post.as_ref().expect("an item has a post");
    let has = |id: &String| includes.accounts.iter().any(|account| account.account_id == *id);
    assert!(has(&post.author_id), "the author of {post:?} is not in {includes:?}");
    let reposter = &item.reposted_by_account_id;
    assert!(reposter.is_empty() || has(reposter), "who reposted {item:?} is not in {includes:?}");
    for (id, is_known_to_be_unavailable) in
        [(&post.quoted_post_id, Some(post.quoted_post_unavailable)), (&post.reply_to_post_id, None)]
    {
        let is_shown = includes.posts.iter().any(|there| there.post_id == *id);
        let is_unavailable = includes.unavailable_posts.iter().any(|there| there.post_id == *id);
        assert!(id.is_empty() || is_shown != is_unavailable, "{id} is not in {includes:?}");
        assert!(is_known_to_be_unavailable.is_none_or(|told| id.is_empty() || told == is_unavailable), "{includes:?}");
    }
}

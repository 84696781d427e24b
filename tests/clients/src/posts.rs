//! What a client keeps of a post and its direct replies.

use std::collections::BTreeMap;

use reference::{Model, Post, Thread};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::stream_post_response::Event;
use shared::rpc::proto::query::thread_item::Item;
use tonic::{Status, Streaming};

use crate::client::{Said, Transport, View};

const PAGE_SIZE: i32 = 100;

/// A post and its replies, by their places, as a viewer sees them.
pub struct PostView {
    post_id: String,
    viewer_id: String,
    post: v1::ThreadItem,
    replies: BTreeMap<u64, v1::ThreadItem>,
}

impl PostView {
    /// The name of the view of a post by a viewer.
    pub fn name(post_id: &str, viewer_id: &str) -> String {
        format!("{post_id} {viewer_id}")
    }

    /// What the view must show; nothing when there is no such post for the viewer.
    pub fn expected(model: &Model, post_id: &str, viewer_id: &str) -> Option<(Thread, Vec<Post>)> {
        model.account(viewer_id)?;
        let thread = Thread { ancestors: vec![], ..model.thread(post_id, Some(viewer_id))? };
        let shown = [&thread.focus].into_iter().chain(&thread.replies).filter_map(|entry| match entry {
            reference::ThreadEntry::Post(id) => model.post(id, Some(viewer_id)).map(announced),
            _ => None,
        });
        let shown = shown.collect();
        Some((thread, shown))
    }
}

/// The post without the fields that a stream of a post does not announce.
fn announced(post: Post) -> Post {
    Post { bookmarked: false, quoted_post_unavailable: false, ..post }
}

impl View for PostView {
    type Message = v1::StreamPostResponse;

    /// The thread, and the posts in it.
    type Shown = (Thread, Vec<Post>);

    fn of(name: &str) -> Self {
        let (post_id, viewer_id) = name.split_once(' ').expect("it is made by `name`");
        let (post_id, viewer_id) = (post_id.to_owned(), viewer_id.to_owned());
        Self { post_id, viewer_id, post: v1::ThreadItem::default(), replies: BTreeMap::new() }
    }

    fn shown(&self) -> Self::Shown {
        let replies = self.replies.values().cloned().collect();
        let (thread, posts) = tools::verify::thread(vec![], self.post.clone(), replies);
        (thread, posts.into_iter().map(announced).collect())
    }

    async fn fetch<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        consistency: Option<v1::Consistency>,
    ) -> Result<String, Status> {
        self.replies.clear();
        let (mut page_token, mut resume_token) = (String::new(), None);
        loop {
            let (post_id, viewer_account_id) = (self.post_id.clone(), self.viewer_id.clone());
            let (consistency, page_size) = (consistency.clone(), PAGE_SIZE);
            let request = v1::GetThreadRequest { consistency, viewer_account_id, post_id, page_size, page_token };
            let page = queries.clone().get_thread(request).await?.into_inner();
            // The token of the first page.
            resume_token.get_or_insert(page.resume_token);
            self.post = page.item.expect("it is always set");
            self.replies.extend(page.replies.into_iter().map(|reply| (reply.place, reply)));
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
        let (post_id, viewer_account_id) = (self.post_id.clone(), self.viewer_id.clone());
        let request = v1::StreamPostRequest { consistency, viewer_account_id, post_id, resume_token };
        Ok(queries.clone().stream_post(request).await?.into_inner())
    }

    fn take(&mut self, message: Self::Message) -> (String, Said) {
        let mut said = Said::Something;
        match message.event.expect("every message says something") {
            Event::Subscribed(_) | Event::FellBehind(_) | Event::Heartbeat(_) => {}
            Event::Item(item) => {
                let reply = item.reply.expect("an item has a reply");
                check_whole(&reply, &item.includes.expect("an item comes with what it refers to"));
                self.replies.insert(reply.place, reply);
            }
            Event::Updated(updated) => {
                self.post = updated.item.expect("it is always set");
                check_whole(&self.post, &updated.includes.expect("an update comes with what it refers to"));
            }
            Event::Removed(removed) => self.replies.retain(|_, reply| id_of(reply) != removed.post_id),
            Event::CaughtUp(_) => said = Said::CaughtUp,
            Event::Refresh(_) => said = Said::Refresh,
            Event::Draining(_) => panic!("nobody stops the server"),
        }
        (message.resume_token, said)
    }
}

/// Panics unless a place of a thread can be drawn from its message alone.
fn check_whole(item: &v1::ThreadItem, includes: &v1::Includes) {
    let Some(Item::Post(post)) = &item.item else { return };
    let has = |id: &String| includes.accounts.iter().any(|account| account.account_id == *id);
    assert!(has(&post.author_id), "the author of {post:?} is not in {includes:?}");
}

fn id_of(item: &v1::ThreadItem) -> &str {
    match item.item.as_ref().expect("it is always set") {
        Item::Post(post) => &post.post_id,
        Item::Tombstone(tombstone) => &tombstone.post_id,
    }
}

//! What a client holds of a post and its direct replies.

use std::collections::BTreeMap;

use query_server::Queries;
use reference::{Model, Post, Thread};
use shared::proto::query as v1;
use shared::proto::query::query_service_server::QueryService;
use shared::proto::query::stream_post_response::Event;
use shared::proto::query::thread_item::Item;
use tonic::{Code, Request, Status};

use crate::client::{Said, View};

const PAGE_SIZE: i32 = 100;

/// A post and its replies, by their places, as a viewer sees them.
pub struct PostView {
    post_id: String,
    viewer_id: String,
    post: v1::ThreadItem,
    replies: BTreeMap<u64, v1::ThreadItem>,
}

impl PostView {
    /// The name of the view of a post that an account looks at.
    pub fn name(post_id: &str, viewer_id: &str) -> String {
        format!("{post_id} {viewer_id}")
    }

    /// What it shows: the thread, and the posts in it.
    pub fn shown(&self) -> (Thread, Vec<Post>) {
        let replies = self.replies.values().cloned().collect();
        let (thread, posts) = chirp::verify::thread(vec![], self.post.clone(), replies);
        (thread, posts.into_iter().map(|(post, _)| announced(post)).collect())
    }

    /// What it must show; nothing when there is no such post for the viewer.
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

/// Without what a stream of a post does not announce.
fn announced(post: Post) -> Post {
    Post { bookmarked: false, quoted_post_unavailable: false, ..post }
}

impl View for PostView {
    type Message = v1::StreamPostResponse;
    type Messages = <Queries as QueryService>::StreamPostStream;

    fn of(name: &str) -> Self {
        let (post_id, viewer_id) = name.split_once(' ').expect("it is made by `name`");
        let (post_id, viewer_id) = (post_id.to_owned(), viewer_id.to_owned());
        Self { post_id, viewer_id, post: v1::ThreadItem::default(), replies: BTreeMap::new() }
    }

    async fn fetch(&mut self, queries: &Queries) -> Option<String> {
        self.replies.clear();
        let (mut page_token, mut resume_token) = (String::new(), None);
        loop {
            let (post_id, viewer_account_id) = (self.post_id.clone(), self.viewer_id.clone());
            let page_size = PAGE_SIZE;
            let request =
                v1::GetThreadRequest { post_id, viewer_account_id, page_size, page_token, ..Default::default() };
            let page = match queries.get_thread(Request::new(request)).await {
                Ok(page) => page.into_inner(),
                Err(status) if status.code() == Code::NotFound => return None,
                Err(status) => panic!("the thread was refused: {status:?}"),
            };
            // That of the first page.
            resume_token.get_or_insert(page.resume_token);
            self.post = page.item.expect("it is always set");
            self.replies.extend(page.replies.into_iter().map(|reply| (reply.place, reply)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return resume_token;
            }
        }
    }

    async fn open(&self, queries: &Queries, resume_token: String) -> Result<Self::Messages, Status> {
        let (post_id, viewer_account_id) = (self.post_id.clone(), self.viewer_id.clone());
        let request = v1::StreamPostRequest { post_id, viewer_account_id, resume_token, ..Default::default() };
        Ok(queries.stream_post(Request::new(request)).await?.into_inner())
    }

    fn take(&mut self, message: Self::Message) -> (String, Said) {
        let mut said = Said::Something;
        match message.event.expect("every message says something") {
            Event::Subscribed(_) | Event::FellBehind(_) | Event::Heartbeat(_) => {}
            Event::Item(item) => {
                let reply = item.reply.expect("an item has a reply");
                self.replies.insert(reply.place, reply);
            }
            Event::Updated(updated) => self.post = updated.item.expect("it is always set"),
            Event::Removed(removed) => self.replies.retain(|_, reply| id_of(reply) != removed.post_id),
            Event::CaughtUp(_) => said = Said::CaughtUp,
            Event::Refresh(_) => said = Said::Refresh,
            Event::Draining(_) => panic!("nobody stops the server"),
        }
        (message.resume_token, said)
    }
}

fn id_of(item: &v1::ThreadItem) -> &str {
    match item.item.as_ref().expect("it is always set") {
        Item::Post(shown) => &shown.post.as_ref().expect("it is always set").post_id,
        Item::Tombstone(tombstone) => &tombstone.post_id,
    }
}

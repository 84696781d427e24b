//! What a client keeps of an account's notifications.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use reference::NotificationGroup;
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::stream_notifications_response::Event;
use tonic::{Status, Streaming};

use crate::client::{Said, Transport, View};

const PAGE_SIZE: i32 = 100;

/// The notifications, by reason and post.
pub struct NotificationView {
    account_id: String,
    held: BTreeMap<(i32, String), v1::Notification>,
}

impl NotificationView {
    fn hold(&mut self, notification: v1::Notification) {
        let post_id = notification.post.as_ref().map(|post| post.post_id.clone()).unwrap_or_default();
        self.held.insert((notification.reason, post_id), notification);
    }
}

impl View for NotificationView {
    type Message = v1::StreamNotificationsResponse;

    type Shown = Vec<NotificationGroup>;

    fn of(account_id: &str) -> Self {
        Self { account_id: account_id.to_owned(), held: BTreeMap::new() }
    }

    fn shown(&self) -> Vec<NotificationGroup> {
        let mut shown: Vec<NotificationGroup> = self.held.values().cloned().map(tools::verify::notification).collect();
        shown.sort_by_key(|group| Reverse(group.place));
        shown
    }

    async fn fetch<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        consistency: Option<v1::Consistency>,
    ) -> Result<String, Status> {
        self.held.clear();
        let (mut page_token, mut resume_token) = (String::new(), None);
        loop {
            let (account_id, consistency) = (self.account_id.clone(), consistency.clone());
            let page_size = PAGE_SIZE;
            let request =
                v1::ListNotificationsRequest { account_id, consistency, page_size, page_token, ..Default::default() };
            let page = queries.clone().list_notifications(request).await?.into_inner();
            // The token of the first page.
            resume_token.get_or_insert(page.resume_token);
            page.notifications.into_iter().for_each(|notification| self.hold(notification));
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
        let request = v1::StreamNotificationsRequest { account_id, consistency, resume_token, ..Default::default() };
        Ok(queries.clone().stream_notifications(request).await?.into_inner())
    }

    fn take(&mut self, message: Self::Message) -> (String, Said) {
        let mut said = Said::Something;
        match message.event.expect("every message says something") {
            Event::Subscribed(_) | Event::FellBehind(_) | Event::Heartbeat(_) => {}
            Event::Item(item) => {
                let notification = item.notification.expect("an item has a notification");
                let includes = item.includes.expect("an item comes with what it refers to");
                let has = |id: &String| includes.accounts.iter().any(|account| account.account_id == *id);
                let author = notification.post.as_ref().map(|post| &post.author_id);
                let mut people = notification.newest_causer_ids.iter().chain(author);
                assert!(people.all(has), "somebody of {notification:?} is not in {includes:?}");
                self.hold(notification);
            }
            Event::Removed(removed) => {
                self.held.remove(&(removed.reason, removed.post_id));
            }
            Event::Seen(seen) => {
                for notification in self.held.values_mut() {
                    notification.seen = notification.place <= seen.up_to_place;
                }
            }
            Event::CaughtUp(_) => said = Said::CaughtUp,
            Event::Refresh(_) => said = Said::Refresh,
            Event::Draining(_) => panic!("nobody stops the server"),
        }
        (message.resume_token, said)
    }
}

//! What a client holds of an account's notifications.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use query_server::Queries;
use reference::NotificationGroup;
use shared::proto::query as v1;
use shared::proto::query::query_service_server::QueryService;
use shared::proto::query::stream_notifications_response::Event;
use tonic::{Code, Request, Status};

use crate::client::{Said, View};

const PAGE_SIZE: i32 = 100;

/// The notifications, by reason and post.
pub struct NotificationView {
    account_id: String,
    held: BTreeMap<(i32, String), v1::Notification>,
}

impl NotificationView {
    /// What it shows.
    pub fn shown(&self) -> Vec<NotificationGroup> {
        let mut shown: Vec<NotificationGroup> = self.held.values().cloned().map(chirp::verify::notification).collect();
        shown.sort_by_key(|group| Reverse(group.place));
        shown
    }

    fn hold(&mut self, notification: v1::Notification) {
        let post_id = notification.post.as_ref().map(|post| post.post_id.clone()).unwrap_or_default();
        self.held.insert((notification.reason, post_id), notification);
    }
}

impl View for NotificationView {
    type Message = v1::StreamNotificationsResponse;
    type Messages = <Queries as QueryService>::StreamNotificationsStream;

    fn of(account_id: &str) -> Self {
        Self { account_id: account_id.to_owned(), held: BTreeMap::new() }
    }

    async fn fetch(&mut self, queries: &Queries) -> Option<String> {
        self.held.clear();
        let (mut page_token, mut resume_token) = (String::new(), None);
        loop {
            let account_id = self.account_id.clone();
            let request =
                v1::ListNotificationsRequest { account_id, page_size: PAGE_SIZE, page_token, ..Default::default() };
            let page = match queries.list_notifications(Request::new(request)).await {
                Ok(page) => page.into_inner(),
                Err(status) if status.code() == Code::NotFound => return None,
                Err(status) => panic!("the notifications were refused: {status:?}"),
            };
            // That of the first page.
            resume_token.get_or_insert(page.resume_token);
            page.notifications.into_iter().for_each(|notification| self.hold(notification));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return resume_token;
            }
        }
    }

    async fn open(&self, queries: &Queries, resume_token: String) -> Result<Self::Messages, Status> {
        let account_id = self.account_id.clone();
        let request = v1::StreamNotificationsRequest { account_id, resume_token, ..Default::default() };
        Ok(queries.stream_notifications(Request::new(request)).await?.into_inner())
    }

    fn take(&mut self, message: Self::Message) -> (String, Said) {
        let mut said = Said::Something;
        match message.event.expect("every message says something") {
            Event::Subscribed(_) | Event::FellBehind(_) | Event::Heartbeat(_) => {}
            Event::Item(item) => self.hold(item.notification.expect("an item has a notification")),
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

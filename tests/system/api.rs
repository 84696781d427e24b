//! Thin typed clients of the three services, and what tests look at in an answer.

use std::time::Duration;

use shared::rpc::proto::admin::admin_service_client::AdminServiceClient;
use shared::rpc::proto::admin::*;
use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::command::*;
use shared::rpc::proto::common::AccountKind;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::stream_home_timeline_response::Event;
use shared::rpc::proto::query::*;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::process::DEADLINE;

/// A request with these fields and the defaults of the others.
macro_rules! ask {
    ($request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        #[allow(clippy::needless_update, clippy::useless_conversion, reason = "some have no other fields or conversions")]
        let request = $request { $($field: $value.into(),)* ..Default::default() };
        request
    }};
}
pub(crate) use ask;

#[derive(Clone)]
pub struct Api {
    pub commands: CommandServiceClient<Channel>,
    pub queries: QueryServiceClient<Channel>,
    pub admin: AdminServiceClient<Channel>,
}

/// What a command made, and the token of its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub id: String,
    pub token: String,
}

/// A channel that connects at its first use.
pub fn channel(address: &str) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address makes a URI");
    endpoint.connect_timeout(DEADLINE).connect_lazy()
}

impl Api {
    pub fn new(command: &str, query: &str, ops: &str) -> Self {
        Self {
            commands: CommandServiceClient::new(channel(command)),
            queries: QueryServiceClient::new(channel(query)),
            admin: AdminServiceClient::new(channel(ops)),
        }
    }

    pub async fn register(&self, handle: &str) -> Made {
        let request = registration(handle);
        let answer = self.commands.clone().register_account(request).await.expect("the account is registered");
        let RegisterAccountResponse { account_id, consistency_token, .. } = answer.into_inner();
        Made { id: account_id, token: consistency_token }
    }

    /// Registers accounts, and gives their ids.
    pub async fn accounts<const N: usize>(&self, handles: [&str; N]) -> [String; N] {
        let mut ids = [const { String::new() }; N];
        for (id, handle) in ids.iter_mut().zip(handles) {
            *id = self.register(handle).await.id;
        }
        ids
    }

    pub async fn post(&self, author: &str, text: &str) -> Made {
        self.try_post(ask!(CreatePostRequest { author_id: author, text: text })).await.expect("the post is published")
    }

    pub async fn try_post(&self, request: CreatePostRequest) -> Result<Made, Status> {
        let CreatePostResponse { post_id, consistency_token, .. } =
            self.commands.clone().create_post(request).await?.into_inner();
        Ok(Made { id: post_id, token: consistency_token })
    }

    pub async fn follow(&self, follower: &str, followee: &str) -> String {
        let request = ask!(FollowAccountRequest { follower_id: follower, followee_id: followee });
        self.commands.clone().follow_account(request).await.expect("the follow is done").into_inner().consistency_token
    }

    pub async fn delete(&self, author: &str, post: &str) -> String {
        let request = ask!(DeletePostRequest { author_id: author, post_id: post });
        self.commands.clone().delete_post(request).await.expect("the post is deleted").into_inner().consistency_token
    }

    pub async fn repost(&self, account: &str, post: &str) -> String {
        let request = ask!(RepostPostRequest { account_id: account, post_id: post });
        self.commands.clone().repost_post(request).await.expect("the post is reposted").into_inner().consistency_token
    }

    pub async fn deactivate(&self, account: &str) -> String {
        let request = ask!(DeactivateAccountRequest { account_id: account });
        self.commands
            .clone()
            .deactivate_account(request)
            .await
            .expect("it is deactivated")
            .into_inner()
            .consistency_token
    }

    /// A page of a home timeline.
    pub async fn home(&self, owner: &str, consistency: Option<Consistency>) -> GetHomeTimelineResponse {
        let request = ask!(GetHomeTimelineRequest { account_id: owner, consistency: consistency, page_size: 100 });
        self.queries.clone().get_home_timeline(request).await.expect("the timeline is shown").into_inner()
    }

    pub async fn get_post(&self, post: &str, consistency: Option<Consistency>) -> Result<Post, Status> {
        let request = ask!(GetPostRequest { post_id: post, consistency: consistency });
        let answer = self.queries.clone().get_post(request).await?.into_inner();
        Ok(answer.post.expect("always set"))
    }

    pub async fn account(&self, id: &str, consistency: Option<Consistency>) -> Result<Account, Status> {
        let account = Some(get_account_request::Account::AccountId(id.to_owned()));
        let request = ask!(GetAccountRequest { account: account, consistency: consistency });
        let answer = self.queries.clone().get_account(request).await?.into_inner();
        Ok(answer.account.expect("always set"))
    }

    /// The first page of the notifications of an account.
    pub async fn notifications(&self, owner: &str) -> Vec<Notification> {
        self.notifications_page(owner).await.notifications
    }

    /// A page of up to 100 notifications.
    pub async fn notifications_page(&self, owner: &str) -> ListNotificationsResponse {
        let request = ask!(ListNotificationsRequest { account_id: owner, consistency: up_to_date(), page_size: 100 });
        self.queries.clone().list_notifications(request).await.expect("they are listed").into_inner()
    }

    /// All texts of an author, oldest first.
    pub async fn texts_of(&self, author: &str) -> Vec<String> {
        let mut texts = Vec::new();
        let mut request =
            ask!(GetAuthorTimelineRequest { author_id: author, consistency: up_to_date(), page_size: 100 });
        loop {
            let page =
                self.queries.clone().get_author_timeline(request.clone()).await.expect("it is shown").into_inner();
            texts.extend(self::texts(&page.items));
            if page.next_page_token.is_empty() {
                texts.reverse();
                return texts;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Opens a stream of a home timeline, whose first message is `subscribed`.
    pub async fn stream(&self, owner: &str, resume_token: &str) -> Feed {
        let request = ask!(StreamHomeTimelineRequest { account_id: owner, resume_token: resume_token });
        Feed::open(&self.queries, request).await
    }

    pub async fn projections(&self) -> Vec<Projection> {
        let answer = self.admin.clone().list_projections(ListProjectionsRequest::default()).await;
        answer.expect("the projections are listed").into_inner().projections
    }

    pub async fn head(&self) -> u64 {
        self.projections().await.first().expect("there is a projection").head
    }

    pub async fn events(&self) -> Vec<RecordedEvent> {
        let mut events = Vec::new();
        let mut request = ReadEventsRequest { page_size: 200, ..ReadEventsRequest::default() };
        loop {
            let page = self.admin.clone().read_events(request.clone()).await.expect("the log is read").into_inner();
            events.extend(page.events);
            if page.next_page_token.is_empty() {
                return events;
            }
            request.page_token = page.next_page_token;
        }
    }
}

pub fn registration(handle: &str) -> RegisterAccountRequest {
    ask!(RegisterAccountRequest { handle: handle, display_name: handle, kind: AccountKind::User })
}

pub fn request_id() -> String {
    Uuid::new_v4().to_string()
}

pub fn fresh(token: &str) -> Option<Consistency> {
    requiring(consistency::Requirement::AtLeastAsFresh(token.to_owned()))
}

pub fn up_to_date() -> Option<Consistency> {
    requiring(consistency::Requirement::FullyConsistent(true))
}

pub fn requiring(requirement: consistency::Requirement) -> Option<Consistency> {
    Some(Consistency { requirement: Some(requirement) })
}

pub fn within<T>(allowed: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(allowed);
    request
}

/// The reason of a refusal, if it is one of Chirp's.
pub fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().filter(|info| info.domain == "chirp").map(|info| info.reason)
}

/// Whether a call may be retried: a server that is just being killed does not answer.
pub fn is_passing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal | Code::DeadlineExceeded
    )
}

pub fn text(item: &TimelineItem) -> String {
    item.post.as_ref().expect("always set").text.clone()
}

pub fn texts(items: &[TimelineItem]) -> Vec<String> {
    items.iter().map(text).collect()
}

/// The parts of a home stream's message that tests look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Subscribed,
    /// The text, and by whom it was reposted.
    Item(String, Option<String>),
    Updated(String),
    /// The posts, sorted by their ids.
    Removed(Vec<String>, RemovalCause),
    Refresh(RefreshCause),
    CaughtUp,
    FellBehind,
    Heartbeat,
    Draining,
}

pub fn item(text: &str) -> Told {
    Told::Item(text.to_owned(), None)
}

impl From<Event> for Told {
    fn from(event: Event) -> Self {
        match event {
            Event::Subscribed(_) => Self::Subscribed,
            Event::Item(HomeTimelineItem { item, .. }) => {
                let item = item.expect("always set");
                let reposter = item.reposted_by_account_id.clone();
                Self::Item(text(&item), (!reposter.is_empty()).then_some(reposter))
            }
            Event::Updated(HomeTimelineUpdated { item, .. }) => Self::Updated(text(&item.expect("always set"))),
            Event::Removed(mut removed) => {
                removed.post_ids.sort_unstable();
                Self::Removed(removed.post_ids.clone(), removed.cause())
            }
            Event::Refresh(refresh) => Self::Refresh(refresh.cause()),
            Event::CaughtUp(_) => Self::CaughtUp,
            Event::FellBehind(_) => Self::FellBehind,
            Event::Heartbeat(_) => Self::Heartbeat,
            Event::Draining(_) => Self::Draining,
        }
    }
}

pub struct Feed {
    stream: Streaming<StreamHomeTimelineResponse>,
    /// The resume token of the last message.
    pub token: String,
}

impl Feed {
    /// Opens a stream, whose first message is `subscribed`.
    pub async fn open(
        queries: &QueryServiceClient<Channel>,
        request: impl tonic::IntoRequest<StreamHomeTimelineRequest>,
    ) -> Self {
        Self::try_open(queries, request).await.expect("the stream opens")
    }

    /// Opens a stream of a server that may be busy or gone.
    pub async fn try_open(
        queries: &QueryServiceClient<Channel>,
        request: impl tonic::IntoRequest<StreamHomeTimelineRequest>,
    ) -> Result<Self, Status> {
        let stream = queries.clone().stream_home_timeline(request).await?;
        let mut feed = Self { stream: stream.into_inner(), token: String::new() };
        assert_eq!(feed.next_or_end().await?, Told::Subscribed);
        Ok(feed)
    }

    pub async fn next(&mut self) -> Told {
        self.next_or_end().await.expect("the stream goes on")
    }

    /// The next message that changes the list.
    pub async fn news(&mut self) -> Told {
        loop {
            match self.next().await {
                Told::CaughtUp | Told::FellBehind | Told::Heartbeat => {}
                told => return told,
            }
        }
    }

    pub async fn next_or_end(&mut self) -> Result<Told, Status> {
        let message = timeout(DEADLINE, self.stream.message()).await.expect("the stream says something");
        let message = message?.ok_or_else(|| Status::ok("the stream has ended without a word"))?;
        assert_ne!(message.resume_token, "", "every message has a token");
        self.token = message.resume_token;
        Ok(message.event.expect("exactly one is set").into())
    }
}

impl Feed {
    /// Reads until the stream ends, and gives its status.
    pub async fn next_to_the_end(&mut self) -> Status {
        loop {
            if let Err(status) = self.next_or_end().await {
                return status;
            }
        }
    }
}

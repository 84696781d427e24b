//! What a client keeps of all that concerns an account, over one call of several subscriptions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reference::{Entry, Model, NotificationGroup, Post, Thread};
use shared::rpc::proto::common::ErrorReason;
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::stream_request::Message as Wish;
use shared::rpc::proto::query::stream_response::Event as Live;
use shared::rpc::proto::query::subscription::Topic;
use shared::rpc::proto::query::{
    consistency, get_account_request, stream_home_timeline_response as home, stream_notifications_response as notified,
    stream_post_response as post,
};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use crate::client::{LIVE_DEADLINE, MESSAGES_MAX, Transport, View};
use crate::home::HomeView;
use crate::notifications::NotificationView;
use crate::posts::PostView;
use crate::random::Random;

const HOME: &str = "home";
const NOTIFICATIONS: &str = "notifications";
const POST: &str = "post";
const STATE: &str = "state";
/// Ids of one batch request.
const BATCH_MAX: usize = 100;
/// Until a call that has nothing to send says something, which it does after 15 seconds.
const ALIVE_DEADLINE: Duration = Duration::from_secs(60);

/// What there is in the store, so that a client can fetch the account's own state of all of it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub posts: Vec<String>,
    pub accounts: Vec<String>,
}

/// What the account has to do with posts and accounts.
#[derive(Clone, Debug, Default)]
struct OwnState {
    /// Liked, reposted, bookmarked.
    posts: BTreeMap<String, (bool, bool, bool)>,
    /// Posts that the account could not see when all was fetched: of these, only what was told since is known.
    hidden_posts: BTreeSet<String>,
    /// Following, requested, blocking, muting.
    accounts: BTreeMap<String, (bool, bool, bool, bool)>,
    hidden_accounts: BTreeSet<String>,
    profile: Option<v1::Account>,
    seen_up_to: Option<u64>,
}

/// What the client must show.
#[derive(Debug, PartialEq)]
pub struct Expected {
    home: (Vec<Entry>, BTreeMap<String, String>),
    notifications: Vec<NotificationGroup>,
    /// Nothing where the account cannot see the post.
    post: Option<(Thread, Vec<Post>)>,
}

impl Expected {
    /// As the model has it; nothing when there is no such account.
    pub fn of(model: &Model, account_id: &str, post_id: &str) -> Option<Self> {
        model.account(account_id)?;
        let entries = model.home_timeline(account_id);
        let text_of = |entry: &Entry| Some((entry.post_id.clone(), model.post(&entry.post_id, Some(account_id))?.text));
        let texts = entries.iter().filter_map(text_of).collect();
        Some(Self {
            home: (entries, texts),
            notifications: model.notifications(account_id),
            post: PostView::expected(model, post_id, account_id),
        })
    }
}

/// A client with a home timeline, notifications, a post and its own state, by one call that breaks and is made again.
pub struct Together {
    account_id: String,
    post_id: String,
    home: HomeView,
    notifications: NotificationView,
    /// Nothing when the post cannot be seen.
    post: Option<PostView>,
    own: OwnState,
    /// What has sent everything that happened before it began, in the open call.
    caught_up: BTreeSet<&'static str>,
    /// What has ended, in the open call.
    ended: BTreeSet<&'static str>,
    resume_token: String,
    live: Option<Streaming<v1::StreamResponse>>,
    /// By which the client can go on saying what it wants; dropped with the call.
    wishes: Option<tokio::sync::mpsc::Sender<v1::StreamRequest>>,
}

impl Together {
    /// A client that has nothing yet.
    pub fn of(account_id: &str, post_id: &str) -> Self {
        Self {
            account_id: account_id.to_owned(),
            post_id: post_id.to_owned(),
            home: HomeView::of(account_id),
            notifications: NotificationView::of(account_id),
            post: None,
            own: OwnState::default(),
            caught_up: BTreeSet::new(),
            ended: BTreeSet::new(),
            resume_token: String::new(),
            live: None,
            wishes: None,
        }
    }

    pub fn post_id(&self) -> &str {
        &self.post_id
    }

    pub fn shows_a_post(&self) -> bool {
        self.post.is_some()
    }

    /// Lets the connection break, so that the client comes back by another call.
    pub fn disconnect(&mut self) {
        (self.live, self.wishes) = (None, None);
    }

    /// What the client shows.
    pub fn shown(&self) -> Expected {
        Expected {
            home: self.home.shown(),
            notifications: self.notifications.shown(),
            post: self.post.as_ref().map(PostView::shown),
        }
    }

    /// What of the account's own state is not as the model has it.
    pub fn wrong(&self, model: &Model) -> Vec<String> {
        let account = self.account_id.as_str();
        let mut wrong = Vec::new();
        for post in model.posts() {
            let Some(there) = model.post(post, Some(account)) else { continue };
            let held = self.own.posts.get(post).copied();
            let expected = (there.liked, there.reposted, there.bookmarked);
            let is_known = held.is_some() || !self.own.hidden_posts.contains(post);
            if is_known && held.unwrap_or_default() != expected {
                wrong.push(format!("of post {post} it has {held:?}, and the model {expected:?}"));
            }
        }
        for other in model.accounts().filter(|other| *other != account && model.account(other).is_some()) {
            let there = model.relationship(account, other, Some(account));
            let held = self.own.accounts.get(other).copied();
            let expected = (there.following, there.follow_requested, there.blocking, there.muting);
            let is_known = held.is_some() || !self.own.hidden_accounts.contains(other);
            if is_known && held.unwrap_or_default() != expected {
                wrong.push(format!("of account {other} it has {held:?}, and the model {expected:?}"));
            }
        }
        let profile = self.own.profile.as_ref().map(|own| (&own.handle, &own.display_name, &own.bio, own.protected));
        let there = model.account(account);
        let expected = there.as_ref().map(|own| (&own.handle, &own.display_name, &own.bio, own.protected));
        if profile != expected {
            wrong.push(format!("of itself it has {profile:?}, and the model {expected:?}"));
        }
        if let Some(up_to) = self.own.seen_up_to {
            for group in model.notifications(account).iter().filter(|group| group.seen != (group.place <= up_to)) {
                wrong.push(format!("{group:?} is not as what was seen up to {up_to} has it"));
            }
        }
        wrong
    }

    /// Goes on by the open call, if there is one, until the client shows what it must or nothing more comes; else comes back by calls that
    /// break, and in the end by one that lasts. False when the account does not exist any more.
    pub async fn go_on<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        (random, known): (&mut Random, &Known),
        is_right: impl Fn(&Self) -> bool,
    ) -> bool {
        while !is_right(self)
            && let Some(mut live) = self.live.take()
        {
            let Ok(next) = timeout(LIVE_DEADLINE, live.message()).await else {
                self.live = Some(live);
                break;
            };
            let message = next.expect("the call goes on").expect("the call goes on");
            self.take(queries, known, message).await;
            // It was gone for a moment; the next call tells whether it still is.
            if self.ended.is_empty() {
                self.live = Some(live);
            }
        }
        // Coming back must not repair what the call did not send.
        if self.live.is_some() && (!is_right(self) || random.one_in(2)) {
            return true;
        }
        while random.one_in(2) {
            let breaks_after = random.below(12);
            if !self.come_back(queries, (random, known), breaks_after).await {
                return false;
            }
        }
        self.come_back(queries, (random, known), MESSAGES_MAX).await
    }

    /// Makes the call again and reads until everything has caught up, or the connection breaks after so many messages.
    async fn come_back<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        (random, known): (&mut Random, &Known),
        breaks_after: usize,
    ) -> bool {
        (self.live, self.wishes) = (None, None);
        (self.caught_up, self.ended) = (BTreeSet::new(), BTreeSet::new());
        let mut call = self.call(queries, random).await;
        for _ in 0..breaks_after {
            let next = timeout(ALIVE_DEADLINE, call.message()).await.expect("a call says that it is alive");
            let message = next.expect("the call goes on").expect("the call goes on");
            self.take(queries, known, message).await;
            if self.ended.contains(HOME) {
                return false;
            }
            if self.caught_up.union(&self.ended).count() == self.subscriptions().len() {
                self.live = Some(call);
                return true;
            }
        }
        assert!(breaks_after < MESSAGES_MAX, "the call never caught up");
        true
    }

    /// Asks by one message or by several.
    async fn call<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        random: &mut Random,
    ) -> Streaming<v1::StreamResponse> {
        let (subscriptions, resume_token) = (self.subscriptions(), self.resume_token.clone());
        if random.one_in(2) {
            let request = v1::SubscribeRequest { subscriptions, resume_token, ..Default::default() };
            return queries.clone().subscribe(request).await.expect("it is taken").into_inner();
        }
        let (wishes, asked) = tokio::sync::mpsc::channel(1 + subscriptions.len());
        let start = Wish::Start(v1::StreamStart { consistency: None, resume_token });
        for wish in [start].into_iter().chain(subscriptions.into_iter().map(Wish::Subscribe)) {
            wishes.send(v1::StreamRequest { message: Some(wish) }).await.expect("there is room");
        }
        self.wishes = Some(wishes);
        let asked = tokio_stream::wrappers::ReceiverStream::new(asked);
        queries.clone().stream(asked).await.expect("it is taken").into_inner()
    }

    fn subscriptions(&self) -> Vec<v1::Subscription> {
        let post = Topic::Post(v1::PostTopic { post_id: self.post_id.clone() });
        let topics = [
            (HOME, Topic::HomeTimeline(v1::HomeTimelineTopic {})),
            (NOTIFICATIONS, Topic::Notifications(v1::NotificationsTopic {})),
            (STATE, Topic::AccountState(v1::AccountStateTopic {})),
            (POST, post),
        ];
        let subscription = |(id, topic): (&str, Topic)| v1::Subscription {
            subscription_id: id.to_owned(),
            viewer_account_id: self.account_id.clone(),
            page_resume_token: String::new(),
            topic: Some(topic),
        };
        topics.into_iter().map(subscription).collect()
    }

    /// Applies a message.
    async fn take<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        known: &Known,
        v1::StreamResponse { resume_token, subscription_id, event }: v1::StreamResponse,
    ) {
        let of = [HOME, NOTIFICATIONS, POST, STATE].into_iter().find(|id| *id == subscription_id);
        assert!(resume_token.len() <= 2_048, "{resume_token}");
        match event.expect("every message says something") {
            Live::Subscribed(_) | Live::FellBehind(_) | Live::Heartbeat(_) => {}
            Live::CaughtUp(_) => {
                self.caught_up.insert(of.expect("it is of a subscription"));
            }
            Live::Ended(ended) => {
                let of = of.expect("it is of a subscription");
                assert!(
                    matches!(ended.reason(), ErrorReason::AccountNotFound | ErrorReason::PostNotFound),
                    "{of} has ended: {ended:?}"
                );
                self.end(of);
            }
            Live::Refresh(refresh) => {
                let of = of.expect("it is of a subscription");
                assert!(!refresh.at_least_as_fresh.is_empty());
                match self.fetch(queries, known, of, refresh.at_least_as_fresh).await {
                    Ok(()) => {}
                    Err(status) if status.code() == Code::NotFound => self.end(of),
                    Err(status) => panic!("{of} was refused: {status:?}"),
                }
            }
            Live::Draining(_) => panic!("nobody stops the server"),
            event => self.apply(event),
        }
        self.resume_token = resume_token;
    }

    fn end(&mut self, of: &'static str) {
        self.ended.insert(of);
        if of == POST {
            self.post = None;
        }
    }

    fn apply(&mut self, event: Live) {
        match event {
            Live::HomeTimelineItem(item) => self.home_event(home::Event::Item(item)),
            Live::HomeTimelineUpdated(updated) => self.home_event(home::Event::Updated(updated)),
            Live::HomeTimelineRemoved(removed) => self.home_event(home::Event::Removed(removed)),
            Live::NotificationItem(item) => self.notified(notified::Event::Item(item)),
            Live::NotificationRemoved(removed) => self.notified(notified::Event::Removed(removed)),
            Live::NotificationsSeen(seen) => {
                self.own.seen_up_to = Some(seen.up_to_place);
                self.notified(notified::Event::Seen(seen));
            }
            Live::PostUpdated(updated) => self.post_event(post::Event::Updated(updated)),
            Live::PostReplyItem(item) => self.post_event(post::Event::Item(item)),
            Live::PostReplyRemoved(removed) => self.post_event(post::Event::Removed(removed)),
            Live::PostState(state) => {
                self.own.posts.insert(state.post_id, (state.liked, state.reposted, state.bookmarked));
            }
            Live::Relationship(to) => {
                self.own.accounts.insert(to.target_account_id, standing(&to.relationship.expect("it is always set")));
            }
            Live::Profile(account) => self.own.profile = Some(account),
            other => panic!("nobody subscribed to {other:?}"),
        }
    }

    fn home_event(&mut self, event: home::Event) {
        let event = Some(event);
        self.home.take(v1::StreamHomeTimelineResponse { resume_token: String::new(), event });
    }

    fn notified(&mut self, event: notified::Event) {
        let event = Some(event);
        self.notifications.take(v1::StreamNotificationsResponse { resume_token: String::new(), event });
    }

    fn post_event(&mut self, event: post::Event) {
        let (resume_token, event) = (String::new(), Some(event));
        match &mut self.post {
            Some(post) => drop(post.take(v1::StreamPostResponse { resume_token, event })),
            // When it was to be fetched, it could not be seen any more.
            None => assert!(self.ended.contains(POST), "the post was not fetched"),
        }
    }

    async fn fetch<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        known: &Known,
        of: &'static str,
        token: String,
    ) -> Result<(), Status> {
        let requirement = Some(consistency::Requirement::AtLeastAsFresh(token));
        let consistency = Some(v1::Consistency { requirement });
        match of {
            HOME => drop(self.home.fetch(queries, consistency).await?),
            NOTIFICATIONS => drop(self.notifications.fetch(queries, consistency).await?),
            POST => {
                let mut post = PostView::of(&PostView::name(&self.post_id, &self.account_id));
                post.fetch(queries, consistency).await?;
                self.post = Some(post);
            }
            _ => self.own = OwnState::fetch(queries, consistency, &self.account_id, known).await?,
        }
        Ok(())
    }
}

impl OwnState {
    async fn fetch<T: Transport>(
        queries: &QueryServiceClient<T>,
        consistency: Option<v1::Consistency>,
        account_id: &str,
        known: &Known,
    ) -> Result<Self, Status> {
        let mut own = Self::default();
        let request = v1::GetAccountRequest {
            consistency: consistency.clone(),
            viewer_account_id: account_id.to_owned(),
            account: Some(get_account_request::Account::AccountId(account_id.to_owned())),
        };
        own.profile = queries.clone().get_account(request).await?.into_inner().account;
        for post_ids in known.posts.chunks(BATCH_MAX) {
            let request = v1::BatchGetPostsRequest {
                consistency: consistency.clone(),
                viewer_account_id: account_id.to_owned(),
                post_ids: post_ids.to_vec(),
            };
            let found = queries.clone().batch_get_posts(request).await?.into_inner();
            own.hidden_posts.extend(found.missing_post_ids);
            let state = |post: v1::Post| (post.post_id, (post.liked, post.reposted, post.bookmarked));
            own.posts.extend(found.posts.into_iter().map(state));
        }
        for target_account_ids in known.accounts.chunks(BATCH_MAX) {
            let request = v1::BatchGetRelationshipsRequest {
                consistency: consistency.clone(),
                viewer_account_id: account_id.to_owned(),
                account_id: account_id.to_owned(),
                target_account_ids: target_account_ids.to_vec(),
            };
            let found = queries.clone().batch_get_relationships(request).await?.into_inner();
            own.hidden_accounts.extend(found.missing_account_ids);
            let state =
                |to: v1::RelationshipTo| (to.target_account_id, standing(&to.relationship.expect("it is always set")));
            own.accounts.extend(found.relationships.into_iter().map(state));
        }
        Ok(own)
    }
}

fn standing(to: &v1::Relationship) -> (bool, bool, bool, bool) {
    (to.following, to.follow_requested, to.blocking, to.muting)
}

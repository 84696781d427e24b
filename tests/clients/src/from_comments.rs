//! A client of one call for everything, written from the comments of the protos alone by somebody who had not seen the
//! server: a home timeline, the notifications, a post with its direct replies, and the own state of the account.
//!
//! Always: it does what the comments say, no more. Never here: presence, watched posts, and what a subscription shows of
//! posts beside the ones that it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reference::{Entry, Model, NotificationGroup, NotificationReason, ThreadEntry};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::consistency::Requirement;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::stream_response::Event;
use shared::rpc::proto::query::subscription::Topic as TopicOfSubscription;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::client::Transport;
use crate::random::Random;

/// How long an open call may be silent although something should come.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How long the client waits for messages before it does what it has postponed.
const POSTPONED_MAX: Duration = Duration::from_millis(20);
/// How often in a row a call is made again that ended by itself.
const ATTEMPTS_MAX: usize = 8;
/// More messages than this in one go count as endless.
const MESSAGES_MAX: usize = 10_000;
/// How many ids the methods that begin with `BatchGet` take.
const BATCH_MAX: usize = 100;
const NOT_FOUND: i32 = 5;
const SEEDS: usize = 1 << 30;
const REQUESTS_MAX: usize = 64;

/// What the account looks at on other screens of the app, such as profiles: there its own state is shown too.
pub struct Screens {
    pub posts: Vec<String>,
    pub accounts: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    Home,
    Notifications,
    Post,
    Own,
}

const TOPICS: [Topic; 4] = [Topic::Home, Topic::Notifications, Topic::Post, Topic::Own];

/// How far the client is with one topic.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// Of the first page of the list when it was last fetched. Empty if it never was.
    page_resume_token: String,
    has_list: bool,
    /// Whether the list is still as it was fetched.
    is_as_fetched: bool,
    /// What was asked for by `refresh` and is not done yet.
    refresh: Option<Refresh>,
    is_caught_up: bool,
    has_ended: bool,
}

#[derive(Clone, Debug)]
struct Refresh {
    at_least_as_fresh: String,
    /// What came meanwhile, in the order of arrival.
    kept: Vec<Event>,
}

/// All that the client has, which an app would store on the device.
#[derive(Clone, Debug, Default)]
struct State {
    resume_token: String,
    progress: BTreeMap<Topic, Progress>,
    /// What was left, although the token may know it: the post by its id.
    left: BTreeSet<(Topic, String)>,
    /// By the id of the post.
    home: BTreeMap<String, v1::TimelineItem>,
    /// By reason and the id of the post, which may be empty.
    notifications: BTreeMap<(i32, String), v1::Notification>,
    post_id: String,
    focus: Option<v1::ThreadItem>,
    /// By place.
    replies: BTreeMap<u64, v1::ThreadItem>,
    /// What the account has to do with posts.
    own_posts: BTreeMap<String, v1::PostState>,
    /// How the account stands to others.
    own_accounts: BTreeMap<String, v1::Relationship>,
    profile: Option<v1::Account>,
}

struct Call {
    messages: Streaming<v1::StreamResponse>,
    /// Only of Stream: Subscribe takes one message.
    requests: Option<mpsc::Sender<v1::StreamRequest>>,
    topics: BTreeMap<String, Topic>,
    /// Subscriptions to end.
    left: Vec<String>,
    /// What is subscribed to a little later.
    later: Vec<Topic>,
}

/// What was postponed, so that messages come meanwhile.
enum Chore {
    Subscriptions,
    Fetch(Topic),
    TryAgain(Topic),
}

enum Step {
    Done,
    Silent,
    Broken,
}

/// What one go of the client needs from outside.
struct Device<'a, T> {
    queries: &'a QueryServiceClient<T>,
    random: &'a mut Random,
    screens: &'a Screens,
    tried_again: BTreeSet<Topic>,
}

pub struct FromComments {
    account: String,
    state: State,
    /// What the app has stored at some earlier time.
    stored: Option<State>,
    call: Option<Call>,
    names_given: u64,
    failures: Vec<String>,
}

impl FromComments {
    /// Lets the connection break.
    pub fn disconnect(&mut self) {
        self.call = None;
    }
}

/// What the client shows, but for the own state of the account.
#[derive(Debug, PartialEq, Eq)]
pub struct Screen {
    home: Vec<HomeEntry>,
    notifications: Vec<NotificationGroup>,
    /// None if the post cannot be seen.
    thread: Option<(ShownPost, Vec<ShownPost>)>,
}

#[derive(Debug, PartialEq, Eq)]
struct HomeEntry {
    entry: Entry,
    text: String,
    version: u64,
}

/// A place of the thread, and what is announced of the post.
#[derive(Debug, PartialEq, Eq)]
struct ShownPost {
    entry: ThreadEntry,
    facts: Option<Facts>,
}

#[derive(Debug, PartialEq, Eq)]
struct Facts {
    text: String,
    version: u64,
    counts: [i64; 3],
    liked: bool,
    reposted: bool,
}

impl Screen {
    #[must_use]
    pub fn has_thread(&self) -> bool {
        self.thread.is_some()
    }

    /// What must be shown; nothing of an account that is gone.
    #[must_use]
    pub fn expected(model: &Model, account: &str, post_id: &str) -> Option<Self> {
        model.account(account)?;
        let home = model.home_timeline(account).into_iter().map(|entry| {
            let post = model.post(&entry.post_id, Some(account)).expect("what is in a timeline can be seen");
            HomeEntry { entry, text: post.text, version: post.version }
        });
        let shown = |entry: ThreadEntry| {
            let facts = match &entry {
                ThreadEntry::Post(id) => model.post(id, Some(account)).map(|post| Facts {
                    text: post.text,
                    version: post.version,
                    counts: [post.like_count, post.repost_count, post.reply_count],
                    liked: post.liked,
                    reposted: post.reposted,
                }),
                ThreadEntry::Deleted(_) | ThreadEntry::Hidden(_) => None,
            };
            ShownPost { entry, facts }
        };
        let thread = model.thread(post_id, Some(account));
        Some(Self {
            home: home.collect(),
            notifications: model.notifications(account),
            thread: thread.map(|thread| (shown(thread.focus), thread.replies.into_iter().map(shown).collect())),
        })
    }
}

/// What others see of the client.
impl FromComments {
    #[must_use]
    pub fn of(account: &str, post_id: &str) -> Self {
        let progress = TOPICS.into_iter().map(|topic| (topic, Progress::default())).collect();
        let state = State { progress, post_id: post_id.to_owned(), ..State::default() };
        Self { account: account.to_owned(), state, stored: None, call: None, names_given: 0, failures: vec![] }
    }

    #[must_use]
    pub fn post_id(&self) -> &str {
        &self.state.post_id
    }

    /// Leaves the post and looks at this one.
    pub fn look_at(&mut self, post_id: &str) {
        self.stored = None;
        self.clear(Topic::Post);
        self.state.left.insert(self.subject(Topic::Post));
        self.state.progress.insert(Topic::Post, Progress::default());
        post_id.clone_into(&mut self.state.post_id);
        let Some(call) = &mut self.call else { return };
        if call.requests.is_none() {
            // Subscribe: "To change the subscriptions, make the call again with its last resume token."
            self.call = None;
            return;
        }
        call.left.extend(call.topics.iter().filter(|(_, topic)| **topic == Topic::Post).map(|(id, _)| id.clone()));
        call.topics.retain(|_, topic| *topic != Topic::Post);
        call.later.retain(|topic| *topic != Topic::Post);
        call.later.push(Topic::Post);
    }

    /// Whether the account is there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        !self.state.progress[&Topic::Home].has_ended
    }

    /// Nothing if the account is not there.
    #[must_use]
    pub fn shown(&self) -> Option<Screen> {
        if !self.is_there() {
            return None;
        }
        let mut home: Vec<HomeEntry> = self.state.home.values().map(home_entry).collect();
        home.sort_by_key(|shown| std::cmp::Reverse(shown.entry.place));
        let mut notifications: Vec<NotificationGroup> =
            self.state.notifications.values().filter_map(notification_group).collect();
        notifications.sort_by_key(|group| std::cmp::Reverse(group.place));
        let focus = self.state.focus.as_ref().and_then(shown_post);
        let replies = self.state.replies.values().filter_map(shown_post).collect();
        Some(Screen { home, notifications, thread: focus.map(|focus| (focus, replies)) })
    }

    /// What is wrong in the own state, and what failed.
    #[must_use]
    pub fn wrong(&self, model: &Model) -> Vec<String> {
        let mut wrong = self.failures.clone();
        if !self.is_there() {
            return wrong;
        }
        let account = self.account.as_str();
        for (id, own) in &self.state.own_posts {
            // Whether a post that cannot be seen is liked is shown nowhere.
            let Some(post) = model.post_by_id(id, Some(account)) else { continue };
            let (is, must) =
                (own.taken_down.as_ref().map(|told| &told.text), post.taken_down.as_ref().map(|it| &it.text));
            if is != must {
                wrong.push(format!("{id}: it is told to be taken down with {is:?}, must be with {must:?}"));
            }
            let must = (post.liked, post.reposted, post.bookmarked);
            let is = (own.liked, own.reposted, own.bookmarked);
            if is != must {
                wrong.push(format!("{id}: (liked, reposted, bookmarked) is {is:?}, must be {must:?}"));
            }
        }
        for (id, own) in &self.state.own_accounts {
            // "What others do, such as following it, is not announced here."
            let must = model.relationship(account, id, Some(account));
            let must = (must.following, must.follow_requested, must.blocking, must.muting);
            let is = (own.following, own.follow_requested, own.blocking, own.muting);
            if is != must {
                wrong.push(format!("{id}: (following, requested, blocking, muting) is {is:?}, must be {must:?}"));
            }
        }
        let must = model.account(account).map(|it| (it.handle, it.display_name, it.bio, it.protected));
        let profile = self.state.profile.clone();
        let is = profile.map(|it| (it.handle, it.display_name, it.bio, it.protected));
        if is != must {
            wrong.push(format!("the profile is {is:?}, must be {must:?}"));
        }
        wrong
    }
}

/// How it goes on.
impl FromComments {
    /// Stays connected until what it shows is right or nothing comes any more, or comes back over connections that break
    /// and one that lasts until it has caught up.
    pub async fn go_on<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        random: &mut Random,
        screens: &Screens,
        is_right: impl Fn(&Self) -> bool,
    ) {
        // How much randomness a go takes depends on when messages come; what follows in the history must not.
        let seed = u64::try_from(random.below(SEEDS)).expect("it is small");
        let random = &mut Random::new(seed);
        let mut device = Device { queries, random, screens, tried_again: BTreeSet::new() };
        if self.call.is_some() && device.random.one_in(2) {
            self.stay(&mut device, is_right).await;
        } else {
            self.come_back(&mut device).await;
        }
        if !self.state.progress[&Topic::Own].has_ended {
            match self.fetch_own(&mut device, None, OwnIds::NotKnownYet).await {
                // The account is gone, of which `ended` is on its way.
                Err(status) if status.code() == Code::NotFound => {}
                fetched => self.note(fetched),
            }
        }
    }

    async fn stay<T: Transport>(&mut self, device: &mut Device<'_, T>, is_right: impl Fn(&Self) -> bool) {
        let mut attempts = 0;
        for _ in 0..MESSAGES_MAX {
            if self.chore(device).is_none() && is_right(self) {
                return;
            }
            match self.step(device).await {
                Step::Done => {}
                Step::Silent => return,
                Step::Broken if attempts == ATTEMPTS_MAX => return,
                Step::Broken => {
                    attempts += 1;
                    self.open(device).await;
                }
            }
        }
        self.failures.push("the messages do not end".to_owned());
    }

    async fn come_back<T: Transport>(&mut self, device: &mut Device<'_, T>) {
        self.call = None;
        if device.random.one_in(3)
            && let Some(stored) = self.stored.take()
        {
            self.state = stored;
        }
        for _ in 0..device.random.below(3) {
            self.open(device).await;
            for _ in 0..device.random.below(12) {
                let is_settled = self.chore(device).is_none() && self.has_caught_up();
                if is_settled || !matches!(self.step(device).await, Step::Done) {
                    break;
                }
            }
            self.call = None;
        }
        self.open(device).await;
        let mut attempts = 0;
        for _ in 0..MESSAGES_MAX {
            if self.chore(device).is_none() && self.has_caught_up() {
                return;
            }
            match self.step(device).await {
                Step::Done => {}
                Step::Silent => {
                    self.failures.push(format!("nothing came, at {:#?}", self.state.progress));
                    return;
                }
                Step::Broken if attempts == ATTEMPTS_MAX => {
                    self.failures.push("the call ends again and again".to_owned());
                    return;
                }
                Step::Broken => {
                    attempts += 1;
                    self.open(device).await;
                }
            }
        }
        self.failures.push("the messages do not end".to_owned());
    }

    fn has_caught_up(&self) -> bool {
        self.state.progress.values().all(|progress| progress.has_ended || progress.is_caught_up)
    }

    /// One message, or something that was postponed.
    async fn step<T: Transport>(&mut self, device: &mut Device<'_, T>) -> Step {
        if device.random.one_in(8) {
            self.stored = Some(self.state.clone());
        }
        let chore = self.chore(device);
        let is_to_wait = self.call.is_some() && !device.random.one_in(4);
        let (call, chore) = match (&mut self.call, chore) {
            (Some(call), chore) if is_to_wait || chore.is_none() => (call, chore),
            (_, Some(chore)) => {
                self.get_done(chore, device).await;
                return if self.call.is_some() { Step::Done } else { Step::Broken };
            }
            (_, None) => return Step::Broken,
        };
        let silence_max = if chore.is_some() { POSTPONED_MAX } else { SILENCE_MAX };
        let message = match (timeout(silence_max, call.messages.message()).await, chore) {
            (Ok(Ok(Some(message))), _) => message,
            (Ok(Ok(None)), _) => {
                self.call = None;
                return Step::Broken;
            }
            (Ok(Err(status)), _) => {
                self.call = None;
                // "With the last one of its subscriptions, a call of Subscribe ends, with the same error."
                if !self.has_nothing_open() {
                    self.failures.push(format!("the call ended: {status:?}"));
                }
                return Step::Broken;
            }
            (Err(_), Some(chore)) => {
                self.get_done(chore, device).await;
                return Step::Done;
            }
            (Err(_), None) => return Step::Silent,
        };
        let is_draining = matches!(message.event, Some(Event::Draining(_)));
        self.take(message);
        if is_draining {
            self.call = None;
            return Step::Broken;
        }
        Step::Done
    }

    fn has_nothing_open(&self) -> bool {
        self.state.progress.values().all(|progress| progress.has_ended)
    }

    fn chore<T>(&self, device: &Device<'_, T>) -> Option<Chore> {
        if self.call.as_ref().is_some_and(|call| !call.later.is_empty() || !call.left.is_empty()) {
            return Some(Chore::Subscriptions);
        }
        if let Some((topic, _)) = self.state.progress.iter().find(|(_, progress)| progress.refresh.is_some()) {
            return Some(Chore::Fetch(*topic));
        }
        // "It may be of a moment that has passed ...: to look anew, subscribe again."
        let is_to_try =
            |(topic, progress): &(&Topic, &Progress)| progress.has_ended && !device.tried_again.contains(topic);
        self.state.progress.iter().find(is_to_try).map(|(topic, _)| Chore::TryAgain(*topic))
    }

    async fn get_done<T: Transport>(&mut self, chore: Chore, device: &mut Device<'_, T>) {
        match chore {
            Chore::Subscriptions => {
                let Some(call) = &mut self.call else { return };
                let later = call.later.pop();
                call.end_what_was_left().await;
                if let Some(topic) = later {
                    self.subscribe(topic, device).await;
                }
            }
            Chore::Fetch(topic) => self.do_refresh(topic, device).await,
            Chore::TryAgain(topic) => {
                device.tried_again.insert(topic);
                self.state.progress.insert(topic, Progress::default());
                match self.call.as_ref().is_some_and(|call| call.requests.is_some()) {
                    true => self.subscribe(topic, device).await,
                    false => self.open(device).await,
                }
            }
        }
    }
}

impl Call {
    /// Those of Subscribe "stay as they are while the call is open: to add or to end one, call again". Until then, what
    /// comes of it is ignored.
    async fn end_what_was_left(&mut self) {
        let left = std::mem::take(&mut self.left);
        let Some(requests) = &self.requests else { return };
        for subscription_id in left {
            let unsubscription = v1::Unsubscription { subscription_id };
            send(requests, v1::stream_request::Message::Unsubscribe(unsubscription)).await;
        }
    }
}

/// Calls and subscriptions.
impl FromComments {
    /// Makes the call, with the last token.
    async fn open<T: Transport>(&mut self, device: &mut Device<'_, T>) {
        self.call = None;
        for topic in TOPICS {
            self.fetch_first(topic, device).await;
        }
        let mut topics: Vec<Topic> = TOPICS.into_iter().filter(|topic| !self.state.progress[topic].has_ended).collect();
        if topics.is_empty() {
            return;
        }
        let first = device.random.below(topics.len());
        topics.rotate_left(first);
        for topic in &topics {
            self.progress(*topic).is_caught_up = false;
        }
        let consistency = device
            .random
            .one_in(3)
            .then_some(v1::Consistency { requirement: Some(Requirement::FullyConsistent(true)) });
        // "The `resume_token` of the last message that was applied, of a call of Stream or of Subscribe."
        let opened = match device.random.one_in(2) {
            true => self.call_subscribe(&topics, consistency, device).await,
            false => self.call_stream(&topics, consistency, device).await,
        };
        self.note(opened);
    }

    async fn call_subscribe<T: Transport>(
        &mut self,
        topics: &[Topic],
        consistency: Option<v1::Consistency>,
        device: &mut Device<'_, T>,
    ) -> Result<(), Status> {
        let mut ids = BTreeMap::new();
        let mut subscriptions = Vec::new();
        for topic in topics {
            let mut subscription = self.subscription(*topic, device.random);
            if device.random.one_in(2) {
                // "Id of the account that looks where a subscription names none."
                subscription.viewer_account_id.clear();
            }
            ids.insert(subscription.subscription_id.clone(), *topic);
            subscriptions.push(subscription);
        }
        let request = v1::SubscribeRequest {
            consistency,
            viewer_account_id: self.account.clone(),
            resume_token: self.state.resume_token.clone(),
            subscriptions,
            ..v1::SubscribeRequest::default()
        };
        let messages = device.queries.clone().subscribe(request).await?.into_inner();
        self.call = Some(Call { messages, requests: None, topics: ids, left: vec![], later: vec![] });
        Ok(())
    }

    async fn call_stream<T: Transport>(
        &mut self,
        topics: &[Topic],
        consistency: Option<v1::Consistency>,
        device: &mut Device<'_, T>,
    ) -> Result<(), Status> {
        let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
        let start = v1::StreamStart { consistency, resume_token: self.state.resume_token.clone() };
        send(&requests, v1::stream_request::Message::Start(start)).await;
        // Some clients know only later what else the user opens.
        let at_once = if device.random.one_in(4) { 1 + device.random.below(topics.len()) } else { topics.len() };
        let mut ids = BTreeMap::new();
        for topic in &topics[..at_once] {
            let subscription = self.subscription(*topic, device.random);
            ids.insert(subscription.subscription_id.clone(), *topic);
            send(&requests, v1::stream_request::Message::Subscribe(subscription)).await;
        }
        let messages = device.queries.clone().stream(ReceiverStream::new(receiver)).await?.into_inner();
        let later = topics[at_once..].to_vec();
        self.call = Some(Call { messages, requests: Some(requests), topics: ids, left: vec![], later });
        Ok(())
    }

    /// Adds a subscription to the call.
    async fn subscribe<T: Transport>(&mut self, topic: Topic, device: &mut Device<'_, T>) {
        self.fetch_first(topic, device).await;
        let subscription = self.subscription(topic, device.random);
        let has_ended = self.progress(topic).has_ended;
        let Some(call) = &mut self.call else { return };
        let Some(requests) = &call.requests else { return };
        if !has_ended {
            call.topics.insert(subscription.subscription_id.clone(), topic);
            send(requests, v1::stream_request::Message::Subscribe(subscription)).await;
        }
    }

    /// Sometimes the list is there before the subscription; else that begins with `refresh`.
    async fn fetch_first<T: Transport>(&mut self, topic: Topic, device: &mut Device<'_, T>) {
        let progress = &self.state.progress[&topic];
        if progress.has_list || progress.has_ended || progress.refresh.is_some() {
            return;
        }
        // "A token from before the end still knows it ...: whoever subscribes to the same again in a later call first fetches
        // the list anew, with `fully_consistent`." The client does not tell whether this call is a later one.
        if self.state.left.contains(&self.subject(topic)) {
            let fresh = v1::Consistency { requirement: Some(Requirement::FullyConsistent(true)) };
            self.fetch(topic, device, Some(fresh)).await;
        } else if topic != Topic::Own && device.random.one_in(2) {
            self.fetch(topic, device, None).await;
        }
    }

    fn subject(&self, topic: Topic) -> (Topic, String) {
        (topic, if topic == Topic::Post { self.state.post_id.clone() } else { String::new() })
    }

    fn subscription(&mut self, topic: Topic, random: &mut Random) -> v1::Subscription {
        self.names_given += 1;
        let progress = &self.state.progress[&topic];
        // "It may stay when the call is made again, for as long as the client has the list."
        let page_resume_token = match progress.is_as_fetched || random.one_in(2) {
            true => progress.page_resume_token.clone(),
            false => String::new(),
        };
        v1::Subscription {
            subscription_id: format!("{topic:?} {}", self.names_given),
            viewer_account_id: self.account.clone(),
            page_resume_token,
            topic: Some(match topic {
                Topic::Home => TopicOfSubscription::HomeTimeline(v1::HomeTimelineTopic {}),
                Topic::Notifications => TopicOfSubscription::Notifications(v1::NotificationsTopic {}),
                Topic::Post => TopicOfSubscription::Post(v1::PostTopic { post_id: self.state.post_id.clone() }),
                Topic::Own => TopicOfSubscription::AccountState(v1::AccountStateTopic {}),
            }),
        }
    }
}

/// Messages.
impl FromComments {
    fn take(&mut self, message: v1::StreamResponse) {
        let v1::StreamResponse { resume_token, subscription_id, event } = message;
        let topic = self.call.as_ref().and_then(|call| call.topics.get(&subscription_id)).copied();
        // Of a subscription that was left, messages may still come.
        if let (Some(topic), Some(event)) = (topic, event) {
            self.hear(topic, event);
        }
        // "It counts a `refresh` as applied: whoever stores the token before the list was fetched stores along with it that
        // this is still to be done", and what is kept for it.
        self.state.resume_token = resume_token;
    }

    fn hear(&mut self, topic: Topic, event: Event) {
        let progress = self.progress(topic);
        match event {
            Event::Refresh(refresh) => {
                // One that came before is overtaken by this one, and so is what was kept for it.
                let v1::SubscriptionRefresh { at_least_as_fresh, .. } = refresh;
                progress.refresh = Some(Refresh { at_least_as_fresh, kept: vec![] });
            }
            Event::CaughtUp(_) => progress.is_caught_up = true,
            Event::Ended(ended) => {
                if ended.code != NOT_FOUND {
                    self.failures.push(format!("{topic:?} ended: {ended:?}"));
                }
                self.end(topic);
            }
            Event::Subscribed(_) | Event::FellBehind(_) | Event::Heartbeat(_) | Event::Draining(_) => {}
            news => match &mut progress.refresh {
                Some(refresh) => refresh.kept.push(news),
                None => self.apply(topic, news),
            },
        }
    }

    fn apply(&mut self, topic: Topic, news: Event) {
        self.progress(topic).is_as_fetched = false;
        match news {
            Event::HomeTimelineItem(v1::HomeTimelineItem { item: Some(item), .. }) => self.enter(item),
            // "Replace the entry of the post by `item`, which has the same place; if the list has no entry of it, do nothing."
            Event::HomeTimelineUpdated(v1::HomeTimelineUpdated { item: Some(item), .. })
                if self.has_entry_of(&item) =>
            {
                self.enter(item);
            }
            Event::HomeTimelineRemoved(removed) => {
                for post_id in removed.post_ids {
                    self.state.home.remove(&post_id);
                }
            }
            Event::NotificationItem(v1::NotificationItem { notification: Some(notification), .. }) => {
                self.enter_notification(notification);
            }
            Event::NotificationRemoved(removed) => {
                self.state.notifications.remove(&(removed.reason, removed.post_id));
            }
            // That of `account_state` may come before or after the list is as far: the list follows its own.
            Event::NotificationsSeen(seen) if topic == Topic::Notifications => {
                for notification in self.state.notifications.values_mut() {
                    notification.seen = notification.place <= seen.up_to_place;
                }
            }
            Event::PostUpdated(v1::PostUpdated { item: Some(item), .. }) => {
                self.meet_in_thread(&item);
                self.state.focus = Some(item);
            }
            Event::PostReplyItem(v1::PostReplyItem { reply: Some(reply), .. }) => {
                self.meet_in_thread(&reply);
                self.state.replies.insert(reply.place, reply);
            }
            Event::PostReplyRemoved(removed) => {
                self.state.replies.retain(|_, reply| post_id_of(reply) != Some(removed.post_id.as_str()));
            }
            Event::PostState(own) => {
                self.state.own_posts.insert(own.post_id.clone(), own);
            }
            Event::Relationship(v1::RelationshipTo { target_account_id, relationship: Some(relationship) }) => {
                self.state.own_accounts.insert(target_account_id, relationship);
            }
            Event::Profile(profile) => self.state.profile = Some(profile),
            // What is not known, or has nothing set, is ignored.
            _ => {}
        }
    }

    fn has_entry_of(&self, item: &v1::TimelineItem) -> bool {
        item.post.as_ref().is_some_and(|post| self.state.home.contains_key(&post.post_id))
    }

    fn enter(&mut self, item: v1::TimelineItem) {
        let Some(post) = &item.post else { return };
        let post_id = post.post_id.clone();
        self.meet(post.clone());
        self.state.home.insert(post_id, item);
    }

    fn enter_notification(&mut self, notification: v1::Notification) {
        let post_id = notification.post.as_ref().map(|post| post.post_id.clone()).unwrap_or_default();
        if let Some(post) = &notification.post {
            self.meet(post.clone());
        }
        self.state.notifications.insert((notification.reason, post_id), notification);
    }

    fn meet_in_thread(&mut self, item: &v1::ThreadItem) {
        if let Some(v1::thread_item::Item::Post(post)) = &item.item {
            self.meet(post.clone());
        }
    }

    /// A post that the client has not seen before comes with what the account has to do with it.
    fn meet(&mut self, post: v1::Post) {
        // "Where a message of another subscription and one of this say differently whether a post is liked, reposted or
        // bookmarked, this one counts."
        let v1::Post { post_id, liked, reposted, bookmarked, taken_down, .. } = post;
        let own = v1::PostState { post_id: post_id.clone(), liked, reposted, bookmarked, taken_down };
        self.state.own_posts.entry(post_id).or_insert(own);
    }

    fn end(&mut self, topic: Topic) {
        self.clear(topic);
        self.state.progress.insert(topic, Progress { has_ended: true, ..Progress::default() });
        if let Some(call) = &mut self.call {
            call.topics.retain(|_, other| *other != topic);
        }
    }

    fn clear(&mut self, topic: Topic) {
        let state = &mut self.state;
        match topic {
            Topic::Home => state.home.clear(),
            Topic::Notifications => state.notifications.clear(),
            Topic::Post => {
                state.focus = None;
                state.replies.clear();
            }
            Topic::Own => {
                state.own_posts.clear();
                state.own_accounts.clear();
                state.profile = None;
            }
        }
    }

    fn progress(&mut self, topic: Topic) -> &mut Progress {
        self.state.progress.entry(topic).or_default()
    }

    fn note(&mut self, outcome: Result<(), Status>) {
        if let Err(status) = outcome {
            self.failures.push(format!("{status:?}"));
        }
    }
}

/// Of which posts and accounts the own state is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OwnIds {
    All,
    NotKnownYet,
}

/// Lists.
impl FromComments {
    async fn do_refresh<T: Transport>(&mut self, topic: Topic, device: &mut Device<'_, T>) {
        let Some(refresh) = self.progress(topic).refresh.take() else { return };
        let fresh = v1::Consistency { requirement: Some(Requirement::AtLeastAsFresh(refresh.at_least_as_fresh)) };
        let is_there = self.fetch(topic, device, Some(fresh)).await;
        if is_there {
            for news in refresh.kept {
                self.apply(topic, news);
            }
        }
    }

    /// Replaces the list by that of the server, paged to its end. Ends the subscription if there is nothing to fetch.
    async fn fetch<T: Transport>(
        &mut self,
        topic: Topic,
        device: &mut Device<'_, T>,
        consistency: Option<v1::Consistency>,
    ) -> bool {
        let fetched = match topic {
            Topic::Home => self.fetch_home(device, consistency).await,
            Topic::Notifications => self.fetch_notifications(device, consistency).await,
            Topic::Post => self.fetch_thread(device, consistency).await,
            Topic::Own => {
                let fetched = self.fetch_own(device, consistency, OwnIds::All).await;
                fetched.map(|()| String::new())
            }
        };
        match fetched {
            Ok(page_resume_token) => {
                let progress = self.progress(topic);
                progress.page_resume_token = page_resume_token;
                progress.has_list = true;
                progress.is_as_fetched = true;
                true
            }
            Err(status) => {
                if status.code() != Code::NotFound {
                    self.failures.push(format!("{topic:?} cannot be fetched: {status:?}"));
                }
                if let Some(call) = &mut self.call {
                    let ids = call.topics.iter().filter(|(_, other)| **other == topic);
                    call.left.extend(ids.map(|(id, _)| id.clone()));
                }
                self.state.left.insert(self.subject(topic));
                self.end(topic);
                false
            }
        }
    }

    async fn fetch_home<T: Transport>(
        &mut self,
        device: &mut Device<'_, T>,
        consistency: Option<v1::Consistency>,
    ) -> Result<String, Status> {
        let mut first_resume_token = None;
        let mut items = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::GetHomeTimelineRequest {
                consistency: consistency.clone(),
                account_id: self.account.clone(),
                page_size: page_size(device.random),
                page_token,
                ..v1::GetHomeTimelineRequest::default()
            };
            let page = device.queries.clone().get_home_timeline(request).await?.into_inner();
            items.extend(page.items);
            let resume_token = first_resume_token.get_or_insert(page.resume_token);
            if page.next_page_token.is_empty() {
                self.clear(Topic::Home);
                let resume_token = resume_token.clone();
                for item in items {
                    self.enter(item);
                }
                return Ok(resume_token);
            }
            page_token = page.next_page_token;
        }
    }

    async fn fetch_notifications<T: Transport>(
        &mut self,
        device: &mut Device<'_, T>,
        consistency: Option<v1::Consistency>,
    ) -> Result<String, Status> {
        let mut first_resume_token = None;
        let mut notifications = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListNotificationsRequest {
                consistency: consistency.clone(),
                account_id: self.account.clone(),
                page_size: page_size(device.random),
                page_token,
                ..v1::ListNotificationsRequest::default()
            };
            let page = device.queries.clone().list_notifications(request).await?.into_inner();
            notifications.extend(page.notifications);
            let resume_token = first_resume_token.get_or_insert(page.resume_token);
            if page.next_page_token.is_empty() {
                self.clear(Topic::Notifications);
                let resume_token = resume_token.clone();
                for notification in notifications {
                    self.enter_notification(notification);
                }
                return Ok(resume_token);
            }
            page_token = page.next_page_token;
        }
    }

    async fn fetch_thread<T: Transport>(
        &mut self,
        device: &mut Device<'_, T>,
        consistency: Option<v1::Consistency>,
    ) -> Result<String, Status> {
        let mut first_resume_token = None;
        let mut focus = None;
        let mut replies = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::GetThreadRequest {
                consistency: consistency.clone(),
                viewer_account_id: self.account.clone(),
                post_id: self.state.post_id.clone(),
                page_size: page_size(device.random),
                page_token,
            };
            let page = device.queries.clone().get_thread(request).await?.into_inner();
            replies.extend(page.replies);
            // "`resume_token` goes with that of the first page."
            focus = focus.or(page.item);
            let resume_token = first_resume_token.get_or_insert(page.resume_token);
            if page.next_page_token.is_empty() {
                self.clear(Topic::Post);
                let resume_token = resume_token.clone();
                for item in focus.iter().chain(&replies) {
                    self.meet_in_thread(item);
                }
                self.state.focus = focus;
                self.state.replies = replies.into_iter().map(|reply| (reply.place, reply)).collect();
                return Ok(resume_token);
            }
            page_token = page.next_page_token;
        }
    }

    /// "Of `account_state`, fetch the posts and accounts again that the client shows, with BatchGetPosts and
    /// BatchGetRelationships."
    async fn fetch_own<T: Transport>(
        &mut self,
        device: &mut Device<'_, T>,
        consistency: Option<v1::Consistency>,
        which: OwnIds,
    ) -> Result<(), Status> {
        let is_all = which == OwnIds::All;
        let (known_posts, known_accounts) = (&self.state.own_posts, &self.state.own_accounts);
        let mut post_ids: BTreeSet<String> = device.screens.posts.iter().cloned().collect();
        let mut account_ids: BTreeSet<String> = device.screens.accounts.iter().cloned().collect();
        if is_all {
            post_ids.extend(known_posts.keys().cloned());
            account_ids.extend(known_accounts.keys().cloned());
        } else {
            post_ids.retain(|id| !known_posts.contains_key(id));
            account_ids.retain(|id| !known_accounts.contains_key(id));
        }
        let mut posts = Vec::new();
        let mut accounts = Vec::new();
        let mut profile = None;
        for ids in Vec::from_iter(post_ids).chunks(BATCH_MAX) {
            let request = v1::BatchGetPostsRequest {
                consistency: consistency.clone(),
                viewer_account_id: self.account.clone(),
                post_ids: ids.to_vec(),
            };
            posts.extend(device.queries.clone().batch_get_posts(request).await?.into_inner().posts);
        }
        for ids in Vec::from_iter(account_ids).chunks(BATCH_MAX) {
            let request = v1::BatchGetRelationshipsRequest {
                consistency: consistency.clone(),
                viewer_account_id: self.account.clone(),
                account_id: self.account.clone(),
                target_account_ids: ids.to_vec(),
            };
            accounts.extend(device.queries.clone().batch_get_relationships(request).await?.into_inner().relationships);
        }
        if is_all {
            let request = v1::GetAccountRequest {
                consistency,
                viewer_account_id: self.account.clone(),
                account: Some(v1::get_account_request::Account::AccountId(self.account.clone())),
            };
            profile = device.queries.clone().get_account(request).await?.into_inner().account;
        }
        if is_all {
            // What cannot be seen now is forgotten: nobody can say what the account has to do with it.
            self.clear(Topic::Own);
            self.state.profile = profile;
        }
        for post in posts {
            self.meet(post);
        }
        for v1::RelationshipTo { target_account_id, relationship } in accounts {
            let relationship = relationship.unwrap_or_default();
            self.state.own_accounts.entry(target_account_id).or_insert(relationship);
        }
        Ok(())
    }
}

async fn send(requests: &mpsc::Sender<v1::StreamRequest>, message: v1::stream_request::Message) {
    // If nobody takes it, the call has broken, which reading from it will show.
    let _ = requests.send(v1::StreamRequest { message: Some(message) }).await;
}

fn page_size(random: &mut Random) -> i32 {
    if random.one_in(3) { 2 } else { 100 }
}

fn home_entry(item: &v1::TimelineItem) -> HomeEntry {
    let post = item.post.clone().unwrap_or_default();
    let reposted_by = Some(item.reposted_by_account_id.clone()).filter(|id| !id.is_empty());
    HomeEntry {
        entry: Entry { post_id: post.post_id, place: item.place, reposted_by },
        text: post.text,
        version: version(post.version),
    }
}

/// None if its reason is not known.
fn notification_group(notification: &v1::Notification) -> Option<NotificationGroup> {
    let reason = match v1::NotificationReason::try_from(notification.reason).ok()? {
        v1::NotificationReason::Unspecified => return None,
        v1::NotificationReason::Followed => NotificationReason::Followed,
        v1::NotificationReason::FollowRequested => NotificationReason::FollowRequested,
        v1::NotificationReason::Liked => NotificationReason::Liked,
        v1::NotificationReason::Reposted => NotificationReason::Reposted,
        v1::NotificationReason::Replied => NotificationReason::Replied,
        v1::NotificationReason::Mentioned => NotificationReason::Mentioned,
        v1::NotificationReason::Quoted => NotificationReason::Quoted,
    };
    let happened_at = notification.happened_at.unwrap_or_default();
    Some(NotificationGroup {
        reason,
        post_id: notification.post.as_ref().map(|post| post.post_id.clone()),
        place: notification.place,
        causer_count: i64::from(notification.causer_count),
        newest_causers: notification.newest_causer_ids.clone(),
        seen: notification.seen,
        at_us: happened_at.seconds * 1_000_000 + i64::from(happened_at.nanos) / 1_000,
    })
}

/// None if it is of a kind that is not known.
fn shown_post(item: &v1::ThreadItem) -> Option<ShownPost> {
    match item.item.as_ref()? {
        v1::thread_item::Item::Post(post) => Some(ShownPost {
            entry: ThreadEntry::Post(post.post_id.clone()),
            facts: Some(Facts {
                text: post.text.clone(),
                version: version(post.version),
                counts: [post.like_count, post.repost_count, post.reply_count],
                liked: post.liked,
                reposted: post.reposted,
            }),
        }),
        v1::thread_item::Item::Tombstone(tombstone) => {
            let id = tombstone.post_id.clone();
            let entry = match tombstone.cause() {
                v1::TombstoneCause::Deleted => ThreadEntry::Deleted(id),
                v1::TombstoneCause::Hidden | v1::TombstoneCause::Unspecified => ThreadEntry::Hidden(id),
            };
            Some(ShownPost { entry, facts: None })
        }
    }
}

fn post_id_of(item: &v1::ThreadItem) -> Option<&str> {
    match item.item.as_ref()? {
        v1::thread_item::Item::Post(post) => Some(&post.post_id),
        v1::thread_item::Item::Tombstone(tombstone) => Some(&tombstone.post_id),
    }
}

/// Versions are not negative.
fn version(version: i64) -> u64 {
    version.unsigned_abs()
}

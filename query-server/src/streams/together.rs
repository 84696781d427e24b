//! Several subscriptions in one call: each is a stream as it would be alone, and what they send is put into one queue, with one resume token for
//! all.
//!
//! Always: the token says of each kind of topic how far all of its subscriptions were *sent*, so that nothing is lost between a subscription and
//! the client, and it knows one that begins now only from its `refresh` on; a subscription has a small queue of its own, so that one that is slow to look, or has much to say, does not hold up another;
//! what one cannot do ends that one, and what the call cannot do ends all. Never here: what a subscription sends.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use shared::log::Anchor;
use shared::model::ids::{AccountId, AccountKey, Position};
use shared::rpc::auth::access::subscribes;
use shared::rpc::auth::principal::Caller;
use shared::rpc::errors::{ErrorReason, Refused, Violations, explained, too_many_streams};
use shared::rpc::proto::common::{StreamCaughtUp, StreamDraining, StreamFellBehind, StreamHeartbeat, StreamSubscribed};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::SubscriptionRefreshCause as RefreshCause;
use shared::rpc::proto::query::stream_request::Message as Wish;
pub use shared::rpc::proto::query::stream_response::Event as Live;
use shared::rpc::proto::query::subscription::Topic;
use shared::rpc::serve::rates::Counted;
use shared::rpc::serve::{StreamEnd, undecodable};
use shared::rpc::tokens::{CallState, SUBSCRIPTIONS_MAX, SubscriptionDigest, TOPICS_MAX, digest_of_subscription};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::StreamMap;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Code, Extensions, Request, Status, Streaming};
use uuid::Uuid;

use super::alone::{Messages, send};
use super::feed::{Kind, Outlet, Signal, Standing, Told, heartbeat_after, slow_after};
use super::watch::WATCHED_MAX;
use super::{Begin, Call, Open, Ready, Since, Streams, WAITING_MESSAGES_MAX};
use crate::asking::Asking;
use crate::presence::Present;

/// The longest name that a client may give a subscription, in bytes.
pub const SUBSCRIPTION_ID_BYTES_MAX: usize = 64;
/// What a subscription may have said that is not sent yet: little, since a call has many.
const PARTS_MAX: usize = 4;

/// A kind of stream that can be one of several in a call.
pub trait SentTogether: Kind {
    /// An event as it is sent; nothing for the signals, which a call says in its own words.
    fn together(event: Self::Event) -> Option<Live>;
}

/// Says that what a client has of a subscription must be fetched again.
pub fn refreshed(is_expired: bool, at_least_as_fresh: String) -> Live {
    let cause = if is_expired { RefreshCause::TokenExpired } else { RefreshCause::MuchChanged };
    Live::Refresh(v1::SubscriptionRefresh { cause: cause.into(), at_least_as_fresh })
}

/// The kinds of topics that are resumed, by their numbers in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Resumed {
    HomeTimeline = 1,
    Notifications = 2,
    Post = 3,
    AccountState = 4,
}

const _: () = assert!((Resumed::AccountState as usize) <= TOPICS_MAX, "a token has room for all of them");

/// What comes of a subscription.
enum Part {
    /// Where it stands, and what it says, unless it is only that it is alive.
    Said(Standing, Option<Box<Live>>),
    Ended(Status),
}

/// The way of a subscription to its call.
struct Together {
    parts: mpsc::Sender<Part>,
    /// What it says as soon as it is open.
    first: Option<Live>,
}

impl Together {
    async fn hand(&self, standing: Standing, said: Option<Live>) -> Result<(), Status> {
        let handed = self.parts.send(Part::Said(standing, said.map(Box::new))).await;
        handed.map_err(|_| Status::cancelled("the call has ended, or the subscription"))
    }
}

/// An outlet of every kind; which events it is given, the type says.
struct Typed<K> {
    together: Together,
    kind: std::marker::PhantomData<fn() -> K>,
}

impl<K: SentTogether> Outlet<K::Event> for Typed<K> {
    /// Waits for as long as the call does: how slow its client may be is judged there.
    async fn send(&mut self, standing: Standing, told: Told<K::Event>) -> Result<(), Status> {
        let said = match told {
            Told::Event(event) => K::together(event),
            Told::Signal(Signal::Subscribed) => Some(Live::Subscribed(StreamSubscribed {})),
            Told::Signal(Signal::CaughtUp) => Some(Live::CaughtUp(StreamCaughtUp {})),
            Told::Signal(Signal::FellBehind) => Some(Live::FellBehind(StreamFellBehind {})),
            Told::Signal(Signal::Heartbeat | Signal::Draining) => None,
        };
        self.together.hand(standing, said).await?;
        match self.together.first.take() {
            Some(first) => self.together.hand(standing, Some(first)).await,
            None => Ok(()),
        }
    }

    async fn closed(&self) {
        self.together.parts.closed().await;
    }
}

/// A subscription that was opened.
struct Opened {
    parts: mpsc::Receiver<Part>,
    standing: Standing,
    /// What a token knows it by.
    resumed: Option<(Resumed, SubscriptionDigest)>,
    begins_now: bool,
    /// The account that looks.
    account: Option<AccountKey>,
}

/// A subscription of a call.
struct Held {
    id: String,
    standing: Standing,
    /// What a token knows it by, from when on it does.
    resumed: Option<(Resumed, SubscriptionDigest)>,
    /// Its client has not been told yet to fetch what it goes on from, so that no token may know it.
    begins_now: bool,
    account: Option<AccountKey>,
}

/// The number of a subscription within its call.
type Number = u64;
type Opening = Pin<Box<dyn Future<Output = (Number, Result<Opened, Status>)> + Send>>;
/// What a client says after its call has begun.
type Wishes = Pin<Box<dyn Stream<Item = Result<v1::StreamRequest, Status>> + Send>>;

/// Where the subscriptions of a call begin, which is the same for all.
#[derive(Clone)]
struct Ground {
    metadata: MetadataMap,
    extensions: Extensions,
    consistency: Option<v1::Consistency>,
    resumed: Arc<CallState>,
}

/// One call.
struct Multiplexed {
    streams: Arc<Streams>,
    ground: Ground,
    end: StreamEnd,
    wishes: Wishes,
    /// Whether the client can add subscriptions.
    takes_wishes: bool,
    opening: FuturesUnordered<Opening>,
    parts: StreamMap<Number, ReceiverStream<Part>>,
    /// By number; one that is being opened has its name in `names` only.
    held: HashMap<Number, Held>,
    names: HashMap<String, Number>,
    /// Where those that are being opened were left by a call before.
    left: HashMap<Number, ((Resumed, SubscriptionDigest), Position)>,
    next: Number,
    /// The furthest that was read for any of them.
    anchor: Anchor,
    /// How many subscriptions each account looks by, and its place among those who are online.
    present: HashMap<AccountKey, (usize, Option<Present>)>,
    is_away: bool,
    messages: mpsc::Sender<v1::StreamResponse>,
    told_at: Instant,
}

impl Streams {
    /// The call of a client that streams its wishes, of which the first says where to begin.
    pub fn converse(
        self: &Arc<Self>,
        request: Request<Streaming<v1::StreamRequest>>,
    ) -> Result<Messages<v1::StreamResponse>, Status> {
        let (metadata, extensions, mut wishes) = request.into_parts();
        let streams = self.clone();
        self.multiplex(async move |messages| {
            let end = StreamEnd::of(&extensions, streams.tasks.draining());
            let first = tokio::select! {
                first = timeout(slow_after(), wishes.message()) => first,
                () = end.due() => return Err(end.status()),
            };
            let start = match first {
                Ok(Ok(Some(v1::StreamRequest { message: Some(Wish::Start(start)) }))) => start,
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(status)) => return Err(undecodable(&status).unwrap_or(status)),
                Ok(Ok(Some(_))) | Err(_) => return Err(field_invalid("message", "the first message must be `start`")),
            };
            let resumed = streams.call_state(&start.resume_token).await?;
            let ground = Ground { metadata, extensions, consistency: start.consistency, resumed: Arc::new(resumed.0) };
            let mut call = Multiplexed::new(streams, (ground, resumed.1), Some(Box::pin(wishes)), messages);
            call.run().await
        })
    }

    /// Where a call was left, by its token, and up to where that was read.
    async fn call_state(&self, resume_token: &str) -> Result<(CallState, Anchor), Status> {
        if resume_token.is_empty() {
            return Ok((CallState::default(), Anchor::ORIGIN));
        }
        let (genuine, state) = self.tokens.open_call(resume_token)?;
        let anchor = genuine.claimed().1;
        self.freshness.compared(genuine).await?;
        Ok((state, anchor))
    }

    /// Starts the task of a call, which holds the place of a stream.
    fn multiplex<W: Future<Output = Result<(), Status>> + Send + 'static>(
        &self,
        work: impl FnOnce(mpsc::Sender<v1::StreamResponse>) -> W,
    ) -> Result<Messages<v1::StreamResponse>, Status> {
        let place = self.place()?;
        let (messages, queue) = mpsc::channel(WAITING_MESSAGES_MAX);
        let (last_word, ended) = oneshot::channel();
        let work = work(messages);
        self.tasks.spawn_for_call("call of several streams", async move {
            let _place = place;
            if let Err(status) = work.await {
                // The client may have gone away.
                let _ = last_word.send(status);
            }
        });
        Ok(Messages::of(queue, ended))
    }

    /// Opens a subscription.
    async fn subscribe(&self, ground: &Ground, subscription: &v1::Subscription) -> Result<Opened, Status> {
        let mut violations = Violations::default();
        let viewer = violations.optional_account("viewer_account_id", &subscription.viewer_account_id);
        let is_for_anybody = matches!(&subscription.topic, Some(Topic::Post(_) | Topic::WatchPosts(_)) | None);
        let owner = match viewer {
            Some(viewer) => viewer,
            None if is_for_anybody => AccountId(Uuid::nil()),
            None => violations.account("viewer_account_id", ""),
        };
        let Ground { metadata, extensions, consistency, resumed: state } = ground;
        subscribes::<v1::StreamRequest>(extensions, &subscription.viewer_account_id)?;
        if let Some(counted) = extensions.get::<Counted>() {
            counted.count_subscription(&Caller::of(extensions))?;
        }
        let resumed = resumed_as(subscription);
        let left = resumed.and_then(|(kind, digest)| state.position_of(kind as u8, digest));
        let since = match (left, subscription.page_resume_token.as_str()) {
            (Some(position), _) => Since::Position(position),
            (None, "") => Since::Now,
            (None, token) => Since::Token(token),
        };
        let begin = Begin { call: Call(metadata, extensions), consistency: consistency.as_ref(), since };
        match &subscription.topic {
            None => {
                violations.add("topic", ErrorReason::FieldInvalid, "must be set to one that this server knows");
                Err(violations.check().expect_err("there is one"))
            }
            Some(Topic::HomeTimeline(_)) => {
                violations.check()?;
                Ok(self.together(self.home(begin, owner).await?, resumed, since))
            }
            Some(Topic::Notifications(_)) => {
                violations.check()?;
                Ok(self.together(self.notifications(begin, owner).await?, resumed, since))
            }
            Some(Topic::AccountState(_)) => {
                violations.check()?;
                Ok(self.together(self.account_state(begin, owner).await?, resumed, since))
            }
            Some(Topic::Presence(_)) => {
                violations.check()?;
                Ok(self.together(self.presence(begin, owner).await?, resumed, since))
            }
            Some(Topic::Post(topic)) => {
                let post = violations.post("post.post_id", &topic.post_id);
                violations.check()?;
                Ok(self.together(self.post(begin, (post, viewer)).await?, resumed, since))
            }
            Some(Topic::WatchPosts(topic)) => {
                let wanted = topic.post_ids.len();
                if wanted == 0 || wanted > WATCHED_MAX {
                    let rule = format!("must have 1–{WATCHED_MAX} ids, has {wanted}");
                    violations.add("watch_posts.post_ids", ErrorReason::BatchSizeInvalid, rule);
                }
                let read =
                    |(index, text): (usize, &String)| violations.post(&format!("watch_posts.post_ids[{index}]"), text);
                let mut posts: Vec<_> = topic.post_ids.iter().take(WATCHED_MAX).enumerate().map(read).collect();
                violations.check()?;
                posts.sort_unstable();
                posts.dedup();
                Ok(self.together(self.watch(begin, (posts, viewer)).await?, resumed, since))
            }
        }
    }

    /// Starts the task of a subscription. One that cannot go on from where it was left has its client fetch first.
    fn together<K: SentTogether>(
        &self,
        ready: Ready<K>,
        resumed: Option<(Resumed, SubscriptionDigest)>,
        since: Since<'_>,
    ) -> Opened {
        let (standing, account) = (ready.beginning.standing, ready.account);
        let begins_now = resumed.is_some() && matches!(since, Since::Now);
        let first = begins_now.then(|| {
            let (cause, at_least_as_fresh) = (RefreshCause::BeginsNow.into(), self.tokens.seal(standing.anchor));
            Live::Refresh(v1::SubscriptionRefresh { cause, at_least_as_fresh })
        });
        let (sender, parts) = mpsc::channel(PARTS_MAX);
        let together = Together { parts: sender.clone(), first };
        let tasks = self.tasks.clone();
        self.run(ready, Typed::<K> { together, kind: std::marker::PhantomData }, move |ended| {
            let Err(status) = ended else { return };
            tasks.spawn_for_call("last word of a subscription", async move {
                // The call may have ended.
                let _ = sender.send(Part::Ended(status)).await;
            });
        });
        Opened { parts, standing, resumed, begins_now, account }
    }
}

impl Open for v1::SubscribeRequest {
    async fn open(mut asking: Asking<'_, Self>) -> Result<Messages<Self::Response>, Status> {
        let asked = asking.request;
        let wanted = asked.subscriptions.len();
        match asked.ticket.is_empty() {
            true if wanted == 0 || wanted > SUBSCRIPTIONS_MAX => {
                let rule = format!("must have 1–{SUBSCRIPTIONS_MAX} subscriptions, has {wanted}");
                asking.violations.add("subscriptions", ErrorReason::BatchSizeInvalid, rule);
            }
            false if wanted > 0 => {
                asking.violations.add("subscriptions", ErrorReason::FieldInvalid, "must be empty with a ticket");
            }
            true | false => {}
        }
        let checked = asking.check()?;
        let (streams, Call(metadata, extensions)) = (checked.queries.streams.clone(), checked.call);
        let (metadata, mut extensions) = (metadata.clone(), extensions.clone());
        let redeemed = match asked.ticket.as_str() {
            "" => None,
            ticket => {
                let authority = extensions.get::<Caller>().map(|caller| caller.authority.clone()).unwrap_or_default();
                let (caller, request) = streams.tickets.redeem(&streams.tokens, ticket, authority)?;
                // Whoever has the ticket calls for whoever made it.
                extensions.insert(caller);
                Some(request)
            }
        };
        let request = redeemed.as_ref().unwrap_or(asked);
        let resume_token =
            [asked, request].map(|request| &request.resume_token).into_iter().find(|token| !token.is_empty());
        let (state, anchor) = streams.call_state(resume_token.map(String::as_str).unwrap_or_default()).await?;
        let consistency = request.consistency.clone();
        let ground = Ground { metadata, extensions, consistency, resumed: Arc::new(state) };
        let subscriptions = request.subscriptions.iter().map(|subscription| {
            let mut subscription = subscription.clone();
            if subscription.viewer_account_id.is_empty() {
                subscription.viewer_account_id.clone_from(&request.viewer_account_id);
            }
            subscription
        });
        let subscriptions: Vec<_> = subscriptions.collect();
        let task_streams = streams.clone();
        streams.multiplex(async move |messages| {
            let mut call = Multiplexed::new(task_streams, (ground, anchor), None, messages);
            for subscription in subscriptions {
                call.subscribe(subscription).await?;
            }
            call.run().await
        })
    }
}

impl Multiplexed {
    fn new(
        streams: Arc<Streams>,
        (ground, anchor): (Ground, Anchor),
        wishes: Option<Wishes>,
        messages: mpsc::Sender<v1::StreamResponse>,
    ) -> Self {
        let mut ground = ground;
        let end = StreamEnd::of(&ground.extensions, streams.tasks.draining());
        // The same for all subscriptions, so that fresh credentials are for all.
        ground.extensions.insert(end.clone());
        Self {
            end,
            streams,
            ground,
            takes_wishes: wishes.is_some(),
            wishes: wishes.unwrap_or_else(nothing_more),
            opening: FuturesUnordered::new(),
            parts: StreamMap::new(),
            held: HashMap::new(),
            names: HashMap::new(),
            left: HashMap::new(),
            next: 0,
            anchor,
            present: HashMap::new(),
            is_away: false,
            messages,
            told_at: Instant::now(),
        }
    }

    /// Sends until the client goes away.
    async fn run(&mut self) -> Result<(), Status> {
        loop {
            tokio::select! {
                () = self.end.due() => return self.say_the_last_words().await,
                () = self.messages.closed() => return Ok(()),
                wish = self.wishes.next() => match wish {
                    Some(Ok(wish)) => self.grant(wish).await?,
                    Some(Err(status)) => return Err(undecodable(&status).unwrap_or(status)),
                    // The client has nothing more to say, and goes on listening.
                    None => (self.wishes, self.takes_wishes) = (nothing_more(), false),
                },
                Some((number, opened)) = self.opening.next(), if !self.opening.is_empty() => {
                    self.begin(number, opened).await?;
                }
                Some((number, part)) = self.parts.next(), if !self.parts.is_empty() => {
                    if self.end.is_due() {
                        return self.say_the_last_words().await;
                    }
                    self.pass_on(number, part).await?;
                }
                () = sleep_until(heartbeat_after(self.told_at)) => {
                    self.say(String::new(), Live::Heartbeat(StreamHeartbeat {})).await?;
                }
            }
        }
    }

    async fn grant(&mut self, wish: v1::StreamRequest) -> Result<(), Status> {
        match wish.message {
            Some(Wish::Subscribe(subscription)) => self.subscribe(subscription).await,
            Some(Wish::Unsubscribe(v1::Unsubscription { subscription_id })) => {
                if let Some(number) = self.names.get(&subscription_id).copied() {
                    self.forget(&subscription_id, number);
                }
                Ok(())
            }
            Some(Wish::Presence(announced)) => {
                self.announce(announced.away);
                Ok(())
            }
            Some(Wish::Credentials(v1::FreshCredentials { authorization })) => self.renew(&authorization).await,
            Some(Wish::Start(_)) => Err(field_invalid("message", "`start` is the first message, and no other")),
            None => Err(field_invalid("message", "must be set to one that this server knows")),
        }
    }

    /// The same caller by other credentials, which are good for longer.
    async fn renew(&mut self, authorization: &str) -> Result<(), Status> {
        let Some(before) = self.ground.extensions.get::<Caller>() else { return Ok(()) };
        let renewed = before.authority.identify_text(authorization).await?;
        if renewed.principal.name != before.principal.name {
            let message = "fresh credentials must be of the caller who made the call";
            return Err(Refused::new(Code::PermissionDenied, ErrorReason::AccountMismatch, message).into());
        }
        self.end.renew(renewed.validity.clone());
        self.ground.extensions.insert(renewed);
        Ok(())
    }

    /// Begins to open a subscription, which holds up nothing else.
    async fn subscribe(&mut self, subscription: v1::Subscription) -> Result<(), Status> {
        let id = subscription.subscription_id.clone();
        if id.is_empty() || id.len() > SUBSCRIPTION_ID_BYTES_MAX {
            let rule = format!("must have 1–{SUBSCRIPTION_ID_BYTES_MAX} bytes, has {}", id.len());
            return Err(field_invalid("subscription_id", &rule));
        }
        if self.names.contains_key(&id) {
            return Err(field_invalid("subscription_id", "must be of no other subscription that is open"));
        }
        if self.names.len() >= SUBSCRIPTIONS_MAX {
            return self.say(id, ended(&too_many_streams("call", SUBSCRIPTIONS_MAX))).await;
        }
        self.next += 1;
        let (number, streams, ground) = (self.next, self.streams.clone(), self.ground.clone());
        self.names.insert(id, number);
        if let Some((kind, digest)) = resumed_as(&subscription)
            && let Some(position) = ground.resumed.position_of(kind as u8, digest)
        {
            self.left.insert(number, ((kind, digest), position));
        }
        self.opening.push(async move { (number, streams.subscribe(&ground, &subscription).await) }.boxed());
        Ok(())
    }

    /// A subscription was opened, or refused; unless it was ended meanwhile.
    async fn begin(&mut self, number: Number, opened: Result<Opened, Status>) -> Result<(), Status> {
        let left = self.left.remove(&number);
        let named = self.names.iter().find(|(_, of)| **of == number).map(|(id, _)| id.clone());
        let Some(id) = named else { return Ok(()) };
        let entered = opened.and_then(|opened| {
            opened.account.map(|account| self.enter(account)).transpose()?;
            Ok(opened)
        });
        match entered {
            Ok(Opened { parts, standing, resumed, begins_now, account }) => {
                self.parts.insert(number, ReceiverStream::new(parts));
                self.has_read(standing.anchor);
                self.held.insert(number, Held { id, standing, resumed, begins_now, account });
                Ok(())
            }
            Err(status) => {
                self.names.remove(&id);
                self.forget_where_it_was(left.map(|(resumed, _)| resumed));
                self.say_the_end(id, status).await
            }
        }
    }

    async fn pass_on(&mut self, number: Number, part: Part) -> Result<(), Status> {
        let Some(held) = self.held.get_mut(&number) else { return Ok(()) };
        let id = held.id.clone();
        match part {
            Part::Said(standing, said) => {
                held.standing = standing;
                held.begins_now &= !matches!(said.as_deref(), Some(Live::Refresh(_)));
                self.has_read(standing.anchor);
                match said {
                    Some(said) => self.say(id, *said).await,
                    None => Ok(()),
                }
            }
            Part::Ended(status) => {
                self.forget(&id, number);
                self.say_the_end(id, status).await
            }
        }
    }

    /// Ends a subscription.
    fn forget(&mut self, id: &str, number: Number) {
        self.names.remove(id);
        self.parts.remove(&number);
        let (left, held) = (self.left.remove(&number), self.held.remove(&number));
        let resumed = left.map(|(resumed, _)| resumed);
        self.forget_where_it_was(resumed.or_else(|| held.as_ref().and_then(|held| held.resumed)));
        let Some(Held { account: Some(account), .. }) = held else { return };
        if let Some((subscriptions, _)) = self.present.get_mut(&account) {
            *subscriptions -= 1;
            if *subscriptions == 0 {
                self.present.remove(&account);
            }
        }
    }

    /// What has ended begins anew when it is subscribed to again, whatever the call was resumed with: its client has dropped what it had of it,
    /// and must be told to fetch.
    fn forget_where_it_was(&mut self, resumed: Option<(Resumed, SubscriptionDigest)>) {
        if let Some((kind, digest)) = resumed {
            Arc::make_mut(&mut self.ground.resumed).subscriptions.remove(&(kind as u8, digest));
        }
    }

    /// An account looks by one more subscription. However many it has here, it is one stream of those that it may have.
    fn enter(&mut self, account: AccountKey) -> Result<(), Status> {
        if let Some((subscriptions, _)) = self.present.get_mut(&account) {
            *subscriptions += 1;
            return Ok(());
        }
        let present = if self.is_away { None } else { Some(self.streams.enter(account)?) };
        self.present.insert(account, (1, present));
        Ok(())
    }

    fn announce(&mut self, is_away: bool) {
        self.is_away = is_away;
        for (account, (_, present)) in &mut self.present {
            match is_away {
                true => *present = None,
                // Where there are too many by now, others make it appear online.
                false if present.is_none() => *present = self.streams.enter(*account).ok(),
                false => {}
            }
        }
    }

    fn has_read(&mut self, anchor: Anchor) {
        if anchor.position > self.anchor.position {
            self.anchor = anchor;
        }
    }

    async fn say(&mut self, subscription_id: String, event: Live) -> Result<(), Status> {
        let resume_token = self.resume_token();
        self.told_at = Instant::now();
        let message = v1::StreamResponse { resume_token: resume_token.clone(), subscription_id, event: Some(event) };
        send(&self.messages, message, &resume_token).await
    }

    /// Says that a subscription has ended. With the last one, a call to which none can be added ends, too.
    async fn say_the_end(&mut self, id: String, status: Status) -> Result<(), Status> {
        self.say(id, ended(&status)).await?;
        if self.names.is_empty() && !self.takes_wishes { Err(status) } else { Ok(()) }
    }

    /// Where the call stands: of each kind of topic, how far all of its subscriptions are.
    fn resume_token(&self) -> String {
        let mut state = CallState::default();
        let held = self.held.values().filter(|held| !held.begins_now);
        let held = held.filter_map(|held| Some((held.resumed?, held.standing.position)));
        for ((kind, digest), position) in held.chain(self.left.values().copied()) {
            let lowest = state.positions.entry(kind as u8).or_insert(position);
            *lowest = position.min(*lowest);
            state.subscriptions.insert((kind as u8, digest));
        }
        self.streams.tokens.seal_call(&state, self.anchor)
    }

    async fn say_the_last_words(&mut self) -> Result<(), Status> {
        self.say(String::new(), Live::Draining(StreamDraining {})).await?;
        Err(self.end.status())
    }
}

/// What a client says that says nothing more.
fn nothing_more() -> Wishes {
    Box::pin(futures_util::stream::pending())
}

/// What a token knows a subscription by; nothing where it cannot be resumed. The ids in it may be wrong.
fn resumed_as(subscription: &v1::Subscription) -> Option<(Resumed, SubscriptionDigest)> {
    let id = |text: &str| text.parse::<Uuid>().map_or_else(|_| text.to_owned(), |id| id.to_string());
    let viewer = id(&subscription.viewer_account_id);
    let (kind, about) = match subscription.topic.as_ref()? {
        Topic::HomeTimeline(_) => (Resumed::HomeTimeline, viewer),
        Topic::Notifications(_) => (Resumed::Notifications, viewer),
        Topic::AccountState(_) => (Resumed::AccountState, viewer),
        Topic::Post(topic) => (Resumed::Post, format!("{} for {viewer}", id(&topic.post_id))),
        Topic::Presence(_) | Topic::WatchPosts(_) => return None,
    };
    Some((kind, digest_of_subscription(&about)))
}

fn field_invalid(field: &str, rule: &str) -> Status {
    let mut violations = Violations::default();
    violations.add(field, ErrorReason::FieldInvalid, rule);
    violations.check().expect_err("there is one")
}

/// The end of a subscription, as the call tells it.
fn ended(status: &Status) -> Live {
    let (reason, metadata) = explained(status);
    Live::Ended(v1::SubscriptionEnded {
        code: status.code() as i32,
        reason: reason.into(),
        message: status.message().to_owned(),
        metadata,
    })
}

#[cfg(test)]
mod tests {
    use shared::rpc::errors::Refused;
    use tonic::Code;

    use super::*;

    #[test]
    fn what_ends_a_subscription_is_told_as_its_own_call_would_fail() {
        let status: Status =
            Refused::new(Code::NotFound, ErrorReason::PostNotFound, "there is no post").with("post", "p").into();
        let Live::Ended(told) = ended(&status) else { panic!("it has ended") };
        assert_eq!((told.code, told.reason()), (5, ErrorReason::PostNotFound));
        assert_eq!((told.message.as_str(), told.metadata["post"].as_str()), ("there is no post", "p"));
    }
}

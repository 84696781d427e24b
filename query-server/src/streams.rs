//! Streams: what changes, sent to clients as it happens.
//!
//! A checkpoint moves; the [`dispatch`] of each kind reads once what changed and wakes the streams that it may affect;
//! a [`feed`] that was woken looks, and sends the net change. What a kind sends, and where it looks, is its own module.
//!
//! Always: the number of streams and the memory of each are bounded; every stream ends with the drain, and before its
//! connection is cut. Never here: a query that a client asks once.

mod account_state;
mod alone;
pub mod dispatch;
mod feed;
pub mod followings;
pub mod home;
mod home_items;
mod interests;
mod notifications;
mod pending;
mod post;
mod post_items;
mod presence;
mod shared_read;
mod tickets;
mod together;
mod watch;

use std::collections::HashMap;
use std::sync::Arc;

use ::metrics::{counter, gauge};
use shared::model::ids::{AccountId, AccountKey, Position, PostId};
use shared::rpc::common_fields::Asked;
use shared::rpc::errors::too_many_streams;
use shared::rpc::methods::Method;
use shared::rpc::proto::query as v1;
use shared::rpc::serve::StreamEnd;
use shared::rpc::tokens::Tokens;
use shared::runtime::metrics;
use shared::runtime::tasks::Tasks;
use shared::sql::Statement;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Status};

use self::account_state::{AccountStateChanges, AccountStateFeed};
pub use self::alone::Messages;
use self::alone::{Alone, SentAlone};
use self::dispatch::{Dispatch, Index, Subscription};
use self::feed::{Feed, Kind, Outlet, Standing};
use self::followings::Followings;
use self::home::Home;
use self::home_items::HomeItems;
use self::interests::{Interest, Interests};
use self::notifications::{NotificationChanges, NotificationFeed};
use self::post::{PostChanges, PostFeed};
use self::post_items::PostItems;
use self::presence::{PresenceFeed, SightChanges};
use self::shared_read::Reader;
use self::tickets::Tickets;
use self::watch::{Counts, WatchFeed};
use crate::asking::Asking;
use crate::freshness::Freshness;
use crate::presence::{Presence, Present};
use crate::questions::account::{Named, find, find_viewer};
use crate::questions::{home_timeline, thread};
use crate::snapshot::{Projections, Snapshot};

/// The most streams that one server holds open.
pub const STREAMS_MAX: usize = 10_000;
/// The most streams of one account: enough for its devices and their windows, and not all that there is room for.
pub const STREAMS_OF_ACCOUNT_MAX: usize = 128;
/// Messages that are buffered for a slow client.
const WAITING_MESSAGES_MAX: usize = 64;

/// How much a stream looks at in one go. With the queue, this bounds its memory.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// The most changes in one look.
    pub changes_max: usize,
    /// The most posts whose entries may go or move with an account; beyond it the client is told to fetch the list again.
    pub removed_max: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self { changes_max: 512, removed_max: 512 }
    }
}

/// A method that opens a stream, by its request.
pub trait Open: Method + Asked + Sync {
    fn open(asking: Asking<'_, Self>) -> impl Future<Output = Result<Messages<Self::Response>, Status>> + Send;
}

/// The call by which a stream is opened: its metadata, and what came with its connection.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a>(pub &'a MetadataMap, pub &'a Extensions);

/// Where a stream is to begin.
#[derive(Clone, Copy, Debug)]
pub enum Since<'a> {
    /// Where its own resume token says; an empty one means now.
    Token(&'a str),
    /// At a position of a history that is known to be that of the log.
    Position(Position),
    /// Now.
    Now,
}

/// By which call a stream begins, and where.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    pub call: Call<'a>,
    pub consistency: Option<&'a v1::Consistency>,
    pub since: Since<'a>,
}

/// A stream that has its place, and is not sent to anybody yet.
pub struct Ready<K: Kind> {
    kind: K,
    beginning: Beginning,
    subscription: Subscription<K::Index>,
    /// The account that looks.
    account: Option<AccountKey>,
}

/// The open streams of one server, and what they share.
pub struct Streams {
    limits: StreamLimits,
    freshness: Freshness,
    homes: Dispatch<Followings>,
    notifications: Dispatch<Interests<NotificationChanges>>,
    posts: Dispatch<Interests<PostChanges>>,
    sights: Dispatch<Interests<SightChanges>>,
    account_states: Dispatch<Interests<AccountStateChanges>>,
    pub presence: Presence,
    home_items: Reader<HomeItems>,
    post_items: Reader<PostItems>,
    counts: Reader<Counts>,
    tickets: Tickets,
    tokens: Tokens,
    tasks: Tasks,
    room: Arc<Semaphore>,
}

impl Streams {
    pub fn new(freshness: Freshness, tokens: Tokens, limits: StreamLimits, tasks: Tasks) -> Self {
        let homes = Dispatch::start(Followings::default(), freshness.clone(), &tasks);
        let notifications = Dispatch::start(Interests::default(), freshness.clone(), &tasks);
        let posts = Dispatch::start(Interests::default(), freshness.clone(), &tasks);
        let sights = Dispatch::start(Interests::default(), freshness.clone(), &tasks);
        let account_states = Dispatch::start(Interests::default(), freshness.clone(), &tasks);
        let counts = Reader::start(freshness.tables().clone(), &tasks);
        let home_items = Reader::start(freshness.tables().clone(), &tasks);
        let post_items = Reader::start(freshness.tables().clone(), &tasks);
        Self {
            limits,
            freshness,
            homes,
            notifications,
            posts,
            sights,
            account_states,
            presence: Presence::default(),
            home_items,
            post_items,
            counts,
            tickets: Tickets::default(),
            tokens,
            tasks,
            room: Arc::new(Semaphore::new(STREAMS_MAX)),
        }
    }

    /// A stream of an account's home timeline.
    pub async fn home(&self, begin: Begin<'_>, owner_id: AccountId) -> Result<Ready<Home>, Status> {
        let (beginning, mut snapshot) = self.begin(begin, home_timeline::READS, owner_id.to_string()).await?;
        let owner = find(&mut snapshot, &Named::Id(owner_id)).await?;
        let home = Home {
            limits: self.limits,
            freshness: self.freshness.clone(),
            tokens: self.tokens.clone(),
            dispatch: self.homes.clone(),
            items: self.home_items.clone(),
            owner,
            owner_id,
        };
        Ok(beginning.ready((&self.homes, owner), home, Some(owner)))
    }

    /// A stream of an account's notifications.
    pub async fn notifications(
        &self,
        begin: Begin<'_>,
        owner_id: AccountId,
    ) -> Result<Ready<NotificationFeed>, Status> {
        let about = about_notifications(&owner_id.to_string());
        let (beginning, mut snapshot) = self.begin(begin, notifications::READS, about).await?;
        let owner = find(&mut snapshot, &Named::Id(owner_id)).await?;
        let (freshness, tokens) = (self.freshness.clone(), self.tokens.clone());
        let feed = NotificationFeed { freshness, tokens, owner, owner_id };
        Ok(beginning.ready((&self.notifications, Interest::of_account(owner)), feed, Some(owner)))
    }

    /// A stream of a post and its replies as a viewer sees them. One that begins without a token tells the post first.
    pub async fn post(
        &self,
        begin: Begin<'_>,
        (post_id, viewer_id): (PostId, Option<AccountId>),
    ) -> Result<Ready<PostFeed>, Status> {
        let viewer_text = viewer_id.map(|viewer| viewer.to_string()).unwrap_or_default();
        let about = about_post(&post_id.to_string(), &viewer_text);
        let (beginning, mut snapshot) = self.begin(begin, post::READS, about).await?;
        let viewer = find_viewer(&mut snapshot, viewer_id).await?;
        let post = thread::find(&mut snapshot, post_id, viewer).await?.post;
        let begins_anew = matches!(begin.since, Since::Token(""));
        let items = self.post_items.clone();
        let (freshness, tokens) = (self.freshness.clone(), self.tokens.clone());
        let feed = PostFeed { freshness, tokens, items, post, post_id, viewer, viewer_id, begins_anew };
        Ok(beginning.ready((&self.posts, Interest { account: viewer, posts: vec![post] }), feed, viewer))
    }

    /// A stream of which accounts, of those that an account follows, are online.
    pub async fn presence(&self, begin: Begin<'_>, owner_id: AccountId) -> Result<Ready<PresenceFeed>, Status> {
        let (beginning, mut snapshot) = self.begin(begin, presence::READS, String::new()).await?;
        let owner = find(&mut snapshot, &Named::Id(owner_id)).await?;
        let feed = PresenceFeed {
            freshness: self.freshness.clone(),
            presence: self.presence.clone(),
            watch: self.presence.watch(),
            owner,
            owner_id,
            followees: HashMap::new(),
            online: HashMap::new(),
        };
        Ok(beginning.ready((&self.sights, Interest::of_account(owner)), feed, Some(owner)))
    }

    /// A stream of the counts of posts as a viewer may see them.
    pub async fn watch(
        &self,
        begin: Begin<'_>,
        (post_ids, viewer_id): (Vec<PostId>, Option<AccountId>),
    ) -> Result<Ready<WatchFeed>, Status> {
        let (beginning, mut snapshot) = self.begin(begin, watch::READS, String::new()).await?;
        let viewer = find_viewer(&mut snapshot, viewer_id).await?;
        let posts = watch::find_keys(&mut snapshot, &post_ids).await?;
        let interest = Interest { account: viewer, posts: posts.keys().copied().collect() };
        let unknown = post_ids.into_iter().filter(|id| !posts.values().any(|known| known == id)).collect();
        let (freshness, counts) = (self.freshness.clone(), self.counts.clone());
        let feed = WatchFeed { freshness, counts, viewer, viewer_id, posts, unknown, told: HashMap::new() };
        Ok(beginning.ready((&self.posts, interest), feed, viewer))
    }

    /// A stream of what an account does itself.
    pub async fn account_state(
        &self,
        begin: Begin<'_>,
        owner_id: AccountId,
    ) -> Result<Ready<AccountStateFeed>, Status> {
        let about = about_account_state(&owner_id.to_string());
        let (beginning, mut snapshot) = self.begin(begin, account_state::READS, about).await?;
        let owner = find(&mut snapshot, &Named::Id(owner_id)).await?;
        let (freshness, tokens) = (self.freshness.clone(), self.tokens.clone());
        let feed = AccountStateFeed { freshness, tokens, owner, owner_id };
        Ok(beginning.ready((&self.account_states, Interest::of_account(owner)), feed, Some(owner)))
    }

    /// Takes a place for a stream, and finds where it begins. `about` is what its tokens are bound to.
    async fn begin(
        &self,
        Begin { call: Call(metadata, extensions), consistency, since }: Begin<'_>,
        reads: Projections,
        about: String,
    ) -> Result<(Beginning, Snapshot), Status> {
        let room = self.place()?;
        let resumed = match since {
            Since::Token("") | Since::Now => None,
            Since::Token(token) => Some(self.freshness.compared(self.tokens.open_resume(&about, token)?).await?),
            Since::Position(position) => Some(position),
        };
        let snapshot = self.freshness.snapshot(metadata, consistency, reads).await?;
        let standing = Standing { position: resumed.unwrap_or(snapshot.checkpoint), anchor: snapshot.anchor };
        let end = StreamEnd::of(extensions, self.tasks.draining());
        Ok((Beginning { room, about, standing, end }, snapshot))
    }

    /// A place for one more stream.
    fn place(&self) -> Result<OwnedSemaphorePermit, Status> {
        self.room.clone().try_acquire_owned().map_err(|_| too_many_streams("server", STREAMS_MAX))
    }

    /// Counts an open stream of an account, which is online meanwhile; an account with too many is refused.
    fn enter(&self, account: AccountKey) -> Result<Present, Status> {
        let present = self.presence.enter(account, STREAMS_OF_ACCOUNT_MAX);
        present.ok_or_else(|| too_many_streams("account", STREAMS_OF_ACCOUNT_MAX))
    }

    /// Sends a stream by a call of its own.
    pub fn alone<K: SentAlone>(&self, ready: Ready<K>) -> Result<Messages<K::Message>, Status> {
        let present = ready.account.map(|account| self.enter(account)).transpose()?;
        let (messages, queue) = mpsc::channel(WAITING_MESSAGES_MAX);
        let (last_word, ended) = oneshot::channel();
        let outlet = Alone::<K> { tokens: self.tokens.clone(), about: ready.beginning.about.clone(), messages };
        self.run(ready, outlet, |ended| {
            drop(present);
            if let Err(status) = ended {
                // The client may have gone away.
                let _ = last_word.send(status);
            }
        });
        Ok(Messages::of(queue, ended))
    }

    /// Starts the task of a stream.
    fn run<K: Kind, O: Outlet<K::Event>>(
        &self,
        Ready { kind, beginning, subscription, .. }: Ready<K>,
        outlet: O,
        after: impl FnOnce(Result<(), Status>) + Send + 'static,
    ) {
        let Beginning { room, standing, end, .. } = beginning;
        let feed = Feed { kind, end, standing, subscription, outlet, told_at: Instant::now() };
        self.tasks.spawn_for_call("stream", async move {
            let _room = room;
            gauge!(metrics::STREAMS_OPEN).increment(1.0);
            let ended = feed.run().await;
            gauge!(metrics::STREAMS_OPEN).decrement(1.0);
            let reason = ended.as_ref().map_or_else(|status| format!("{:?}", status.code()), |()| "Ok".to_owned());
            counter!(metrics::STREAMS_CLOSED, "reason" => reason).increment(1);
            after(ended);
        });
    }
}

/// Where a stream begins, and how it ends.
struct Beginning {
    room: OwnedSemaphorePermit,
    /// What its resume tokens are bound to.
    about: String,
    /// Everything up to here was sent, and the tables have reached at least that.
    standing: Standing,
    /// When the stream must end.
    end: StreamEnd,
}

impl Beginning {
    /// Takes the place of the stream in its dispatch.
    fn ready<K: Kind>(
        self,
        (dispatch, topic): (&Dispatch<K::Index>, <K::Index as Index>::Topic),
        kind: K,
        account: Option<AccountKey>,
    ) -> Ready<K> {
        let subscription = dispatch.subscribe(topic, self.standing.position, self.standing.anchor);
        Ready { kind, beginning: self, subscription, account }
    }
}

/// What the resume tokens of an account's notifications are bound to.
pub fn about_notifications(owner: &str) -> String {
    format!("notifications of {owner}")
}

/// What the resume tokens of a post, as a viewer sees it, are bound to.
pub fn about_post(post: &str, viewer: &str) -> String {
    format!("post {post} for {viewer}")
}

/// What the resume tokens of an account's own state are bound to.
pub fn about_account_state(owner: &str) -> String {
    format!("state of {owner}")
}

/// Every statement of the streams.
pub fn every_statement() -> Vec<&'static Statement> {
    [
        account_state::STATEMENTS,
        followings::STATEMENTS,
        home::STATEMENTS,
        notifications::STATEMENTS,
        post::STATEMENTS,
        post_items::STATEMENTS,
        presence::STATEMENTS,
        watch::STATEMENTS,
    ]
    .concat()
}

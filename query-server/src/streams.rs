//! Streams: what changes, sent to clients as it happens.
//!
//! A checkpoint moves; the [`dispatch`] of each kind reads once what changed and wakes the streams that it may affect;
//! a [`feed`] that was woken looks, and sends the net change. What a kind sends, and where it looks, is its own module.
//!
//! Always: the number of streams and the memory of each are bounded; every stream ends with the drain, and before its
//! connection is cut. Never here: a query that a client asks once.

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

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::metrics::{counter, gauge};
use shared::log::Anchor;
use shared::model::ids::{AccountId, AccountKey, Position, PostId};
use shared::rpc::common_fields::Asked;
use shared::rpc::errors::{internal, too_many_streams};
use shared::rpc::methods::Method;
use shared::rpc::proto::query as v1;
use shared::rpc::serve::StreamEnd;
use shared::rpc::tokens::Tokens;
use shared::runtime::metrics;
use shared::runtime::tasks::Tasks;
use shared::sql::Statement;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tokio_stream::Stream;
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Status};

use self::dispatch::{Dispatch, Index};
use self::feed::{Feed, Kind};
use self::followings::Followings;
use self::home::Home;
use self::home_items::HomeItems;
use self::interests::{Interest, Interests};
use self::notifications::{NotificationChanges, NotificationFeed};
use self::post::{PostChanges, PostFeed};
use self::post_items::PostItems;
use self::presence::{PresenceFeed, SightChanges};
use self::shared_read::Reader;
use crate::asking::Asking;
use crate::freshness::Freshness;
use crate::presence::Presence;
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

/// The open streams of one server, and what they share.
pub struct Streams {
    limits: StreamLimits,
    freshness: Freshness,
    homes: Dispatch<Followings>,
    notifications: Dispatch<Interests<NotificationChanges>>,
    posts: Dispatch<Interests<PostChanges>>,
    sights: Dispatch<Interests<SightChanges>>,
    pub presence: Presence,
    home_items: Reader<HomeItems>,
    post_items: Reader<PostItems>,
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
        let home_items = Reader::start(freshness.tables().clone(), &tasks);
        let post_items = Reader::start(freshness.tables().clone(), &tasks);
        Self {
            limits,
            freshness,
            homes,
            notifications,
            posts,
            sights,
            presence: Presence::default(),
            home_items,
            post_items,
            tokens,
            tasks,
            room: Arc::new(Semaphore::new(STREAMS_MAX)),
        }
    }

    /// Opens a stream of an account's home timeline, from a resume token or from now.
    pub async fn home(
        &self,
        call: Call<'_>,
        consistency: Option<&v1::Consistency>,
        owner_id: AccountId,
        resume_token: &str,
    ) -> Result<Messages<v1::StreamHomeTimelineResponse>, Status> {
        let about = owner_id.to_string();
        let (beginning, mut snapshot) =
            self.begin(call, consistency, home_timeline::READS, about, resume_token).await?;
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
        self.open(beginning, (&self.homes, owner), home, Some(owner))
    }

    /// Opens a stream of an account's notifications, from a resume token or from now.
    pub async fn notifications(
        &self,
        call: Call<'_>,
        consistency: Option<&v1::Consistency>,
        owner_id: AccountId,
        resume_token: &str,
    ) -> Result<Messages<v1::StreamNotificationsResponse>, Status> {
        let about = about_notifications(&owner_id.to_string());
        let (beginning, mut snapshot) =
            self.begin(call, consistency, notifications::READS, about, resume_token).await?;
        let owner = find(&mut snapshot, &Named::Id(owner_id)).await?;
        let (freshness, tokens) = (self.freshness.clone(), self.tokens.clone());
        let feed = NotificationFeed { freshness, tokens, owner, owner_id };
        let interest = Interest { account: Some(owner), post: None };
        self.open(beginning, (&self.notifications, interest), feed, Some(owner))
    }

    /// Opens a stream of a post and its replies as a viewer sees them, from a resume token or from now.
    pub async fn post(
        &self,
        call: Call<'_>,
        consistency: Option<&v1::Consistency>,
        (post_id, viewer_id): (PostId, Option<AccountId>),
        resume_token: &str,
    ) -> Result<Messages<v1::StreamPostResponse>, Status> {
        let viewer_text = viewer_id.map(|viewer| viewer.to_string()).unwrap_or_default();
        let about = about_post(&post_id.to_string(), &viewer_text);
        let (beginning, mut snapshot) = self.begin(call, consistency, post::READS, about, resume_token).await?;
        let viewer = find_viewer(&mut snapshot, viewer_id).await?;
        let post = thread::find(&mut snapshot, post_id, viewer).await?.post;
        let (begins_anew, items) = (resume_token.is_empty(), self.post_items.clone());
        let (freshness, tokens) = (self.freshness.clone(), self.tokens.clone());
        let feed = PostFeed { freshness, tokens, items, post, post_id, viewer, viewer_id, begins_anew };
        let interest = Interest { account: viewer, post: Some(post) };
        self.open(beginning, (&self.posts, interest), feed, viewer)
    }

    /// Opens a stream of which accounts, of those that an account follows, are online.
    pub async fn presence(
        &self,
        call: Call<'_>,
        consistency: Option<&v1::Consistency>,
        owner_id: AccountId,
    ) -> Result<Messages<v1::StreamPresenceResponse>, Status> {
        let (beginning, mut snapshot) = self.begin(call, consistency, presence::READS, String::new(), "").await?;
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
        let interest = Interest { account: Some(owner), post: None };
        self.open(beginning, (&self.sights, interest), feed, Some(owner))
    }

    /// Takes a place for a stream, and finds where it begins. `about` is what its tokens are bound to.
    async fn begin(
        &self,
        Call(metadata, extensions): Call<'_>,
        consistency: Option<&v1::Consistency>,
        reads: Projections,
        about: String,
        resume_token: &str,
    ) -> Result<(Beginning, Snapshot), Status> {
        let room = self.room.clone().try_acquire_owned().map_err(|_| too_many_streams("server", STREAMS_MAX))?;
        let resumed = match resume_token {
            "" => None,
            token => {
                let token = self.tokens.open_resume(&about, token)?;
                Some(self.freshness.compared(token).await?)
            }
        };
        let snapshot = self.freshness.snapshot(metadata, consistency, reads).await?;
        let (position, anchor) = (resumed.unwrap_or(snapshot.checkpoint), snapshot.anchor);
        let end = StreamEnd::of(extensions, self.tasks.draining());
        Ok((Beginning { room, about, position, anchor, end }, snapshot))
    }

    /// Starts the task of a stream. Its account is online meanwhile; an account with too many streams is refused.
    fn open<K: Kind>(
        &self,
        Beginning { room, about, position, anchor, end }: Beginning,
        (dispatch, topic): (&Dispatch<K::Index>, <K::Index as Index>::Topic),
        kind: K,
        account: Option<AccountKey>,
    ) -> Result<Messages<K::Message>, Status> {
        let enter = |account| {
            let present = self.presence.enter(account, STREAMS_OF_ACCOUNT_MAX);
            present.ok_or_else(|| too_many_streams("account", STREAMS_OF_ACCOUNT_MAX))
        };
        let present = account.map(enter).transpose()?;
        let subscription = dispatch.subscribe(topic, position, anchor);
        let (messages, queue) = mpsc::channel(WAITING_MESSAGES_MAX);
        let (last_word, ended) = oneshot::channel();
        let (tokens, told_at) = (self.tokens.clone(), Instant::now());
        let feed = Feed { kind, tokens, about, end, position, anchor, subscription, messages, told_at };
        self.tasks.spawn_for_call("stream", async move {
            let (_room, _present) = (room, present);
            gauge!(metrics::STREAMS_OPEN).increment(1.0);
            let ended = feed.run().await;
            gauge!(metrics::STREAMS_OPEN).decrement(1.0);
            let reason = ended.as_ref().map_or_else(|status| format!("{:?}", status.code()), |()| "Ok".to_owned());
            counter!(metrics::STREAMS_CLOSED, "reason" => reason).increment(1);
            if let Err(status) = ended {
                // The client may have gone away.
                let _ = last_word.send(status);
            }
        });
        Ok(Messages { queue, ended: Some(ended) })
    }
}

/// Where a stream begins, and how it ends.
struct Beginning {
    room: OwnedSemaphorePermit,
    /// What its resume tokens are bound to.
    about: String,
    /// Everything up to here was sent.
    position: Position,
    /// The tables have reached at least this.
    anchor: Anchor,
    /// When the stream must end.
    end: StreamEnd,
}

/// What the resume tokens of an account's notifications are bound to.
pub fn about_notifications(owner: &str) -> String {
    format!("notifications of {owner}")
}

/// What the resume tokens of a post, as a viewer sees it, are bound to.
pub fn about_post(post: &str, viewer: &str) -> String {
    format!("post {post} for {viewer}")
}

/// The messages of one stream, and the status with which it ends.
pub struct Messages<M> {
    queue: mpsc::Receiver<M>,
    ended: Option<oneshot::Receiver<Status>>,
}

impl<M> Stream for Messages<M> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.queue.poll_recv(context)) {
            return Poll::Ready(Some(Ok(message)));
        }
        // The feed has dropped its end of the queue; its final status follows, if it has one.
        let Some(ended) = self.ended.as_mut() else { return Poll::Ready(None) };
        let last_word = ready!(Pin::new(ended).poll(context));
        self.ended = None;
        // Without a status, its client has gone away and does not ask, or its task has panicked.
        Poll::Ready(Some(Err(last_word.unwrap_or_else(|_| internal("a stream ended without a word")))))
    }
}

/// Every statement of the streams.
pub fn every_statement() -> Vec<&'static Statement> {
    [
        followings::STATEMENTS,
        home::STATEMENTS,
        notifications::STATEMENTS,
        post::STATEMENTS,
        post_items::STATEMENTS,
        presence::STATEMENTS,
    ]
    .concat()
}

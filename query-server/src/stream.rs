//! The home stream: the net change of a home timeline between two checkpoints, without a gap and without a duplicate.
//!
//! A wake-up says only that something may concern the stream ([`crate::dispatch`]); what changed is pulled from the tables. `timelines_1_changes` says
//! which posts and accounts were touched since the last message; what they are now is judged by the law
//! ([`crate::questions::home_timeline`]). So a stream that was away for an hour and one that never slept do the same.
//!
//! Always: a message's token never passes a change that was not told yet; a stream that breaks between two messages may
//! repeat what it told, and says the same again; memory is bounded by one
//! chunk of changes and one channel; a reader that is slow makes only its own stream wait, and is closed when it takes
//! nothing for too long.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::metrics::{counter, gauge};
use shared::errors::{ErrorReason, RETRY_DELAY, Refused, internal};
use shared::ids::{AccountId, AccountKey, Position, PostKey};
use shared::metrics;
use shared::progress::shutting_down;
use shared::proto::query as v1;
use shared::proto::query::home_timeline_removed::Target;
use shared::proto::query::stream_home_timeline_response::Event;
use shared::proto::query::{RefreshCause, RemovalCause};
use shared::sql::{Statement, statements};
use shared::tables::Change;
use shared::tokens::Tokens;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::dispatch::{Changed, Dispatch, kept_after};
use crate::freshness::Freshness;
use crate::hydrate::{self, Entry};
use crate::questions::account::{Named, find};
use crate::questions::home_timeline::{self, READS, visible_entries};
use crate::snapshot::{Snapshot, Value, column};

/// Streams that one server holds open.
pub const STREAMS_MAX: usize = 10_000;
/// Messages that wait for a slow reader.
const WAITING_MESSAGES_MAX: usize = 64;
/// How long a reader may take nothing before its stream is closed.
const SLOW_AFTER: Duration = Duration::from_secs(30);
/// How often a stream without news says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

statements! {
    /// What may concern owner $1 after $2 up to $3, $4 at most. Edits and deletions also concern whoever sees the post through
    /// somebody else's repost; an undone repost also concerns who unfollowed the reposter since; what happened to a whole
    /// account is looked at more closely later. The numbers are those of [`Change`].
    static SELECT_CHANGES = "
SELECT place, change, actor, target FROM timelines_1_changes AS changes
WHERE place > $2 AND place <= $3 AND (
    change >= 12
    OR (change IN (2, 3) AND EXISTS (
        SELECT 1 FROM posts_1_reposts AS reposts WHERE reposts.post = changes.target AND (reposts.account = $1
        OR EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = reposts.account))))
    OR (change = 5 AND EXISTS (
        SELECT 1 FROM timelines_1_changes AS unfollowed
        WHERE unfollowed.place > $2 AND unfollowed.change = 7 AND unfollowed.actor = $1
        AND unfollowed.target = changes.actor))
    OR (change <= 5 AND (actor = $1 OR EXISTS (
        SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = changes.actor)))
    OR (change IN (6, 7, 10, 11) AND actor = $1)
    OR (change IN (8, 9) AND (actor = $1 OR target = $1))
)
ORDER BY place LIMIT $4";
    /// Every reason why owner $1 might see one of these posts ($2), up to $3.
    static SELECT_REASONS = "
SELECT posts.post AS place, posts.author AS actor, posts.post FROM {rows $2 AS wanted: post}
JOIN posts_1 AS posts ON posts.post = wanted.post AND posts.post <= $3
UNION ALL
SELECT reposts.place, reposts.account, reposts.post FROM {rows $2 AS wanted: post}
JOIN posts_1_reposts AS reposts ON reposts.post = wanted.post AND reposts.place <= $3
WHERE reposts.account = $1
OR EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = reposts.account)";
    /// Why owner $1 may have seen something of account $2: `follows` it, or is it; or somebody reposted it.
    static SELECT_CONCERN = "
SELECT CAST($1 AS {number}) = $2 OR EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = $2) AS follows,
       EXISTS (
           SELECT 1 FROM posts_1 AS posts JOIN posts_1_reposts AS reposts ON reposts.post = posts.post
           WHERE posts.author = $2 AND (reposts.account = $1 OR EXISTS (
               SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = reposts.account))
       ) AS reposted,
       COALESCE((SELECT protected FROM profiles_1 WHERE account = $2), FALSE) AS protected";
    /// What account $1 has reposted up to $2, $3 at most; and what it undid after $4, since the tables may be ahead of what was
    /// told.
    static SELECT_REPOSTS_OF = "
SELECT place, account AS actor, post FROM posts_1_reposts WHERE account = $1 AND place <= $2
UNION ALL
SELECT place, actor, target AS post FROM timelines_1_changes WHERE change = 5 AND actor = $1 AND place > $4
ORDER BY place DESC LIMIT $3";
    static SELECT_ACCOUNT_ID = "SELECT account_id AS id FROM profiles_1 WHERE account = $1";
    static SELECT_POST_ID = "SELECT post_id AS id FROM posts_1 WHERE post = $1";
}

/// What a stream sends.
type Message = v1::StreamHomeTimelineResponse;

/// How much a stream looks at in one go: all that bounds its memory, beside the queue.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// Changes.
    pub changes_max: usize,
    /// Posts that may move when an account goes, before the list is fetched again instead.
    pub fallbacks_max: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self { changes_max: 512, fallbacks_max: 200 }
    }
}

/// The open streams of one server.
pub struct Streams {
    limits: StreamLimits,
    freshness: Freshness,
    dispatch: Dispatch,
    tokens: Tokens,
    drain: CancellationToken,
    room: Arc<Semaphore>,
}

impl Streams {
    /// No stream yet.
    pub fn new(freshness: Freshness, tokens: Tokens, limits: StreamLimits, drain: CancellationToken) -> Self {
        let dispatch = Dispatch::start(freshness.clone(), drain.clone());
        Self { limits, freshness, dispatch, tokens, drain, room: Arc::new(Semaphore::new(STREAMS_MAX)) }
    }

    /// Opens the stream of an account's home timeline, from a resume token or from now.
    pub async fn home(
        &self,
        metadata: &MetadataMap,
        consistency: Option<&v1::Consistency>,
        owner: AccountId,
        resume_token: &str,
    ) -> Result<HomeStream, Status> {
        let room = self.room.clone().try_acquire_owned().map_err(|_| too_many_streams())?;
        let owner_text = owner.to_string();
        let resumed = match resume_token {
            "" => None,
            token => Some(self.tokens.open_resume(&owner_text, token)?),
        };
        let mut snapshot = self.freshness.snapshot(metadata, consistency, READS).await?;
        let key = find(&mut snapshot, &Named::Id(owner)).await?;
        let position = resumed.unwrap_or(snapshot.checkpoint);
        drop(snapshot);
        self.freshness.must_be_in_the_log(position).await?;

        let (messages, queue) = mpsc::channel(WAITING_MESSAGES_MAX);
        let (end, ended) = oneshot::channel();
        let feed = Feed {
            limits: self.limits,
            told_at: Instant::now(),
            freshness: self.freshness.clone(),
            tokens: self.tokens.clone(),
            dispatch: self.dispatch.clone(),
            drain: self.drain.clone(),
            owner: key,
            owner_id: owner,
            owner_text,
            position,
            messages,
        };
        tokio::spawn(async move {
            let _room: OwnedSemaphorePermit = room;
            gauge!(metrics::STREAMS_OPEN).increment(1.0);
            let ended = feed.run().await;
            gauge!(metrics::STREAMS_OPEN).decrement(1.0);
            let reason = ended.as_ref().map_or_else(|status| format!("{:?}", status.code()), |()| "Ok".to_owned());
            counter!(metrics::STREAMS_CLOSED, "reason" => reason).increment(1);
            if let Err(status) = ended {
                // The client may have gone away, and then nobody needs to know.
                let _ = end.send(status);
            }
        });
        Ok(HomeStream { queue, ended: Some(ended) })
    }
}

/// The messages of one stream, and how it ends.
pub struct HomeStream {
    queue: mpsc::Receiver<Message>,
    ended: Option<oneshot::Receiver<Status>>,
}

impl Stream for HomeStream {
    type Item = Result<Message, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.queue.poll_recv(context)) {
            return Poll::Ready(Some(Ok(message)));
        }
        // The feed has dropped its end of the queue; its last word, if it has one, follows.
        let Some(ended) = self.ended.as_mut() else { return Poll::Ready(None) };
        let last_word = ready!(Pin::new(ended).poll(context)).ok();
        self.ended = None;
        Poll::Ready(last_word.map(Err))
    }
}

/// One stream on the server's side.
struct Feed {
    limits: StreamLimits,
    /// When the client last heard something.
    told_at: Instant,
    freshness: Freshness,
    tokens: Tokens,
    dispatch: Dispatch,
    drain: CancellationToken,
    owner: AccountKey,
    owner_id: AccountId,
    owner_text: String,
    /// Everything up to here was told.
    position: Position,
    messages: mpsc::Sender<Message>,
}

/// What is to be told of the changes up to a position.
#[derive(Default)]
struct News {
    /// In order: what happened, and the position that the client has then.
    events: Vec<(Position, Event)>,
    /// Everything up to here is told with these events.
    reached: Position,
    /// There is more.
    unfinished: bool,
}

impl Feed {
    async fn run(mut self) -> Result<(), Status> {
        self.tell(Event::Subscribed(v1::HomeTimelineSubscribed {})).await?;
        let subscription = self.dispatch.subscribe(&self.freshness, self.owner, self.position).await?;
        let mut is_caught_up = false;
        loop {
            let news = self.pull().await?;
            let unfinished = news.unfinished;
            if unfinished && is_caught_up {
                is_caught_up = false;
                self.tell(Event::FellBehind(v1::HomeTimelineFellBehind {})).await?;
            }
            for (position, event) in news.events {
                self.position = position;
                self.tell(event).await?;
            }
            self.position = subscription.told(self.position.max(news.reached));
            if self.drain.is_cancelled() {
                return self.end_for_shutdown().await;
            }
            if unfinished {
                continue;
            }
            if !is_caught_up {
                is_caught_up = true;
                self.tell(Event::CaughtUp(v1::HomeTimelineCaughtUp {})).await?;
            }
            loop {
                tokio::select! {
                    () = subscription.touched() => break,
                    () = self.drain.cancelled() => return self.end_for_shutdown().await,
                    () = self.messages.closed() => return Ok(()),
                    () = sleep_until(self.told_at + HEARTBEAT) => {
                        self.position = subscription.told(self.position);
                        self.tell(Event::Heartbeat(v1::HomeTimelineHeartbeat {})).await?;
                    }
                }
            }
            self.position = subscription.told(self.position);
        }
    }

    async fn tell(&mut self, event: Event) -> Result<(), Status> {
        let resume_token = self.tokens.seal_resume(&self.owner_text, self.position);
        let message = Message { resume_token: resume_token.clone(), event: Some(event) };
        self.told_at = Instant::now();
        match timeout(SLOW_AFTER, self.messages.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Status::cancelled("the client has gone away")),
            Err(_) => {
                let message = "the client took no message for too long";
                let refused = Refused::new(Code::ResourceExhausted, ErrorReason::ConsumerTooSlow, message);
                Err(refused.with("resume_token", resume_token).into())
            }
        }
    }

    async fn end_for_shutdown(&mut self) -> Result<(), Status> {
        self.tell(Event::Draining(v1::HomeTimelineDraining {})).await?;
        Err(shutting_down())
    }

    /// What has changed since the last message, one chunk at most.
    async fn pull(&self) -> Result<News, Status> {
        let mut snapshot = Snapshot::take(self.freshness.tables(), READS).await?;
        if snapshot.checkpoint <= self.position {
            return Ok(News { reached: self.position, ..News::default() });
        }
        find(&mut snapshot, &Named::Id(self.owner_id)).await?;
        if self.position < kept_after(&mut snapshot).await? {
            return Ok(refresh(RefreshCause::TokenExpired, snapshot.checkpoint));
        }
        let changes = self.changes(&mut snapshot).await?;
        let unfinished = changes.len() == self.limits.changes_max;
        if let (true, Some(last)) = (unfinished, changes.last()) {
            // What happened after this chunk is told with the next one, not before.
            snapshot.checkpoint = last.place;
        }
        let mut news = self.news(&mut snapshot, &changes).await?;
        news.unfinished = unfinished;
        Ok(news)
    }

    async fn changes(&self, snapshot: &mut Snapshot) -> Result<Vec<Changed>, Status> {
        let limit = i64::try_from(self.limits.changes_max).map_err(internal)?;
        let values = [self.owner.0, self.position.0, snapshot.checkpoint.0, limit].map(Value::Number);
        let rows = snapshot.rows(&SELECT_CHANGES, &values).await?;
        rows.iter().map(Changed::read).collect()
    }

    async fn news(&self, snapshot: &mut Snapshot, changes: &[Changed]) -> Result<News, Status> {
        let mut posts: BTreeMap<PostKey, Touched> = BTreeMap::new();
        let mut gone: BTreeMap<(i64, RemovalCause), Position> = BTreeMap::new();
        for changed in changes {
            let other = if changed.actor == self.owner.0 { changed.target } else { changed.actor };
            match changed.change {
                Change::Posted | Change::Edited | Change::Deleted | Change::Reposted | Change::RepostUndone => {
                    posts.entry(PostKey(changed.target)).or_default().touch(changed);
                }
                Change::Followed => return Ok(refresh(RefreshCause::Followed, snapshot.checkpoint)),
                Change::Unblocked => return Ok(refresh(RefreshCause::Unblocked, snapshot.checkpoint)),
                Change::Unmuted => return Ok(refresh(RefreshCause::Unmuted, snapshot.checkpoint)),
                Change::Unfollowed => {
                    gone.insert((other, RemovalCause::Unfollowed), changed.place);
                    if self.concern(snapshot, other).await?.protected {
                        gone.insert((other, RemovalCause::Protected), changed.place);
                    }
                }
                Change::Blocked => {
                    gone.insert((other, RemovalCause::Blocked), changed.place);
                }
                Change::Muted => {
                    gone.insert((other, RemovalCause::Muted), changed.place);
                }
                Change::Deactivated | Change::Reactivated | Change::Protected | Change::Unprotected => {
                    let concern = self.concern(snapshot, changed.actor).await?;
                    match changed.change {
                        Change::Deactivated if concern.follows || concern.reposted => {
                            gone.insert((changed.actor, RemovalCause::Deactivated), changed.place);
                        }
                        Change::Protected if concern.reposted && !concern.follows => {
                            gone.insert((changed.actor, RemovalCause::Protected), changed.place);
                        }
                        Change::Reactivated if concern.follows || concern.reposted => {
                            return Ok(refresh(RefreshCause::Reactivated, snapshot.checkpoint));
                        }
                        Change::Unprotected if concern.reposted && !concern.follows => {
                            return Ok(refresh(RefreshCause::Unprotected, snapshot.checkpoint));
                        }
                        _ => {}
                    }
                }
            }
        }
        self.present(snapshot, posts, gone).await
    }

    async fn present(
        &self,
        snapshot: &mut Snapshot,
        posts: BTreeMap<PostKey, Touched>,
        gone: BTreeMap<(i64, RemovalCause), Position>,
    ) -> Result<News, Status> {
        let mut told: Vec<Told> = Vec::new();
        let mut moved: BTreeMap<PostKey, Position> = BTreeMap::new();
        for ((account, cause), place) in &gone {
            let id = self.id(snapshot, &SELECT_ACCOUNT_ID, *account).await?;
            let removed = v1::HomeTimelineRemoved { target: Some(Target::AccountId(id)), cause: (*cause).into() };
            told.push(Told { first: *place, last: *place, event: Event::Removed(removed) });
            let Some(fallen) = self.fallen_back(snapshot, *account).await? else {
                return Ok(refresh(RefreshCause::TooManyChanges, snapshot.checkpoint));
            };
            moved.extend(fallen.into_iter().map(|post| (post, *place)));
        }

        let wanted: BTreeSet<PostKey> = posts.keys().chain(moved.keys()).copied().collect();
        let entries = self.judge(snapshot, &wanted).await?;
        let items = hydrate::items(snapshot, &entries, Some(self.owner)).await?;
        let mut items: BTreeMap<PostKey, v1::TimelineItem> =
            entries.iter().map(|entry| entry.post).zip(items).collect();
        for (post, touched) in &posts {
            moved.remove(post);
            let event = match items.remove(post) {
                Some(item) if touched.only_edited => Event::Updated(v1::HomeTimelineUpdated { item: Some(item) }),
                Some(item) => Event::Item(v1::HomeTimelineItem { item: Some(item) }),
                None => match touched.removal {
                    Some(cause) => {
                        let id = self.id(snapshot, &SELECT_POST_ID, post.0).await?;
                        let target = Some(Target::PostId(id));
                        Event::Removed(v1::HomeTimelineRemoved { target, cause: cause.into() })
                    }
                    None => continue,
                },
            };
            told.push(Told { first: touched.first, last: touched.last, event });
        }
        for (post, place) in moved {
            if let Some(item) = items.remove(&post) {
                let event = Event::Item(v1::HomeTimelineItem { item: Some(item) });
                told.push(Told { first: place, last: place, event });
            }
        }
        Ok(News { events: in_order(told), reached: snapshot.checkpoint, unfinished: false })
    }

    /// Where the owner sees these posts now, each at its newest visible reason.
    async fn judge(&self, snapshot: &mut Snapshot, posts: &BTreeSet<PostKey>) -> Result<Vec<Entry>, Status> {
        let wanted = posts.iter().collect();
        let values = [Value::Number(self.owner.0), Value::Rows(&wanted), Value::Number(snapshot.checkpoint.0)];
        let rows = snapshot.rows(&SELECT_REASONS, &values).await?;
        let reasons: Vec<Entry> = rows.iter().map(home_timeline::entry).collect::<Result<_, Status>>()?;
        visible_entries(snapshot, self.owner, &reasons).await
    }

    /// The posts that this account had reposted last and that the owner now sees at an older place; nothing when there
    /// are too many to tell.
    async fn fallen_back(&self, snapshot: &mut Snapshot, account: i64) -> Result<Option<Vec<PostKey>>, Status> {
        let limit = i64::try_from(self.limits.fallbacks_max + 1).map_err(internal)?;
        let values = [account, snapshot.checkpoint.0, limit, self.position.0].map(Value::Number);
        let rows = snapshot.rows(&SELECT_REPOSTS_OF, &values).await?;
        if rows.len() > self.limits.fallbacks_max {
            return Ok(None);
        }
        let reposts: Vec<Entry> = rows.iter().map(home_timeline::entry).collect::<Result<_, Status>>()?;
        let mut places: BTreeMap<PostKey, Position> = BTreeMap::new();
        for repost in reposts {
            // The newest comes first.
            places.entry(repost.post).or_insert(repost.place);
        }
        let seen = self.judge(snapshot, &places.keys().copied().collect()).await?;
        let is_older = |entry: &&Entry| places.get(&entry.post).is_some_and(|place| entry.place < *place);
        Ok(Some(seen.iter().filter(is_older).map(|entry| entry.post).collect()))
    }

    async fn concern(&self, snapshot: &mut Snapshot, account: i64) -> Result<Concern, Status> {
        let rows = snapshot.rows(&SELECT_CONCERN, &[Value::Number(self.owner.0), Value::Number(account)]).await?;
        let row = rows.first().ok_or_else(|| internal("a SELECT without FROM has one row"))?;
        Ok(Concern {
            follows: column(row, "follows")?,
            reposted: column(row, "reposted")?,
            protected: column(row, "protected")?,
        })
    }

    async fn id(&self, snapshot: &mut Snapshot, statement: &'static Statement, key: i64) -> Result<String, Status> {
        let rows = snapshot.rows(statement, &[Value::Number(key)]).await?;
        let row = rows.first().ok_or_else(|| internal(format!("key {key} of a change is not in the tables")))?;
        let id: uuid::Uuid = column(row, "id")?;
        Ok(id.to_string())
    }
}

/// A message, and the changes that it tells: several of one post become one message.
struct Told {
    first: Position,
    last: Position,
    event: Event,
}

/// In the order of the last change. A client may go away after any message and come back with its token, so a token stays
/// below the first change of everything that is still to be told.
fn in_order(mut told: Vec<Told>) -> Vec<(Position, Event)> {
    told.sort_by_key(|told| told.last);
    let mut untold_from = Position(i64::MAX);
    let mut events: Vec<(Position, Event)> = Vec::with_capacity(told.len());
    for Told { first, last, event } in told.into_iter().rev() {
        events.push((last.min(Position(untold_from.0 - 1)), event));
        untold_from = untold_from.min(first);
    }
    events.reverse();
    events
}

/// Why an owner may have seen something of an account.
struct Concern {
    follows: bool,
    reposted: bool,
    protected: bool,
}

/// What happened to one post since the last message.
struct Touched {
    first: Position,
    last: Position,
    only_edited: bool,
    removal: Option<RemovalCause>,
}

impl Default for Touched {
    fn default() -> Self {
        Self { first: Position(i64::MAX), last: Position(0), only_edited: true, removal: None }
    }
}

impl Touched {
    fn touch(&mut self, changed: &Changed) {
        self.first = self.first.min(changed.place);
        self.last = changed.place;
        self.only_edited &= changed.change == Change::Edited;
        match changed.change {
            Change::Deleted => self.removal = Some(RemovalCause::Deleted),
            Change::RepostUndone => self.removal = Some(RemovalCause::Undone),
            _ => {}
        }
    }
}

fn refresh(cause: RefreshCause, reached: Position) -> News {
    let event = Event::Refresh(v1::HomeTimelineRefresh { cause: cause.into() });
    News { events: vec![(reached, event)], reached, unfinished: false }
}

fn too_many_streams() -> Status {
    let message = format!("this server holds at most {STREAMS_MAX} streams");
    let refused = Refused::new(Code::ResourceExhausted, ErrorReason::TooManyStreams, message);
    refused.with("limit", STREAMS_MAX).retry_after(RETRY_DELAY).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(first: i64, last: i64) -> Told {
        let event = Event::Heartbeat(v1::HomeTimelineHeartbeat {});
        Told { first: Position(first), last: Position(last), event }
    }

    fn check(changes: Vec<Told>, tokens: &[i64]) {
        let found: Vec<i64> = in_order(changes).iter().map(|(token, _)| token.0).collect();
        assert_eq!(found, tokens);
    }

    #[test]
    fn a_token_stays_below_what_is_still_to_be_told() {
        check(vec![told(5, 5), told(7, 7)], &[5, 7]);
        check(vec![told(7, 7), told(5, 9)], &[4, 9]);
        check(vec![told(5, 5), told(5, 5), told(6, 6)], &[4, 5, 6]);
        check(vec![], &[]);
    }
}

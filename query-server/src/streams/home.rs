//! The home stream: the net change of a home timeline between two checkpoints, without a gap and without a duplicate.
//!
//! What happened is heard from the dispatch, or pulled from the tables: `changes_1` says which posts and accounts were touched
//! since the last message; what they are now is judged by the law ([`crate::questions::home_timeline`]). So a stream that was away
//! for an hour and one that never slept do the same.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::ids::{AccountId, AccountKey, Position, PostId, PostKey};
use shared::rpc::errors::internal;
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::stream_home_timeline_response::Event;
use shared::rpc::proto::query::{RefreshCause, RemovalCause};
use shared::rpc::tokens::Tokens;
use shared::sql::statements;
use shared::tables::Change;
use timelines::Reason;
use tonic::Status;

use super::StreamLimits;
use super::alone::sent_alone;
use super::dispatch::{Dispatch, Heard, HeardOf, Subscription};
use super::feed::Kind;
use super::followings::{Changed, Followings, kept_after};
use super::home_items::{HeardReasons, HomeItems, Items};
use super::pending::{Pending, in_order};
use super::shared_read::Reader;
use super::together::{Live, SentTogether, refreshed};
use super::{Begin, Messages, Open, Since};
use crate::asking::{Asking, Checked};
use crate::freshness::Freshness;
use crate::hydrate;
use crate::questions::account::{Named, find};
use crate::questions::home_timeline::{READS, seen_now};
use crate::snapshot::{Snapshot, Value, column, limit};
use crate::vocabulary::VOCABULARY;

statements! {
    "home.sql" with VOCABULARY:
    SELECT_CHANGES, SELECT_CONCERN, SELECT_ENTRIES_OF, SELECT_IN_SIGHT,
}

/// What is to be told.
type News = super::feed::News<Event>;

/// The stream of one home timeline.
pub struct Home {
    pub limits: StreamLimits,
    pub freshness: Freshness,
    pub tokens: Tokens,
    pub dispatch: Dispatch<Followings>,
    pub items: Reader<HomeItems>,
    pub owner: AccountKey,
    pub owner_id: AccountId,
}

impl Kind for Home {
    type Event = Event;
    type Index = Followings;

    async fn learn(&self, subscription: &Subscription<Followings>) -> Result<(), Status> {
        self.dispatch.learn(&self.freshness, subscription, self.owner).await
    }

    async fn look(&mut self, from: Position, heard: Heard<Changed>) -> Result<News, Status> {
        match heard {
            Heard::Changes(changes, through, read_at) => {
                let events = self.hear(&changes).await?;
                Ok(News { events, reached: through, read_at, unfinished: false })
            }
            Heard::Something => self.pull(from).await,
        }
    }
}

sent_alone!(Home: StreamHomeTimelineResponse);

impl SentTogether for Home {
    fn together(event: Event) -> Option<Live> {
        Some(match event {
            Event::Item(item) => Live::HomeTimelineItem(item),
            Event::Updated(updated) => Live::HomeTimelineUpdated(updated),
            Event::Removed(removed) => Live::HomeTimelineRemoved(removed),
            Event::Refresh(refresh) => {
                refreshed(refresh.cause == RefreshCause::TokenExpired as i32, refresh.at_least_as_fresh)
            }
            Event::Subscribed(_)
            | Event::CaughtUp(_)
            | Event::FellBehind(_)
            | Event::Heartbeat(_)
            | Event::Draining(_) => return None,
        })
    }
}

impl Home {
    /// What is new of posts that were posted or reposted, with all who ask at the same time.
    async fn hear(&self, changes: &[HeardOf<Changed>]) -> Result<Vec<(Position, Event)>, Status> {
        let mut posts: BTreeMap<PostKey, Touched> = BTreeMap::new();
        for HeardOf { last, change, .. } in changes {
            posts.entry(PostKey(change.target)).or_default().touch(*last, change);
        }
        let reason = |HeardOf { last, change, .. }: &HeardOf<Changed>| {
            let (actor, post) = (AccountKey(change.actor), PostKey(change.target));
            Reason { place: *last, actor, post }
        };
        let mut items = match changes.is_empty() {
            true => Items::new(),
            false => {
                let reasons = changes.iter().map(reason).collect();
                self.items.ask(HeardReasons { owner: self.owner, reasons }).await?
            }
        };
        let item = |(post, touched): (PostKey, Touched)| {
            let (item, includes) = items.remove(&post)?;
            let event = Event::Item(v1::HomeTimelineItem { item: Some(item), includes: Some(includes) });
            Some(Pending { first: touched.first, last: touched.last, event })
        };
        let told = posts.into_iter().filter_map(item).collect();
        Ok(in_order(told))
    }

    /// What has changed since the last message, one chunk at most.
    async fn pull(&self, from: Position) -> Result<News, Status> {
        let mut snapshot = Snapshot::take(self.freshness.tables(), READS).await?;
        if snapshot.checkpoint <= from {
            return Ok(News { events: vec![], reached: from, read_at: snapshot.anchor, unfinished: false });
        }
        find(&mut snapshot, &Named::Id(self.owner_id)).await?;
        if from < kept_after(&mut snapshot).await? {
            return Ok(self.refresh(RefreshCause::TokenExpired, &snapshot));
        }
        let changes = self.changes(&mut snapshot, from).await?;
        let unfinished = changes.len() == self.limits.changes_max;
        if let (true, Some((last, _))) = (unfinished, changes.last()) {
            // What happened after this chunk is told with the next one, not before.
            snapshot.checkpoint = *last;
        }
        let mut news = self.news(&mut snapshot, from, &changes).await?;
        news.unfinished = unfinished;
        Ok(news)
    }

    async fn changes(&self, snapshot: &mut Snapshot, from: Position) -> Result<Vec<(Position, Changed)>, Status> {
        let limit = i64::try_from(self.limits.changes_max).map_err(internal)?;
        let values = [self.owner.0, from.0, snapshot.checkpoint.0, limit].map(Value::Number);
        let rows = snapshot.rows(&SELECT_CHANGES, &values).await?;
        rows.iter().map(|row| Ok((Position(column(row, "place")?), Changed::read(row)?))).collect()
    }

    async fn news(
        &self,
        snapshot: &mut Snapshot,
        from: Position,
        changes: &[(Position, Changed)],
    ) -> Result<News, Status> {
        let mut posts: BTreeMap<PostKey, Touched> = BTreeMap::new();
        let mut gone: BTreeMap<i64, Gone> = BTreeMap::new();
        for (place, changed) in changes {
            let other = if changed.actor == self.owner.0 { changed.target } else { changed.actor };
            let mut goes = |account, cause| gone.entry(account).or_default().go(*place, cause);
            match changed.change {
                Change::Posted
                | Change::Edited
                | Change::Deleted
                | Change::TakenDown
                | Change::Restored
                | Change::Reposted
                | Change::RepostUndone => {
                    posts.entry(PostKey(changed.target)).or_default().touch(*place, changed);
                }
                Change::Followed => return Ok(self.refresh(RefreshCause::Followed, snapshot)),
                Change::Unblocked => return Ok(self.refresh(RefreshCause::Unblocked, snapshot)),
                Change::Unmuted => return Ok(self.refresh(RefreshCause::Unmuted, snapshot)),
                Change::Unfollowed => goes(other, RemovalCause::Unfollowed),
                Change::Blocked => goes(other, RemovalCause::Blocked),
                Change::Muted => goes(other, RemovalCause::Muted),
                Change::Deactivated | Change::Reactivated | Change::Protected | Change::Unprotected => {
                    let concern = self.concern(snapshot, from, changed.actor).await?;
                    match changed.change {
                        Change::Deactivated if concern.followed || concern.reposted => {
                            goes(changed.actor, RemovalCause::Deactivated);
                        }
                        Change::Protected if concern.reposted && !concern.follows => {
                            goes(changed.actor, RemovalCause::Protected);
                        }
                        Change::Reactivated if concern.followed || concern.reposted => {
                            return Ok(self.refresh(RefreshCause::Reactivated, snapshot));
                        }
                        Change::Unprotected if concern.reposted && !concern.follows => {
                            return Ok(self.refresh(RefreshCause::Unprotected, snapshot));
                        }
                        _ => {}
                    }
                }
            }
        }
        self.present(snapshot, from, posts, gone).await
    }

    async fn present(
        &self,
        snapshot: &mut Snapshot,
        from: Position,
        mut posts: BTreeMap<PostKey, Touched>,
        gone: BTreeMap<i64, Gone>,
    ) -> Result<News, Status> {
        let mut told: Vec<Pending<Event>> = Vec::new();
        let mut moved: BTreeMap<PostKey, Position> = BTreeMap::new();
        for (account, gone) in &gone {
            let Some(entries) = self.entries_of(snapshot, from, *account, gone).await? else {
                return Ok(self.refresh(RefreshCause::TooManyChanges, snapshot));
            };
            let Gone { first, last, cause, .. } = *gone;
            if !entries.gone.is_empty() {
                told.push(Pending { first, last, event: removed(entries.gone, cause) });
            }
            moved.extend(entries.moved.into_iter().map(|post| (post, last)));
        }

        let wanted: BTreeSet<PostKey> = posts.keys().chain(moved.keys()).copied().collect();
        let entries = self.visible_now(snapshot, &wanted).await?;
        let entries: Vec<(AccountKey, Reason)> = entries.into_iter().map(|entry| (self.owner, entry)).collect();
        let items = hydrate::items_of_viewers(snapshot, &entries).await?;
        let there = entries.iter().zip(items).filter_map(|((_, entry), item)| Some((entry.post, item?)));
        let mut items: Items = there.collect();
        for (post, touched) in &mut posts {
            if let Some(place) = moved.remove(post) {
                touched.fall_back(place);
            }
            let event = match items.remove(post) {
                Some((item, includes)) if touched.only_edited => {
                    Event::Updated(v1::HomeTimelineUpdated { item: Some(item), includes: Some(includes) })
                }
                Some((item, includes)) => {
                    Event::Item(v1::HomeTimelineItem { item: Some(item), includes: Some(includes) })
                }
                None => match touched.removal {
                    Some(cause) => {
                        let in_sight = self.in_sight(snapshot, from, &[*post].into()).await?;
                        if in_sight.is_empty() {
                            continue;
                        }
                        removed(in_sight, cause)
                    }
                    None => continue,
                },
            };
            told.push(Pending { first: touched.first, last: touched.last, event });
        }
        for (post, place) in moved {
            if let Some((item, includes)) = items.remove(&post) {
                let event = Event::Item(v1::HomeTimelineItem { item: Some(item), includes: Some(includes) });
                told.push(Pending { first: place, last: place, event });
            }
        }
        let (reached, read_at) = (snapshot.checkpoint, snapshot.anchor);
        Ok(News { events: in_order(told), reached, read_at, unfinished: false })
    }

    /// Where the owner sees these posts now, each at its newest visible reason.
    async fn visible_now(&self, snapshot: &mut Snapshot, posts: &BTreeSet<PostKey>) -> Result<Vec<Reason>, Status> {
        seen_now(snapshot, self.owner, posts.iter().copied()).await
    }

    /// What the timeline may have had an entry of because of an account that went, and where it is now; nothing when there is more than
    /// is told one by one.
    async fn entries_of(
        &self,
        snapshot: &mut Snapshot,
        from: Position,
        account: i64,
        gone: &Gone,
    ) -> Result<Option<EntriesOf>, Status> {
        let most = self.limits.removed_max;
        let values = [account, gone.last.0, from.0, self.owner.0, i64::from(gone.with_answers)].map(Value::Number);
        let values = [&values[..], &[limit(most + 1)]].concat();
        let rows = snapshot.rows(&SELECT_ENTRIES_OF, &values).await?;
        if rows.len() > most {
            return Ok(None);
        }
        let mut places: BTreeMap<PostKey, Position> = BTreeMap::new();
        for row in &rows {
            let (post, place) = (PostKey(column(row, "post")?), Position(column(row, "place")?));
            let newest = places.entry(post).or_insert(place);
            *newest = place.max(*newest);
        }
        let seen = self.visible_now(snapshot, &places.keys().copied().collect()).await?;
        let is_older = |entry: &&Reason| places.get(&entry.post).is_some_and(|place| entry.place < *place);
        let moved = seen.iter().filter(is_older).map(|entry| entry.post).collect();
        for entry in &seen {
            places.remove(&entry.post);
        }
        let gone = self.in_sight(snapshot, from, &places.into_keys().collect()).await?;
        Ok(Some(EntriesOf { gone, moved }))
    }

    async fn concern(&self, snapshot: &mut Snapshot, from: Position, account: i64) -> Result<Concern, Status> {
        let values = [self.owner.0, account, from.0].map(Value::Number);
        let rows = snapshot.rows(&SELECT_CONCERN, &values).await?;
        let row = rows.first().ok_or_else(|| internal("a SELECT without FROM has one row"))?;
        let (follows, followed) = (column(row, "follows")?, column(row, "followed")?);
        Ok(Concern { follows, followed, reposted: column(row, "reposted")? })
    }

    /// The ids of those of these posts that the owner may have seen after a position.
    async fn in_sight(
        &self,
        snapshot: &mut Snapshot,
        from: Position,
        posts: &BTreeSet<PostKey>,
    ) -> Result<Vec<String>, Status> {
        if posts.is_empty() {
            return Ok(vec![]);
        }
        let wanted = posts.iter().collect();
        let values = [Value::Rows(&wanted), Value::Number(self.owner.0), Value::Number(from.0)];
        let rows = snapshot.rows(&SELECT_IN_SIGHT, &values).await?;
        rows.iter().map(|row| Ok(PostId(column(row, "post_id")?).to_string())).collect()
    }

    fn refresh(&self, cause: RefreshCause, snapshot: &Snapshot) -> News {
        let (reached, read_at) = (snapshot.checkpoint, snapshot.anchor);
        let at_least_as_fresh = self.tokens.seal(read_at);
        let event = Event::Refresh(v1::HomeTimelineRefresh { cause: cause.into(), at_least_as_fresh });
        News { events: vec![(reached, event)], reached, read_at, unfinished: false }
    }
}

fn removed(post_ids: Vec<String>, cause: RemovalCause) -> Event {
    Event::Removed(v1::HomeTimelineRemoved { post_ids, cause: cause.into() })
}

/// What becomes of the entries that were there because of an account.
struct EntriesOf {
    /// Ids of the posts whose entries are gone.
    gone: Vec<String>,
    /// The posts whose entries are now at an older place.
    moved: Vec<PostKey>,
}

/// An account went out of sight, or is not followed any more.
#[derive(Clone, Copy)]
struct Gone {
    first: Position,
    last: Position,
    cause: RemovalCause,
    /// Answers to it, which only an unfollow takes away, go with it.
    with_answers: bool,
}

impl Default for Gone {
    fn default() -> Self {
        let (first, last) = (Position(i64::MAX), Position(0));
        Self { first, last, cause: RemovalCause::Unspecified, with_answers: false }
    }
}

impl Gone {
    fn go(&mut self, place: Position, cause: RemovalCause) {
        (self.first, self.last, self.cause) = (self.first.min(place), place, self.cause.max(cause));
        self.with_answers |= cause == RemovalCause::Unfollowed;
    }
}

/// Why an owner may have seen something of an account since the last message.
struct Concern {
    /// The owner follows it now.
    follows: bool,
    /// The owner follows it, or has followed it.
    followed: bool,
    /// Somebody whom the owner follows or has followed reposted it.
    reposted: bool,
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
    fn touch(&mut self, place: Position, changed: &Changed) {
        self.first = self.first.min(place);
        self.last = place;
        self.only_edited &= changed.change == Change::Edited;
        match changed.change {
            // Which is not told apart.
            Change::Deleted | Change::TakenDown => self.removal = Some(RemovalCause::Deleted),
            Change::RepostUndone => self.removal = Some(RemovalCause::Undone),
            _ => {}
        }
    }

    /// The entry was among those that went at this place: whoever hears of that must hear of where it is now.
    fn fall_back(&mut self, place: Position) {
        self.first = self.first.min(place);
        self.last = self.last.max(place);
        self.only_edited = false;
    }
}

impl Open for v1::StreamHomeTimelineRequest {
    async fn open(asking: Asking<'_, Self>) -> Result<Messages<Self::Response>, Status> {
        let request = asking.request;
        let (owner, Checked { queries, call, consistency, .. }) =
            asking.check_of_owner("account_id", &request.account_id)?;
        let begin = Begin { call, consistency, since: Since::Token(&request.resume_token) };
        queries.streams.alone(queries.streams.home(begin, owner).await?)
    }
}

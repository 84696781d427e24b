//! The stream of notifications: which groups were touched is in `notifications_1_changes`; what they are now is answered as the list
//! answers it ([`crate::questions::notifications`]).
//!
//! Whoever comes into sight or goes out of it (muted, blocked, deactivated, protected) may change any number of groups: if that
//! account has caused one, the list is to be fetched again.
//!
//! Always: a group is told to be gone only if one of its causes ended, and if the owner sees the author of the post that it is about: of what
//! somebody does who is not in sight, nothing is told.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::ids::{AccountId, AccountKey, Position, PostId, PostKey};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::NotificationsRefreshCause as RefreshCause;
use shared::rpc::proto::query::stream_notifications_response::Event;
use shared::rpc::tokens::Tokens;
use shared::sql::{Statement, statements};
use tonic::Status;

use super::alone::sent_alone;
use super::dispatch::Heard;
use super::feed::Kind;
use super::interests::{Interests, Source, Touch};
use super::pending::{Pending, in_order};
use super::together::{Live, SentTogether, refreshed};
use super::{Begin, Messages, Open, Since};
use crate::asking::{Asking, Checked};
use crate::freshness::Freshness;
use crate::questions::account::{Named, find};
use crate::questions::notifications::{self, these};
use crate::snapshot::{Projections, Snapshot, Value, column, limit, small};
use crate::vocabulary::VOCABULARY;

/// What the stream reads.
pub const READS: Projections =
    &["notifications_1", "changes_1", "posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

/// Groups that are told one by one; when more were touched, the list is fetched again.
const GROUPS_MAX: usize = 256;
/// The reason of a change that says that something was seen.
const SEEN: i32 = 0;

statements! {
    "notifications.sql" with VOCABULARY:
    SELECT_CHANGES, SELECT_KEPT, SELECT_TOUCHED, SELECT_SIGHT, SELECT_IN_SIGHT,
}

/// What is to be told.
type News = super::feed::News<Event>;

/// Where streams of notifications hear of changes.
pub struct NotificationChanges;

impl Source for NotificationChanges {
    const READS: Projections = READS;

    fn changes() -> &'static Statement {
        &SELECT_CHANGES
    }
}

/// The stream of one account's notifications.
pub struct NotificationFeed {
    pub freshness: Freshness,
    pub tokens: Tokens,
    pub owner: AccountKey,
    pub owner_id: AccountId,
}

impl Kind for NotificationFeed {
    type Event = Event;
    type Index = Interests<NotificationChanges>;

    /// Notifications come far more slowly than items, so that each stream asks for itself.
    async fn look(&mut self, from: Position, _: Heard<Touch>) -> Result<News, Status> {
        let mut snapshot = Snapshot::take(self.freshness.tables(), READS).await?;
        let read_at = snapshot.anchor;
        let reached = snapshot.checkpoint;
        if reached <= from {
            return Ok(News { events: vec![], reached: from, read_at, unfinished: false });
        }
        find(&mut snapshot, &Named::Id(self.owner_id)).await?;
        let refresh = |cause: RefreshCause| {
            let at_least_as_fresh = self.tokens.seal(read_at);
            let event = Event::Refresh(v1::NotificationsRefresh { cause: cause.into(), at_least_as_fresh });
            Ok(News { events: vec![(reached, event)], reached, read_at, unfinished: false })
        };
        let kept = snapshot.row(&SELECT_KEPT, &[]).await?;
        if from < Position(column(&kept, "kept_after")?) {
            return refresh(RefreshCause::TokenExpired);
        }
        let between = [self.owner.0, from.0, reached.0].map(Value::Number);
        let sight = snapshot.row(&SELECT_SIGHT, &between).await?;
        if column(&sight, "changed")? {
            return refresh(RefreshCause::SightChanged);
        }
        let touched = self.touched(&mut snapshot, &between).await?;
        if touched.len() > GROUPS_MAX {
            return refresh(RefreshCause::TooManyChanges);
        }
        Ok(News { events: self.present(&mut snapshot, from, touched).await?, reached, read_at, unfinished: false })
    }
}

sent_alone!(NotificationFeed: StreamNotificationsResponse);

impl SentTogether for NotificationFeed {
    fn together(event: Event) -> Option<Live> {
        Some(match event {
            Event::Item(item) => Live::NotificationItem(item),
            Event::Removed(removed) => Live::NotificationRemoved(removed),
            Event::Seen(seen) => Live::NotificationsSeen(seen),
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

/// How a group was touched.
struct Touched {
    first: Position,
    last: Position,
    /// Whether one of its causes ended, or may have.
    ended: bool,
}

/// Groups by reason and post.
type Touches = BTreeMap<(i32, i64), Touched>;

impl NotificationFeed {
    async fn touched(&self, snapshot: &mut Snapshot, between: &[Value<'_>]) -> Result<Touches, Status> {
        let values = [between, &[limit(GROUPS_MAX + 1)]].concat();
        let touch = |row| {
            let group = (small(row, "reason")?, column(row, "post")?);
            let ended = small(row, "ended")? > 0;
            let (first, last) = (Position(column(row, "first")?), Position(column(row, "last")?));
            Ok((group, Touched { first, last, ended }))
        };
        snapshot.rows(&SELECT_TOUCHED, &values).await?.iter().map(touch).collect()
    }

    async fn present(
        &self,
        snapshot: &mut Snapshot,
        from: Position,
        touched: Touches,
    ) -> Result<Vec<(Position, Event)>, Status> {
        let groups = touched.keys().copied().filter(|(reason, _)| *reason != SEEN);
        let shown = these(snapshot, self.owner, groups.clone()).await?;
        let owner = self.owner_id.to_string();
        let presented =
            notifications::present(snapshot, (&self.freshness, &self.tokens), (&owner, self.owner), &shown).await?;
        let mut presented = presented.each(&shown);
        let missing = groups.filter(|group| !presented.contains_key(group)).map(|(_, post)| PostKey(post)).collect();
        let in_sight = self.in_sight(snapshot, from, missing).await?;
        let mut told = Vec::with_capacity(touched.len());
        for (group, Touched { first, last, ended }) in touched {
            let (reason, post) = group;
            let event = if reason == SEEN {
                let up_to_place = notifications::seen_up_to(snapshot, self.owner).await?.unsigned();
                Event::Seen(v1::NotificationsSeen { up_to_place })
            } else if let Some((notification, includes)) = presented.remove(&group) {
                Event::Item(v1::NotificationItem { notification: Some(notification), includes: Some(includes) })
            } else if let Some(post_id) = in_sight.get(&PostKey(post)).filter(|_| ended) {
                Event::Removed(v1::NotificationRemoved { reason, post_id: post_id.clone() })
            } else {
                continue;
            };
            told.push(Pending { first, last, event });
        }
        Ok(in_order(told))
    }

    /// The ids of those of these posts that the owner may have seen after a position. No post is always in sight, and its id empty.
    async fn in_sight(
        &self,
        snapshot: &mut Snapshot,
        from: Position,
        posts: BTreeSet<PostKey>,
    ) -> Result<BTreeMap<PostKey, String>, Status> {
        let mut in_sight = BTreeMap::from([(PostKey(0), String::new())]);
        if posts.iter().any(|post| *post != PostKey(0)) {
            let wanted = posts.iter().collect();
            let values = [Value::Rows(&wanted), Value::Number(self.owner.0), Value::Number(from.0)];
            for row in snapshot.rows(&SELECT_IN_SIGHT, &values).await? {
                in_sight.insert(PostKey(column(&row, "post")?), PostId(column(&row, "post_id")?).to_string());
            }
        }
        Ok(in_sight)
    }
}

impl Open for v1::StreamNotificationsRequest {
    async fn open(asking: Asking<'_, Self>) -> Result<Messages<Self::Response>, Status> {
        let request = asking.request;
        let (owner, Checked { queries, call, consistency, .. }) =
            asking.check_of_owner("account_id", &request.account_id)?;
        let begin = Begin { call, consistency, since: Since::Token(&request.resume_token) };
        queries.streams.alone(queries.streams.notifications(begin, owner).await?)
    }
}

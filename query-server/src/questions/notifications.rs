//! Notifications: causes that stand, grouped by reason and post, newest first.
//!
//! A group is shown at its newest *shown* cause: one whose actor is active, not muted and not across a block. The table
//! keeps the newest cause of each group, shown or not, which is never below that place; so a page takes the next groups by
//! what the table keeps, down to a floor, and of all groups above the floor those whose place is on the page.
//!
//! Always: paging to the end gives every group once; a page may be short when its groups belong further down.

use std::collections::BTreeMap;

use shared::model::clock::Timestamp;
use shared::model::ids::{AccountKey, Position, PostKey};
use shared::rpc::errors::internal;
use shared::rpc::proto::query as v1;
use shared::rpc::tokens::Tokens;
use shared::sql::database::Row;
use shared::sql::statements;
use tonic::Status;

use super::Answer;
use crate::asking::Asking;
use crate::freshness::Freshness;
use crate::hydrate::Hydrated;
use crate::pages::{OfOwner, Page, Question, TIMELINE_PAGES};
use crate::snapshot::{Projections, Snapshot, Value, column, limit, small};
use crate::streams::about_notifications;
use crate::vocabulary::VOCABULARY;

/// What listing reads.
pub const READS: Projections = &["notifications_1", "posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];
/// What counting reads.
pub const READS_TO_COUNT: Projections = &["notifications_1", "posts_1", "profiles_1", "graph_1"];

/// How many of the newest causers are shown.
const CAUSERS_SHOWN: usize = 3;
/// How far the causers of a group, and the unread groups, are counted.
const COUNTED_MAX: usize = 1_000;

statements! {
    "notifications.sql" with VOCABULARY:
    SELECT_FLOOR, SELECT_GROUPS, SELECT_THESE_GROUPS, SELECT_SEEN, SELECT_NEWEST_CAUSERS, COUNT_CAUSERS, COUNT_UNREAD,
}

/// A group that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// A `NotificationReason`.
    pub reason: i32,
    /// What it is about, if anything.
    pub post: Option<PostKey>,
    /// The position of its newest shown cause.
    pub place: Position,
    /// Whether the recipient has seen that.
    pub seen: bool,
}

impl Group {
    /// The reason, and the post or 0.
    pub fn key(&self) -> (i32, i64) {
        (self.reason, self.post.unwrap_or_default().0)
    }
}

/// Who caused a group, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Causers {
    /// The newest, newest first.
    newest: Vec<AccountKey>,
    /// When the newest cause happened, in microseconds.
    happened_at: i64,
    /// How many there are, as far as they are counted.
    count: i32,
}

/// A page of groups, and the place after which the next page goes on, if there may be one.
pub async fn page(
    snapshot: &mut Snapshot,
    recipient: AccountKey,
    before: Option<Position>,
    size: usize,
) -> Result<(Vec<Group>, Option<Position>), Status> {
    let recipient = Value::Number(recipient.0);
    let checkpoint = snapshot.checkpoint;
    let before = Value::Number(before.unwrap_or(checkpoint.next()).0);
    let floors = snapshot.rows(&SELECT_FLOOR, &[recipient, before, limit(size - 1)]).await?;
    let floor = floors.first().map(|row| column(row, "newest")).transpose()?.map(Position);
    let from = Value::Number(floor.unwrap_or_default().0);
    let values = [recipient, before, from, Value::Number(checkpoint.0), limit(size)];
    let groups: Vec<Group> =
        snapshot.rows(&SELECT_GROUPS, &values).await?.iter().map(group).collect::<Result<_, _>>()?;
    // A full page ends at its last group; a short one at the floor, above which it has seen everything.
    let next = if groups.len() == size { groups.last().map(|group| group.place) } else { floor };
    Ok((groups, next))
}

/// Those of these groups, named by reason and post (0 for none), that are shown now.
pub async fn these(
    snapshot: &mut Snapshot,
    recipient: AccountKey,
    groups: impl Iterator<Item = (i32, i64)>,
) -> Result<Vec<Group>, Status> {
    let wanted = groups.collect();
    let values = [Value::Number(recipient.0), Value::Rows(&wanted), Value::Number(snapshot.checkpoint.0)];
    snapshot.rows(&SELECT_THESE_GROUPS, &values).await?.iter().map(group).collect()
}

/// Up to where the recipient has seen everything.
pub async fn seen_up_to(snapshot: &mut Snapshot, recipient: AccountKey) -> Result<Position, Status> {
    let rows = snapshot.rows(&SELECT_SEEN, &[Value::Number(recipient.0)]).await?;
    rows.first().map_or(Ok(Position(0)), |row| column(row, "up_to").map(Position))
}

/// These groups as the contract has them, with ids for their owner.
pub async fn present(
    snapshot: &mut Snapshot,
    (freshness, tokens): (&Freshness, &Tokens),
    (owner, recipient): (&str, AccountKey),
    groups: &[Group],
) -> Result<Vec<v1::Notification>, Status> {
    let causers = causers(snapshot, recipient, groups).await?;
    let posts: Vec<PostKey> = groups.iter().filter_map(|group| group.post).collect();
    let people: Vec<AccountKey> = causers.iter().flat_map(|causers| causers.newest.iter().copied()).collect();
    let hydrated = Hydrated::load(snapshot, &posts, &people, Some(recipient)).await?;
    // An id is bound to the event itself, so that it is the same whoever asks when.
    let anchors = freshness.anchors(&groups.iter().map(|group| group.place).collect::<Vec<_>>()).await?;
    let id = |group: &Group| anchors.get(&group.place).map(|cause| tokens.seal_notification(owner, *cause));
    let notification = |(group, causers): (&Group, &Causers)| v1::Notification {
        notification_id: id(group).unwrap_or_default(),
        reason: group.reason,
        post: group.post.and_then(|post| hydrated.post(post)),
        newest_causers: causers.newest.iter().filter_map(|account| hydrated.account(*account)).collect(),
        causer_count: causers.count,
        seen: group.seen,
        happened_at: Some(Timestamp(causers.happened_at).to_proto()),
        place: group.place.unsigned(),
    };
    Ok(groups.iter().zip(&causers).map(notification).collect())
}

/// The causers of these groups, in their order.
async fn causers(snapshot: &mut Snapshot, recipient: AccountKey, groups: &[Group]) -> Result<Vec<Causers>, Status> {
    let wanted = groups.iter().map(Group::key).collect();
    let (recipient, checkpoint) = (Value::Number(recipient.0), Value::Number(snapshot.checkpoint.0));
    let key = |row: &Row| Ok::<_, Status>((small(row, "reason")?, column::<i64>(row, "post")?));
    let mut found: BTreeMap<(i32, i64), Causers> = BTreeMap::new();
    let values = [recipient, Value::Rows(&wanted), checkpoint, limit(CAUSERS_SHOWN)];
    for row in snapshot.rows(&SELECT_NEWEST_CAUSERS, &values).await? {
        let causers = found.entry(key(&row)?).or_default();
        if causers.newest.is_empty() {
            causers.happened_at = column(&row, "happened_at")?;
        }
        causers.newest.push(AccountKey(column(&row, "actor")?));
    }
    let values = [recipient, Value::Rows(&wanted), checkpoint, limit(COUNTED_MAX)];
    for row in snapshot.rows(&COUNT_CAUSERS, &values).await? {
        found.entry(key(&row)?).or_default().count = small(&row, "causers")?;
    }
    Ok(groups.iter().map(|group| found.remove(&group.key()).unwrap_or_default()).collect())
}

/// How many groups are not seen yet, as far as they are counted.
pub async fn count_unread(snapshot: &mut Snapshot, recipient: AccountKey) -> Result<i32, Status> {
    let values = [Value::Number(recipient.0), Value::Number(snapshot.checkpoint.0), limit(COUNTED_MAX)];
    let rows = snapshot.rows(&COUNT_UNREAD, &values).await?;
    rows.first().map_or(Ok(0), |row| small(row, "unread"))
}

fn group(row: &Row) -> Result<Group, Status> {
    let post: i64 = column(row, "post")?;
    Ok(Group {
        reason: small(row, "reason")?,
        post: (post != 0).then_some(PostKey(post)),
        place: Position(column(row, "place")?),
        seen: column(row, "seen")?,
    })
}

impl Answer for v1::ListNotificationsRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let request = asking.request;
        let question = Question("Notifications", READS, TIMELINE_PAGES);
        let mut page = Page::open(asking, question, OfOwner(&request.account_id)).await?;
        let owner = page.key;
        let (groups, next) = self::page(&mut page.snapshot, owner, page.start, page.size).await?;
        let about = page.about().to_owned();
        let sealing = (&page.queries.freshness, &page.queries.tokens);
        let notifications = present(&mut page.snapshot, sealing, (&about, owner), &groups).await?;
        let (next_page_token, read_at) = page.tokens(next);
        let resume_token = page.resume_token(&about_notifications(&about));
        Ok(v1::ListNotificationsResponse { notifications, next_page_token, read_at, resume_token })
    }
}

impl Answer for v1::GetUnreadNotificationCountRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let Asking { request, queries, .. } = asking;
        let (_, checked) = asking.check_of_owner("account_id", &request.account_id)?;
        let (mut snapshot, owner) = checked.snapshot(READS_TO_COUNT).await?;
        let owner = owner.ok_or_else(|| internal("the owner is the viewer, and was found as such"))?;
        let unread_count = count_unread(&mut snapshot, owner).await?;
        let read_at = queries.tokens.seal(snapshot.anchor);
        Ok(v1::GetUnreadNotificationCountResponse { unread_count, read_at })
    }
}

//! Notifications: causes that stand, grouped by reason and post, newest first.
//!
//! A group is shown at its newest *shown* cause: one whose actor is active and not suspended, not muted and not across a block. The table
//! keeps the newest cause of each group, shown or not, which is never below that place; so a page walks the groups by what the table keeps.
//! A group whose newest cause is hidden is *displaced*: it is shown further down, between groups that come later in the walk. Those that the
//! walk has met and not shown yet are carried from page to page by the token; if they are too many, each page looks for them above the walk.
//!
//! Always: paging to the end gives every group once; a page costs the same at any depth, but where more are displaced than a token carries.

use std::collections::BTreeMap;

use shared::model::clock::Timestamp;
use shared::model::ids::{AccountKey, Position, PostKey};
use shared::rpc::errors::internal;
use shared::rpc::proto::query as v1;
use shared::rpc::tokens::{Tokens, page_token_invalid};
use shared::sql::database::Row;
use shared::sql::statements;
use tonic::Status;

use super::Answer;
use crate::asking::Asking;
use crate::freshness::Freshness;
use crate::hydrate::Hydrated;
use crate::pages::{Effort, OfOwner, Page, Question, TIMELINE_PAGES};
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
/// How many groups the walk looks at in one go, beyond those that the page needs; twice as many each time.
const CHUNK_MARGIN: usize = 4;
const CHUNK_MAX: usize = 1_024;
/// How often it does for one page before that is answered short.
const CHUNKS_MAX: usize = 12;
/// How many displaced groups a token carries.
const CARRIED_MAX: usize = 64;

statements! {
    "notifications.sql" with VOCABULARY:
    SELECT_GROUPS, SELECT_DISPLACED, SELECT_THESE_GROUPS, SELECT_SEEN, SELECT_NEWEST_CAUSERS, COUNT_CAUSERS, COUNT_UNREAD,
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

/// Where the walk of a list is after a page, as its token has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    effort: Effort,
    /// Groups whose newest cause is at this place or above it were looked at.
    below: Position,
    /// The groups that were looked at and are shown below the page, as (reason, post); nothing when they are too many to carry.
    carried: Option<Vec<(i32, i64)>>,
}

impl Default for Walk {
    fn default() -> Self {
        Self { effort: Effort::default(), below: Position(i64::MAX), carried: Some(vec![]) }
    }
}

impl Walk {
    /// As a token has it; nothing of one from a build that did not walk.
    fn read(left: &[u8]) -> Option<Self> {
        let (effort, rest) = left.split_at_checked(1)?;
        let (below, rest) = rest.split_first_chunk()?;
        let (is_whole, mut rest) = rest.split_first()?;
        let mut carried = vec![];
        while let Some((reason, after)) = rest.split_first() {
            let (post, after) = after.split_first_chunk()?;
            carried.push((i32::from(*reason), i64::from_be_bytes(*post)));
            rest = after;
        }
        let below = Position(i64::from_be_bytes(*below));
        Some(Self { effort: Effort::read(effort), below, carried: (*is_whole == 1).then_some(carried) })
    }

    fn write(&self, effort: u8) -> Vec<u8> {
        let mut left = vec![effort];
        left.extend_from_slice(&self.below.0.to_be_bytes());
        left.push(u8::from(self.carried.is_some()));
        for (reason, post) in self.carried.iter().flatten() {
            left.push(u8::try_from(*reason).expect("there are few reasons"));
            left.extend_from_slice(&post.to_be_bytes());
        }
        left
    }
}

/// A page of groups, and where the walk is after it, if there may be more.
pub async fn page(
    snapshot: &mut Snapshot,
    recipient: AccountKey,
    (before, mut walk): (Option<Position>, Walk),
    size: usize,
) -> Result<(Vec<Group>, Option<Walk>), Status> {
    let before = before.unwrap_or(Position(i64::MAX));
    let mut groups = Vec::with_capacity(size);
    let mut displaced = displaced(snapshot, recipient, (before, &walk), size).await?;
    let (mut chunk, mut chunks, mut is_over) = (size + CHUNK_MARGIN, 0, false);
    while groups.len() < size && !is_over && !walk.effort.may_end(chunks, CHUNKS_MAX) {
        let values = [
            Value::Number(recipient.0),
            Value::Number(walk.below.0),
            limit(chunk),
            Value::Number(snapshot.checkpoint.0),
        ];
        let rows = snapshot.rows(&SELECT_GROUPS, &values).await?;
        is_over = rows.len() < chunk;
        for row in &rows {
            let newest = Position(column(row, "newest")?);
            take_above(&mut displaced, newest, &mut groups, size);
            if groups.len() == size {
                // This one, and what follows, is for the next page.
                is_over = false;
                break;
            }
            walk.below = newest;
            if column::<Option<i64>>(row, "place")?.is_some() {
                let group = group(row)?;
                match group.place == newest {
                    true => groups.push(group),
                    false => drop(displaced.insert(group.place, group)),
                }
            }
        }
        (chunk, chunks) = ((chunk * 2).min(CHUNK_MAX), chunks + 1);
    }
    if is_over {
        take_above(&mut displaced, Position(0), &mut groups, size);
    }
    if is_over && displaced.is_empty() {
        return Ok((groups, None));
    }
    // Once they were too many, nobody knows all of them.
    let is_known = walk.carried.is_some() && displaced.len() <= CARRIED_MAX;
    walk.carried = is_known.then(|| displaced.values().map(Group::key).collect());
    Ok((groups, Some(walk)))
}

/// The groups that the walk has met and that are shown below a place, by their places: all, or as many as a page needs.
async fn displaced(
    snapshot: &mut Snapshot,
    recipient: AccountKey,
    (before, walk): (Position, &Walk),
    size: usize,
) -> Result<BTreeMap<Position, Group>, Status> {
    let found = match &walk.carried {
        Some(carried) if carried.is_empty() => vec![],
        Some(carried) => these(snapshot, recipient, carried.iter().copied()).await?,
        None => {
            let checkpoint = Value::Number(snapshot.checkpoint.0);
            let places = [before, walk.below].map(|place| Value::Number(place.0));
            let values = [Value::Number(recipient.0), places[0], places[1], checkpoint, limit(size + 1)];
            snapshot.rows(&SELECT_DISPLACED, &values).await?.iter().map(group).collect::<Result<_, _>>()?
        }
    };
    // One that has moved up is on no page below.
    Ok(found.into_iter().filter(|group| group.place < before).map(|group| (group.place, group)).collect())
}

/// Puts the displaced groups above a place on the page, as far as there is room.
fn take_above(displaced: &mut BTreeMap<Position, Group>, place: Position, groups: &mut Vec<Group>, size: usize) {
    while groups.len() < size
        && let Some(highest) = displaced.last_entry()
        && *highest.key() > place
    {
        groups.push(highest.remove());
    }
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
) -> Result<Presented, Status> {
    let causers = causers(snapshot, recipient, groups).await?;
    let posts: Vec<PostKey> = groups.iter().filter_map(|group| group.post).collect();
    let people: Vec<AccountKey> = causers.iter().flat_map(|causers| causers.newest.iter().copied()).collect();
    let hydrated = Hydrated::load(snapshot, &posts, people.into_iter(), Some(recipient)).await?;
    // An id is bound to the event itself, so that it is the same whoever asks when.
    let anchors = freshness.anchors(&groups.iter().map(|group| group.place).collect::<Vec<_>>()).await?;
    let id = |group: &Group| anchors.get(&group.place).map(|cause| tokens.seal_notification(owner, *cause));
    let notification = |(group, causers): (&Group, &Causers)| v1::Notification {
        notification_id: id(group).unwrap_or_default(),
        reason: group.reason,
        post: group.post.and_then(|post| hydrated.post(post)),
        newest_causer_ids: causers.newest.iter().filter_map(|account| hydrated.account_id(*account)).collect(),
        causer_count: causers.count,
        seen: group.seen,
        happened_at: Some(Timestamp(causers.happened_at).to_proto()),
        place: group.place.unsigned(),
    };
    let notifications = groups.iter().zip(&causers).map(notification).collect();
    Ok(Presented { recipient, notifications, causers, hydrated })
}

/// Notifications as the contract has them, and what they refer to.
pub struct Presented {
    recipient: AccountKey,
    /// In the order of their groups.
    pub notifications: Vec<v1::Notification>,
    causers: Vec<Causers>,
    hydrated: Hydrated,
}

impl Presented {
    /// What all of them refer to.
    pub fn includes(&self) -> v1::Includes {
        self.hydrated.includes()
    }

    /// Each with what it refers to itself, by its group.
    pub fn each(self, groups: &[Group]) -> BTreeMap<(i32, i64), (v1::Notification, v1::Includes)> {
        let includes = |group: &Group, causers: &Causers| {
            self.hydrated.includes_of(Some(self.recipient), group.post, causers.newest.iter().copied())
        };
        let includes: Vec<_> =
            groups.iter().zip(&self.causers).map(|(group, causers)| includes(group, causers)).collect();
        groups.iter().map(Group::key).zip(self.notifications.into_iter().zip(includes)).collect()
    }
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
        let walk = match page.start {
            None => Walk::default(),
            Some(_) => Walk::read(&page.left).ok_or_else(page_token_invalid)?,
        };
        let effort = walk.effort;
        let (groups, walk) = self::page(&mut page.snapshot, owner, (page.start, walk), page.size).await?;
        // A page without a group goes on where the one before ended.
        let last = groups.last().map(|group| group.place).or(page.start).unwrap_or(page.snapshot.checkpoint.next());
        let (next, left) = match walk {
            Some(walk) => (Some(last), walk.write(effort.after(groups.len(), page.size))),
            None => (None, vec![]),
        };
        let about = page.about().to_owned();
        let sealing = (&page.queries.freshness, &page.queries.tokens);
        let presented = present(&mut page.snapshot, sealing, (&about, owner), &groups).await?;
        let includes = Some(presented.includes());
        let (next_page_token, read_at) = page.tokens_with(next, &left);
        let resume_token = page.resume_token(&about_notifications(&about));
        let notifications = presented.notifications;
        Ok(v1::ListNotificationsResponse { notifications, next_page_token, read_at, resume_token, includes })
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

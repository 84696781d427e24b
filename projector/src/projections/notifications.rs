//! `notifications_1`: what happened to each account and its posts, as causes that stand.
//!
//! Always: one row per (recipient, reason, post, actor), gone when the cause is undone or its post is deleted; nobody
//! notifies themselves; a post notifies an account once, as a reply before a quote before a mention, so that no two causes of
//! a recipient have the same place; a mention keeps its place for as long as no edit drops it; what was undone after the recipient had seen
//! it, and is done again within a day, is back at its old place, so that it is no news. Never here: who is muted, blocked or deactivated, and
//! what the recipient may see; that can be reversed, so it is judged at read.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use shared::database::{Row, Transaction, Value};
use shared::event::{Event, FollowEvent, LikeEvent, NotificationsEvent, PostEvent, RepostEvent};
use shared::ids::{AccountKey, AccountRef, Position, PostKey, Version};
use shared::proto::query::NotificationReason;
use shared::rows::Rows;
use shared::sql::statements;

use crate::changes::{ChangesTable, changes_table};
use crate::edges::execute;
use crate::projection::{Batch, Fact, Projection};

/// Where a reason is about no post.
const NO_POST: PostKey = PostKey(0);
/// What the recipient had seen and is done again is no news for so long after it was done first, in microseconds: a day.
const NO_NEWS_FOR: i64 = 24 * 60 * 60 * 1_000_000;

/// Rows of (recipient, reason, post, actor, place, happened_at).
macro_rules! insert_causes {
    ($filter:expr, $on_conflict:literal) => {
        concat!(
            "INSERT INTO notifications_1 SELECT *",
            " FROM {rows $1 AS cause: recipient, reason, post, actor, place, happened_at} WHERE ",
            $filter,
            " ON CONFLICT (recipient, reason, post, actor) ",
            $on_conflict
        )
    };
}
/// SQL for "the post of this cause is no reply to, and no quote of, the recipient".
macro_rules! only_mentioned {
    () => {
        "NOT EXISTS (SELECT 1 FROM notifications_1 AS other WHERE other.recipient = cause.recipient
         AND other.reason IN (5, 7) AND other.post = cause.post)"
    };
}
statements! {
    static UPSERT = insert_causes!("true", "DO UPDATE SET place = excluded.place, happened_at = excluded.happened_at");
    static INSERT_MENTIONS_IF_NEW = insert_causes!(only_mentioned!(), "DO NOTHING");
    static UPSERT_MENTIONS = insert_causes!(
        only_mentioned!(),
        "DO UPDATE SET place = excluded.place, happened_at = excluded.happened_at"
    );
    static DELETE = "
DELETE FROM notifications_1 WHERE (recipient, reason, post, actor) IN
    (SELECT * FROM {rows $1 AS ended: recipient, reason, post, actor})";
    /// $1 rows of (recipient, reason, post, actor).
    static SELECT_CAUSES = "
SELECT causes.recipient, causes.reason, causes.post, causes.actor, causes.place, causes.happened_at
FROM {rows $1 AS wanted: recipient, reason, post, actor} {ordered join} notifications_1 AS causes
ON causes.recipient = wanted.recipient AND causes.reason = wanted.reason AND causes.post = wanted.post AND causes.actor = wanted.actor";
    /// $1 rows of (recipient, reason, post).
    static DELETE_GROUPS_OF_CAUSES = "
DELETE FROM notifications_1 WHERE (recipient, reason, post) IN
    (SELECT * FROM {rows $1 AS touched: recipient, reason, post})";
    /// $1 rows of (recipient, reason, post).
    static SELECT_GROUPS = "
SELECT groups.recipient, groups.reason, groups.post FROM {rows $1 AS wanted: recipient, reason, post}
{ordered join} notifications_1_groups AS groups
ON groups.recipient = wanted.recipient AND groups.reason = wanted.reason AND groups.post = wanted.post";
    /// $1 posts.
    static DELETE_CAUSED_BY_POSTS = "
DELETE FROM notifications_1 WHERE reason >= 5 AND post IN (SELECT * FROM {rows $1 AS posts: post})
RETURNING recipient, reason, post";
    /// $1 posts, $2 the mentions that they still have, as rows of (post, recipient).
    static DELETE_DROPPED_MENTIONS = "
DELETE FROM notifications_1 WHERE reason = 6 AND post IN (SELECT * FROM {rows $1 AS posts: post})
AND (post, recipient) NOT IN (SELECT * FROM {rows $2 AS named: post, recipient})
RETURNING recipient, reason, post";
    /// $1 rows of (recipient, reason, post).
    static DELETE_EMPTY_GROUPS = "
DELETE FROM notifications_1_groups AS empty WHERE (recipient, reason, post) IN
    (SELECT * FROM {rows $1 AS touched: recipient, reason, post})
AND NOT EXISTS (
    SELECT 1 FROM notifications_1 AS causes
    WHERE causes.recipient = empty.recipient AND causes.reason = empty.reason AND causes.post = empty.post
)";
    /// $1 rows of (recipient, reason, post).
    static WRITE_GROUPS = "
INSERT INTO notifications_1_groups
SELECT * FROM (
    SELECT touched.recipient, touched.reason, touched.post, (
        SELECT MAX(causes.place) FROM notifications_1 AS causes
        WHERE causes.recipient = touched.recipient AND causes.reason = touched.reason AND causes.post = touched.post
    ) AS newest
    FROM {rows $1 AS touched: recipient, reason, post}
) AS written WHERE newest IS NOT NULL
ON CONFLICT (recipient, reason, post) DO UPDATE SET newest = excluded.newest";
    static MARK_SEEN = "
INSERT INTO notifications_1_seen SELECT * FROM {rows $1 AS seen: recipient, up_to} WHERE true
ON CONFLICT (recipient) DO UPDATE SET up_to = excluded.up_to";
}

/// What streams of notifications need to know: which groups were touched, at the latest place in a batch, and where a cause was undone, at
/// that place too. What was seen is a change of no group.
pub static CHANGES: ChangesTable = changes_table!("notifications_1", "place, recipient, reason, post");
/// The reasons that somebody else gives for a post of the recipient.
const BY_OTHERS: [NotificationReason; 2] = [NotificationReason::Liked, NotificationReason::Reposted];
/// In place of the reason.
const SEEN: i32 = 0;

/// The projection.
pub struct Notifications {
    changes_kept: i64,
}

impl Notifications {
    /// Changes are kept for so many positions.
    #[must_use]
    pub fn new(changes_kept: i64) -> Self {
        Self { changes_kept }
    }
}

/// (recipient, reason, post).
type Group = (AccountKey, i32, PostKey);
/// A group, and who caused it.
type Cause = (Group, AccountKey);
/// Groups, and where they were touched last.
type Touched = BTreeMap<Group, Position>;

/// Since when something stands: the position, and the time in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Since {
    place: Position,
    happened_at: i64,
}

impl Since {
    fn of(fact: &Fact) -> Self {
        Self { place: fact.position, happened_at: fact.recorded_at.0 }
    }
}

/// What happened to a cause that can be undone and drawn again.
#[derive(Clone, Copy, Debug)]
enum Step {
    Began {
        since: Since,
        /// It is not the first event of its stream, so it may have been there before.
        again: bool,
    },
    Ended {
        /// Up to where the recipient had seen everything then, if anywhere.
        seen_up_to: Option<Position>,
    },
}

/// What there is of such a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undoable {
    Absent,
    Standing(Since),
    /// It ended after the recipient had seen it.
    Remembered(Since),
}

impl Undoable {
    fn after(self, step: Step) -> Self {
        match (self, step) {
            (Self::Remembered(before), Step::Began { since, .. })
                if since.happened_at - before.happened_at < NO_NEWS_FOR =>
            {
                Self::Standing(before)
            }
            (_, Step::Began { since, .. }) => Self::Standing(since),
            (Self::Standing(since), Step::Ended { seen_up_to }) if seen_up_to >= Some(since.place) => {
                Self::Remembered(since)
            }
            (Self::Standing(_), Step::Ended { .. }) => Self::Absent,
            (Self::Absent | Self::Remembered(_), Step::Ended { .. }) => self,
        }
    }
}

/// What the edits in a batch leave of the mentions of a post from before the batch.
#[derive(Debug)]
struct Mentions {
    author: AccountKey,
    /// Of the last edit.
    edited_at: Position,
    /// Who is mentioned at the end, since when at the latest, and whether every edit in the batch mentions them: then a
    /// mention from before the batch keeps its place.
    named: BTreeMap<AccountKey, (Since, bool)>,
}

/// What a batch leaves.
#[derive(Debug, Default)]
struct Net {
    /// Those that come from posts.
    causes: BTreeMap<Cause, Option<Since>>,
    /// The others, with all that happened to them, in order.
    undoable: BTreeMap<Cause, Vec<Step>>,
    edited: BTreeMap<PostKey, Mentions>,
    /// The groups of which something began or ended, as far as the events say, and where at the latest.
    touched: Touched,
    /// The groups of which something ended, if they are there.
    ended: Touched,
    /// Where a cause was undone.
    undone: BTreeSet<(Position, Group)>,
    /// Posts from before the batch, with their authors, and where they were deleted.
    deleted: BTreeMap<(PostKey, AccountKey), Position>,
    created: BTreeSet<PostKey>,
    /// Posts that were deleted.
    gone: BTreeSet<PostKey>,
    /// Up to where everything is seen, and where that was said.
    seen: BTreeMap<AccountKey, (Position, Position)>,
}

fn fold(facts: &[&Fact]) -> Net {
    use NotificationReason::{Liked, Reposted};
    let mut net = Net::default();
    for fact in facts {
        match &fact.event {
            Event::Follow(event) => net.fold_follow(fact, event),
            Event::Like(LikeEvent::Added { account, post, post_author }) => {
                net.began(fact, post_author, (Liked, post.key), account);
            }
            Event::Like(LikeEvent::Removed { account, post, post_author, author_seen_up_to }) => {
                net.ended(fact, post_author, (Liked, post.key), account, *author_seen_up_to);
            }
            Event::Repost(RepostEvent::Added { account, post, post_author }) => {
                net.began(fact, post_author, (Reposted, post.key), account);
            }
            Event::Repost(RepostEvent::Removed { account, post, post_author, author_seen_up_to, .. }) => {
                net.ended(fact, post_author, (Reposted, post.key), account, *author_seen_up_to);
            }
            Event::Post(event) => net.fold_post(fact, event),
            Event::Notifications(NotificationsEvent::Seen { account, up_to }) => {
                net.seen.insert(account.key, (*up_to, fact.position));
            }
            _ => {}
        }
    }
    net
}

impl Net {
    fn caused(
        &mut self,
        fact: &Fact,
        recipient: &AccountRef,
        reason: NotificationReason,
        post: PostKey,
        actor: &AccountRef,
    ) {
        self.set(fact, (recipient.key, reason.into(), post), actor.key, Some(Since::of(fact)));
    }

    fn fold_follow(&mut self, fact: &Fact, event: &FollowEvent) {
        use NotificationReason::{FollowRequested, Followed};
        match event {
            FollowEvent::Requested(edge) => {
                self.began(fact, &edge.followee, (FollowRequested, NO_POST), &edge.follower);
            }
            FollowEvent::Followed(edge) => {
                self.ended(fact, &edge.followee, (FollowRequested, NO_POST), &edge.follower, None);
                self.began(fact, &edge.followee, (Followed, NO_POST), &edge.follower);
            }
            FollowEvent::Rejected(edge) | FollowEvent::Withdrawn(edge) => {
                let seen_up_to = edge.followee_seen_up_to;
                self.ended(fact, &edge.followee, (FollowRequested, NO_POST), &edge.follower, seen_up_to);
            }
            FollowEvent::Unfollowed(edge) => {
                let seen_up_to = edge.followee_seen_up_to;
                self.ended(fact, &edge.followee, (Followed, NO_POST), &edge.follower, seen_up_to);
            }
        }
    }

    fn began(
        &mut self,
        fact: &Fact,
        recipient: &AccountRef,
        (reason, post): (NotificationReason, PostKey),
        actor: &AccountRef,
    ) {
        let step = Step::Began { since: Since::of(fact), again: fact.version > Version(1) };
        self.step(fact, ((recipient.key, reason.into(), post), actor.key), step);
    }

    fn ended(
        &mut self,
        fact: &Fact,
        recipient: &AccountRef,
        (reason, post): (NotificationReason, PostKey),
        actor: &AccountRef,
        seen_up_to: Option<Position>,
    ) {
        self.step(fact, ((recipient.key, reason.into(), post), actor.key), Step::Ended { seen_up_to });
    }

    fn step(&mut self, fact: &Fact, cause: Cause, step: Step) {
        let (group, actor) = cause;
        let (recipient, _, post) = group;
        // What was done to a post went with it.
        if recipient == actor || self.gone.contains(&post) {
            return;
        }
        self.undoable.entry(cause).or_default().push(step);
        let has_ended = matches!(step, Step::Ended { .. });
        self.touch(fact, group, has_ended);
        if has_ended {
            self.undone.insert((fact.position, group));
        }
    }

    fn set(&mut self, fact: &Fact, group: Group, actor: AccountKey, since: Option<Since>) {
        if group.0 != actor {
            self.causes.insert((group, actor), since);
            self.touch(fact, group, since.is_none());
        }
    }

    fn touch(&mut self, fact: &Fact, group: Group, has_ended: bool) {
        let is_there = !has_ended || self.touched.contains_key(&group);
        let touched = if is_there { &mut self.touched } else { &mut self.ended };
        touched.insert(group, fact.position);
    }

    /// Drops those causes of a post that began in this batch and are not wanted any more.
    fn drop_causes(&mut self, fact: &Fact, post: PostKey, is_wanted: impl Fn(AccountKey, i32) -> bool) {
        let touched = &mut self.touched;
        self.causes.retain(|(group, _), _| {
            let (recipient, reason, about) = *group;
            let is_kept = about != post || is_wanted(recipient, reason);
            if !is_kept {
                touched.insert(*group, fact.position);
            }
            is_kept
        });
    }

    fn drop_undoable(&mut self, fact: &Fact, post: PostKey) {
        let touched = &mut self.touched;
        self.undoable.retain(|(group, _), _| {
            let is_kept = group.2 != post;
            if !is_kept {
                touched.insert(*group, fact.position);
            }
            is_kept
        });
    }

    fn fold_post(&mut self, fact: &Fact, event: &PostEvent) {
        use NotificationReason::{Mentioned, Quoted, Replied};
        match event {
            PostEvent::Created { author, reply_to, quoted, mentions, .. } => {
                let post = PostKey(fact.position.0);
                self.created.insert(post);
                let replied = reply_to.map(|parent| parent.author);
                let quoted = quoted.map(|quoted| quoted.author).filter(|quoted| Some(*quoted) != replied);
                if let Some(recipient) = &replied {
                    self.caused(fact, recipient, Replied, post, author);
                }
                if let Some(recipient) = &quoted {
                    self.caused(fact, recipient, Quoted, post, author);
                }
                for recipient in mentions.iter().filter(|named| ![replied, quoted].contains(&Some(**named))) {
                    self.caused(fact, recipient, Mentioned, post, author);
                }
            }
            PostEvent::Edited { post, author, mentions, .. } if self.created.contains(&post.key) => {
                self.edit_within(fact, post.key, author, mentions);
            }
            PostEvent::Edited { post, author, mentions, .. } => self.edit_older(fact, post.key, author, mentions),
            PostEvent::Deleted { post, author, .. } => {
                self.drop_causes(fact, post.key, |_, _| false);
                self.drop_undoable(fact, post.key);
                self.gone.insert(post.key);
                self.edited.remove(&post.key);
                if !self.created.contains(&post.key) {
                    self.deleted.insert((post.key, author.key), fact.position);
                    let of_author = BY_OTHERS.map(|reason| ((author.key, i32::from(reason), post.key), fact.position));
                    self.ended.extend(of_author);
                }
            }
        }
    }

    /// An edit of a post that began in this batch: what it keeps stays where it is.
    fn edit_within(&mut self, fact: &Fact, post: PostKey, author: &AccountRef, mentions: &[AccountRef]) {
        let is_named = |account: AccountKey| mentions.iter().any(|mentioned| mentioned.key == account);
        let mentioned = i32::from(NotificationReason::Mentioned);
        self.drop_causes(fact, post, |recipient, reason| reason != mentioned || is_named(recipient));
        let caused = |causes: &BTreeMap<_, _>, recipient: AccountKey, reason: NotificationReason| {
            causes.contains_key(&((recipient, reason.into(), post), author.key))
        };
        for named in mentions.iter().filter(|named| named.key != author.key) {
            let (reply, quote) = (NotificationReason::Replied, NotificationReason::Quoted);
            if !caused(&self.causes, named.key, reply) && !caused(&self.causes, named.key, quote) {
                let group = (named.key, mentioned, post);
                if !self.causes.contains_key(&(group, author.key)) {
                    self.set(fact, group, author.key, Some(Since::of(fact)));
                }
            }
        }
    }

    /// An edit of a post from before this batch, whose mentions only the table knows.
    fn edit_older(&mut self, fact: &Fact, post: PostKey, author: &AccountRef, mentions: &[AccountRef]) {
        let is_first = !self.edited.contains_key(&post);
        let edited = self.edited.entry(post).or_insert_with(|| Mentions {
            author: author.key,
            edited_at: fact.position,
            named: BTreeMap::new(),
        });
        edited.edited_at = fact.position;
        edited.named.retain(|account, _| mentions.iter().any(|mentioned| mentioned.key == *account));
        for named in mentions.iter().filter(|named| named.key != author.key) {
            edited.named.entry(named.key).or_insert_with(|| (Since::of(fact), is_first));
        }
    }
}

#[async_trait]
impl Projection for Notifications {
    fn name(&self) -> &'static str {
        "notifications_1"
    }

    fn wants(&self) -> &'static [&'static str] {
        &["follow", "like", "repost", "post", "notifications"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let net = fold(&batch.facts);
        let mut touched = net.touched.clone();
        if !net.ended.is_empty() {
            let ended = net.ended.keys().collect();
            for group in groups(&tx.rows(&SELECT_GROUPS, &[Value::Rows(&ended)]).await?)? {
                let place = net.ended.get(&group).max(touched.get(&group)).copied().unwrap_or_default();
                touched.insert(group, place);
            }
        }
        delete_posts(tx, &net, &mut touched).await?;
        write_edits(tx, &net, &mut touched).await?;
        let mut ended: Rows =
            net.causes.iter().filter(|(_, since)| since.is_none()).map(|(cause, _)| flat(cause)).collect();
        let mut standing: Rows = net.causes.iter().filter_map(|(cause, since)| Some(row(cause, (*since)?))).collect();
        settle(tx, &net, (&mut ended, &mut standing)).await?;
        execute(tx, &DELETE, ended).await?;
        execute(tx, &UPSERT, standing).await?;
        execute(tx, &DELETE_EMPTY_GROUPS, touched.keys().collect()).await?;
        execute(tx, &WRITE_GROUPS, touched.keys().collect()).await?;
        execute(tx, &MARK_SEEN, net.seen.iter().map(|(recipient, (up_to, _))| (recipient, up_to)).collect()).await?;
        let mut changes: BTreeSet<(Position, Group)> = touched.iter().map(|(group, place)| (*place, *group)).collect();
        changes.extend(net.undone.iter().filter(|(_, group)| touched.contains_key(group)));
        changes.extend(net.seen.iter().map(|(recipient, (_, place))| (*place, (*recipient, SEEN, NO_POST))));
        let changes = changes.into_iter().map(|(place, (recipient, reason, post))| (place, recipient, reason, post));
        CHANGES.write(tx, changes.collect(), batch, self.changes_kept).await
    }
}

type CauseRow = (AccountKey, i32, PostKey, AccountKey, Position, i64);

fn flat(((recipient, reason, post), actor): &Cause) -> (AccountKey, i32, PostKey, AccountKey) {
    (*recipient, *reason, *post, *actor)
}

fn row(cause: &Cause, since: Since) -> CauseRow {
    let (recipient, reason, post, actor) = flat(cause);
    (recipient, reason, post, actor, since.place, since.happened_at)
}

/// The same cause, as one that is remembered.
fn remembered(((recipient, reason, post), actor): &Cause) -> Cause {
    ((*recipient, -reason, *post), *actor)
}

/// What becomes of the causes that can be undone: those that end, and those that stand or are remembered.
async fn settle(tx: &mut Transaction, net: &Net, (ended, standing): (&mut Rows, &mut Rows)) -> Result<(), sqlx::Error> {
    let may_be_known = |steps: &[Step]| {
        let is_known =
            |step: &Step| matches!(step, Step::Began { again: true, .. } | Step::Ended { seen_up_to: Some(_) });
        steps.iter().any(is_known)
    };
    let asked = net.undoable.iter().filter(|(_, steps)| may_be_known(steps)).map(|(cause, _)| cause);
    let wanted: Rows = asked.flat_map(|cause| [flat(cause), flat(&remembered(cause))]).collect();
    let before = if wanted.is_empty() { BTreeMap::new() } else { known(tx, &wanted).await? };
    for (cause, steps) in &net.undoable {
        let was = before.get(cause).copied().unwrap_or(Undoable::Absent);
        let is = steps.iter().fold(was, |state, step| state.after(*step));
        if !matches!(is, Undoable::Standing(_)) {
            ended.push(&flat(cause));
        }
        if matches!(was, Undoable::Remembered(_)) && !matches!(is, Undoable::Remembered(_)) {
            ended.push(&flat(&remembered(cause)));
        }
        match is {
            Undoable::Absent => {}
            Undoable::Standing(since) => standing.push(&row(cause, since)),
            Undoable::Remembered(since) => standing.push(&row(&remembered(cause), since)),
        }
    }
    Ok(())
}

/// What the table has of these causes.
async fn known(tx: &mut Transaction, wanted: &Rows) -> Result<BTreeMap<Cause, Undoable>, sqlx::Error> {
    let mut known = BTreeMap::new();
    for row in tx.rows(&SELECT_CAUSES, &[Value::Rows(wanted)]).await? {
        let reason = reason_of(&row)?;
        let since = Since { place: Position(row.get("place")?), happened_at: row.get("happened_at")? };
        let group = (AccountKey(row.get("recipient")?), reason.abs(), PostKey(row.get("post")?));
        let state = if reason > 0 { Undoable::Standing(since) } else { Undoable::Remembered(since) };
        known.insert((group, AccountKey(row.get("actor")?)), state);
    }
    Ok(known)
}

async fn delete_posts(tx: &mut Transaction, net: &Net, touched: &mut Touched) -> Result<(), sqlx::Error> {
    if net.deleted.is_empty() {
        return Ok(());
    }
    let posts = net.deleted.keys().map(|(post, _)| post).collect();
    let places: BTreeMap<PostKey, Position> = net.deleted.iter().map(|((post, _), place)| (*post, *place)).collect();
    let caused = groups(&tx.rows(&DELETE_CAUSED_BY_POSTS, &[Value::Rows(&posts)]).await?)?;
    touched.extend(caused.into_iter().filter_map(|group| Some((group, *places.get(&group.2)?))));
    // Likes and reposts notify the author, so their groups are known, and those that are remembered.
    let mut of_authors = Rows::default();
    for (post, author) in net.deleted.keys() {
        for reason in BY_OTHERS.map(i32::from) {
            of_authors.push(&(*author, reason, *post));
            of_authors.push(&(*author, -reason, *post));
        }
    }
    execute(tx, &DELETE_GROUPS_OF_CAUSES, of_authors).await
}

async fn write_edits(tx: &mut Transaction, net: &Net, touched: &mut Touched) -> Result<(), sqlx::Error> {
    if net.edited.is_empty() {
        return Ok(());
    }
    let (mut kept, mut again) = (Rows::default(), Rows::default());
    let mut still_named = Rows::default();
    for (post, mentions) in &net.edited {
        for (recipient, (since, in_every_edit)) in &mentions.named {
            let group = (*recipient, NotificationReason::Mentioned.into(), *post);
            still_named.push(&(post, recipient));
            touched.insert(group, mentions.edited_at);
            let rows = if *in_every_edit { &mut kept } else { &mut again };
            rows.push(&row(&(group, mentions.author), *since));
        }
    }
    let posts = net.edited.keys().collect();
    let dropped = tx.rows(&DELETE_DROPPED_MENTIONS, &[Value::Rows(&posts), Value::Rows(&still_named)]).await?;
    let edited_at = |post: PostKey| net.edited.get(&post).map(|mentions| mentions.edited_at);
    touched.extend(groups(&dropped)?.into_iter().filter_map(|group| Some((group, edited_at(group.2)?))));
    execute(tx, &INSERT_MENTIONS_IF_NEW, kept).await?;
    execute(tx, &UPSERT_MENTIONS, again).await
}

fn groups(returned: &[Row]) -> Result<Vec<Group>, sqlx::Error> {
    let group = |row: &Row| Ok((AccountKey(row.get("recipient")?), reason_of(row)?, PostKey(row.get("post")?)));
    returned.iter().map(group).collect()
}

fn reason_of(row: &Row) -> Result<i32, sqlx::Error> {
    let reason: i64 = row.get("reason")?;
    i32::try_from(reason).map_err(|cause| sqlx::Error::Decode(cause.into()))
}

//! `notifications_1`: what happened to each account and its posts, as causes that stand.
//!
//! Always: one row per (recipient, reason, post, actor), gone when the cause is undone or its post is deleted; nobody
//! notifies themselves; a post notifies an account once, as a reply before a quote before a mention, so that no two causes of
//! a recipient have the same place; a mention keeps its place for as long as no edit drops it; what was undone after the recipient had seen
//! it, and is done again within a day, is back at its old place, so that it is no news, also a mention that one edit dropped and a later one
//! brings back. Never here: who is muted, blocked, deactivated or suspended, which posts are taken down, and
//! what the recipient may see; that can be reversed, so it is judged at read.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use shared::model::event::{Event, FollowEvent, LikeEvent, NotificationsEvent, PostEvent, RepostEvent};
use shared::model::ids::{AccountKey, AccountRef, Position, PostKey, Version};
use shared::rpc::proto::query::NotificationReason;
use shared::sql::database::{Row, Transaction, Value, execute};
use shared::sql::rows::Rows;
use shared::sql::statements;
use shared::tables::{Tables, declare_tables};

use crate::changes::ChangesTable;
use crate::projection::{Batch, Fact, Projection};
use crate::projections::unwanted;
use crate::vocabulary::VOCABULARY;

/// Where a reason is about no post.
const NO_POST: PostKey = PostKey(0);
/// What the recipient had seen and is done again is no news for so long after it was done first, in microseconds: a day.
const NO_NEWS_FOR: i64 = 24 * 60 * 60 * 1_000_000;

declare_tables! { "notifications_1" in "notifications.sql" with VOCABULARY }
statements! {
    "notifications.sql" with VOCABULARY:
    UPSERT, DELETE, SELECT_CAUSES, DELETE_GROUPS_OF_CAUSES, SELECT_GROUPS, DELETE_CAUSED_BY_POSTS,
    DELETE_REMEMBERED_MENTIONS, SELECT_CAUSED_BY_POSTS, DELETE_EMPTY_GROUPS, WRITE_GROUPS, MARK_SEEN,
    INSERT_CHANGES, FORGET_CHANGES, RAISE_KEPT_AFTER,
}

/// What streams of notifications need to know: which groups were touched, at the latest place in a batch, and where a cause was undone, at
/// that place too. What was seen is a change of no group.
static CHANGES: ChangesTable =
    ChangesTable { insert: &INSERT_CHANGES, forget: &FORGET_CHANGES, raise: &RAISE_KEPT_AFTER };
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

/// Whom a text of a post mentions.
#[derive(Debug)]
struct Text {
    since: Since,
    named: BTreeSet<AccountKey>,
    /// Of those whom the text before mentioned and this one does not, up to where they had seen everything, if anywhere.
    seen_by_dropped: BTreeMap<AccountKey, Position>,
}

impl Text {
    /// What this text makes of the mentions in a post, by whom they mention.
    fn replace(&self, mentions: &mut BTreeMap<AccountKey, Undoable>) {
        for (recipient, state) in mentions.iter_mut().filter(|(recipient, _)| !self.named.contains(recipient)) {
            *state = state.after(Step::Ended { seen_up_to: self.seen_by_dropped.get(recipient).copied() });
        }
        for recipient in &self.named {
            let state = mentions.entry(*recipient).or_insert(Undoable::Absent);
            if !matches!(state, Undoable::Standing(_)) {
                *state = state.after(Step::Began { since: self.since, again: true });
            }
        }
    }
}

/// The texts that a post got in a batch.
#[derive(Debug)]
struct Texts {
    author: AccountKey,
    /// In order; none of them names the author.
    texts: Vec<Text>,
    /// Whom a post of this batch notifies as a reply or a quote, and so not as a mention; of one from before it, the table knows them.
    answered: Option<BTreeSet<AccountKey>>,
}

/// What a batch leaves.
#[derive(Debug, Default)]
struct Net {
    /// Replies and quotes.
    causes: BTreeMap<Cause, Since>,
    /// What is done to posts and accounts, with all that happened to it, in order.
    undoable: BTreeMap<Cause, Vec<Step>>,
    /// Where mentions come from.
    written: BTreeMap<PostKey, Texts>,
    /// The groups of which something began or ended, as far as the events say, and where at the latest.
    touched: Touched,
    /// The groups of which something ended, if they are there.
    ended: Touched,
    /// Where a cause was undone.
    undone: BTreeSet<(Position, Group)>,
    /// Posts from before the batch, with their authors, and where they were deleted.
    deleted: BTreeMap<(PostKey, AccountKey), Position>,
    /// Posts that were deleted.
    gone: BTreeSet<PostKey>,
    /// Where posts were taken down or restored, and by whom they are: their groups go out of sight and come back.
    moderated: BTreeSet<(PostKey, AccountKey, Position)>,
    /// Up to where everything is seen, and where that was said.
    seen: BTreeMap<AccountKey, (Position, Position)>,
}

fn fold(facts: &[&Fact]) -> Net {
    use NotificationReason::{Liked, Reposted};
    let mut net = Net::default();
    for fact in facts {
        match &fact.event {
            Event::Follow(_) => net.fold_follow(fact),
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
            Event::Post(_) => net.fold_post(fact),
            Event::Notifications(NotificationsEvent::Seen { account, up_to }) => {
                net.seen.insert(account.key, (*up_to, fact.position));
            }
            _ => unwanted(NAME, fact),
        }
    }
    net
}

impl Net {
    fn fold_follow(&mut self, fact: &Fact) {
        use NotificationReason::{FollowRequested, Followed};
        match &fact.event {
            Event::Follow(FollowEvent::Requested(edge)) => {
                self.began(fact, &edge.followee, (FollowRequested, NO_POST), &edge.follower);
            }
            Event::Follow(FollowEvent::Followed(edge)) => {
                self.ended(fact, &edge.followee, (FollowRequested, NO_POST), &edge.follower, None);
                self.began(fact, &edge.followee, (Followed, NO_POST), &edge.follower);
            }
            Event::Follow(FollowEvent::Rejected(edge) | FollowEvent::Withdrawn(edge)) => {
                let seen_up_to = edge.followee_seen_up_to;
                self.ended(fact, &edge.followee, (FollowRequested, NO_POST), &edge.follower, seen_up_to);
            }
            Event::Follow(FollowEvent::Unfollowed(edge)) => {
                let seen_up_to = edge.followee_seen_up_to;
                self.ended(fact, &edge.followee, (Followed, NO_POST), &edge.follower, seen_up_to);
            }
            _ => unwanted(NAME, fact),
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

    fn touch(&mut self, fact: &Fact, group: Group, has_ended: bool) {
        let is_there = !has_ended || self.touched.contains_key(&group);
        let touched = if is_there { &mut self.touched } else { &mut self.ended };
        touched.insert(group, fact.position);
    }

    /// Drops what a post that began in this batch has caused in it.
    fn drop_caused_by(&mut self, fact: &Fact, post: PostKey) {
        let touched = &mut self.touched;
        self.causes.retain(|(group, _), _| {
            let is_kept = group.2 != post;
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

    fn fold_post(&mut self, fact: &Fact) {
        use NotificationReason::{Quoted, Replied};
        match &fact.event {
            Event::Post(PostEvent::Created { author, reply_to, quoted, mentions, .. }) => {
                let post = PostKey(fact.position.0);
                let replied = reply_to.map(|parent| (parent.author, Replied));
                let quoted = quoted.map(|quoted| (quoted.author, Quoted));
                let mut answered = BTreeSet::new();
                for (recipient, reason) in [replied, quoted].into_iter().flatten() {
                    if recipient.key != author.key && answered.insert(recipient.key) {
                        let group = (recipient.key, reason.into(), post);
                        self.causes.insert((group, author.key), Since::of(fact));
                        self.touched.insert(group, fact.position);
                    }
                }
                self.write(fact, (post, author), mentions, BTreeMap::new(), Some(answered));
            }
            Event::Post(PostEvent::Edited { post, author, mentions, dropped_mentions, .. }) => {
                let seen = dropped_mentions.iter().map(|dropped| (dropped.account.key, dropped.seen_up_to)).collect();
                self.write(fact, (post.key, author), mentions, seen, None);
            }
            Event::Post(PostEvent::TakenDown { post, author, .. } | PostEvent::Restored { post, author, .. }) => {
                self.moderated.insert((post.key, author.key, fact.position));
            }
            Event::Post(PostEvent::Deleted { post, author, .. }) => {
                self.drop_caused_by(fact, post.key);
                self.drop_undoable(fact, post.key);
                self.gone.insert(post.key);
                let written = self.written.remove(&post.key);
                if written.is_none_or(|written| written.answered.is_none()) {
                    self.deleted.insert((post.key, author.key), fact.position);
                    let of_author = BY_OTHERS.map(|reason| ((author.key, i32::from(reason), post.key), fact.position));
                    self.ended.extend(of_author);
                }
            }
            _ => unwanted(NAME, fact),
        }
    }

    fn write(
        &mut self,
        fact: &Fact,
        (post, author): (PostKey, &AccountRef),
        mentions: &[AccountRef],
        seen_by_dropped: BTreeMap<AccountKey, Position>,
        answered: Option<BTreeSet<AccountKey>>,
    ) {
        let named = mentions.iter().map(|named| named.key).filter(|named| *named != author.key).collect();
        let written = self.written.entry(post);
        let written = written.or_insert_with(|| Texts { author: author.key, texts: Vec::new(), answered });
        written.texts.push(Text { since: Since::of(fact), named, seen_by_dropped });
    }
}

#[async_trait]
impl Projection for Notifications {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["follow", "like", "repost", "post", "notifications"]
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let net = fold(&batch.facts);
        // Also those that end in this batch: who was told of them hears that they go where the post is taken down.
        let mut out_of_sight = moderated_groups(tx, &net).await?;
        let mut touched = net.touched.clone();
        if !net.ended.is_empty() {
            let ended = net.ended.keys().collect();
            for group in groups(&tx.rows(&SELECT_GROUPS, &[Value::Rows(&ended)]).await?)? {
                let place = net.ended.get(&group).max(touched.get(&group)).copied().unwrap_or_default();
                touched.insert(group, place);
            }
        }
        delete_posts(tx, &net, &mut touched).await?;
        let standing = net.causes.iter().map(|(cause, since)| row(cause, *since)).collect();
        let mut settled = Settled { ended: Rows::default(), standing };
        settle_mentions(tx, &net, &mut settled, &mut touched).await?;
        settle(tx, &net, &mut settled).await?;
        execute(tx, &DELETE, settled.ended).await?;
        execute(tx, &UPSERT, settled.standing).await?;
        execute(tx, &DELETE_EMPTY_GROUPS, touched.keys().collect()).await?;
        execute(tx, &WRITE_GROUPS, touched.keys().collect()).await?;
        execute(tx, &MARK_SEEN, net.seen.iter().map(|(recipient, (up_to, _))| (recipient, up_to)).collect()).await?;
        let mut changes: BTreeSet<(Position, Group)> = touched.iter().map(|(group, place)| (*place, *group)).collect();
        changes.extend(net.undone.iter().filter(|(_, group)| touched.contains_key(group)));
        out_of_sight.extend(moderated_groups(tx, &net).await?);
        changes.extend(out_of_sight);
        changes.extend(net.seen.iter().map(|(recipient, (_, place))| (*place, (*recipient, SEEN, NO_POST))));
        let changes = changes.into_iter().map(|(place, (recipient, reason, post))| (place, recipient, reason, post));
        CHANGES.write(tx, changes.collect(), batch, self.changes_kept).await
    }
}

/// The groups that are about posts that were taken down or restored, and where that was.
async fn moderated_groups(tx: &mut Transaction, net: &Net) -> Result<BTreeSet<(Position, Group)>, sqlx::Error> {
    if net.moderated.is_empty() {
        return Ok(BTreeSet::new());
    }
    let posts: BTreeSet<PostKey> = net.moderated.iter().map(|(post, _, _)| *post).collect();
    let mut about: BTreeSet<Group> = BTreeSet::new();
    for row in tx.rows(&SELECT_CAUSED_BY_POSTS, &[Value::Rows(&posts.iter().collect())]).await? {
        if let (group, Undoable::Standing(_)) = stored(&row)? {
            about.insert(group);
        }
    }
    let of_authors =
        net.moderated.iter().flat_map(|(post, author, _)| BY_OTHERS.map(|by| (*author, i32::from(by), *post)));
    about.extend(groups(&tx.rows(&SELECT_GROUPS, &[Value::Rows(&of_authors.collect())]).await?)?);
    let at_each = |(post, _, place): &(PostKey, AccountKey, Position)| {
        let (post, place) = (*post, *place);
        about.iter().filter(move |group| group.2 == post).map(move |group| (place, *group))
    };
    Ok(net.moderated.iter().flat_map(at_each).collect())
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

/// What becomes of causes in the table.
struct Settled {
    ended: Rows,
    /// Those that stand or are remembered.
    standing: Rows,
}

impl Settled {
    /// What was in the table, if anything, is this now.
    fn becomes(&mut self, cause: &Cause, was: Undoable, is: Undoable) {
        if !matches!(is, Undoable::Standing(_)) {
            self.ended.push(&flat(cause));
        }
        if matches!(was, Undoable::Remembered(_)) && !matches!(is, Undoable::Remembered(_)) {
            self.ended.push(&flat(&remembered(cause)));
        }
        match is {
            Undoable::Absent => {}
            Undoable::Standing(since) => self.standing.push(&row(cause, since)),
            Undoable::Remembered(since) => self.standing.push(&row(&remembered(cause), since)),
        }
    }
}

/// What becomes of the causes that are done to posts and accounts.
async fn settle(tx: &mut Transaction, net: &Net, settled: &mut Settled) -> Result<(), sqlx::Error> {
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
        settled.becomes(cause, was, steps.iter().fold(was, |state, step| state.after(*step)));
    }
    Ok(())
}

/// What the table has of these causes.
async fn known(tx: &mut Transaction, wanted: &Rows) -> Result<BTreeMap<Cause, Undoable>, sqlx::Error> {
    let mut known = BTreeMap::new();
    for row in tx.rows(&SELECT_CAUSES, &[Value::Rows(wanted)]).await? {
        let (group, state) = stored(&row)?;
        known.insert((group, AccountKey(row.get("actor")?)), state);
    }
    Ok(known)
}

/// A cause as the table has it.
fn stored(row: &Row) -> Result<(Group, Undoable), sqlx::Error> {
    let reason = reason_of(row)?;
    let since = Since { place: Position(row.get("place")?), happened_at: row.get("happened_at")? };
    let group = (AccountKey(row.get("recipient")?), reason.abs(), PostKey(row.get("post")?));
    Ok((group, if reason > 0 { Undoable::Standing(since) } else { Undoable::Remembered(since) }))
}

async fn delete_posts(tx: &mut Transaction, net: &Net, touched: &mut Touched) -> Result<(), sqlx::Error> {
    if net.deleted.is_empty() {
        return Ok(());
    }
    let posts = net.deleted.keys().map(|(post, _)| post).collect();
    let places: BTreeMap<PostKey, Position> = net.deleted.iter().map(|((post, _), place)| (*post, *place)).collect();
    let caused = groups(&tx.rows(&DELETE_CAUSED_BY_POSTS, &[Value::Rows(&posts)]).await?)?;
    touched.extend(caused.into_iter().filter_map(|group| Some((group, *places.get(&group.2)?))));
    tx.execute(&DELETE_REMEMBERED_MENTIONS, &[Value::Rows(&posts)]).await?;
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

/// What the texts of a batch make of the mentions in posts.
async fn settle_mentions(
    tx: &mut Transaction,
    net: &Net,
    settled: &mut Settled,
    touched: &mut Touched,
) -> Result<(), sqlx::Error> {
    let mentioned = i32::from(NotificationReason::Mentioned);
    let mut before: BTreeMap<PostKey, BTreeMap<AccountKey, Undoable>> = BTreeMap::new();
    let mut answered: BTreeSet<(PostKey, AccountKey)> = BTreeSet::new();
    let older: Rows = net.written.iter().filter(|(_, texts)| texts.answered.is_none()).map(|(post, _)| post).collect();
    if !older.is_empty() {
        for row in tx.rows(&SELECT_CAUSED_BY_POSTS, &[Value::Rows(&older)]).await? {
            match stored(&row)? {
                ((recipient, reason, post), state) if reason == mentioned => {
                    before.entry(post).or_default().insert(recipient, state);
                }
                ((recipient, _, post), _) => _ = answered.insert((post, recipient)),
            }
        }
    }
    for (post, Texts { author, texts, answered: in_batch }) in &net.written {
        let was = before.remove(post).unwrap_or_default();
        let mut is = was.clone();
        let answers = |recipient: &AccountKey| {
            answered.contains(&(*post, *recipient)) || in_batch.as_ref().is_some_and(|all| all.contains(recipient))
        };
        for text in texts {
            let stood: Vec<AccountKey> = standing(&is).collect();
            text.replace(&mut is);
            is.retain(|recipient, _| !answers(recipient));
            for recipient in stood.into_iter().chain(standing(&is)) {
                touched.insert((recipient, mentioned, *post), text.since.place);
            }
        }
        for (recipient, is) in is {
            let was = was.get(&recipient).copied().unwrap_or(Undoable::Absent);
            if was != is {
                settled.becomes(&((recipient, mentioned, *post), *author), was, is);
            }
        }
    }
    Ok(())
}

fn standing(mentions: &BTreeMap<AccountKey, Undoable>) -> impl Iterator<Item = AccountKey> {
    mentions.iter().filter(|(_, state)| matches!(state, Undoable::Standing(_))).map(|(recipient, _)| *recipient)
}

fn groups(returned: &[Row]) -> Result<Vec<Group>, sqlx::Error> {
    let group = |row: &Row| Ok((AccountKey(row.get("recipient")?), reason_of(row)?, PostKey(row.get("post")?)));
    returned.iter().map(group).collect()
}

fn reason_of(row: &Row) -> Result<i32, sqlx::Error> {
    let reason: i64 = row.get("reason")?;
    i32::try_from(reason).map_err(|cause| sqlx::Error::Decode(cause.into()))
}

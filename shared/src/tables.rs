//! The read tables: their schema, and who may open them how.
//!
//! Always: the projector writes, the query server opens the file read-only; each table belongs to one projection, whose
//! version is the number at the end of the name; an account or a post is a key (the position of the event that created
//! it); everything here can be dropped and filled again from the log. Never here: a fact that is not in the log.

use std::path::Path;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

use crate::sqlite::{BUSY_TIMEOUT, connect_to_write};

/// Connections of one query server.
const READERS_MAX: u32 = 4;
/// Pages that the write-ahead log may grow to before it is copied back: large, because a batch of deliveries is.
pub const WAL_AUTOCHECKPOINT_PAGES: &str = "16384";
/// Memory for pages of one connection, in KiB as SQLite wants it: negative.
pub const CACHE_SIZE: &str = "-65536";

/// The same for each connection that reads.
const READER_CACHE_SIZE: &str = "-16384";

/// The bound of places that are served by pull: unbounded.
pub const PULLED_ALWAYS: i64 = i64::MAX;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS store (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch BLOB NOT NULL
) STRICT;

-- One row per projection. `term` fences one owner from the next; `failure` says why it stopped.
CREATE TABLE IF NOT EXISTS projections (
    name         TEXT PRIMARY KEY,
    checkpoint   INTEGER NOT NULL,
    term         INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    failure      TEXT
) STRICT, WITHOUT ROWID;

-- profiles_1
CREATE TABLE IF NOT EXISTS profiles_1 (
    account      INTEGER PRIMARY KEY,
    account_id   BLOB NOT NULL UNIQUE,
    handle       TEXT NOT NULL,
    display_name TEXT NOT NULL,
    bio          TEXT NOT NULL,
    organization INTEGER NOT NULL,
    protected    INTEGER NOT NULL,
    active       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS profiles_1_by_handle ON profiles_1 (handle);

-- posts_1: a deleted post stays as a tombstone without its text.
CREATE TABLE IF NOT EXISTS posts_1 (
    post            INTEGER PRIMARY KEY,
    post_id         BLOB NOT NULL UNIQUE,
    author          INTEGER NOT NULL,
    text            TEXT NOT NULL,
    reply_to        INTEGER,
    reply_to_author INTEGER,
    quoted          INTEGER,
    created_at      INTEGER NOT NULL,
    edited_at       INTEGER,
    deleted         INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS posts_1_by_author ON posts_1 (author, post);
CREATE INDEX IF NOT EXISTS posts_1_replies ON posts_1 (reply_to, post) WHERE reply_to IS NOT NULL;
CREATE INDEX IF NOT EXISTS posts_1_quotes ON posts_1 (quoted, post) WHERE quoted IS NOT NULL;
CREATE TABLE IF NOT EXISTS posts_1_likes (
    account INTEGER NOT NULL,
    post    INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (account, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS posts_1_likes_by_post ON posts_1_likes (post, place);
CREATE TABLE IF NOT EXISTS posts_1_reposts (
    account INTEGER NOT NULL,
    post    INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (account, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS posts_1_reposts_by_post ON posts_1_reposts (post, place);
CREATE INDEX IF NOT EXISTS posts_1_reposts_by_account ON posts_1_reposts (account, place);

-- graph_1
CREATE TABLE IF NOT EXISTS graph_1_follows (
    follower INTEGER NOT NULL,
    followee INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    PRIMARY KEY (follower, followee)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS graph_1_follows_by_followee ON graph_1_follows (followee, place);
CREATE INDEX IF NOT EXISTS graph_1_follows_by_follower ON graph_1_follows (follower, place);
CREATE TABLE IF NOT EXISTS graph_1_requests (
    follower INTEGER NOT NULL,
    followee INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    PRIMARY KEY (follower, followee)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS graph_1_requests_by_followee ON graph_1_requests (followee, place);
CREATE TABLE IF NOT EXISTS graph_1_blocks (
    account INTEGER NOT NULL,
    target  INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (account, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS graph_1_blocks_by_account ON graph_1_blocks (account, place);
CREATE TABLE IF NOT EXISTS graph_1_mutes (
    account INTEGER NOT NULL,
    target  INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (account, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS graph_1_mutes_by_account ON graph_1_mutes (account, place);

-- counts_1: a row only where a count was ever above 0.
CREATE TABLE IF NOT EXISTS counts_1_accounts (
    account   INTEGER PRIMARY KEY,
    followers INTEGER NOT NULL,
    following INTEGER NOT NULL,
    posts     INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS counts_1_posts (
    post    INTEGER PRIMARY KEY,
    likes   INTEGER NOT NULL,
    reposts INTEGER NOT NULL,
    replies INTEGER NOT NULL
) STRICT;

-- timelines_1: one row per reason and owner above the owner's mark: a superset of the law.
CREATE TABLE IF NOT EXISTS timelines_1 (
    owner INTEGER NOT NULL,
    place INTEGER NOT NULL,
    actor INTEGER NOT NULL,
    post  INTEGER NOT NULL,
    PRIMARY KEY (owner, place)
) STRICT, WITHOUT ROWID;
-- Every account is its own follower here, since its own reasons belong to its timeline.
CREATE TABLE IF NOT EXISTS timelines_1_edges (
    followee INTEGER NOT NULL,
    follower INTEGER NOT NULL,
    PRIMARY KEY (followee, follower)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS timelines_1_edges_by_follower ON timelines_1_edges (follower, followee);
-- What each account posted and reposted, for backfill and pull.
CREATE TABLE IF NOT EXISTS timelines_1_reasons (
    actor INTEGER NOT NULL,
    place INTEGER NOT NULL,
    post  INTEGER NOT NULL,
    PRIMARY KEY (actor, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS timelines_1_reasons_by_post ON timelines_1_reasons (post);
-- `pulled_until`: reasons of this account at or below it are pulled. `mark`: at or below it this account's own
-- timeline is not materialized. Both are the largest integer while the account is a celebrity, or a pull reader.
CREATE TABLE IF NOT EXISTS timelines_1_accounts (
    account      INTEGER PRIMARY KEY,
    followers    INTEGER NOT NULL,
    following    INTEGER NOT NULL,
    pulled_until INTEGER NOT NULL,
    mark         INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS timelines_1_pull_readers ON timelines_1_accounts (account) WHERE mark = 9223372036854775807;
CREATE INDEX IF NOT EXISTS timelines_1_pulled ON timelines_1_accounts (account) WHERE pulled_until > 0;
-- Where the clean-up has got to.
CREATE TABLE IF NOT EXISTS timelines_1_sweep (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    account INTEGER NOT NULL
) STRICT;
-- What changed timelines lately, for streams. Every position after `kept_after` is there.
CREATE TABLE IF NOT EXISTS timelines_1_changes (
    place  INTEGER PRIMARY KEY,
    change INTEGER NOT NULL,
    actor  INTEGER NOT NULL,
    target INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS timelines_1_kept (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    kept_after INTEGER NOT NULL
) STRICT;

-- bookmarks_1
CREATE TABLE IF NOT EXISTS bookmarks_1 (
    account INTEGER NOT NULL,
    post    INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    PRIMARY KEY (account, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bookmarks_1_by_account ON bookmarks_1 (account, place);

-- hashtags_1: the tags in the present texts of posts that are not deleted.
CREATE TABLE IF NOT EXISTS hashtags_1 (
    tag  TEXT NOT NULL,
    post INTEGER NOT NULL,
    PRIMARY KEY (tag, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hashtags_1_by_post ON hashtags_1 (post);

-- notifications_1: one row per cause that stands. `reason` is a NotificationReason; `post` is 0 where the reason is
-- about no post; `place` is the position of the cause.
CREATE TABLE IF NOT EXISTS notifications_1 (
    recipient   INTEGER NOT NULL,
    reason      INTEGER NOT NULL,
    post        INTEGER NOT NULL,
    actor       INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    happened_at INTEGER NOT NULL,
    PRIMARY KEY (recipient, reason, post, actor)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notifications_1_by_place ON notifications_1 (recipient, reason, post, place);
-- Causes that come from the post itself: REPLIED, MENTIONED, QUOTED.
CREATE INDEX IF NOT EXISTS notifications_1_by_post ON notifications_1 (post) WHERE reason >= 5;
-- The newest cause of each group, shown or not: no group is shown above it.
CREATE TABLE IF NOT EXISTS notifications_1_groups (
    recipient INTEGER NOT NULL,
    reason    INTEGER NOT NULL,
    post      INTEGER NOT NULL,
    newest    INTEGER NOT NULL,
    PRIMARY KEY (recipient, reason, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notifications_1_groups_by_newest ON notifications_1_groups (recipient, newest);
CREATE TABLE IF NOT EXISTS notifications_1_seen (
    recipient INTEGER PRIMARY KEY,
    up_to     INTEGER NOT NULL
) STRICT;

-- activity_1: what each account did and still stands. `kind` is an ActivityKind; `target` is the account that was
-- followed, else the post.
CREATE TABLE IF NOT EXISTS activity_1 (
    actor       INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    target      INTEGER NOT NULL,
    happened_at INTEGER NOT NULL,
    PRIMARY KEY (actor, place)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS activity_1_by_target ON activity_1 (target, kind, actor);

INSERT INTO timelines_1_sweep VALUES (1, 0) ON CONFLICT DO NOTHING;
INSERT INTO timelines_1_kept VALUES (1, 0) ON CONFLICT DO NOTHING;
";

const CLAIM_FOR_STORE: &str = "INSERT INTO store VALUES (1, $1) ON CONFLICT DO NOTHING";
const SELECT_EPOCH: &str = "SELECT epoch FROM store";

/// What happened to timelines, as [`timelines_1_changes`](self) keeps it. The comment says what `actor` and `target` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Change {
    /// author, post
    Posted = 1,
    /// author, post
    Edited = 2,
    /// author, post
    Deleted = 3,
    /// who reposted, post
    Reposted = 4,
    /// who had reposted, post
    RepostUndone = 5,
    /// follower, followee
    Followed = 6,
    /// follower, followee
    Unfollowed = 7,
    /// who blocks, whom
    Blocked = 8,
    /// who blocked, whom
    Unblocked = 9,
    /// who mutes, whom
    Muted = 10,
    /// who muted, whom
    Unmuted = 11,
    /// account, 0
    Deactivated = 12,
    /// account, 0
    Reactivated = 13,
    /// account, 0
    Protected = 14,
    /// account, 0
    Unprotected = 15,
}

impl Change {
    /// The change that a stored number stands for.
    #[must_use]
    pub fn from_stored(number: i64) -> Option<Self> {
        const ALL: [Change; 15] = [
            Change::Posted,
            Change::Edited,
            Change::Deleted,
            Change::Reposted,
            Change::RepostUndone,
            Change::Followed,
            Change::Unfollowed,
            Change::Blocked,
            Change::Unblocked,
            Change::Muted,
            Change::Unmuted,
            Change::Deactivated,
            Change::Reactivated,
            Change::Protected,
            Change::Unprotected,
        ];
        ALL.into_iter().find(|change| *change as i64 == number)
    }
}

/// Why the read tables could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite said so.
    #[error("the read tables cannot be opened: {0}")]
    Database(#[from] sqlx::Error),
    /// They were filled from another log.
    #[error("the read tables belong to another log; move tables.db away and they will be built again")]
    AnotherStore,
}

/// Opens the read tables to write them, making the file and the schema when needed.
///
/// # Errors
/// When the file cannot be written, or was filled from the log of another store.
pub async fn open_to_write(file: &Path, epoch: Uuid) -> Result<SqliteConnection, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Losing the newest batches on power loss is fine: the checkpoint goes with them, and the log has the events.
        .synchronous(SqliteSynchronous::Normal)
        .pragma("wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES)
        .pragma("cache_size", CACHE_SIZE)
        .pragma("temp_store", "memory")
        .busy_timeout(BUSY_TIMEOUT);
    let mut connection = connect_to_write(&options).await?;
    let mut setup = sqlx::Connection::begin_with(&mut connection, "BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(SCHEMA).execute(&mut *setup).await?;
    sqlx::query(CLAIM_FOR_STORE).bind(epoch).execute(&mut *setup).await?;
    let found: Uuid = sqlx::query_scalar(SELECT_EPOCH).fetch_one(&mut *setup).await?;
    setup.commit().await?;
    if found != epoch {
        return Err(OpenError::AnotherStore);
    }
    Ok(connection)
}

/// Opens the read tables so that writing is impossible.
///
/// # Errors
/// When they do not exist yet, or were filled from the log of another store.
pub async fn open_to_read(file: &Path, epoch: Uuid) -> Result<SqlitePool, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .pragma("query_only", "on")
        .pragma("cache_size", READER_CACHE_SIZE)
        .pragma("temp_store", "memory")
        .busy_timeout(BUSY_TIMEOUT);
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        // A file does not go away as a network does.
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    let found: Uuid = sqlx::query_scalar(SELECT_EPOCH).fetch_one(&pool).await?;
    match found == epoch {
        true => Ok(pool),
        false => Err(OpenError::AnotherStore),
    }
}

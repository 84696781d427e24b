-- The read tables on both engines; the marks in braces are those of sql/statement.rs.

CREATE TABLE IF NOT EXISTS store (
    id             {number} PRIMARY KEY CHECK (id = 1),
    epoch          {id} NOT NULL,
    schema_version {number} NOT NULL DEFAULT 1
){table};

-- One row per projection. `term` fences one owner from the next; `failure` says why it stopped. `hash` is the log's at the checkpoint: where
-- the log has another one, the tables are of a history that is gone. NULL in tables of before this column, until an owner writes it. Below
-- `served_from` the tables do not answer queries: they are being filled again from the beginning.
CREATE TABLE IF NOT EXISTS projections (
    name         TEXT PRIMARY KEY,
    checkpoint   {number} NOT NULL,
    term         {number} NOT NULL,
    heartbeat_at {number} NOT NULL,
    failure      TEXT,
    hash         {bytes},
    served_from  {number} NOT NULL DEFAULT 0,
    owner_address TEXT
){clustered};

-- Tables of a history that the log does not have any more, until an operator releases them. They are named `aside<number>_<table>`.
CREATE TABLE IF NOT EXISTS set_aside (
    projection   TEXT NOT NULL,
    number       {number} NOT NULL,
    checkpoint   {number} NOT NULL,
    hash         {bytes},
    log_head     {number} NOT NULL,
    set_aside_at {number} NOT NULL,
    PRIMARY KEY (projection, number)
){clustered};

-- Events that a projection could not apply, and those that must wait for them: `behind` says for which. A row goes when its event is
-- applied. That of an event which somebody discarded stays, with the reason.
CREATE TABLE IF NOT EXISTS parked_events (
    projection     TEXT NOT NULL,
    position       {number} NOT NULL,
    stream         TEXT NOT NULL,
    version        {number} NOT NULL,
    kind           TEXT NOT NULL,
    behind         {number},
    cause          TEXT NOT NULL,
    attempts       {number} NOT NULL,
    parked_at      {number} NOT NULL,
    discarded_at   {number},
    discard_reason TEXT,
    PRIMARY KEY (projection, position)
){clustered};

-- profiles_1
CREATE TABLE IF NOT EXISTS profiles_1 (
    account      {number} PRIMARY KEY,
    account_id   {id} NOT NULL UNIQUE,
    handle       TEXT NOT NULL,
    display_name TEXT NOT NULL,
    bio          TEXT NOT NULL,
    organization {flag} NOT NULL,
    protected    {flag} NOT NULL,
    active       {flag} NOT NULL,
    created_at   {number} NOT NULL
){table};
CREATE INDEX IF NOT EXISTS profiles_1_by_handle ON profiles_1 (handle);

-- posts_1: a deleted post stays as a tombstone without its text.
CREATE TABLE IF NOT EXISTS posts_1 (
    post            {number} PRIMARY KEY,
    post_id         {id} NOT NULL UNIQUE,
    author          {number} NOT NULL,
    text            TEXT NOT NULL,
    reply_to        {number},
    reply_to_author {number},
    quoted          {number},
    created_at      {number} NOT NULL,
    edited_at       {number},
    deleted         {flag} NOT NULL
){table};
CREATE INDEX IF NOT EXISTS posts_1_by_author ON posts_1 (author, post);
CREATE INDEX IF NOT EXISTS posts_1_replies ON posts_1 (reply_to, post) WHERE reply_to IS NOT NULL;
CREATE INDEX IF NOT EXISTS posts_1_quotes ON posts_1 (quoted, post) WHERE quoted IS NOT NULL;
CREATE TABLE IF NOT EXISTS posts_1_likes (
    account {number} NOT NULL,
    post    {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, post)
){clustered};
CREATE INDEX IF NOT EXISTS posts_1_likes_by_post ON posts_1_likes (post, place);
CREATE TABLE IF NOT EXISTS posts_1_reposts (
    account {number} NOT NULL,
    post    {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, post)
){clustered};
CREATE INDEX IF NOT EXISTS posts_1_reposts_by_post ON posts_1_reposts (post, place);
CREATE INDEX IF NOT EXISTS posts_1_reposts_by_account ON posts_1_reposts (account, place);
-- Of which posts the text or a count changed lately, for streams; of a reply also when it came. A deletion is there at its own place, for the
-- post and for the one that it answered; anything else at the latest place in its batch.
CREATE TABLE IF NOT EXISTS posts_1_changes (
    place {number} NOT NULL,
    post  {number} NOT NULL,
    PRIMARY KEY (place, post)
){clustered};
CREATE TABLE IF NOT EXISTS posts_1_kept (
    id         {number} PRIMARY KEY CHECK (id = 1),
    kept_after {number} NOT NULL
){table};

-- graph_1
CREATE TABLE IF NOT EXISTS graph_1_follows (
    follower {number} NOT NULL,
    followee {number} NOT NULL,
    place    {number} NOT NULL,
    PRIMARY KEY (follower, followee)
){clustered};
CREATE INDEX IF NOT EXISTS graph_1_follows_by_followee ON graph_1_follows (followee, place);
CREATE INDEX IF NOT EXISTS graph_1_follows_by_follower ON graph_1_follows (follower, place);
CREATE TABLE IF NOT EXISTS graph_1_requests (
    follower {number} NOT NULL,
    followee {number} NOT NULL,
    place    {number} NOT NULL,
    PRIMARY KEY (follower, followee)
){clustered};
CREATE INDEX IF NOT EXISTS graph_1_requests_by_followee ON graph_1_requests (followee, place);
CREATE TABLE IF NOT EXISTS graph_1_blocks (
    account {number} NOT NULL,
    target  {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, target)
){clustered};
CREATE INDEX IF NOT EXISTS graph_1_blocks_by_account ON graph_1_blocks (account, place);
CREATE TABLE IF NOT EXISTS graph_1_mutes (
    account {number} NOT NULL,
    target  {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, target)
){clustered};
CREATE INDEX IF NOT EXISTS graph_1_mutes_by_account ON graph_1_mutes (account, place);

-- counts_1: a row only where a count was ever above 0.
CREATE TABLE IF NOT EXISTS counts_1_accounts (
    account   {number} PRIMARY KEY,
    followers {number} NOT NULL,
    following {number} NOT NULL,
    posts     {number} NOT NULL
){table};
CREATE TABLE IF NOT EXISTS counts_1_posts (
    post    {number} PRIMARY KEY,
    likes   {number} NOT NULL,
    reposts {number} NOT NULL,
    replies {number} NOT NULL
){table};

-- timelines_1: one row per reason and owner above the owner's mark: a superset of the law.
CREATE TABLE IF NOT EXISTS timelines_1 (
    owner {number} NOT NULL,
    place {number} NOT NULL,
    actor {number} NOT NULL,
    post  {number} NOT NULL,
    PRIMARY KEY (owner, place)
){clustered};
-- Every account is its own follower here, since its own reasons belong to its timeline.
CREATE TABLE IF NOT EXISTS timelines_1_edges (
    followee {number} NOT NULL,
    follower {number} NOT NULL,
    PRIMARY KEY (followee, follower)
){clustered};
CREATE INDEX IF NOT EXISTS timelines_1_edges_by_follower ON timelines_1_edges (follower, followee);
-- What each account posted and reposted, for backfill and pull.
CREATE TABLE IF NOT EXISTS timelines_1_reasons (
    actor {number} NOT NULL,
    place {number} NOT NULL,
    post  {number} NOT NULL,
    PRIMARY KEY (actor, place)
){clustered};
CREATE INDEX IF NOT EXISTS timelines_1_reasons_by_post ON timelines_1_reasons (post);
-- `pulled_until`: reasons of this account at or below it are pulled. `mark`: at or below it this account's own
-- timeline is not materialized. Both are the largest integer while the account is a celebrity, or a pull reader.
CREATE TABLE IF NOT EXISTS timelines_1_accounts (
    account      {number} PRIMARY KEY,
    followers    {number} NOT NULL,
    following    {number} NOT NULL,
    pulled_until {number} NOT NULL,
    mark         {number} NOT NULL
){table};
CREATE INDEX IF NOT EXISTS timelines_1_pull_readers ON timelines_1_accounts (account) WHERE mark = 9223372036854775807;
CREATE INDEX IF NOT EXISTS timelines_1_pulled ON timelines_1_accounts (account) WHERE pulled_until > 0;
-- Where the clean-up has got to.
CREATE TABLE IF NOT EXISTS timelines_1_sweep (
    id      {number} PRIMARY KEY CHECK (id = 1),
    account {number} NOT NULL
){table};

-- changes_1: what happened lately, for streams. Every change after `kept_after` is there. `change` is a Change of shared/src/tables.rs.
CREATE TABLE IF NOT EXISTS changes_1 (
    place  {number} PRIMARY KEY,
    change {number} NOT NULL,
    actor  {number} NOT NULL,
    target {number} NOT NULL
){table};
CREATE TABLE IF NOT EXISTS changes_1_kept (
    id         {number} PRIMARY KEY CHECK (id = 1),
    kept_after {number} NOT NULL
){table};

-- bookmarks_1
CREATE TABLE IF NOT EXISTS bookmarks_1 (
    account {number} NOT NULL,
    post    {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, post)
){clustered};
CREATE INDEX IF NOT EXISTS bookmarks_1_by_account ON bookmarks_1 (account, place);

-- hashtags_1: the tags in the present texts of posts that are not deleted.
CREATE TABLE IF NOT EXISTS hashtags_1 (
    tag  TEXT NOT NULL,
    post {number} NOT NULL,
    PRIMARY KEY (tag, post)
){clustered};
CREATE INDEX IF NOT EXISTS hashtags_1_by_post ON hashtags_1 (post);

-- notifications_1: one row per cause that stands. `reason` is a NotificationReason; `post` is 0 where the reason is
-- about no post; `place` is the position of the cause. A negative reason is that of a cause which was undone after the recipient had seen it:
-- it does not stand, and is remembered in case that it is drawn again.
CREATE TABLE IF NOT EXISTS notifications_1 (
    recipient   {number} NOT NULL,
    reason      {number} NOT NULL,
    post        {number} NOT NULL,
    actor       {number} NOT NULL,
    place       {number} NOT NULL,
    happened_at {number} NOT NULL,
    PRIMARY KEY (recipient, reason, post, actor)
){clustered};
CREATE INDEX IF NOT EXISTS notifications_1_by_place ON notifications_1 (recipient, reason, post, place);
-- Causes that come from the post itself: REPLIED, MENTIONED, QUOTED.
CREATE INDEX IF NOT EXISTS notifications_1_by_post ON notifications_1 (post) WHERE reason >= 5;
-- Mentions that are remembered.
CREATE INDEX IF NOT EXISTS notifications_1_remembered_by_post ON notifications_1 (post) WHERE reason = -6;
-- The newest cause of each group, shown or not: no group is shown above it.
CREATE TABLE IF NOT EXISTS notifications_1_groups (
    recipient {number} NOT NULL,
    reason    {number} NOT NULL,
    post      {number} NOT NULL,
    newest    {number} NOT NULL,
    PRIMARY KEY (recipient, reason, post)
){clustered};
CREATE INDEX IF NOT EXISTS notifications_1_groups_by_newest ON notifications_1_groups (recipient, newest);
CREATE TABLE IF NOT EXISTS notifications_1_seen (
    recipient {number} PRIMARY KEY,
    up_to     {number} NOT NULL
){table};
-- Which groups were touched lately, for streams, at the latest place in a batch; where a cause was undone, at that place too. A reason of 0
-- says that something was seen.
CREATE TABLE IF NOT EXISTS notifications_1_changes (
    place     {number} NOT NULL,
    recipient {number} NOT NULL,
    reason    {number} NOT NULL,
    post      {number} NOT NULL,
    PRIMARY KEY (place, recipient, reason, post)
){clustered};
CREATE TABLE IF NOT EXISTS notifications_1_kept (
    id         {number} PRIMARY KEY CHECK (id = 1),
    kept_after {number} NOT NULL
){table};

-- activity_1: what each account did and still stands. `kind` is an ActivityKind; `target` is the account that was
-- followed, else the post.
CREATE TABLE IF NOT EXISTS activity_1 (
    actor       {number} NOT NULL,
    place       {number} NOT NULL,
    kind        {number} NOT NULL,
    target      {number} NOT NULL,
    happened_at {number} NOT NULL,
    PRIMARY KEY (actor, place)
){clustered};
CREATE UNIQUE INDEX IF NOT EXISTS activity_1_by_target ON activity_1 (target, kind, actor);

INSERT INTO timelines_1_sweep VALUES (1, 0) ON CONFLICT DO NOTHING;
INSERT INTO changes_1_kept VALUES (1, 0) ON CONFLICT DO NOTHING;
-- Tables from before these changes were kept have none of what was projected already.
INSERT INTO notifications_1_kept SELECT 1, COALESCE((SELECT checkpoint FROM projections WHERE name = 'notifications_1'), 0)
WHERE true ON CONFLICT DO NOTHING;
INSERT INTO posts_1_kept SELECT 1, COALESCE((SELECT checkpoint FROM projections WHERE name = 'posts_1'), 0)
WHERE true ON CONFLICT DO NOTHING;

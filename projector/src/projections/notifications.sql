-- notifications_1: causes that stand, their groups, and what is seen.
--
-- A cause is (recipient, reason, post, actor), a group (recipient, reason, post).

-- fragment: comes_from_post(reason)
-- The cause comes from the post itself: REPLIED, MENTIONED, QUOTED. As a range, since an index is used only where a statement says what it
-- says.
{reason} >= {NotificationReason::Replied}

-- fragment: is_remembered_mention(reason)
{reason} = -{NotificationReason::Mentioned}

-- table: notifications_1
-- One row per cause that stands. `reason` is a NotificationReason; `post` is 0 where the reason is about no post; `place` is the position of the
-- cause. A negative reason is that of a cause which was undone after the recipient had seen it: it does not stand, and is remembered in case
-- that it is drawn again.
CREATE TABLE IF NOT EXISTS notifications_1 (
    recipient   {number} NOT NULL,
    reason      {number} NOT NULL,
    post        {number} NOT NULL,
    actor       {number} NOT NULL,
    place       {number} NOT NULL,
    happened_at {number} NOT NULL,
    PRIMARY KEY (recipient, reason, post, actor)
){clustered};

-- index: notifications_1_by_place
CREATE INDEX IF NOT EXISTS notifications_1_by_place ON notifications_1 (recipient, reason, post, place);

-- index: notifications_1_by_post
CREATE INDEX IF NOT EXISTS notifications_1_by_post ON notifications_1 (post) WHERE {comes_from_post(reason)};

-- index: notifications_1_remembered_by_post
CREATE INDEX IF NOT EXISTS notifications_1_remembered_by_post ON notifications_1 (post) WHERE {is_remembered_mention(reason)};

-- table: notifications_1_groups
-- The newest cause of each group, shown or not: no group is shown above it.
CREATE TABLE IF NOT EXISTS notifications_1_groups (
    recipient {number} NOT NULL,
    reason    {number} NOT NULL,
    post      {number} NOT NULL,
    newest    {number} NOT NULL,
    PRIMARY KEY (recipient, reason, post)
){clustered};

-- index: notifications_1_groups_by_newest
CREATE INDEX IF NOT EXISTS notifications_1_groups_by_newest ON notifications_1_groups (recipient, newest);

-- table: notifications_1_seen
CREATE TABLE IF NOT EXISTS notifications_1_seen (
    recipient {number} PRIMARY KEY,
    up_to     {number} NOT NULL
){table};

-- table: notifications_1_changes
-- Which groups were touched lately, for streams, at the latest place in a batch; where a cause was undone, or the post that the group is about
-- was taken down or restored, at that place too. A reason of 0 says that something was seen.
CREATE TABLE IF NOT EXISTS notifications_1_changes (
    place     {number} NOT NULL,
    recipient {number} NOT NULL,
    reason    {number} NOT NULL,
    post      {number} NOT NULL,
    PRIMARY KEY (place, recipient, reason, post)
){clustered};

-- table: notifications_1_kept
CREATE TABLE IF NOT EXISTS notifications_1_kept (
    id         {number} PRIMARY KEY CHECK (id = 1),
    kept_after {number} NOT NULL
){table};

-- rows: notifications_1_kept
-- Tables from before these changes were kept have none of what was projected already.
INSERT INTO notifications_1_kept SELECT 1, COALESCE((SELECT checkpoint FROM projections WHERE name = {projection}), 0)
WHERE true ON CONFLICT DO NOTHING;

-- name: UPSERT
-- $1 rows of (recipient, reason, post, actor, place, happened_at).
INSERT INTO notifications_1
SELECT * FROM {rows $1 AS cause: recipient, reason, post, actor, place, happened_at} WHERE true
ON CONFLICT (recipient, reason, post, actor) DO UPDATE SET place = excluded.place, happened_at = excluded.happened_at;

-- name: DELETE
DELETE FROM notifications_1 WHERE (recipient, reason, post, actor) IN
    (SELECT * FROM {rows $1 AS ended: recipient, reason, post, actor});

-- name: SELECT_CAUSES
-- $1 rows of (recipient, reason, post, actor).
SELECT causes.recipient, causes.reason, causes.post, causes.actor, causes.place, causes.happened_at
FROM {rows $1 AS wanted: recipient, reason, post, actor} {ordered join} notifications_1 AS causes
ON causes.recipient = wanted.recipient AND causes.reason = wanted.reason AND causes.post = wanted.post AND causes.actor = wanted.actor;

-- name: DELETE_GROUPS_OF_CAUSES
-- $1 rows of (recipient, reason, post).
DELETE FROM notifications_1 WHERE (recipient, reason, post) IN
    (SELECT * FROM {rows $1 AS touched: recipient, reason, post});

-- name: SELECT_GROUPS
-- $1 rows of (recipient, reason, post).
SELECT groups.recipient, groups.reason, groups.post FROM {rows $1 AS wanted: recipient, reason, post}
{ordered join} notifications_1_groups AS groups
ON groups.recipient = wanted.recipient AND groups.reason = wanted.reason AND groups.post = wanted.post;

-- name: DELETE_CAUSED_BY_POSTS
-- $1 posts.
DELETE FROM notifications_1 WHERE {comes_from_post(reason)} AND post IN (SELECT * FROM {rows $1 AS posts: post})
RETURNING recipient, reason, post;

-- name: DELETE_REMEMBERED_MENTIONS
-- $1 posts. The mentions of them that are remembered.
DELETE FROM notifications_1 WHERE {is_remembered_mention(reason)} AND post IN (SELECT * FROM {rows $1 AS posts: post});

-- name: SELECT_CAUSED_BY_POSTS
-- $1 posts. Whom they notify by themselves, and whose mentions in them are remembered.
SELECT causes.recipient, causes.reason, causes.post, causes.place, causes.happened_at
FROM {rows $1 AS posts: post}
{ordered join} notifications_1 AS causes ON causes.post = posts.post AND {comes_from_post(causes.reason)}
UNION ALL
SELECT causes.recipient, causes.reason, causes.post, causes.place, causes.happened_at
FROM {rows $1 AS posts: post}
{ordered join} notifications_1 AS causes ON causes.post = posts.post AND {is_remembered_mention(causes.reason)};

-- name: DELETE_EMPTY_GROUPS
-- $1 rows of (recipient, reason, post).
DELETE FROM notifications_1_groups AS empty WHERE (recipient, reason, post) IN
    (SELECT * FROM {rows $1 AS touched: recipient, reason, post})
AND NOT EXISTS (
    SELECT 1 FROM notifications_1 AS causes
    WHERE causes.recipient = empty.recipient AND causes.reason = empty.reason AND causes.post = empty.post
);

-- name: WRITE_GROUPS
-- $1 rows of (recipient, reason, post).
INSERT INTO notifications_1_groups
SELECT * FROM (
    SELECT touched.recipient, touched.reason, touched.post, (
        SELECT MAX(causes.place) FROM notifications_1 AS causes
        WHERE causes.recipient = touched.recipient AND causes.reason = touched.reason AND causes.post = touched.post
    ) AS newest
    FROM {rows $1 AS touched: recipient, reason, post}
) AS written WHERE newest IS NOT NULL
ON CONFLICT (recipient, reason, post) DO UPDATE SET newest = excluded.newest;

-- name: MARK_SEEN
INSERT INTO notifications_1_seen
SELECT * FROM {rows $1 AS seen: recipient, up_to} WHERE true
ON CONFLICT (recipient) DO UPDATE SET up_to = excluded.up_to;

-- name: INSERT_CHANGES
INSERT INTO notifications_1_changes SELECT * FROM {rows $1 AS changes: place, recipient, reason, post};

-- name: FORGET_CHANGES
-- $1 up to which place.
DELETE FROM notifications_1_changes WHERE place <= $1;

-- name: RAISE_KEPT_AFTER
UPDATE notifications_1_kept SET kept_after = $1 WHERE kept_after < $1;

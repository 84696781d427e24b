-- posts_1: every post as it is now, and who likes and reposts it.

-- table: posts_1
-- A deleted post stays as a tombstone without its text and its extras. `version` is NULL in rows of before this column, until the rebuild
-- that the upgrade begins takes their place. `extras` is the JSON of `PostExtras`, NULL where there is none. `taken_down` is the JSON of
-- `Moderated` of a post that a moderator took down, and NULL of any other; it is empty if the post was taken down when it was deleted.
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
    deleted         {flag} NOT NULL,
    version         {number},
    extras          TEXT,
    taken_down      TEXT
){table};

-- index: posts_1_by_author
CREATE INDEX IF NOT EXISTS posts_1_by_author ON posts_1 (author, post);

-- index: posts_1_replies
CREATE INDEX IF NOT EXISTS posts_1_replies ON posts_1 (reply_to, post) WHERE reply_to IS NOT NULL;

-- index: posts_1_quotes
CREATE INDEX IF NOT EXISTS posts_1_quotes ON posts_1 (quoted, post) WHERE quoted IS NOT NULL;

-- table: posts_1_likes
CREATE TABLE IF NOT EXISTS posts_1_likes (
    account {number} NOT NULL,
    post    {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, post)
){clustered};

-- index: posts_1_likes_by_post
CREATE INDEX IF NOT EXISTS posts_1_likes_by_post ON posts_1_likes (post, place);

-- table: posts_1_reposts
CREATE TABLE IF NOT EXISTS posts_1_reposts (
    account {number} NOT NULL,
    post    {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, post)
){clustered};

-- index: posts_1_reposts_by_post
CREATE INDEX IF NOT EXISTS posts_1_reposts_by_post ON posts_1_reposts (post, place);

-- index: posts_1_reposts_by_account
CREATE INDEX IF NOT EXISTS posts_1_reposts_by_account ON posts_1_reposts (account, place);

-- table: posts_1_changes
-- Of which posts the text or a count changed lately, for streams; of a reply also when it came. A deletion is there at its own place, for the
-- post and for the one that it answered, and so is that a post was taken down or restored; anything else at the latest place in its batch.
CREATE TABLE IF NOT EXISTS posts_1_changes (
    place {number} NOT NULL,
    post  {number} NOT NULL,
    PRIMARY KEY (place, post)
){clustered};

-- table: posts_1_kept
CREATE TABLE IF NOT EXISTS posts_1_kept (
    id         {number} PRIMARY KEY CHECK (id = 1),
    kept_after {number} NOT NULL
){table};

-- rows: posts_1_kept
-- Tables from before these changes were kept have none of what was projected already.
INSERT INTO posts_1_kept SELECT 1, COALESCE((SELECT checkpoint FROM projections WHERE name = {projection}), 0)
WHERE true ON CONFLICT DO NOTHING;

-- name: INSERT
INSERT INTO posts_1
SELECT post, post_id, author, text, reply_to, reply_to_author, quoted, created_at, NULL, FALSE, version, extras, NULL
FROM {rows $1 AS created: post, post_id id, author, text text, reply_to, reply_to_author, quoted, created_at, version, extras text};

-- name: EDIT
UPDATE posts_1 SET text = edit.text, edited_at = edit.edited_at, version = edit.version, extras = edit.extras
FROM {rows $1 AS edit: post, text text, edited_at, version, extras text} WHERE posts_1.post = edit.post;

-- name: MODERATE
-- Why posts were taken down; NULL for those that were restored. An edit of the same batch may have come later.
UPDATE posts_1 SET taken_down = moderated.taken_down,
    version = CASE WHEN posts_1.version > moderated.version THEN posts_1.version ELSE moderated.version END
FROM {rows $1 AS moderated: post, taken_down text, version} WHERE posts_1.post = moderated.post;

-- name: BURY
UPDATE posts_1 SET text = '', extras = NULL, deleted = TRUE, version = gone.version,
    taken_down = CASE WHEN posts_1.taken_down IS NULL THEN NULL ELSE '' END
FROM {rows $1 AS gone: post, version} WHERE posts_1.post = gone.post;

-- name: UPSERT_LIKES
{upsert_edges(posts_1_likes, account, post)};

-- name: DELETE_LIKES
{delete_edges(posts_1_likes, account, post)};

-- name: UPSERT_REPOSTS
{upsert_edges(posts_1_reposts, account, post)};

-- name: DELETE_REPOSTS
{delete_edges(posts_1_reposts, account, post)};

-- name: INSERT_CHANGES
INSERT INTO posts_1_changes SELECT * FROM {rows $1 AS changes: place, post};

-- name: FORGET_CHANGES
-- $1 up to which place.
DELETE FROM posts_1_changes WHERE place <= $1;

-- name: RAISE_KEPT_AFTER
UPDATE posts_1_kept SET kept_after = $1 WHERE kept_after < $1;

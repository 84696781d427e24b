-- The counts of watched posts.

-- name: FIND_KEYS
-- $1 the ids, $2 the checkpoint.
SELECT posts.post, posts.post_id
FROM {rows $1 AS wanted: wanted_id id} {ordered join} posts_1 AS posts ON posts.post_id = wanted_id
WHERE posts.post <= $2;

-- name: SELECT_COUNTS
-- $1 posts, each with a viewer and the number of who asks.
WITH wanted AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: number, viewer, post}
)
SELECT CAST({collect}({array}(
    wanted.number, wanted.post, {visible(posts, author, wanted.viewer)},
    COALESCE(counts.likes, 0), COALESCE(counts.reposts, 0), COALESCE(counts.replies, 0)
)) AS TEXT) AS found
FROM wanted
{ordered join} posts_1 AS posts ON posts.post = wanted.post
{ordered join} profiles_1 AS author ON author.account = posts.author
LEFT JOIN counts_1_posts AS counts ON counts.post = posts.post;

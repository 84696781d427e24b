-- A thread: the posts above one, and its direct replies.

-- fragment: shown_replies(viewer, checkpoint)
-- The reply `posts`, by `author`, is one that a viewer sees up to a checkpoint: also one that was deleted or taken down, if it has replies which
-- the viewer sees.
posts.post <= {checkpoint} AND {opens_to(author, {viewer})} AND {unmuted({viewer}, posts.author)}
AND ({is_up(posts)} OR EXISTS (
    SELECT 1 FROM posts_1 AS child {ordered join} profiles_1 AS child_author ON child_author.account = child.author
    WHERE child.reply_to = posts.post AND child.post <= {checkpoint}
    AND {visible(child, child_author, {viewer})} AND {unmuted({viewer}, child.author)}
))

-- name: FIND
-- $1 the id, $2 the viewer, $3 the checkpoint.
SELECT posts.post, posts.post_id, NOT {is_up(posts)} AS gone, ({opens_to(author, $2)}) AS in_sight
FROM posts_1 AS posts JOIN profiles_1 AS author ON author.account = posts.author
WHERE posts.post_id = $1 AND posts.post <= $3;

-- name: SELECT_ANCESTORS
-- $1 the post, $2 the viewer, $3 how many at most.
WITH RECURSIVE above (post, steps) AS (
    SELECT reply_to, CAST(1 AS {number}) FROM posts_1 WHERE post = $1
    UNION ALL
    SELECT posts.reply_to, above.steps + 1
    FROM above JOIN posts_1 AS posts ON posts.post = above.post WHERE above.steps < $3
)
SELECT posts.post, posts.post_id, NOT {is_up(posts)} AS gone, ({opens_to(author, $2)}) AS in_sight
FROM above {ordered join} posts_1 AS posts ON posts.post = above.post
{ordered join} profiles_1 AS author ON author.account = posts.author
ORDER BY above.steps DESC;

-- name: SELECT_REPLIES
-- $1 the post, $2 the viewer, $3 after this place, $4 the checkpoint, $5 the limit.
SELECT posts.post, posts.post_id, NOT {is_up(posts)} AS gone, TRUE AS in_sight
FROM posts_1 AS posts {ordered join} profiles_1 AS author ON author.account = posts.author
WHERE posts.reply_to = $1 AND posts.post > $3 AND {shown_replies($2, $4)}
ORDER BY posts.post LIMIT $5;

-- name: SELECT_THESE_POSTS
-- $1 posts, each with a viewer.
WITH wanted AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: viewer, post}
)
SELECT wanted.viewer, posts.post, posts.post_id, NOT {is_up(posts)} AS gone, ({opens_to(author, wanted.viewer)}) AS in_sight
FROM wanted {ordered join} posts_1 AS posts ON posts.post = wanted.post
{ordered join} profiles_1 AS author ON author.account = posts.author;

-- name: SELECT_THESE_REPLIES
-- $1 replies, each with a viewer, $2 the checkpoint.
WITH wanted AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: viewer, post}
)
SELECT wanted.viewer, posts.post, posts.post_id, NOT {is_up(posts)} AS gone, TRUE AS in_sight
FROM wanted {ordered join} posts_1 AS posts ON posts.post = wanted.post
{ordered join} profiles_1 AS author ON author.account = posts.author
WHERE {shown_replies(wanted.viewer, $2)};

-- Posts by id, if the viewer may see them.

-- name: FIND
-- $1 the id, $2 the viewer, $3 the checkpoint.
SELECT posts.post FROM posts_1 AS posts JOIN profiles_1 AS author ON author.account = posts.author
WHERE posts.post_id = $1 AND posts.post <= $3 AND {visible(posts, author, $2)};

-- name: FIND_ASKED
-- The same of a post that is asked for itself.
SELECT posts.post FROM posts_1 AS posts JOIN profiles_1 AS author ON author.account = posts.author
WHERE posts.post_id = $1 AND posts.post <= $3 AND {visible_by_id(posts, author, $2)};

-- name: FIND_ALL_ASKED
-- $1 the ids, $2 the viewer, $3 the checkpoint.
SELECT posts.post, posts.post_id
FROM {rows $1 AS wanted: wanted_id id} {ordered join} posts_1 AS posts ON posts.post_id = wanted_id
{ordered join} profiles_1 AS author ON author.account = posts.author
WHERE posts.post <= $3 AND {visible_by_id(posts, author, $2)};

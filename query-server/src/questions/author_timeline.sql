-- What one account posted and reposted.

-- name: IS_OPEN
-- $1 the author, $2 the viewer: whether the author shows itself to the viewer at all.
SELECT 1 FROM profiles_1 AS author WHERE author.account = $1 AND {opens_to(author, $2)};

-- name: SELECT
-- $1 the author, $2 the viewer, $3 before this place, $4 the limit, $5 the checkpoint.
WITH reasons AS (
    SELECT post AS place, post FROM posts_1 WHERE author = $1 AND post < $3
    UNION ALL
    SELECT place, post FROM posts_1_reposts WHERE account = $1 AND place < $3
)
SELECT reasons.place, reasons.post
FROM reasons JOIN posts_1 AS posts ON posts.post = reasons.post
JOIN profiles_1 AS author ON author.account = posts.author
WHERE {visible(posts, author, $2)}
AND NOT EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    WHERE newer.account = $1 AND newer.post = reasons.post AND newer.place > reasons.place AND newer.place <= $5
)
ORDER BY reasons.place DESC LIMIT $4;

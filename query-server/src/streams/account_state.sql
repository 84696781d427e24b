-- What an account did itself, for its other devices.

-- name: SELECT_CHANGES
-- What happened after $1 up to $2, $3 changes at most, as `Touch` has it.
SELECT kept.kept_after, changes.* FROM (SELECT kept_after FROM own_changes_1_kept) AS kept LEFT JOIN (
    SELECT place, account, CAST(0 AS {number}) AS post, CAST(0 AS {number}) AS touched
    FROM own_changes_1 WHERE place > $1 AND place <= $2
    ORDER BY place LIMIT $3
) AS changes ON TRUE
ORDER BY changes.place;

-- name: SELECT_KEPT
-- The place after which all changes are kept.
SELECT kept_after FROM own_changes_1_kept;

-- name: SELECT_TOUCHED
-- What account $1 touched after $2 up to $3, $4 things at most: first and last.
SELECT what, target, MIN(place) AS first, MAX(place) AS last
FROM own_changes_1 WHERE account = $1 AND place > $2 AND place <= $3
GROUP BY what, target LIMIT $4;

-- name: SELECT_POST_STATES
-- What account $2 has to do with the posts $1.
SELECT CAST({collect}({array}(
    posts.post, {id posts.post_id},
    EXISTS (SELECT 1 FROM posts_1_likes WHERE account = $2 AND post = posts.post),
    EXISTS (SELECT 1 FROM posts_1_reposts WHERE account = $2 AND post = posts.post),
    EXISTS (SELECT 1 FROM bookmarks_1 WHERE account = $2 AND post = posts.post),
    CASE WHEN posts.author = $2 THEN posts.taken_down END
)) AS TEXT) AS found
FROM {rows $1 AS wanted: post} {ordered join} posts_1 AS posts ON posts.post = wanted.post;

-- name: SELECT_ACCOUNT_IDS
SELECT profiles.account, profiles.account_id
FROM {rows $1 AS wanted: account} {ordered join} profiles_1 AS profiles ON profiles.account = wanted.account;

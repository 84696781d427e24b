-- What streams of notifications ask of what happened.

-- name: SELECT_CHANGES
-- What happened after $1 up to $2, $3 changes at most, as `Touch` has it.
SELECT kept.kept_after, changes.* FROM ({kept(notifications_1_kept)}) AS kept LEFT JOIN (
    {sight_changes()}
    UNION ALL
    SELECT place, recipient, 0, 0 FROM notifications_1_changes WHERE place > $1 AND place <= $2
    ORDER BY place LIMIT $3
) AS changes ON TRUE
ORDER BY changes.place;

-- name: SELECT_KEPT
{kept(notifications_1_kept)};

-- name: SELECT_TOUCHED
-- What was touched of the notifications of $1 after $2 up to $3, $4 groups at most: first and last, and how often otherwise than by
-- a cause that stands since then.
SELECT changes.reason, changes.post, MIN(changes.place) AS first, MAX(changes.place) AS last, SUM(CASE WHEN EXISTS (
    SELECT 1 FROM notifications_1 AS causes WHERE causes.recipient = changes.recipient
    AND causes.reason = changes.reason AND causes.post = changes.post AND causes.place = changes.place
) THEN 0 ELSE 1 END) AS ended
FROM notifications_1_changes AS changes
WHERE changes.recipient = $1 AND changes.place > $2 AND changes.place <= $3
GROUP BY changes.reason, changes.post LIMIT $4;

-- name: SELECT_SIGHT
-- A reason that is not above 0 does not stand. The account is involved, too, where a post of it was what a group was about that was touched: if
-- its cause ended after the account went out of sight, whoever comes back between the two would not be told.
{sight_changed((EXISTS (
    SELECT 1 FROM notifications_1 AS causes
    WHERE causes.recipient = $1 AND causes.actor = sighted.account AND causes.reason > 0
) OR EXISTS (
    SELECT 1 FROM notifications_1_changes AS touched {ordered join} posts_1 AS posts ON posts.post = touched.post
    WHERE touched.recipient = $1 AND touched.place > $2 AND touched.place <= $3
    AND posts.author = sighted.account AND posts.author <> $1
)))};

-- name: SELECT_IN_SIGHT
-- Those of the posts $1, deleted or not, that owner $2 may have seen after $3.
SELECT posts.post, posts.post_id
FROM {rows $1 AS wanted: wanted_post} {ordered join} posts_1 AS posts ON posts.post = wanted_post
{ordered join} profiles_1 AS author ON author.account = posts.author
WHERE {was_in_sight(author, $2, $3)} AND {was_up(posts, $3)};

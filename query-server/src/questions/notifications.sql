-- Notifications: causes that stand, grouped by reason and post.

-- fragment: shown()
-- This cause is shown to recipient $1, as far as its actor goes.
EXISTS (SELECT 1 FROM profiles_1 AS actor WHERE actor.account = causes.actor AND {is_shown(actor)})
AND {unmuted($1, causes.actor)}
AND {unblocked($1, causes.actor)}

-- fragment: about_visible()
-- The post that this group is about, if any, is visible to recipient $1.
(groups.post = 0 OR EXISTS (
    SELECT 1 FROM posts_1 AS posts JOIN profiles_1 AS author ON author.account = posts.author
    WHERE posts.post = groups.post AND {visible(posts, author, $1)}
))

-- fragment: causes_of_group()
-- The causes of a group.
FROM notifications_1 AS causes
WHERE causes.recipient = groups.recipient AND causes.reason = groups.reason AND causes.post = groups.post

-- fragment: was_seen(place)
{place} <= COALESCE((SELECT up_to FROM notifications_1_seen WHERE recipient = $1), 0)

-- name: SELECT_GROUPS
-- The next groups of recipient $1, $3 at most, by the newest cause that the table keeps, below $2; each with the place at which it is shown at
-- checkpoint $4, or none.
WITH groups AS MATERIALIZED (
    SELECT * FROM notifications_1_groups WHERE recipient = $1 AND newest < $2 ORDER BY newest DESC LIMIT $3
)
SELECT reason, post, newest, place, {was_seen(place)} AS seen
FROM (
    SELECT groups.reason, groups.post, groups.newest, CASE WHEN {about_visible()} THEN (
        SELECT causes.place {causes_of_group()} AND causes.place <= $4 AND {shown()}
        ORDER BY causes.place DESC LIMIT 1
    ) END AS place
    FROM groups
) AS walked
ORDER BY newest DESC;

-- name: SELECT_DISPLACED
-- Of the groups of recipient $1 whose newest cause is at $3 or above it, those that are shown below $2, $5 at most, at checkpoint $4.
SELECT reason, post, place, {was_seen(place)} AS seen
FROM (
    SELECT groups.reason, groups.post, (
        SELECT causes.place {causes_of_group()} AND causes.place <= $4 AND {shown()}
        ORDER BY causes.place DESC LIMIT 1
    ) AS place
    FROM notifications_1_groups AS groups WHERE groups.recipient = $1 AND groups.newest >= $3 AND {about_visible()}
) AS shown
WHERE place < $2 ORDER BY place DESC LIMIT $5;

-- name: SELECT_THESE_GROUPS
-- $1 the recipient, $2 groups as (reason, post), $3 the checkpoint.
WITH groups AS MATERIALIZED (
    SELECT CAST($1 AS {number}) AS recipient, reason, post FROM {rows $2 AS wanted: reason, post}
)
SELECT reason, post, place, {was_seen(place)} AS seen
FROM (
    SELECT groups.reason, groups.post, (
        SELECT causes.place {causes_of_group()} AND causes.place <= $3 AND {shown()}
        ORDER BY causes.place DESC LIMIT 1
    ) AS place
    FROM groups WHERE {about_visible()}
) AS shown
WHERE place IS NOT NULL;

-- name: SELECT_SEEN
SELECT up_to FROM notifications_1_seen WHERE recipient = $1;

-- name: SELECT_NEWEST_CAUSERS
-- $1 the recipient, $2 groups as (reason, post), $3 the checkpoint, $4 how many.
WITH groups AS MATERIALIZED (
    SELECT CAST($1 AS {number}) AS recipient, reason, post FROM {rows $2 AS wanted: reason, post}
)
SELECT newest.reason, newest.post, newest.actor, newest.place, newest.happened_at
FROM groups {sqlite: CROSS JOIN notifications_1 AS newest
WHERE newest.recipient = groups.recipient AND newest.reason = groups.reason AND newest.post = groups.post
AND newest.place IN (SELECT causes.place }{postgres: CROSS JOIN LATERAL (SELECT causes.* }
    {causes_of_group()} AND causes.place <= $3 AND {shown()}
    ORDER BY causes.place DESC LIMIT $4
) {postgres: AS newest}
ORDER BY newest.place DESC;

-- name: COUNT_CAUSERS
-- $1 the recipient, $2 groups as (reason, post), $3 the checkpoint, $4 how far to count.
WITH groups AS MATERIALIZED (
    SELECT CAST($1 AS {number}) AS recipient, reason, post FROM {rows $2 AS wanted: reason, post}
)
SELECT groups.reason, groups.post, (
    SELECT COUNT(*) FROM (
        SELECT 1 {causes_of_group()} AND causes.place <= $3 AND {shown()}
        LIMIT $4
    ) AS counted
) AS causers
FROM groups;

-- name: COUNT_UNREAD
-- $1 the recipient, $2 the checkpoint, $3 how far to count.
WITH seen AS MATERIALIZED (
    SELECT COALESCE((SELECT up_to FROM notifications_1_seen WHERE recipient = $1), 0) AS up_to
)
SELECT COUNT(*) AS unread FROM (
    SELECT 1 FROM seen CROSS JOIN notifications_1_groups AS groups
    WHERE groups.recipient = $1 AND groups.newest > seen.up_to AND {about_visible()} AND EXISTS (
        SELECT 1 {causes_of_group()} AND causes.place > seen.up_to AND causes.place <= $2 AND {shown()}
    )
    LIMIT $3
) AS counted;

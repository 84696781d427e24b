-- Classes, fan-out, backfill, and cutting back to the cap.

-- fragment: wanted()
-- The new edges $1 (followee, follower): who wants whose reasons, and from where on.
WITH wanted AS MATERIALIZED (
    SELECT owners.account AS owner, actors.account AS actor,
           CASE WHEN owners.mark > actors.pulled_until THEN owners.mark ELSE actors.pulled_until END AS floor
    FROM {rows $1 AS edge: followee, follower}
    JOIN timelines_1_accounts AS actors ON actors.account = edge.followee
    JOIN timelines_1_accounts AS owners ON owners.account = edge.follower
)

-- name: ADD_TO_ACCOUNTS
INSERT INTO timelines_1_accounts AS accounts
SELECT account, followers, following, 0, 0 FROM {rows $1 AS deltas: account, followers, following} WHERE true
ON CONFLICT (account) DO UPDATE SET
    followers = accounts.followers + excluded.followers, following = accounts.following + excluded.following;

-- name: INSERT_EDGES
INSERT INTO timelines_1_edges SELECT * FROM {rows $1 AS edges: followee, follower} WHERE true ON CONFLICT DO NOTHING;

-- name: DELETE_EDGES
DELETE FROM timelines_1_edges WHERE (followee, follower) IN (SELECT * FROM {rows $1 AS edges: followee, follower});

-- name: CLASSIFY_AUTHORS
-- Authors: $1 accounts, $2 celebrity at, $3 ordinary again below, $4 this checkpoint, $5 always.
UPDATE timelines_1_accounts SET pulled_until = CASE
    WHEN followers >= $2 THEN $5
    WHEN pulled_until = $5 AND followers < $3 THEN $4
    ELSE pulled_until END
WHERE account IN (SELECT * FROM {rows $1 AS touched: account});

-- name: CLASSIFY_READERS
-- Readers: $1 accounts, $2 served by pull at, $3 by table again below, $4 this checkpoint, $5 always.
UPDATE timelines_1_accounts SET mark = CASE
    WHEN following >= $2 THEN $5
    WHEN mark = $5 AND following < $3 THEN $4
    ELSE mark END
WHERE account IN (SELECT * FROM {rows $1 AS touched: account});

-- name: INSERT_REASONS
INSERT INTO timelines_1_reasons SELECT * FROM {rows $1 AS reasons: actor, place, post};

-- name: DELETE_UNDONE
DELETE FROM timelines_1_reasons WHERE (actor, place) IN (SELECT * FROM {rows $1 AS undone: actor, place});

-- name: DELETE_REASONS_OF_POSTS
DELETE FROM timelines_1_reasons WHERE post IN (SELECT * FROM {rows $1 AS posts: post});

-- name: SELECT_AUDIENCES
-- $1 accounts: how many timelines a reason of each is delivered to, its own included.
SELECT account, followers + 1 AS audience FROM timelines_1_accounts WHERE account IN (SELECT * FROM {rows $1 AS touched: account});

-- name: FAN_OUT
-- Reasons of the batch to all their followers, as one set in the order of the table. Their places are new, so none is there
-- already; asking would take PostgreSQL as long again.
WITH pushed AS MATERIALIZED (
    SELECT reason.actor, reason.place, reason.post
    FROM {rows $1 AS reason: actor, place, post} JOIN timelines_1_accounts ON account = reason.actor
    WHERE pulled_until < reason.place
)
INSERT INTO timelines_1
SELECT edges.follower, pushed.place, pushed.actor, pushed.post
FROM pushed {ordered join} timelines_1_edges AS edges ON edges.followee = pushed.actor
WHERE edges.follower NOT IN (SELECT account FROM timelines_1_accounts WHERE mark = {PULLED_ALWAYS})
ORDER BY edges.follower, pushed.place;

-- name: BACKFILL
-- The newest $2 rows of each new followee that are neither below the owner's mark nor pulled.
{wanted()}
INSERT INTO timelines_1
SELECT wanted.owner, reasons.place, wanted.actor, reasons.post
FROM wanted {sqlite: CROSS JOIN timelines_1_reasons AS reasons
WHERE reasons.actor = wanted.actor AND reasons.place IN (
    SELECT place FROM timelines_1_reasons WHERE actor = wanted.actor AND place > wanted.floor
    ORDER BY place DESC LIMIT $2
)}{postgres: CROSS JOIN LATERAL (
    SELECT place, post FROM timelines_1_reasons WHERE actor = wanted.actor AND place > wanted.floor
    ORDER BY place DESC LIMIT $2
) AS reasons}
ORDER BY wanted.owner, reasons.place
ON CONFLICT DO NOTHING;

-- name: RAISE_MARKS
-- What the backfill left out is below the mark from now on.
{wanted()},
left_out AS (
    SELECT owner, MAX((
        SELECT place FROM timelines_1_reasons WHERE actor = wanted.actor AND place > wanted.floor
        ORDER BY place DESC LIMIT 1 OFFSET $2
    )) AS place
    FROM wanted GROUP BY owner
)
UPDATE timelines_1_accounts SET mark = left_out.place
FROM left_out WHERE account = left_out.owner AND left_out.place > mark;

-- name: CLEAN_UP_UNFOLLOWED
DELETE FROM timelines_1 WHERE (owner, place) IN (
    SELECT rows.owner, rows.place FROM {rows $1 AS edge: followee, follower} JOIN timelines_1 AS rows
    ON rows.owner = edge.follower AND rows.actor = edge.followee
);

-- name: SELECT_NEXT_TO_SWEEP
SELECT account FROM timelines_1_accounts WHERE account > (SELECT account FROM timelines_1_sweep)
ORDER BY account LIMIT $1;

-- name: SWEPT_UNTIL
UPDATE timelines_1_sweep SET account = $1;

-- name: CUT_MARKS
-- $1 accounts, $2 the cap.
WITH overflow AS MATERIALIZED (
    SELECT swept.owner, (
        SELECT place FROM timelines_1 WHERE timelines_1.owner = swept.owner ORDER BY place DESC LIMIT 1 OFFSET $2
    ) AS place
    FROM {rows $1 AS swept: owner}
)
UPDATE timelines_1_accounts SET mark = overflow.place
FROM overflow WHERE account = overflow.owner AND overflow.place > mark;

-- name: CUT_ROWS
DELETE FROM timelines_1 WHERE (owner, place) IN (
    SELECT rows.owner, rows.place FROM {rows $1 AS swept: owner}
    JOIN timelines_1_accounts AS owners ON owners.account = swept.owner
    JOIN timelines_1 AS rows ON rows.owner = owners.account AND rows.place <= owners.mark
);

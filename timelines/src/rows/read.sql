-- The skeleton of a home timeline: above the mark what was pushed and the reasons of pulled authors, below it by pull.

-- fragment: as_json()
-- The reasons of a skeleton as JSON, newest first: several times faster on SQLite than a row for each, since every row is handed from
-- thread to thread.
CAST({collect}({array}(reason.place, reason.actor, reason.post) ORDER BY reason.place DESC) AS TEXT) AS skeleton
FROM skeleton AS reason

-- name: SELECT_ABOVE
-- Above the mark: $1 the owner, $2 before this place, $3 the limit.
WITH own AS MATERIALIZED (
    SELECT COALESCE((SELECT mark FROM timelines_1_accounts WHERE account = $1), 0) AS mark
),
skeleton AS MATERIALIZED (
    SELECT place, actor, post FROM (
        SELECT place, actor, post FROM timelines_1
        WHERE owner = $1 AND place < $2 AND place > (SELECT mark FROM own)
        ORDER BY place DESC LIMIT $3
    ) AS pushed
    UNION
    SELECT reasons.place, reasons.actor, reasons.post
    FROM timelines_1_accounts AS author
    JOIN timelines_1_edges AS edges ON edges.followee = author.account AND edges.follower = $1
    {sqlite: JOIN timelines_1_reasons AS reasons ON reasons.actor = author.account
    WHERE author.pulled_until > 0 AND reasons.place IN (
        SELECT place FROM timelines_1_reasons
        WHERE actor = author.account AND place < $2 AND place > (SELECT mark FROM own) AND place <= author.pulled_until
        ORDER BY place DESC LIMIT $3
    )}{postgres: CROSS JOIN LATERAL (
        SELECT * FROM timelines_1_reasons AS pulled
        WHERE pulled.actor = author.account AND place < $2 AND place > (SELECT mark FROM own) AND place <= author.pulled_until
        ORDER BY place DESC LIMIT $3
    ) AS reasons WHERE author.pulled_until > 0}
    ORDER BY place DESC LIMIT $3
)
SELECT (SELECT mark FROM own) AS mark, {as_json()};

-- name: SELECT_BELOW
-- Below the mark: $1 the owner, $2 before this place, $3 the limit.
{pulled(timelines_1_edges, timelines_1_reasons, $2, $3)}
SELECT {as_json()};

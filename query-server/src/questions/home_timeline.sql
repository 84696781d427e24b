-- The home timeline: the law and the contents of a page in one statement.

-- name: SELECT_SEEN_POSTS
-- Of $1, the reasons of a skeleton, the newest $4 for which owner $2 sees the posts at checkpoint $3, with these posts.
WITH reason AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: place, actor, post}
),
wanted AS MATERIALIZED (
    SELECT * FROM reason WHERE {is_seen($2, $3)}
    ORDER BY place DESC LIMIT $4
)
SELECT CAST({collect}({array}(wanted.place, wanted.actor, {post_row($2)}) ORDER BY wanted.place DESC) AS TEXT) AS seen
FROM wanted
{post_joins()};

-- name: SELECT_CANDIDATES
-- All that may be a reason for owner $2 to see one of the posts $1, up to position $3.
WITH wanted AS MATERIALIZED (
    SELECT asked.*, {is_spread_wider(asked.post, $2)} AS is_spread_wider
    FROM {rows $1 AS asked: post}
),
reason AS MATERIALIZED (
    SELECT posts.post AS place, posts.author AS actor, posts.post
    FROM wanted {ordered join} posts_1 AS posts ON posts.post = wanted.post AND posts.post <= $3
    UNION ALL
    SELECT own.place, own.account, own.post
    FROM wanted {ordered join} posts_1_reposts AS own
        ON own.account = $2 AND own.post = wanted.post AND own.place <= $3
    UNION ALL
    SELECT reposts.place, reposts.account, reposts.post
    FROM wanted {ordered join} posts_1_reposts AS reposts ON reposts.post = wanted.post AND reposts.place <= $3
    {ordered join} graph_1_follows AS follows ON follows.follower = $2 AND follows.followee = reposts.account
    WHERE NOT wanted.is_spread_wider
    UNION ALL
    SELECT reposts.place, reposts.account, reposts.post
    FROM wanted {ordered join} graph_1_follows AS follows ON follows.follower = $2
    {ordered join} posts_1_reposts AS reposts
        ON reposts.account = follows.followee AND reposts.post = wanted.post AND reposts.place <= $3
    WHERE wanted.is_spread_wider
)
SELECT CAST({collect}({array}(reason.place, reason.actor, reason.post)) AS TEXT) AS candidates FROM reason;

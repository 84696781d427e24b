-- The law of the home timeline: which reasons an owner sees.

-- fragment: is_spread_wider(post, owner)
-- This post has more reposts than this owner follows accounts: what is looked for among both is looked for among the fewer.
COALESCE((SELECT reposts FROM counts_1_posts WHERE post = {post}), 0)
    > COALESCE((SELECT following FROM counts_1_accounts WHERE account = {owner}), 0)

-- fragment: reposted_by_followed(post, owner)
-- This owner, or somebody whom this owner follows, has reposted this post.
(
    EXISTS (SELECT 1 FROM posts_1_reposts WHERE account = {owner} AND post = {post})
    OR CASE WHEN {is_spread_wider({post}, {owner})} THEN EXISTS (
        SELECT 1 FROM graph_1_follows AS follows
        {ordered join} posts_1_reposts AS reposts ON reposts.account = follows.followee AND reposts.post = {post}
        WHERE follows.follower = {owner}
    ) ELSE EXISTS (
        SELECT 1 FROM posts_1_reposts AS reposts
        {ordered join} graph_1_follows AS follows ON follows.follower = {owner} AND follows.followee = reposts.account
        WHERE reposts.post = {post}
    ) END
)

-- fragment: is_seen(owner, up_to)
-- The law: this owner sees the post of this `reason` (place, actor, post), and has no newer visible reason up to this position. A newer one is
-- looked for among the post's reposts or among the accounts that the owner follows, whichever are fewer. Blocks are asked for the author only:
-- a block ends the follows between the two, so an actor whom the owner follows stands across none.
EXISTS (
    SELECT 1 FROM posts_1 AS posts
    {ordered join} profiles_1 AS author ON author.account = posts.author AND {is_shown(author)}
    WHERE posts.post = reason.post AND {is_up(posts)}
    AND (reason.place = reason.post OR EXISTS (
        SELECT 1 FROM posts_1_reposts AS reposts
        WHERE reposts.account = reason.actor AND reposts.post = reason.post AND reposts.place = reason.place
    ))
    AND (reason.actor = posts.author OR (
        EXISTS (SELECT 1 FROM profiles_1 AS actor WHERE actor.account = reason.actor AND {is_shown(actor)})
        AND {unmuted({owner}, reason.actor)}
    ))
    AND {followed({owner}, reason.actor)}
    AND {unmuted({owner}, posts.author)}
    AND {unblocked({owner}, posts.author)}
    AND (NOT author.protected OR {followed({owner}, posts.author)})
    AND (
        reason.place <> reason.post OR posts.reply_to IS NULL OR posts.author = {owner}
        OR {followed({owner}, posts.reply_to_author)}
    )
)
AND NOT (reason.place < {up_to} AND CASE WHEN {is_spread_wider(reason.post, {owner})} THEN EXISTS (
    SELECT 1 FROM graph_1_follows AS follows
    {ordered join} posts_1_reposts AS newer ON newer.account = follows.followee AND newer.post = reason.post
    JOIN profiles_1 AS newer_actor ON newer_actor.account = newer.account AND {is_shown(newer_actor)}
    WHERE follows.follower = {owner} AND newer.place > reason.place AND newer.place <= {up_to}
    AND {unmuted({owner}, newer.account)}
) OR EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    WHERE newer.account = {owner} AND newer.post = reason.post AND newer.place > reason.place AND newer.place <= {up_to}
) ELSE EXISTS (
    SELECT 1 FROM posts_1_reposts AS newer
    JOIN profiles_1 AS newer_actor ON newer_actor.account = newer.account AND {is_shown(newer_actor)}
    WHERE newer.post = reason.post AND newer.place > reason.place AND newer.place <= {up_to}
    AND {followed({owner}, newer.account)}
    AND {unmuted({owner}, newer.account)}
) END)

-- name: SELECT_SEEN
-- Of $1, numbered rows of (owner, place, actor, post, up to), the numbers of those for which the owner sees the post and has no newer visible
-- reason up to that position.
WITH reason AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: number, owner, place, actor, post, up_to}
)
SELECT CAST({collect}(reason.number) AS TEXT) AS seen FROM reason WHERE {is_seen(reason.owner, reason.up_to)};

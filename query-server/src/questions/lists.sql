-- Lists of accounts along the edges of an account or a post.

-- fragment: listed(edge_table, own, other, filter)
-- Skeleton and filter of one list: $1 whose, $2 before this place, $3 the viewer, $4 the limit.
SELECT edges.place, edges.{other} AS account
FROM {edge_table} AS edges JOIN profiles_1 AS profiles ON profiles.account = edges.{other}
WHERE edges.{own} = $1 AND edges.place < $2 AND {filter}
ORDER BY edges.place DESC LIMIT $4

-- fragment: owned_or_open(own)
-- The viewer owns the list, or the other end is open to the viewer.
(edges.{own} = $3 OR ({opens_to(profiles, $3)}))

-- fragment: reaction_shown()
-- This reaction is shown: its account is open to the viewer, or shows itself to the viewer, who wrote the post.
{is_shown(profiles)} AND {unblocked($3, edges.account)} AND (
    NOT profiles.protected
    OR {followed($3, edges.account)}
    OR EXISTS (SELECT 1 FROM posts_1 AS posts WHERE posts.post = edges.post AND posts.author = $3)
)

-- name: FOLLOWERS
{listed(graph_1_follows, followee, follower, {owned_or_open(followee)})};

-- name: FOLLOWING
{listed(graph_1_follows, follower, followee, {owned_or_open(follower)})};

-- name: LIKERS
{listed(posts_1_likes, post, account, {reaction_shown()})};

-- name: REPOSTERS
{listed(posts_1_reposts, post, account, {reaction_shown()})};

-- name: REQUESTS
-- The viewer is the owner.
{listed(graph_1_requests, followee, follower, edges.followee = $3)};

-- name: BLOCKED
-- The viewer is the owner. Whoever wants to take a block or a mute back must find it: a block hides nothing here.
{listed(graph_1_blocks, account, target, edges.account = $3)};

-- name: MUTED
-- As those who are blocked.
{listed(graph_1_mutes, account, target, edges.account = $3)};

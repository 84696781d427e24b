-- What home streams ask of what happened.

-- name: SELECT_CHANGES
-- What may concern owner $1 after $2 up to $3, $4 at most. Edits and deletions also concern whoever sees the post through
-- somebody else's repost; an undone repost also concerns who unfollowed the reposter since; what happened to a whole
-- account is looked at more closely later.
SELECT place, change, actor, target, FALSE AS spread FROM changes_1 AS changes
WHERE place > $2 AND place <= $3 AND (
    {is_of_account(change)}
    OR (change IN ({Change::Edited}, {Change::Deleted}) AND {reposted_by_followed(changes.target, $1)})
    OR (change = {Change::RepostUndone} AND EXISTS (
        SELECT 1 FROM changes_1 AS unfollowed
        WHERE unfollowed.place > $2 AND unfollowed.change = {Change::Unfollowed} AND unfollowed.actor = $1
        AND unfollowed.target = changes.actor
    ))
    OR (
        change IN (
            {Change::Posted}, {Change::Edited}, {Change::Deleted}, {Change::Reposted}, {Change::RepostUndone}
        ) AND (actor = $1 OR EXISTS (
            SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = changes.actor
        ))
    )
    OR ({is_between_accounts(change)} AND actor = $1)
    OR ({is_block(change)} AND target = $1)
)
ORDER BY place LIMIT $4;

-- name: SELECT_CONCERN
-- Why owner $1 may have seen something of account $2 after $3: `follows` it, or is it; or somebody reposted it, also where that was undone
-- since then, and nothing hides it.
SELECT CAST($1 AS {number}) = $2 OR EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = $2) AS follows,
       (EXISTS (
           SELECT 1 FROM posts_1 AS posts WHERE posts.author = $2 AND {reposted_by_followed(posts.post, $1)}
       ) OR EXISTS (
           SELECT 1 FROM changes_1 AS undone {ordered join} posts_1 AS posts ON posts.post = undone.target
           WHERE undone.place > $3 AND undone.change = {Change::RepostUndone} AND posts.author = $2
           AND {followed($1, undone.actor)}
       )) AND {unblocked($1, $2)} AND {unmuted($1, $2)} AS reposted,
       COALESCE((SELECT protected FROM profiles_1 WHERE account = $2), FALSE) AS protected;

-- name: SELECT_REPOSTS_OF
-- What account $1 has reposted up to $2, $3 at most; and what it undid after $4, since the tables may be ahead of what was
-- told.
SELECT place, account AS actor, post FROM posts_1_reposts WHERE account = $1 AND place <= $2
UNION ALL
SELECT place, actor, target AS post FROM changes_1 WHERE change = {Change::RepostUndone} AND actor = $1 AND place > $4
ORDER BY place DESC LIMIT $3;

-- name: SELECT_ACCOUNT_ID
SELECT account_id AS id FROM profiles_1 WHERE account = $1;

-- name: SELECT_POST_ID
-- The post $1, if owner $2 may have seen it after $3.
SELECT posts.post_id AS id FROM posts_1 AS posts JOIN profiles_1 AS author ON author.account = posts.author
WHERE posts.post = $1 AND {was_in_sight(author, $2, $3)};

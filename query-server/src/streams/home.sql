-- What home streams ask of what happened.

-- fragment: unfollows(change, owner, after)
-- This change, by its alias, is that this owner unfollowed somebody after this place.
{change}.place > {after} AND {change}.change = {Change::Unfollowed} AND {change}.actor = {owner}

-- name: SELECT_CHANGES
-- What may concern owner $1 after $2 up to $3, $4 at most. Edits and deletions also concern whoever sees the post through
-- somebody else's repost; that a post was taken down or restored, whoever has seen it so or by following its author, also where that has ended
-- since, since later removals do not name a post that was taken down before; an undone repost also concerns who unfollowed the reposter since; what happened to a whole
-- account is looked at more closely later.
SELECT place, change, actor, target, FALSE AS spread FROM changes_1 AS changes
WHERE place > $2 AND place <= $3 AND (
    {is_of_account(change)}
    OR (change IN ({Change::Edited}, {Change::Deleted}, {Change::TakenDown}, {Change::Restored}) AND {reposted_by_followed(changes.target, $1)})
    OR (change IN ({Change::TakenDown}, {Change::Restored}) AND (
        EXISTS (
            SELECT 1 FROM changes_1 AS unfollowed
            WHERE {unfollows(unfollowed, $1, $2)} AND (unfollowed.target = changes.actor OR EXISTS (
                SELECT 1 FROM posts_1_reposts AS reposts
                WHERE reposts.account = unfollowed.target AND reposts.post = changes.target
            ))
        )
        OR EXISTS (
            SELECT 1 FROM changes_1 AS undone
            WHERE undone.place > $2 AND undone.change = {Change::RepostUndone} AND undone.target = changes.target
            AND ({followed($1, undone.actor)} OR EXISTS (
                SELECT 1 FROM changes_1 AS unfollowed
                WHERE {unfollows(unfollowed, $1, $2)} AND unfollowed.target = undone.actor
            ))
        )
    ))
    OR (change = {Change::RepostUndone} AND EXISTS (
        SELECT 1 FROM changes_1 AS unfollowed
        WHERE {unfollows(unfollowed, $1, $2)} AND unfollowed.target = changes.actor
    ))
    OR (
        change IN (
            {Change::Posted}, {Change::Edited}, {Change::Deleted}, {Change::TakenDown}, {Change::Restored},
            {Change::Reposted}, {Change::RepostUndone}
        ) AND (actor = $1 OR EXISTS (
            SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = changes.actor
        ))
    )
    OR ({is_between_accounts(change)} AND actor = $1)
    OR ({is_block(change)} AND target = $1)
)
ORDER BY place LIMIT $4;

-- name: SELECT_CONCERN
-- Why owner $1 may have seen something of account $2 after $3: `follows` it, or is it; or somebody reposted it whom the owner follows, and
-- nothing hides it. Also where any of this has changed since then, since what is told later does not name what was hidden before.
SELECT CAST($1 AS {number}) = $2 OR EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = $2) OR EXISTS (
           SELECT 1 FROM changes_1 AS unfollowed WHERE {unfollows(unfollowed, $1, $3)} AND unfollowed.target = $2
       ) AS follows,
       (EXISTS (
           SELECT 1 FROM posts_1 AS posts WHERE posts.author = $2 AND {reposted_by_followed(posts.post, $1)}
       ) OR EXISTS (
           SELECT 1 FROM changes_1 AS unfollowed
           {ordered join} posts_1_reposts AS reposts ON reposts.account = unfollowed.target
           {ordered join} posts_1 AS posts ON posts.post = reposts.post
           WHERE {unfollows(unfollowed, $1, $3)} AND posts.author = $2
       ) OR EXISTS (
           SELECT 1 FROM changes_1 AS undone {ordered join} posts_1 AS posts ON posts.post = undone.target
           WHERE undone.place > $3 AND undone.change = {Change::RepostUndone} AND posts.author = $2
           AND ({followed($1, undone.actor)} OR EXISTS (
               SELECT 1 FROM changes_1 AS unfollowed
               WHERE {unfollows(unfollowed, $1, $3)} AND unfollowed.target = undone.actor
           ))
       )) AND (({unblocked($1, $2)}) OR {changed($3,
           changes.change IN ({Change::Blocked}, {Change::Unblocked}) AND (
               (changes.actor = $1 AND changes.target = $2) OR (changes.actor = $2 AND changes.target = $1)
           ))}
       ) AND ({unmuted($1, $2)} OR {changed($3,
           changes.change IN ({Change::Muted}, {Change::Unmuted}) AND changes.actor = $1 AND changes.target = $2)}
       ) AS reposted;

-- name: SELECT_ENTRIES_OF
-- The posts that may be in a timeline because of account $1, each with the place of that reason, up to $2, $6 of them at most: what it
-- posted, reposted, or undid reposting after $3, since the tables may be ahead of what was told; and if $5 is 1, what others than owner $4
-- answered to it.
SELECT post, place FROM (
    SELECT * FROM (
        SELECT post, post AS place FROM posts_1 WHERE author = $1 AND post <= $2 LIMIT $6
    ) AS own
    UNION ALL
    SELECT * FROM (
        SELECT post, place FROM posts_1_reposts WHERE account = $1 AND place <= $2 LIMIT $6
    ) AS reposted
    UNION ALL
    SELECT target, place FROM changes_1 WHERE change = {Change::RepostUndone} AND actor = $1 AND place > $3
    UNION ALL
    SELECT * FROM (
        SELECT replies.post, replies.post AS place
        FROM posts_1 AS answered {ordered join} posts_1 AS replies ON replies.reply_to = answered.post
        WHERE $5 = 1 AND answered.author = $1 AND replies.author <> $4 AND replies.post <= $2 LIMIT $6
    ) AS answers
) AS entries
LIMIT $6;

-- name: SELECT_IN_SIGHT
-- Those of the posts $1, deleted or not, that owner $2 may have seen after $3.
SELECT posts.post, posts.post_id
FROM {rows $1 AS wanted: wanted_post} {ordered join} posts_1 AS posts ON posts.post = wanted_post
{ordered join} profiles_1 AS author ON author.account = posts.author
WHERE {was_in_sight(author, $2, $3)} AND {was_up(posts, $3)};

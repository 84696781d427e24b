-- What streams of posts ask of what happened.

-- name: SELECT_CHANGES
-- What happened after $1 up to $2, $3 changes at most, as `Touch` has it.
SELECT kept.kept_after, changes.* FROM ({kept(posts_1_kept)}) AS kept LEFT JOIN (
    {sight_changes()}
    UNION ALL
    SELECT place, 0, post, post FROM posts_1_changes WHERE place > $1 AND place <= $2
    UNION ALL
    SELECT changes.place, 0, replies.reply_to, changes.post
    FROM posts_1_changes AS changes {ordered join} posts_1 AS replies ON replies.post = changes.post
    WHERE changes.place > $1 AND changes.place <= $2 AND replies.reply_to IS NOT NULL
    ORDER BY place LIMIT $3
) AS changes ON TRUE
ORDER BY changes.place;

-- name: SELECT_KEPT
{kept(posts_1_kept)};

-- name: SELECT_TOUCHED
-- What changed of the post $1 and its direct replies after $2 up to $3, $4 posts at most: first and last.
SELECT changes.post, MIN(changes.place) AS first, MAX(changes.place) AS last
FROM posts_1_changes AS changes {ordered join} posts_1 AS posts ON posts.post = changes.post
WHERE changes.place > $2 AND changes.place <= $3 AND (posts.post = $1 OR posts.reply_to = $1)
GROUP BY changes.post LIMIT $4;

-- name: SELECT_SIGHT
-- $1 the viewer, $4 the post. Of an account whose replies the viewer saw neither before nor after it, it does not matter whether it is
-- deactivated.
{sight_changed(EXISTS (
    SELECT 1 FROM profiles_1 AS author WHERE author.account = sighted.account
    AND (
        {is_between_accounts(sighted.change)}
        OR ({unblocked($1, author.account)} AND (
            NOT {is_of_activity(sighted.change)} OR NOT author.protected OR {followed($1, author.account)}
        ))
    )
    AND EXISTS (
        SELECT 1 FROM posts_1 AS replies WHERE replies.author = author.account
        AND (replies.reply_to = $4 OR replies.reply_to IN (
            SELECT gone.post FROM posts_1 AS gone WHERE gone.reply_to = $4 AND NOT {is_up(gone)}
        ))
    )
))};

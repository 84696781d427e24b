-- What happened, for home streams, and whom an account follows.

-- name: SELECT_CHANGES
-- What happened after $1 up to $2, $3 changes at most. A post that was taken down or restored is spread also if a repost of it was undone since:
-- who saw it so must hear of it here.
SELECT kept.kept_after, changes.*, (changes.change IN (
    {Change::Edited}, {Change::Deleted}, {Change::TakenDown}, {Change::Restored}
) AND EXISTS (
    SELECT 1 FROM posts_1_reposts AS reposts WHERE reposts.post = changes.target
)) OR (changes.change IN ({Change::TakenDown}, {Change::Restored}) AND EXISTS (
    SELECT 1 FROM changes_1 AS undone
    WHERE undone.place > changes.place AND undone.change = {Change::RepostUndone} AND undone.target = changes.target
)) AS spread
FROM changes_1_kept AS kept LEFT JOIN (
    SELECT place, change, actor, target FROM changes_1 WHERE place > $1 AND place <= $2 ORDER BY place LIMIT $3
) AS changes ON TRUE
ORDER BY changes.place;

-- name: SELECT_KEPT_AFTER
SELECT kept_after FROM changes_1_kept;

-- name: SELECT_FOLLOWEES
SELECT followee FROM graph_1_follows WHERE follower = $1 LIMIT $2;

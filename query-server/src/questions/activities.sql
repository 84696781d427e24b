-- What the accounts that one follows did.

-- name: SELECT
-- $1 the owner, $2 before this place, $3 the limit.
{pulled(graph_1_follows, activity_1, $2, $3)}
SELECT skeleton.actor, skeleton.place, skeleton.kind, skeleton.target, skeleton.happened_at,
    EXISTS (SELECT 1 FROM profiles_1 AS actor WHERE actor.account = skeleton.actor AND {is_shown(actor)})
    AND {unmuted($1, skeleton.actor)}
    AND CASE skeleton.kind
        WHEN {ActivityKind::Followed} THEN EXISTS (
            SELECT 1 FROM profiles_1 AS target WHERE target.account = skeleton.target AND {opens_to(target, $1)}
        ) AND {unmuted($1, skeleton.target)}
        ELSE EXISTS (
            SELECT 1 FROM posts_1 AS posts JOIN profiles_1 AS author ON author.account = posts.author
            WHERE posts.post = skeleton.target
            AND {visible(posts, author, $1)} AND {unmuted($1, posts.author)}
        )
    END AS shown
FROM skeleton ORDER BY skeleton.place DESC;

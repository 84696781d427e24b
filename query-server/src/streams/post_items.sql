-- What streams of posts show.

-- name: SELECT_GONE
-- Of $1, numbered rows of (viewer, reply, after, up to), those replies that the viewer may have seen and that went between the two. Whoever heard
-- of a change so long ago that it is not kept any more is told of all that are gone: better once too often than never.
WITH wanted AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: number, viewer, post, after_place, up_to}
)
SELECT wanted.number, posts.post, posts.post_id
FROM wanted {ordered join} posts_1 AS posts ON posts.post = wanted.post
{ordered join} profiles_1 AS author ON author.account = posts.author
WHERE NOT {is_up(posts)} AND {opens_to(author, wanted.viewer)} AND {unmuted(wanted.viewer, posts.author)} AND (
    wanted.after_place < (SELECT kept_after FROM changes_1_kept)
    OR EXISTS (
        SELECT 1 FROM changes_1 AS changes
        {ordered join} posts_1 AS ended ON ended.post = changes.target
        {ordered join} profiles_1 AS ended_author ON ended_author.account = ended.author
        WHERE changes.place > wanted.after_place AND changes.place <= wanted.up_to
        AND changes.change IN ({Change::Deleted}, {Change::TakenDown}) AND {was_up(ended, wanted.after_place)}
        AND (ended.post = posts.post OR (
            ended.reply_to = posts.post AND {opens_to(ended_author, wanted.viewer)} AND {unmuted(wanted.viewer, ended.author)}
        ))
    )
);

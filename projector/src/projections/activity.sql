-- activity_1: what each account did that still stands.

-- table: activity_1
-- `kind` is an ActivityKind; `target` is the account that was followed, else the post.
CREATE TABLE IF NOT EXISTS activity_1 (
    actor       {number} NOT NULL,
    place       {number} NOT NULL,
    kind        {number} NOT NULL,
    target      {number} NOT NULL,
    happened_at {number} NOT NULL,
    PRIMARY KEY (actor, place)
){clustered};

-- index: activity_1_by_target
CREATE UNIQUE INDEX IF NOT EXISTS activity_1_by_target ON activity_1 (target, kind, actor);

-- name: UPSERT
INSERT INTO activity_1
SELECT * FROM {rows $1 AS deeds: actor, place, kind, target, happened_at} WHERE true
ON CONFLICT (target, kind, actor) DO UPDATE SET place = excluded.place, happened_at = excluded.happened_at;

-- name: DELETE
DELETE FROM activity_1 WHERE (target, kind, actor) IN
    (SELECT * FROM {rows $1 AS deeds: target, kind, actor});

-- name: DELETE_OF_POSTS
-- A post and an account never have the same key, since both are positions.
DELETE FROM activity_1 WHERE target IN (SELECT * FROM {rows $1 AS posts: post});

-- activity_1: what each account did that still stands.

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

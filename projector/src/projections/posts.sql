-- posts_1: every post as it is now, and who likes and reposts it.

-- name: INSERT
INSERT INTO posts_1
SELECT post, post_id, author, text, reply_to, reply_to_author, quoted, created_at, NULL, FALSE
FROM {rows $1 AS created: post, post_id id, author, text text, reply_to, reply_to_author, quoted, created_at};

-- name: UPDATE_TEXT
UPDATE posts_1 SET text = edit.text, edited_at = edit.edited_at
FROM {rows $1 AS edit: post, text text, edited_at} WHERE posts_1.post = edit.post;

-- name: BURY
UPDATE posts_1 SET text = '', deleted = TRUE WHERE post IN (SELECT * FROM {rows $1 AS deleted: post});

-- name: UPSERT_LIKES
INSERT INTO posts_1_likes SELECT * FROM {rows $1 AS likes: account, post, place} WHERE true
ON CONFLICT (account, post) DO UPDATE SET place = excluded.place;

-- name: DELETE_LIKES
DELETE FROM posts_1_likes WHERE (account, post) IN (SELECT * FROM {rows $1 AS likes: account, post});

-- name: UPSERT_REPOSTS
INSERT INTO posts_1_reposts SELECT * FROM {rows $1 AS reposts: account, post, place} WHERE true
ON CONFLICT (account, post) DO UPDATE SET place = excluded.place;

-- name: DELETE_REPOSTS
DELETE FROM posts_1_reposts WHERE (account, post) IN (SELECT * FROM {rows $1 AS reposts: account, post});

-- name: INSERT_CHANGES
INSERT INTO posts_1_changes SELECT * FROM {rows $1 AS changes: place, post};

-- name: FORGET_CHANGES
-- $1 up to which place.
DELETE FROM posts_1_changes WHERE place <= $1;

-- name: RAISE_KEPT_AFTER
UPDATE posts_1_kept SET kept_after = $1 WHERE kept_after < $1;

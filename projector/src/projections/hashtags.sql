-- hashtags_1: the tags in the present texts of posts.

-- name: DELETE
DELETE FROM hashtags_1 WHERE post IN (SELECT * FROM {rows $1 AS posts: post});

-- name: INSERT
INSERT INTO hashtags_1 SELECT * FROM {rows $1 AS tags: tag text, post};

-- hashtags_1: the tags in the present texts of posts.

-- table: hashtags_1
-- The tags in the present texts of posts that are not deleted.
CREATE TABLE IF NOT EXISTS hashtags_1 (
    tag  TEXT NOT NULL,
    post {number} NOT NULL,
    PRIMARY KEY (tag, post)
){clustered};

-- index: hashtags_1_by_post
CREATE INDEX IF NOT EXISTS hashtags_1_by_post ON hashtags_1 (post);

-- name: DELETE
DELETE FROM hashtags_1 WHERE post IN (SELECT * FROM {rows $1 AS posts: post});

-- name: INSERT
INSERT INTO hashtags_1 SELECT * FROM {rows $1 AS tags: tag text, post};

-- bookmarks_1: which posts each account keeps, and since when.

-- table: bookmarks_1
CREATE TABLE IF NOT EXISTS bookmarks_1 (
    account {number} NOT NULL,
    post    {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, post)
){clustered};

-- index: bookmarks_1_by_account
CREATE INDEX IF NOT EXISTS bookmarks_1_by_account ON bookmarks_1 (account, place);

-- name: UPSERT_BOOKMARKS
INSERT INTO bookmarks_1 SELECT * FROM {rows $1 AS bookmarks: account, post, place} WHERE true
ON CONFLICT (account, post) DO UPDATE SET place = excluded.place;

-- name: DELETE_BOOKMARKS
DELETE FROM bookmarks_1 WHERE (account, post) IN (SELECT * FROM {rows $1 AS bookmarks: account, post});

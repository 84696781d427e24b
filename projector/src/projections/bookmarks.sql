-- bookmarks_1: which posts each account keeps, and since when.

-- name: UPSERT_BOOKMARKS
INSERT INTO bookmarks_1 SELECT * FROM {rows $1 AS bookmarks: account, post, place} WHERE true
ON CONFLICT (account, post) DO UPDATE SET place = excluded.place;

-- name: DELETE_BOOKMARKS
DELETE FROM bookmarks_1 WHERE (account, post) IN (SELECT * FROM {rows $1 AS bookmarks: account, post});

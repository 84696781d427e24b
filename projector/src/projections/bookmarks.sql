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
{upsert_edges(bookmarks_1, account, post)};

-- name: DELETE_BOOKMARKS
{delete_edges(bookmarks_1, account, post)};

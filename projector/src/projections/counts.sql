-- counts_1: exact deltas, so that stored equals recounted.

-- table: counts_1_accounts
-- A row only where a count was ever above 0.
CREATE TABLE IF NOT EXISTS counts_1_accounts (
    account   {number} PRIMARY KEY,
    followers {number} NOT NULL,
    following {number} NOT NULL,
    posts     {number} NOT NULL
){table};

-- table: counts_1_posts
CREATE TABLE IF NOT EXISTS counts_1_posts (
    post    {number} PRIMARY KEY,
    likes   {number} NOT NULL,
    reposts {number} NOT NULL,
    replies {number} NOT NULL
){table};

-- name: ADD_TO_ACCOUNTS
INSERT INTO counts_1_accounts AS counts
SELECT * FROM {rows $1 AS deltas: account, followers, following, posts} WHERE true
ON CONFLICT (account) DO UPDATE SET
    followers = counts.followers + excluded.followers, following = counts.following + excluded.following,
    posts = counts.posts + excluded.posts;

-- name: ADD_TO_POSTS
INSERT INTO counts_1_posts AS counts
SELECT * FROM {rows $1 AS deltas: post, likes, reposts, replies} WHERE true
ON CONFLICT (post) DO UPDATE SET
    likes = counts.likes + excluded.likes, reposts = counts.reposts + excluded.reposts,
    replies = counts.replies + excluded.replies;

-- Lists of posts: with a hashtag, quoting a post, bookmarked by an account.
--
-- Skeleton and filter of each: $1 of what, $2 before this place, $3 the viewer, $4 the limit. An ordered join keeps the order of the tables, so
-- that the rows come in the order of the list's index.

-- name: HASHTAG
SELECT tags.post AS place, posts.post
FROM hashtags_1 AS tags {ordered join} posts_1 AS posts ON posts.post = tags.post
{ordered join} profiles_1 AS author ON author.account = posts.author
WHERE tags.tag = $1 AND {unmuted($3, posts.author)} AND tags.post < $2 AND {visible(posts, author, $3)}
ORDER BY tags.post DESC LIMIT $4;

-- name: QUOTES
SELECT posts.post AS place, posts.post
FROM posts_1 AS posts {ordered join} profiles_1 AS author ON author.account = posts.author
WHERE posts.quoted = $1 AND {unmuted($3, posts.author)} AND posts.post < $2 AND {visible(posts, author, $3)}
ORDER BY posts.post DESC LIMIT $4;

-- name: BOOKMARKS
SELECT bookmarks.place AS place, posts.post
FROM bookmarks_1 AS bookmarks {ordered join} posts_1 AS posts ON posts.post = bookmarks.post
{ordered join} profiles_1 AS author ON author.account = posts.author
WHERE bookmarks.account = $1 AND bookmarks.place < $2 AND {visible(posts, author, $3)}
ORDER BY bookmarks.place DESC LIMIT $4;

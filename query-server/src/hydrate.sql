-- What the rows of a page are now: accounts and posts as JSON, one list for the whole page.

-- fragment: account_row(profile, counts)
-- An account, from these aliases of its profile and its counts: `AccountRow` has the same order.
{array}(
    {profile}.account, {id {profile}.account_id}, {profile}.handle, {profile}.display_name, {profile}.bio, {profile}.organization,
    {profile}.protected, {is_shown({profile})}, {profile}.created_at,
    COALESCE({counts}.followers, 0), COALESCE({counts}.following, 0), COALESCE({counts}.posts, 0),
    {profile}.version, {profile}.extras
)

-- fragment: standing_row(one, other)
-- How the one account stands to the other: `StandingRow` has the same order.
{array}(
    EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = {one} AND followee = {other}),
    EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = {other} AND followee = {one}),
    EXISTS (SELECT 1 FROM graph_1_requests WHERE follower = {one} AND followee = {other}),
    EXISTS (SELECT 1 FROM graph_1_requests WHERE follower = {other} AND followee = {one}),
    EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = {one} AND target = {other}),
    EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = {other} AND target = {one}),
    EXISTS (SELECT 1 FROM graph_1_mutes WHERE account = {one} AND target = {other})
)

-- fragment: own_row(viewer)
-- What is each viewer's own of a post: `OwnRow` has the same order.
{array}(
    posts.quoted IS NOT NULL AND {visible(quoted, quoted_author, {viewer})},
    EXISTS (SELECT 1 FROM posts_1_likes WHERE account = {viewer} AND post = posts.post),
    EXISTS (SELECT 1 FROM posts_1_reposts WHERE account = {viewer} AND post = posts.post),
    EXISTS (SELECT 1 FROM bookmarks_1 WHERE account = {viewer} AND post = posts.post)
)

-- fragment: quoted_joins()
-- The post that a post quotes, and its author.
LEFT JOIN posts_1 AS quoted ON quoted.post = posts.quoted
LEFT JOIN profiles_1 AS quoted_author ON quoted_author.account = quoted.author

-- fragment: post_row(viewer)
-- A post as this viewer sees it: `PostRow` has the same order.
{array}(
    posts.post, {id posts.post_id}, posts.text, posts.created_at, posts.edited_at,
    posts.reply_to, {id parent.post_id}, posts.reply_to_author, {id parent_author.account_id},
    posts.quoted, {id quoted.post_id},
    COALESCE(counts.likes, 0), COALESCE(counts.reposts, 0), COALESCE(counts.replies, 0),
    {own_row({viewer})},
    posts.author, {id author.account_id},
    posts.version, posts.extras, posts.taken_down
)

-- fragment: post_joins()
-- The tables from which a post is put together, after `wanted`.
{ordered join} posts_1 AS posts ON posts.post = wanted.post
{ordered join} profiles_1 AS author ON author.account = posts.author
LEFT JOIN counts_1_posts AS counts ON counts.post = posts.post
LEFT JOIN posts_1 AS parent ON parent.post = posts.reply_to
LEFT JOIN profiles_1 AS parent_author ON parent_author.account = posts.reply_to_author
{quoted_joins()}

-- name: SELECT_ACCOUNTS
-- $1 the accounts.
SELECT CAST({collect}({account_row(profiles, counts)}) AS TEXT) AS found
FROM {rows $1 AS wanted: account}
{ordered join} profiles_1 AS profiles ON profiles.account = wanted.account
LEFT JOIN counts_1_accounts AS counts ON counts.account = profiles.account;

-- name: SELECT_ACCOUNTS_FOR
-- $1 the accounts, $2 the viewer, and how that stands to each.
SELECT CAST({collect}({array}({account_row(profiles, counts)}, {standing_row($2, profiles.account)})) AS TEXT) AS found
FROM {rows $1 AS wanted: account}
{ordered join} profiles_1 AS profiles ON profiles.account = wanted.account
LEFT JOIN counts_1_accounts AS counts ON counts.account = profiles.account;

-- name: SELECT_POSTS
-- $1 the posts, $2 the viewer.
SELECT CAST({collect}({post_row($2)}) AS TEXT) AS found
FROM {rows $1 AS wanted: post}
{post_joins()};

-- name: SELECT_OWN
-- $1 the posts, each with a viewer.
WITH wanted AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: viewer, post}
)
SELECT CAST({collect}({array}(wanted.viewer, wanted.post, {own_row(wanted.viewer)})) AS TEXT) AS found
FROM wanted {ordered join} posts_1 AS posts ON posts.post = wanted.post
{quoted_joins()};

-- name: SELECT_REFERRED
-- $1 posts that others quote or answer, each with a viewer; whether the viewer may see it, and if not, may know that it was
-- deleted or taken down.
WITH wanted AS MATERIALIZED (
    SELECT * FROM {rows $1 AS asked: viewer, post}
)
SELECT CAST({collect}({array}(
    wanted.viewer,
    {visible(posts, author, wanted.viewer)},
    (NOT {is_up(posts)} AND {opens_to(author, wanted.viewer)}),
    {post_row(wanted.viewer)}
)) AS TEXT) AS found
FROM wanted
{post_joins()};

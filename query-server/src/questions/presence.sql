-- Who may know who is online.

-- name: SELECT_OPEN
-- $1 accounts, $2 the viewer.
SELECT accounts.account
FROM {rows $1 AS wanted: account} {ordered join} profiles_1 AS accounts ON accounts.account = wanted.account
WHERE {opens_to(accounts, $2)};

-- name: SELECT_OPEN_FOLLOWEES
-- $1 the account, $2 how many at most.
SELECT accounts.account, accounts.account_id
FROM (SELECT followee FROM graph_1_follows WHERE follower = $1 ORDER BY place DESC LIMIT $2) AS follows
{ordered join} profiles_1 AS accounts ON accounts.account = follows.followee
WHERE {opens_to(accounts, $1)};

-- graph_1: who follows, asks to follow, blocks and mutes whom, and since when.

-- table: graph_1_follows
CREATE TABLE IF NOT EXISTS graph_1_follows (
    follower {number} NOT NULL,
    followee {number} NOT NULL,
    place    {number} NOT NULL,
    PRIMARY KEY (follower, followee)
){clustered};

-- index: graph_1_follows_by_followee
CREATE INDEX IF NOT EXISTS graph_1_follows_by_followee ON graph_1_follows (followee, place);

-- index: graph_1_follows_by_follower
CREATE INDEX IF NOT EXISTS graph_1_follows_by_follower ON graph_1_follows (follower, place);

-- table: graph_1_requests
CREATE TABLE IF NOT EXISTS graph_1_requests (
    follower {number} NOT NULL,
    followee {number} NOT NULL,
    place    {number} NOT NULL,
    PRIMARY KEY (follower, followee)
){clustered};

-- index: graph_1_requests_by_followee
CREATE INDEX IF NOT EXISTS graph_1_requests_by_followee ON graph_1_requests (followee, place);

-- table: graph_1_blocks
CREATE TABLE IF NOT EXISTS graph_1_blocks (
    account {number} NOT NULL,
    target  {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, target)
){clustered};

-- index: graph_1_blocks_by_account
CREATE INDEX IF NOT EXISTS graph_1_blocks_by_account ON graph_1_blocks (account, place);

-- table: graph_1_mutes
CREATE TABLE IF NOT EXISTS graph_1_mutes (
    account {number} NOT NULL,
    target  {number} NOT NULL,
    place   {number} NOT NULL,
    PRIMARY KEY (account, target)
){clustered};

-- index: graph_1_mutes_by_account
CREATE INDEX IF NOT EXISTS graph_1_mutes_by_account ON graph_1_mutes (account, place);

-- name: UPSERT_FOLLOWS
{upsert_edges(graph_1_follows, follower, followee)};

-- name: DELETE_FOLLOWS
{delete_edges(graph_1_follows, follower, followee)};

-- name: UPSERT_REQUESTS
{upsert_edges(graph_1_requests, follower, followee)};

-- name: DELETE_REQUESTS
{delete_edges(graph_1_requests, follower, followee)};

-- name: UPSERT_BLOCKS
{upsert_edges(graph_1_blocks, account, target)};

-- name: DELETE_BLOCKS
{delete_edges(graph_1_blocks, account, target)};

-- name: UPSERT_MUTES
{upsert_edges(graph_1_mutes, account, target)};

-- name: DELETE_MUTES
{delete_edges(graph_1_mutes, account, target)};

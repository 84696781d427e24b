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
INSERT INTO graph_1_follows SELECT * FROM {rows $1 AS follows: follower, followee, place} WHERE true
ON CONFLICT (follower, followee) DO UPDATE SET place = excluded.place;

-- name: DELETE_FOLLOWS
DELETE FROM graph_1_follows WHERE (follower, followee) IN (SELECT * FROM {rows $1 AS follows: follower, followee});

-- name: UPSERT_REQUESTS
INSERT INTO graph_1_requests SELECT * FROM {rows $1 AS requests: follower, followee, place} WHERE true
ON CONFLICT (follower, followee) DO UPDATE SET place = excluded.place;

-- name: DELETE_REQUESTS
DELETE FROM graph_1_requests WHERE (follower, followee) IN (SELECT * FROM {rows $1 AS requests: follower, followee});

-- name: UPSERT_BLOCKS
INSERT INTO graph_1_blocks SELECT * FROM {rows $1 AS blocks: account, target, place} WHERE true
ON CONFLICT (account, target) DO UPDATE SET place = excluded.place;

-- name: DELETE_BLOCKS
DELETE FROM graph_1_blocks WHERE (account, target) IN (SELECT * FROM {rows $1 AS blocks: account, target});

-- name: UPSERT_MUTES
INSERT INTO graph_1_mutes SELECT * FROM {rows $1 AS mutes: account, target, place} WHERE true
ON CONFLICT (account, target) DO UPDATE SET place = excluded.place;

-- name: DELETE_MUTES
DELETE FROM graph_1_mutes WHERE (account, target) IN (SELECT * FROM {rows $1 AS mutes: account, target});

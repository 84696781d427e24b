-- timelines_1: home timelines as rows, as far as they are materialized.

-- table: timelines_1
-- One row per reason and owner above the owner's mark: a superset of the law.
CREATE TABLE IF NOT EXISTS timelines_1 (
    owner {number} NOT NULL,
    place {number} NOT NULL,
    actor {number} NOT NULL,
    post  {number} NOT NULL,
    PRIMARY KEY (owner, place)
){clustered};

-- table: timelines_1_edges
-- Every account is its own follower here, since its own reasons belong to its timeline.
CREATE TABLE IF NOT EXISTS timelines_1_edges (
    followee {number} NOT NULL,
    follower {number} NOT NULL,
    PRIMARY KEY (followee, follower)
){clustered};

-- index: timelines_1_edges_by_follower
CREATE INDEX IF NOT EXISTS timelines_1_edges_by_follower ON timelines_1_edges (follower, followee);

-- table: timelines_1_reasons
-- What each account posted and reposted, for backfill and pull.
CREATE TABLE IF NOT EXISTS timelines_1_reasons (
    actor {number} NOT NULL,
    place {number} NOT NULL,
    post  {number} NOT NULL,
    PRIMARY KEY (actor, place)
){clustered};

-- index: timelines_1_reasons_by_post
CREATE INDEX IF NOT EXISTS timelines_1_reasons_by_post ON timelines_1_reasons (post);

-- table: timelines_1_accounts
-- `pulled_until`: reasons of this account at or below it are pulled. `mark`: at or below it this account's own timeline is not materialized. Both
-- are the largest integer while the account is a celebrity, or a pull reader.
CREATE TABLE IF NOT EXISTS timelines_1_accounts (
    account      {number} PRIMARY KEY,
    followers    {number} NOT NULL,
    following    {number} NOT NULL,
    pulled_until {number} NOT NULL,
    mark         {number} NOT NULL
){table};

-- index: timelines_1_pull_readers
CREATE INDEX IF NOT EXISTS timelines_1_pull_readers ON timelines_1_accounts (account) WHERE mark = {PULLED_ALWAYS};

-- index: timelines_1_pulled
CREATE INDEX IF NOT EXISTS timelines_1_pulled ON timelines_1_accounts (account) WHERE pulled_until > 0;

-- table: timelines_1_sweep
-- Where the clean-up has got to.
CREATE TABLE IF NOT EXISTS timelines_1_sweep (
    id      {number} PRIMARY KEY CHECK (id = 1),
    account {number} NOT NULL
){table};

-- rows: timelines_1_sweep
INSERT INTO timelines_1_sweep VALUES (1, 0) ON CONFLICT DO NOTHING;

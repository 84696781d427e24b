-- The read tables that belong to no projection, on both engines; the marks in braces are those of sql/statement.rs. Each projection declares
-- its own tables beside its statements.

CREATE TABLE IF NOT EXISTS store (
    id             {number} PRIMARY KEY CHECK (id = 1),
    epoch          {id} NOT NULL,
    schema_version {number} NOT NULL DEFAULT 1
){table};

-- One row per projection. `term` fences one owner from the next; `failure` says why it stopped. `hash` is the log's at the checkpoint: where
-- the log has another one, the tables are of a history that is gone. NULL in tables of before this column, until an owner writes it. Below
-- `served_from` the tables do not answer queries: they are being filled again from the beginning.
CREATE TABLE IF NOT EXISTS projections (
    name         TEXT PRIMARY KEY,
    checkpoint   {number} NOT NULL,
    term         {number} NOT NULL,
    heartbeat_at {number} NOT NULL,
    failure      TEXT,
    hash         {bytes},
    served_from  {number} NOT NULL DEFAULT 0,
    owner_address TEXT
){clustered};

-- Tables of a history that the log does not have any more, until an operator releases them. They are named `aside<number>_<table>`.
CREATE TABLE IF NOT EXISTS set_aside (
    projection   TEXT NOT NULL,
    number       {number} NOT NULL,
    checkpoint   {number} NOT NULL,
    hash         {bytes},
    log_head     {number} NOT NULL,
    set_aside_at {number} NOT NULL,
    PRIMARY KEY (projection, number)
){clustered};

-- Events that a projection could not apply, and those that must wait for them: `behind` says for which. A row goes when its event is
-- applied. That of an event which somebody discarded stays, with the reason.
CREATE TABLE IF NOT EXISTS parked_events (
    projection     TEXT NOT NULL,
    position       {number} NOT NULL,
    stream         TEXT NOT NULL,
    version        {number} NOT NULL,
    kind           TEXT NOT NULL,
    behind         {number},
    cause          TEXT NOT NULL,
    attempts       {number} NOT NULL,
    parked_at      {number} NOT NULL,
    discarded_at   {number},
    discard_reason TEXT,
    PRIMARY KEY (projection, position)
){clustered};

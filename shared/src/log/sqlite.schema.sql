-- The log in a SQLite file. Whoever opens it makes what is missing.

CREATE TABLE IF NOT EXISTS store (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    schema_version INTEGER NOT NULL,
    epoch          BLOB NOT NULL,
    token_key      BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS head (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    position    INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS events (
    position       INTEGER PRIMARY KEY,
    event_id       BLOB NOT NULL,
    stream         TEXT NOT NULL,
    version        INTEGER NOT NULL,
    type           TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    command_id     BLOB NOT NULL,
    correlation_id BLOB NOT NULL,
    causation_id   BLOB,
    principal      TEXT NOT NULL,
    traceparent    TEXT,
    recorded_at    INTEGER NOT NULL,
    payload        TEXT NOT NULL,
    payload_digest BLOB NOT NULL,
    hash           BLOB NOT NULL,
    UNIQUE (stream, version)
) STRICT;

CREATE TABLE IF NOT EXISTS requests (
    principal  TEXT NOT NULL,
    request_id BLOB NOT NULL,
    digest     BLOB NOT NULL,
    position   INTEGER NOT NULL,
    answer     BLOB NOT NULL,
    PRIMARY KEY (principal, request_id)
) STRICT, WITHOUT ROWID;

INSERT INTO store VALUES (1, 2, randomblob(16), randomblob(32)) ON CONFLICT DO NOTHING;
INSERT INTO head VALUES (1, 0, zeroblob(32), 0) ON CONFLICT DO NOTHING;

-- The log, as both engines store it.

-- name: SELECT_IDENTITY
SELECT epoch, token_key, schema_version FROM {postgres: chirp_log.}store;

-- name: UPDATE_IDENTITY
UPDATE store SET epoch = $1, token_key = $2;

-- name: SELECT_HEAD
SELECT position, hash FROM head;

-- name: UPDATE_HEAD
UPDATE head SET position = $1, hash = $2, recorded_at = $3;

-- name: SELECT_EVENTS
SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT $2;

-- name: SELECT_VERSION
SELECT schema_version FROM {postgres: chirp_log.}store;

-- name: RAISE_VERSION
UPDATE {postgres: chirp_log.}store SET schema_version = $1;

-- name: SELECT_HASHES
-- All of the events that a query server may read.
SELECT events.position, events.hash FROM {rows $1 AS wanted: position}
{ordered join} {sqlite: events}{postgres: positions AS events} ON events.position = wanted.position;

-- name: SELECT_FIRST_AFTER
-- There is no index of times, which are seldom asked for. $1 a time, after $2 and up to $3.
SELECT position FROM events WHERE recorded_at > $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT 1;

-- name: SELECT_PRIMARY_POSITION
-- Of the receiver, everybody may know whether there is one.
SELECT position, {sqlite: 0}{postgres: pg_is_in_recovery() AND (
    NOT EXISTS (SELECT FROM pg_stat_wal_receiver)
    OR COALESCE(pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn(), TRUE)
)} AS is_behind FROM head;

-- name: SELECT_IS_STANDBY
SELECT {sqlite: 0}{postgres: pg_is_in_recovery()} AS is_standby;

-- name: INSERT_EVENTS
INSERT INTO events
SELECT * FROM {rows $1 AS recorded: position, event_id id, stream verbatim, version, type verbatim, schema_version, command_id id, correlation_id id, causation_id id, principal verbatim, traceparent verbatim, recorded_at, payload verbatim, payload_digest bytes, hash bytes};

-- name: SELECT_STREAMS
SELECT events.* FROM {rows $1 AS wanted: ordinal, stream verbatim} {ordered join} events ON events.stream = wanted.stream
ORDER BY wanted.ordinal, version;

-- name: SELECT_REQUEST
SELECT * FROM requests WHERE principal = $1 AND request_id = $2;

-- name: SELECT_REQUESTS_AFTER
-- $1 and $2 the last of the page before, $3 the limit.
SELECT * FROM requests WHERE (principal, request_id) > ($1, $2) ORDER BY principal, request_id LIMIT $3;

-- name: INSERT_REQUESTS
INSERT INTO requests
SELECT * FROM {rows $1 AS stored: principal verbatim, request_id id, digest bytes, position, answer bytes}
WHERE true ON CONFLICT DO NOTHING;

-- Checkpoints, and who owns each projection.

-- name: SELECT_OWNERS
SELECT name, term, heartbeat_at FROM projections;

-- name: SELECT_CLAIMS
-- $1 the projections with the terms of their owner.
SELECT name, checkpoint, hash, term, served_from FROM projections
WHERE (name, term) IN (SELECT * FROM {rows $1 AS mine: name text, term});

-- name: CLAIM
-- $1 the name, $2 now, $3 the term and $4 the heartbeat of the owner that is replaced, $5 the new owner's address for operators.
INSERT INTO projections AS mine (name, checkpoint, term, heartbeat_at, owner_address) VALUES ($1, 0, 1, {clock}($2), $5)
ON CONFLICT (name) DO UPDATE SET
    term = mine.term + 1, heartbeat_at = excluded.heartbeat_at, owner_address = excluded.owner_address, failure = NULL
WHERE mine.term = $3 AND mine.heartbeat_at = $4
RETURNING checkpoint, hash, term, served_from;

-- name: RELEASE
UPDATE projections SET heartbeat_at = 0 WHERE name = $1 AND term = $2;

-- name: MOVE
-- $1 the new checkpoint, $2 now, $3 the old checkpoint, $4 the projections with the terms of their owner, $5 the
-- log's hash at the new checkpoint. The commit notifies listeners.
UPDATE projections SET checkpoint = $1, heartbeat_at = {clock}($2), hash = $5
WHERE checkpoint = $3 AND (name, term) IN (SELECT * FROM {rows $4 AS mine: name text, term})
RETURNING name{postgres: , pg_notify('chirp_tables', '')};

-- name: BEAT
-- $1 now, $2 the projections with the terms of their owner.
UPDATE projections SET heartbeat_at = {clock}($1) WHERE (name, term) IN (SELECT * FROM {rows $2 AS mine: name text, term})
RETURNING name, checkpoint, hash, term, served_from;

-- name: NOTE_HASH
-- $1 the name, $2 the term of the owner, $3 the log's hash at the checkpoint.
UPDATE projections SET hash = $3 WHERE name = $1 AND term = $2;

-- name: BEGIN_AGAIN
-- $1 the name, $2 the term of the owner, $3 the position from which on the tables answer queries, $4 the hash before the first event.
UPDATE projections SET checkpoint = 0, hash = $4, served_from = $3, failure = NULL WHERE name = $1 AND term = $2 RETURNING name;

-- name: SERVE
-- $1 the name, $2 the term of the owner, $3 its checkpoint.
UPDATE projections SET served_from = $3 WHERE name = $1 AND term = $2 AND checkpoint = $3;

-- name: SELECT_OWNER_ADDRESS
SELECT owner_address FROM projections WHERE name = $1;

-- name: FORGET
DELETE FROM projections WHERE name = $1;

-- name: FAIL
UPDATE projections SET failure = $1 WHERE name = $2 AND term = $3;

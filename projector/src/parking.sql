-- Parked events.

-- name: PARK
-- An event that is parked again by a rebuild was tried again.
INSERT INTO parked_events
SELECT projection, position, stream, version, kind, behind, cause, attempts, parked_at, NULL, NULL
FROM {rows $1 AS parked: projection text, position, stream text, version, kind text, behind, cause verbatim, attempts, parked_at}
WHERE true ON CONFLICT (projection, position) DO UPDATE SET
    behind = excluded.behind, cause = excluded.cause, attempts = excluded.attempts, parked_at = excluded.parked_at;

-- name: SELECT
SELECT position, stream, version, behind, discarded_at FROM parked_events WHERE projection = $1 ORDER BY position;

-- name: COUNT_ATTEMPT
UPDATE parked_events SET attempts = attempts + 1, cause = $3, behind = NULL WHERE projection = $1 AND position = $2;

-- name: UNPARK
DELETE FROM parked_events WHERE projection = $1 AND position = $2;

-- name: FORGET
DELETE FROM parked_events WHERE projection = $1;

-- name: KEEP_DISCARDED
-- Discarded events stay discarded. $1 the projection, $2 the name of its rebuild.
INSERT INTO parked_events
SELECT $2, position, stream, version, kind, behind, cause, attempts, parked_at, discarded_at, discard_reason
FROM parked_events WHERE projection = $1 AND discarded_at IS NOT NULL;

-- name: RENAME
UPDATE parked_events SET projection = $1 WHERE projection = $2;

-- name: DISCARD
-- $1 the projection, $2 the position, $3 now, $4 the reason.
UPDATE parked_events SET discarded_at = $3, discard_reason = $4
WHERE projection = $1 AND position = $2 AND discarded_at IS NULL
RETURNING position;

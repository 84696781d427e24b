-- Read tables that an older version made.

-- name: SELECT_SETS
SELECT number FROM set_aside WHERE projection = 'timelines_1';

-- name: COPY_CHECKPOINT
-- It is as far as the projection was that wrote these changes until now.
INSERT INTO projections (name, checkpoint, term, heartbeat_at, hash, served_from)
SELECT 'changes_1', checkpoint, 0, 0, hash, served_from FROM projections WHERE name = 'timelines_1'
ON CONFLICT DO NOTHING;

-- name: COPY_PARKED
-- What timelines have not applied yet, streams have not heard of.
INSERT INTO parked_events
SELECT 'changes_1', position, stream, version, kind, behind, cause, attempts, parked_at, discarded_at, discard_reason
FROM parked_events WHERE projection = 'timelines_1' ON CONFLICT DO NOTHING;

-- name: FORGET_CHECKPOINT
-- $1 the name of a rebuild.
DELETE FROM projections WHERE name = $1;

-- name: FORGET_PARKED
-- $1 the name of a rebuild.
DELETE FROM parked_events WHERE projection = $1;

-- name: BEGIN_REBUILD
-- $1 the name of a rebuild, which nobody owns: the projector that owns the projection takes it up.
INSERT INTO projections (name, checkpoint, term, heartbeat_at) VALUES ($1, 0, 0, 0);

-- name: KEEP_DISCARDED
-- Discarded events stay discarded. $1 the projection, $2 the name of its rebuild.
INSERT INTO parked_events
SELECT $2, position, stream, version, kind, behind, cause, attempts, parked_at, discarded_at, discard_reason
FROM parked_events WHERE projection = $1 AND discarded_at IS NOT NULL;

-- How far the projections are.

-- name: SELECT_CHECKPOINTS
-- Without the shadow tables of rebuilds.
SELECT name, checkpoint, hash, term, served_from FROM projections WHERE NOT {is_rebuild(name)};

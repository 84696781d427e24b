-- How far all projections are.

-- name: SELECT_LOWEST_CHECKPOINT
SELECT MIN(checkpoint) AS lowest FROM projections WHERE NOT {is_rebuild(name)};

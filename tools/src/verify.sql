-- How far all projections are.

-- name: SELECT_LOWEST_CHECKPOINT
SELECT MIN(checkpoint) AS lowest FROM projections WHERE substr(name, 1, 5) <> 'next_';

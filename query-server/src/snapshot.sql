-- The moment that a snapshot is of.

-- name: SELECT_CHECKPOINT
-- On SQLite, a column beside MIN is that of the row with the minimum.
SELECT MIN(checkpoint) AS lowest, {sqlite: hash}{postgres: (ARRAY_AGG(hash ORDER BY checkpoint))[1]} AS hash,
       COUNT(*) AS found, COUNT(*) FILTER (WHERE checkpoint < served_from) AS unserved FROM projections
WHERE name IN (SELECT * FROM {rows $1 AS wanted: name text});

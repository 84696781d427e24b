-- Tables that are set aside.

-- name: SELECT_LAST
SELECT COALESCE(MAX(number), 0) AS last FROM set_aside WHERE projection = $1;

-- name: INSERT
-- $1 the projection, $2 the number, $3 the checkpoint and $4 the hash of the tables, $5 the head of the log, $6 when.
INSERT INTO set_aside VALUES ($1, $2, $3, $4, $5, $6);

-- name: SELECT_NUMBERS
SELECT number FROM set_aside WHERE projection = $1 ORDER BY number;

-- name: DELETE
DELETE FROM set_aside WHERE projection = $1;

-- name: SELECT_CHECKPOINTS
SELECT name, checkpoint, hash, term, served_from FROM projections WHERE NOT {is_rebuild(name)} ORDER BY name;

-- name: COUNT
SELECT projection, COUNT(*) AS sets FROM set_aside GROUP BY projection;

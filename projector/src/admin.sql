-- What operators ask about projections.

-- name: SELECT_PROJECTION
-- $1 the name, $2 now.
SELECT checkpoint, failure, {clock}($2) - heartbeat_at AS silent_micros, served_from
FROM projections WHERE name = $1;

-- name: SELECT_SET_ASIDE
SELECT number, checkpoint, log_head, set_aside_at FROM set_aside WHERE projection = $1 ORDER BY number;

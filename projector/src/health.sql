-- What health checks ask.

-- name: SELECT_STATES
-- $1 now.
SELECT name, failure, {clock}($1) - heartbeat_at AS silent_micros FROM projections;

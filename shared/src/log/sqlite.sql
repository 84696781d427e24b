-- What the log in a SQLite file asks before it appends.

-- name: SELECT_HASH
SELECT hash FROM events WHERE position = $1;

-- name: SELECT_VERSIONS
SELECT wanted.stream, (SELECT MAX(version) FROM events WHERE events.stream = wanted.stream) AS version
FROM {rows $1 AS wanted: stream verbatim};

-- name: SELECT_REQUESTS
SELECT requests.* FROM {rows $1 AS wanted: principal verbatim, request_id id} {ordered join} requests
ON requests.principal = wanted.principal AND requests.request_id = wanted.request_id;

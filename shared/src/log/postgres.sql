-- What became of appends whose answer was lost.

-- name: SELECT_WRITTEN
-- The events of commands, which nobody else can have appended: of each stream that a command wrote, only what is newer than what it
-- expected, which the index on streams and versions gives.
SELECT wanted.append, events.position, events.hash
FROM {rows $1 AS wanted: append, stream verbatim, version, command_id id} {ordered join} events
ON events.stream = wanted.stream AND events.version > wanted.version AND events.command_id = wanted.command_id
ORDER BY events.position;

-- name: SELECT_REQUESTED
SELECT wanted.append, requests.* FROM {rows $1 AS wanted: append, principal verbatim, request_id id} {ordered join} requests
ON requests.principal = wanted.principal AND requests.request_id = wanted.request_id;

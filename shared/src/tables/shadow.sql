-- Shadow tables, and the rebuilds that fill them.

-- fragment: is_rebuild(name)
-- This is the name of a rebuild, whose shadow tables nobody reads, and not of a projection that serves.
substr({name}, 1, 5) = 'next_'

-- name: SELECT_READER
-- A session that reads one of the tables $1, sooner one of somebody else than one of Chirp, which does not read for long: of the locks of
-- others, everybody may know the process.
SELECT {sqlite: 0 AS pid}{postgres: held.pid::BIGINT AS pid} FROM {rows $1 AS wanted: name text} {sqlite: WHERE FALSE}{postgres:
JOIN pg_locks AS held ON held.relation = to_regclass(wanted.name) AND held.granted AND held.pid <> pg_backend_pid()
JOIN pg_stat_activity AS sessions ON sessions.pid = held.pid
ORDER BY sessions.application_name = 'chirp' LIMIT 1};

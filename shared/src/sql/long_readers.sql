-- Who holds a snapshot of a database.

-- name: SELECT_OPEN
-- Every transaction in this database. Whose it is and when it began is hidden from most roles; that it exists is not.
{sqlite: SELECT 0 AS pid, '' AS transaction_id, '' AS application WHERE FALSE}{postgres:
SELECT held.pid::BIGINT AS pid, held.virtualtransaction AS transaction_id, COALESCE(sessions.application_name, '') AS application
FROM pg_locks AS held JOIN pg_stat_activity AS sessions ON sessions.pid = held.pid
WHERE held.locktype = 'virtualxid' AND held.granted AND held.pid <> pg_backend_pid() AND sessions.datname = current_database()
AND (sessions.state IS NULL OR sessions.backend_xmin IS NOT NULL OR sessions.backend_xid IS NOT NULL)};

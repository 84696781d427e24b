-- The API keys of services, on both engines. In a folder, `access.db`; on a server, the schema chirp_access. They are no events: whoever may
-- call is decided by an operator, not by history, and a backup of the log has none of them.

-- Of a key only a digest of its secret is kept. `scopes` and `roles` are names with spaces between them; times are in microseconds.
CREATE TABLE IF NOT EXISTS api_keys (
    key_id     TEXT PRIMARY KEY,
    service    TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    roles      TEXT NOT NULL,
    digest     {bytes} NOT NULL,
    created_at {number} NOT NULL,
    revoked_at {number},
    used_on    {number}
){clustered};

-- Since when servers of this store authenticate their callers.
CREATE TABLE IF NOT EXISTS authenticating (
    id    {number} PRIMARY KEY CHECK (id = 1),
    since {number} NOT NULL
){table};

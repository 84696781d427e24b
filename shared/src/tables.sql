-- What the read tables say of themselves: of which log they are, and which version their schema has.

-- name: CLAIM_FOR_STORE
INSERT INTO store (id, epoch, schema_version) VALUES (1, $1, $2) ON CONFLICT DO NOTHING;

-- name: SELECT_EPOCH
SELECT epoch FROM {postgres: chirp_tables.}store;

-- name: UPDATE_EPOCH
UPDATE store SET epoch = $1;

-- name: SELECT_COLUMN
-- $1 a table, $2 a column of it.
SELECT name FROM {sqlite: pragma_table_info($1)}{postgres: (
    SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND NOT attisdropped
) AS columns} WHERE name = $2;

-- name: SELECT_LACKING
-- $1 names of tables.
SELECT wanted.name FROM {rows $1 AS wanted: name text} WHERE wanted.name NOT IN (
    {sqlite: SELECT made.name FROM sqlite_master AS made}{postgres: SELECT made.tablename FROM pg_tables AS made WHERE made.schemaname = 'chirp_tables'}
) ORDER BY wanted.name;

-- name: SELECT_VERSION
SELECT schema_version FROM {postgres: chirp_tables.}store;

-- name: RAISE_VERSION
UPDATE store SET schema_version = $1;

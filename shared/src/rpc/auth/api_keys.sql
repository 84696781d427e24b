-- The API keys of services.

-- name: INSERT_KEY
-- $1 the id, $2 the service, $3 its scopes, $4 its roles, $5 the digest of the secret, $6 when.
INSERT INTO api_keys (key_id, service, scopes, roles, digest, created_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: SELECT_KEYS
SELECT key_id, service, scopes, roles, digest, created_at, revoked_at, used_on FROM api_keys ORDER BY created_at, key_id;

-- name: UPDATE_REVOKED
-- $1 the id, $2 when. A key that was revoked before stays as it is.
UPDATE api_keys SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL;

-- name: UPDATE_USED
-- $1 the id, $2 the day, in days since 1970.
UPDATE api_keys SET used_on = $2 WHERE key_id = $1 AND (used_on IS NULL OR used_on < $2);

-- name: INSERT_AUTHENTICATING
-- $1 when.
INSERT INTO authenticating (id, since) VALUES (1, $1) ON CONFLICT DO NOTHING;

-- name: SELECT_AUTHENTICATING
SELECT since FROM authenticating;

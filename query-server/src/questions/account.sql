-- Accounts, by id or by handle.

-- name: FIND_BY_ID
SELECT account, {is_shown(profiles_1)} AS shown FROM profiles_1 WHERE account_id = $1 AND account <= $2;

-- name: FIND_BY_HANDLE
SELECT account, {is_shown(profiles_1)} AS shown FROM profiles_1 WHERE handle = $1 AND account <= $2;

-- name: FIND_ALL
-- $1 the ids, $2 the checkpoint.
SELECT account, account_id
FROM {rows $1 AS wanted: wanted_id id} {ordered join} profiles_1 ON account_id = wanted_id
WHERE {is_shown(profiles_1)} AND account <= $2;

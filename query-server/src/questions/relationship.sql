-- How two accounts stand to each other.

-- name: SELECT
-- $1 the one, $2 the others.
SELECT CAST({collect}({array}(others.account, {standing_row($1, others.account)})) AS TEXT) AS found
FROM {rows $2 AS others: account};

-- What streams of presence ask of what happened.

-- name: SELECT_CHANGES
-- What happened after $1 up to $2, $3 changes at most, as `Touch` has it.
SELECT kept.kept_after, changes.* FROM changes_1_kept AS kept LEFT JOIN (
    {sight_changes()}
    ORDER BY place LIMIT $3
) AS changes ON TRUE
ORDER BY changes.place;

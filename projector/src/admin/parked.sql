-- What operators ask about parked events.

-- name: SELECT_PAGE
-- $1 the projections, $2 and $3 the last entry of the page before, $4 a single position or 0, $5 whether discarded
-- events are wanted too, $6 the page size.
SELECT * FROM parked_events
WHERE projection IN (SELECT * FROM {rows $1 AS wanted: name text})
AND (position > $2 OR (position = $2 AND projection > $3)) AND ($4 = 0 OR position = $4)
AND ($5 <> 0 OR discarded_at IS NULL)
ORDER BY position, projection LIMIT $6;

-- name: SELECT_ONE
SELECT * FROM parked_events WHERE projection = $1 AND position = $2;

-- name: COUNT
SELECT COUNT(*) AS parked FROM parked_events WHERE projection = $1 AND discarded_at IS NULL;

-- Tables of edges: the key is a pair of columns, and the third column is `place`. Rows go in by the order of the columns.

-- fragment: upsert_edges(edge_table, origin, target)
-- $1 rows of (origin, target, place); an edge that is there moves to its new place.
INSERT INTO {edge_table} SELECT * FROM {rows $1 AS edges: {origin}, {target}, place} WHERE true
ON CONFLICT ({origin}, {target}) DO UPDATE SET place = excluded.place

-- fragment: delete_edges(edge_table, origin, target)
-- $1 rows of (origin, target).
DELETE FROM {edge_table} WHERE ({origin}, {target}) IN (SELECT * FROM {rows $1 AS edges: {origin}, {target}})

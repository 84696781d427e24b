-- Pull: the newest rows of everybody whom one account follows.
--
-- Source of the bound: the threshold algorithm for top-k queries (Fagin, Lotem, Naor 2001), with sorted access only: the newest row of each
-- account gives a *floor* that as many accounts as rows are wanted reach, so nothing below it is among the newest rows, and at most that many
-- accounts have anything above it.

-- fragment: pulled(edge_table, row_table, before, most)
-- The common table expression `skeleton`: of the accounts that $1 follows by this table of edges, the newest rows, so many as this number says,
-- before a place, in this table with the key (actor, place); newest first.
WITH newest AS MATERIALIZED (
    SELECT edges.followee AS actor, (
        SELECT MAX(place) FROM {row_table} WHERE actor = edges.followee AND place < {before}
    ) AS place
    FROM {edge_table} AS edges WHERE edges.follower = $1
),
floor AS MATERIALIZED (
    SELECT COALESCE((SELECT place FROM newest WHERE place IS NOT NULL ORDER BY place DESC LIMIT 1 OFFSET {most} - 1), 0)
        AS place
),
skeleton AS MATERIALIZED (
    SELECT rows.* FROM floor CROSS JOIN newest {sqlite: CROSS JOIN {row_table} AS rows
    WHERE newest.place >= floor.place AND rows.actor = newest.actor AND rows.place IN (
        SELECT place FROM {row_table} WHERE actor = newest.actor AND place < {before} AND place >= floor.place
        ORDER BY place DESC LIMIT {most}
    )}{postgres: CROSS JOIN LATERAL (
        SELECT * FROM {row_table} AS own
        WHERE own.actor = newest.actor AND own.place < {before} AND own.place >= floor.place
        ORDER BY own.place DESC LIMIT {most}
    ) AS rows WHERE newest.place >= floor.place}
    ORDER BY rows.place DESC LIMIT {most}
)

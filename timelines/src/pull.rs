//! Pull: the newest rows of everybody whom one account follows, as SQL.
//!
//! Source of the bound: the threshold algorithm for top-k queries (Fagin, Lotem, Naor 2001), with sorted access only: the
//! newest row of each account gives a *floor* that as many accounts as rows are wanted reach, so nothing below it is among
//! the newest rows, and at most that many accounts have anything above it.

/// The common table expression `skeleton`: of the accounts that $1 follows by this table of edges, the newest rows, so many
/// as the limit says, before a place, in this table with the key (actor, place); newest first.
#[macro_export]
macro_rules! pulled {
    ($edges:literal, $table:literal, before: $before:literal, limit: $limit:literal) => {
        concat!(
            "
WITH newest AS MATERIALIZED (
    SELECT edges.followee AS actor, (
        SELECT MAX(place) FROM ",
            $table,
            " WHERE actor = edges.followee AND place < ",
            $before,
            "
    ) AS place
    FROM ",
            $edges,
            " AS edges WHERE edges.follower = $1
),
floor AS MATERIALIZED (
    SELECT COALESCE((SELECT place FROM newest WHERE place IS NOT NULL ORDER BY place DESC LIMIT 1 OFFSET ",
            $limit,
            " - 1), 0)
        AS place
),
skeleton AS MATERIALIZED (
    SELECT rows.* FROM floor CROSS JOIN newest {sqlite: CROSS JOIN ",
            $table,
            " AS rows
    WHERE newest.place >= floor.place AND rows.actor = newest.actor AND rows.place IN (
        SELECT place FROM ",
            $table,
            " WHERE actor = newest.actor AND place < ",
            $before,
            " AND place >= floor.place ORDER BY place DESC LIMIT ",
            $limit,
            "
    )}{postgres: CROSS JOIN LATERAL (
        SELECT * FROM ",
            $table,
            " AS own WHERE own.actor = newest.actor AND own.place < ",
            $before,
            " AND own.place >= floor.place ORDER BY own.place DESC LIMIT ",
            $limit,
            "
    ) AS rows WHERE newest.place >= floor.place}
    ORDER BY rows.place DESC LIMIT ",
            $limit,
            "
)"
        )
    };
}
pub use crate::pulled;

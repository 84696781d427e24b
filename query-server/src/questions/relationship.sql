-- How two accounts stand to each other.

-- name: SELECT
-- $1 the one, $2 the others.
SELECT others.account,
       EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = others.account) AS following,
       EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = others.account AND followee = $1) AS followed_by,
       EXISTS (SELECT 1 FROM graph_1_requests WHERE follower = $1 AND followee = others.account) AS requested,
       EXISTS (SELECT 1 FROM graph_1_requests WHERE follower = others.account AND followee = $1) AS requested_by,
       EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = $1 AND target = others.account) AS blocking,
       EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = others.account AND target = $1) AS blocked_by,
       EXISTS (SELECT 1 FROM graph_1_mutes WHERE account = $1 AND target = others.account) AS muting
FROM {rows $2 AS others: account};

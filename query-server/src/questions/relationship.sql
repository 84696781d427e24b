-- How two accounts stand to each other.

-- name: SELECT
-- $1 the one, $2 the other.
SELECT EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = $1 AND followee = $2) AS following,
       EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = $2 AND followee = $1) AS followed_by,
       EXISTS (SELECT 1 FROM graph_1_requests WHERE follower = $1 AND followee = $2) AS requested,
       EXISTS (SELECT 1 FROM graph_1_requests WHERE follower = $2 AND followee = $1) AS requested_by,
       EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = $1 AND target = $2) AS blocking,
       EXISTS (SELECT 1 FROM graph_1_blocks WHERE account = $2 AND target = $1) AS blocked_by,
       EXISTS (SELECT 1 FROM graph_1_mutes WHERE account = $1 AND target = $2) AS muting;

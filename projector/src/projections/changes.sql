-- changes_1: what happened lately to posts and between accounts, for streams.

-- name: INSERT
INSERT INTO changes_1 SELECT * FROM {rows $1 AS changes: place, change, actor, target};

-- name: FORGET
-- $1 up to which place.
DELETE FROM changes_1 WHERE place <= $1;

-- name: RAISE_KEPT_AFTER
UPDATE changes_1_kept SET kept_after = $1 WHERE kept_after < $1;

-- changes_1: what happened lately to posts and between accounts, for streams.

-- table: changes_1
-- Every change after `kept_after` is there. `change` is a Change of shared/src/tables.rs, which says what `actor` and `target` are.
CREATE TABLE IF NOT EXISTS changes_1 (
    place  {number} PRIMARY KEY,
    change {number} NOT NULL,
    actor  {number} NOT NULL,
    target {number} NOT NULL
){table};

-- table: changes_1_kept
CREATE TABLE IF NOT EXISTS changes_1_kept (
    id         {number} PRIMARY KEY CHECK (id = 1),
    kept_after {number} NOT NULL
){table};

-- rows: changes_1_kept
INSERT INTO changes_1_kept VALUES (1, 0) ON CONFLICT DO NOTHING;

-- name: INSERT
INSERT INTO changes_1 SELECT * FROM {rows $1 AS changes: place, change, actor, target};

-- name: FORGET
-- $1 up to which place.
DELETE FROM changes_1 WHERE place <= $1;

-- name: RAISE_KEPT_AFTER
UPDATE changes_1_kept SET kept_after = $1 WHERE kept_after < $1;

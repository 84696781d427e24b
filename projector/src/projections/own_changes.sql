-- own_changes_1: what each account did lately to its own state, for its other devices.

-- table: own_changes_1
-- Every change after `kept_after` is there. `what` is an OwnChange of shared/src/tables.rs, which says what `target` is.
CREATE TABLE IF NOT EXISTS own_changes_1 (
    place   {number} PRIMARY KEY,
    account {number} NOT NULL,
    what    {number} NOT NULL,
    target  {number} NOT NULL
){table};

-- index: own_changes_1_by_account
CREATE INDEX IF NOT EXISTS own_changes_1_by_account ON own_changes_1 (account, place);

-- table: own_changes_1_kept
CREATE TABLE IF NOT EXISTS own_changes_1_kept (
    id         {number} PRIMARY KEY CHECK (id = 1),
    kept_after {number} NOT NULL
){table};

-- rows: own_changes_1_kept
INSERT INTO own_changes_1_kept VALUES (1, 0) ON CONFLICT DO NOTHING;

-- name: INSERT
INSERT INTO own_changes_1 SELECT * FROM {rows $1 AS changes: place, account, what, target};

-- name: FORGET
-- $1 up to which place.
DELETE FROM own_changes_1 WHERE place <= $1;

-- name: RAISE_KEPT_AFTER
UPDATE own_changes_1_kept SET kept_after = $1 WHERE kept_after < $1;

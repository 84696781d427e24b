-- profiles_1: every account as it is now.

-- table: profiles_1
-- `version` is NULL in rows of before this column, until the rebuild that the upgrade begins takes their place. `extras` is the JSON of
-- `ProfileExtras`, NULL where there is none. An account is shown if it is `active` and not `suspended`; neither changes the other.
CREATE TABLE IF NOT EXISTS profiles_1 (
    account      {number} PRIMARY KEY,
    account_id   {id} NOT NULL UNIQUE,
    handle       TEXT NOT NULL,
    display_name TEXT NOT NULL,
    bio          TEXT NOT NULL,
    organization {flag} NOT NULL,
    protected    {flag} NOT NULL,
    active       {flag} NOT NULL,
    created_at   {number} NOT NULL,
    version      {number},
    extras       TEXT,
    suspended    {flag} NOT NULL DEFAULT FALSE
){table};

-- index: profiles_1_by_handle
CREATE INDEX IF NOT EXISTS profiles_1_by_handle ON profiles_1 (handle);

-- name: INSERT
INSERT INTO profiles_1
SELECT * FROM {rows $1 AS registered: account, account_id id, handle text, display_name text, bio text, organization flag, protected flag, active flag, created_at, version, extras text, suspended flag};

-- name: UPDATE
UPDATE profiles_1 SET
    handle = COALESCE(patch.handle, profiles_1.handle),
    display_name = COALESCE(patch.display_name, profiles_1.display_name),
    bio = COALESCE(patch.bio, profiles_1.bio),
    protected = COALESCE(patch.protected, profiles_1.protected),
    active = COALESCE(patch.active, profiles_1.active),
    version = patch.version,
    -- A new profile may have none.
    extras = CASE WHEN patch.display_name IS NULL THEN profiles_1.extras ELSE patch.extras END,
    suspended = COALESCE(patch.suspended, profiles_1.suspended)
FROM {rows $1 AS patch: account, handle text, display_name text, bio text, protected flag, active flag, version, extras text, suspended flag}
WHERE profiles_1.account = patch.account;

-- profiles_1: every account as it is now.

-- name: INSERT
INSERT INTO profiles_1
SELECT * FROM {rows $1 AS registered: account, account_id id, handle text, display_name text, bio text, organization flag, protected flag, active flag, created_at};

-- name: UPDATE
UPDATE profiles_1 SET
    handle = COALESCE(patch.handle, profiles_1.handle),
    display_name = COALESCE(patch.display_name, profiles_1.display_name),
    bio = COALESCE(patch.bio, profiles_1.bio),
    protected = COALESCE(patch.protected, profiles_1.protected),
    active = COALESCE(patch.active, profiles_1.active)
FROM {rows $1 AS patch: account, handle text, display_name text, bio text, protected flag, active flag}
WHERE profiles_1.account = patch.account;

-- Changes of who may see whom, which streams about an account or a post have in common.

-- fragment: is_between_accounts(change)
{change} IN (
    {Change::Followed}, {Change::Unfollowed}, {Change::Blocked}, {Change::Unblocked}, {Change::Muted}, {Change::Unmuted}
)

-- fragment: is_follow(change)
{change} IN ({Change::Followed}, {Change::Unfollowed})

-- fragment: is_block(change)
{change} IN ({Change::Blocked}, {Change::Unblocked})

-- fragment: is_of_activity(change)
-- An account was deactivated or suspended, or that ended.
{change} IN ({Change::Deactivated}, {Change::Reactivated})

-- fragment: is_of_account(change)
-- What happened to a whole account: it concerns everybody who may see the account.
{change} IN ({Change::Deactivated}, {Change::Reactivated}, {Change::Protected}, {Change::Unprotected})

-- fragment: kept(kept_table)
-- The place after which the table of changes that this one is of has all of them, and so has the one of sight.
SELECT MAX(kept_after) AS kept_after FROM (
    SELECT kept_after FROM changes_1_kept UNION ALL SELECT kept_after FROM {kept_table}
) AS of_each

-- fragment: sight_changes()
-- The changes of who may see whom, after $1 up to $2, as `Touch` has them.
SELECT place, actor AS account, CAST(0 AS {number}) AS post, CAST(0 AS {number}) AS touched
FROM changes_1 WHERE place > $1 AND place <= $2 AND {is_between_accounts(change)}
UNION ALL
SELECT place, target, 0, 0 FROM changes_1 WHERE place > $1 AND place <= $2 AND {is_block(change)}
UNION ALL
SELECT place, 0, 0, 0 FROM changes_1 WHERE place > $1 AND place <= $2 AND {is_of_account(change)}

-- fragment: sight_changed(is_involved)
-- Whether anybody came into the sight of $1 or went out of it after $2 up to $3, of whom this holds: the account is `sighted.account`, and what
-- happened `sighted.change`. Following somebody matters only where that account is protected.
SELECT EXISTS (
    SELECT 1 FROM (
        SELECT change, CASE WHEN {is_between_accounts(change)} AND actor = $1 THEN target ELSE actor END AS account
        FROM changes_1 WHERE place > $2 AND place <= $3 AND (
            ({is_between_accounts(change)} AND actor = $1) OR ({is_block(change)} AND target = $1) OR {is_of_account(change)}
        )
    ) AS sighted
    WHERE (NOT {is_follow(sighted.change)} OR EXISTS (
        SELECT 1 FROM profiles_1 AS followee WHERE followee.account = sighted.account AND followee.protected
    ))
    AND {is_involved}
) AS changed

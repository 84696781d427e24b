-- Who may see what: fragments that all questions share.
--
-- The viewer is a value, or a column; 0 is nobody, which is nobody's key. Accounts are given by the alias of their profile where this says so,
-- and by their key elsewhere.

-- fragment: is_shown(account)
-- This account, by the alias of its profile, is neither deactivated nor suspended.
({account}.active AND NOT {account}.suspended)

-- fragment: is_up(post)
-- This post, by its alias, was neither deleted nor taken down.
(NOT {post}.deleted AND {post}.taken_down IS NULL)

-- fragment: visible(post, author, viewer)
-- This viewer may see this post: it is there, its author is shown, no block stands between the two, and a protected author's posts are for the
-- author and the followers. Both by their aliases.
({is_up({post})} AND {opens_to({author}, {viewer})})

-- fragment: visible_by_id(post, author, viewer)
-- The same of a viewer who asks for this very post: its author finds it also when it was taken down.
(
    NOT {post}.deleted AND ({post}.taken_down IS NULL OR {author}.account = {viewer})
    AND {opens_to({author}, {viewer})}
)

-- fragment: opens_to(account, viewer)
-- This account, by the alias of its profile, shows what it does to this viewer.
{is_shown({account})}
AND (NOT {account}.protected OR {followed({viewer}, {account}.account)})
AND {unblocked({viewer}, {account}.account)}

-- fragment: followed(viewer, account)
-- This viewer follows this account, or is it.
({account} = {viewer} OR EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = {viewer} AND followee = {account}))

-- fragment: unmuted(viewer, account)
-- This viewer does not mute this account.
NOT EXISTS (SELECT 1 FROM graph_1_mutes AS mutes WHERE mutes.account = {viewer} AND mutes.target = {account})

-- fragment: unblocked(viewer, account)
-- No block stands between this viewer and this account.
NOT EXISTS (SELECT 1 FROM graph_1_blocks AS blocks WHERE blocks.account = {viewer} AND blocks.target = {account})
AND NOT EXISTS (SELECT 1 FROM graph_1_blocks AS blocks WHERE blocks.account = {account} AND blocks.target = {viewer})

-- fragment: was_followed(viewer, account, after)
-- This viewer follows this account, or is it, or has followed it after this place.
({followed({viewer}, {account})} OR {changed({after},
    changes.change = {Change::Unfollowed} AND changes.actor = {viewer} AND changes.target = {account})})

-- fragment: was_unmuted(viewer, account, after)
-- This viewer does not mute this account, or has not for some time after this place.
({unmuted({viewer}, {account})} OR {changed({after},
    changes.change IN ({Change::Muted}, {Change::Unmuted}) AND changes.actor = {viewer} AND changes.target = {account})})

-- fragment: was_unblocked(viewer, account, after)
-- No block stands between this viewer and this account, or none has for some time after this place.
(({unblocked({viewer}, {account})}) OR {changed({after},
    changes.change IN ({Change::Blocked}, {Change::Unblocked}) AND (
        (changes.actor = {viewer} AND changes.target = {account})
        OR (changes.actor = {account} AND changes.target = {viewer})
    ))})

-- fragment: was_in_sight(author, viewer, after)
-- This viewer may have seen, after this place, what this account posts, by the alias of its profile: whatever hides it now has begun since, or
-- has ended and begun again.
((
    {is_shown({author})}
    OR {changed({after},
        changes.change IN ({Change::Deactivated}, {Change::Reactivated}) AND changes.actor = {author}.account)}
)
AND {was_unmuted({viewer}, {author}.account, {after})}
AND {was_unblocked({viewer}, {author}.account, {after})}
AND (
    NOT {author}.protected
    OR {was_followed({viewer}, {author}.account, {after})}
    OR {changed({after},
        changes.change IN ({Change::Protected}, {Change::Unprotected}) AND changes.actor = {author}.account)}
))

-- fragment: was_up(post, after)
-- This post, deleted or not, was not taken down at some time after this place. By its alias.
({post}.taken_down IS NULL OR {changed({after},
    changes.change IN ({Change::TakenDown}, {Change::Restored}) AND changes.target = {post}.post)})

-- fragment: changed(after, what)
-- Something like this has happened after this place.
EXISTS (SELECT 1 FROM changes_1 AS changes WHERE changes.place > {after} AND {what})

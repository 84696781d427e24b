//! Who may see what, as SQL that every question shares. The viewer is a parameter; 0 is nobody, which is nobody's key.

/// SQL for "this viewer may see this post": it is there, its author is active, no block stands between the two, and a
/// protected author's posts are for the author and the followers.
macro_rules! visible {
    ($post:literal, $author:literal, $viewer:literal) => {
        concat!("(NOT ", $post, ".deleted AND ", $crate::sight::opens_to!($author, $viewer), ")")
    };
}
pub(crate) use visible;

/// SQL for "this account, by the alias of its profile, shows what it does to this viewer".
macro_rules! opens_to {
    ($account:literal, $viewer:literal) => {
        concat!(
            $account,
            ".active AND (NOT ",
            $account,
            ".protected OR ",
            $crate::sight::followed!($viewer, concat!($account, ".account")),
            ") AND ",
            $crate::sight::unblocked!($viewer, concat!($account, ".account"))
        )
    };
}
pub(crate) use opens_to;

/// SQL for "this viewer follows this account, or is it".
macro_rules! followed {
    ($viewer:literal, $account:expr) => {
        concat!(
            "(",
            $account,
            " = ",
            $viewer,
            " OR EXISTS (SELECT 1 FROM graph_1_follows WHERE follower = ",
            $viewer,
            " AND followee = ",
            $account,
            "))"
        )
    };
}
pub(crate) use followed;

/// SQL for "this viewer does not mute this account".
macro_rules! unmuted {
    ($viewer:literal, $account:expr) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM graph_1_mutes AS mutes WHERE mutes.account = ",
            $viewer,
            " AND mutes.target = ",
            $account,
            ")"
        )
    };
}
pub(crate) use unmuted;

/// SQL for "no block stands between this viewer and this account".
macro_rules! unblocked {
    ($viewer:literal, $account:expr) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM graph_1_blocks AS blocks WHERE blocks.account = ",
            $viewer,
            " AND blocks.target = ",
            $account,
            ") AND NOT EXISTS (SELECT 1 FROM graph_1_blocks AS blocks WHERE blocks.account = ",
            $account,
            " AND blocks.target = ",
            $viewer,
            ")"
        )
    };
}
pub(crate) use unblocked;

/// SQL for "this viewer may have seen, after this place, what this account posts, by the alias of its profile": whatever hides it now has
/// begun since, or has ended and begun again. The numbers are those of `Change`.
macro_rules! was_in_sight {
    ($author:literal, $viewer:literal, $after:literal) => {
        concat!(
            "((",
            $author,
            ".active OR ",
            $crate::sight::changed!(
                $after,
                concat!("changes.change IN (12, 13) AND changes.actor = ", $author, ".account")
            ),
            ") AND (",
            $crate::sight::unmuted!($viewer, concat!($author, ".account")),
            " OR ",
            $crate::sight::changed!(
                $after,
                concat!(
                    "changes.change IN (10, 11) AND changes.actor = ",
                    $viewer,
                    " AND changes.target = ",
                    $author,
                    ".account"
                )
            ),
            ") AND ((",
            $crate::sight::unblocked!($viewer, concat!($author, ".account")),
            ") OR ",
            $crate::sight::changed!(
                $after,
                concat!(
                    "changes.change IN (8, 9) AND ((changes.actor = ",
                    $viewer,
                    " AND changes.target = ",
                    $author,
                    ".account) OR (changes.actor = ",
                    $author,
                    ".account AND changes.target = ",
                    $viewer,
                    "))"
                )
            ),
            ") AND (NOT ",
            $author,
            ".protected OR ",
            $crate::sight::followed!($viewer, concat!($author, ".account")),
            " OR ",
            $crate::sight::changed!(
                $after,
                concat!(
                    "((changes.change IN (14, 15) AND changes.actor = ",
                    $author,
                    ".account) OR (changes.change IN (6, 7) AND changes.actor = ",
                    $viewer,
                    " AND changes.target = ",
                    $author,
                    ".account))"
                )
            ),
            "))"
        )
    };
}
pub(crate) use was_in_sight;

/// SQL for "something like this has happened after this place".
macro_rules! changed {
    ($after:literal, $what:expr) => {
        concat!("EXISTS (SELECT 1 FROM changes_1 AS changes WHERE changes.place > ", $after, " AND ", $what, ")")
    };
}
pub(crate) use changed;

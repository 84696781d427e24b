//! The queries, one file each.

pub mod account;
pub mod activities;
pub mod author_timeline;
pub mod home_timeline;
pub mod lists;
pub mod notifications;
pub mod post;
pub mod post_lists;
pub mod presence;
pub mod relationship;
pub mod thread;

use shared::sql::Statement;

/// Every statement of every query.
pub(crate) fn every_statement() -> Vec<&'static Statement> {
    [
        account::STATEMENTS,
        activities::STATEMENTS,
        author_timeline::STATEMENTS,
        home_timeline::STATEMENTS,
        lists::STATEMENTS,
        notifications::STATEMENTS,
        post::STATEMENTS,
        post_lists::STATEMENTS,
        presence::STATEMENTS,
        relationship::STATEMENTS,
        thread::STATEMENTS,
    ]
    .concat()
}

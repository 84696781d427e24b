//! The projections, one file each, and [which events each of them wants](wants).

pub mod activity;
pub mod bookmarks;
pub mod changes;
pub mod counts;
pub mod graph;
pub mod hashtags;
pub mod notifications;
pub mod posts;
pub mod profiles;
pub mod timelines;
pub mod wants;

use std::sync::Arc;

use shared::runtime::settings::TimelineSettings;
use shared::sql::Statement;
use shared::tables::Tables;

use crate::projection::{Policy, Projection};

/// Every projection, with these settings.
#[must_use]
pub fn all(timelines: &TimelineSettings) -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(profiles::Profiles),
        Arc::new(posts::Posts::new(timelines.changes_kept)),
        Arc::new(graph::Graph),
        Arc::new(counts::Counts),
        Arc::new(bookmarks::Bookmarks),
        Arc::new(hashtags::Hashtags),
        Arc::new(notifications::Notifications::new(timelines.changes_kept)),
        Arc::new(activity::Activity),
        Arc::new(changes::Changes::new(timelines.changes_kept)),
        Arc::new(timelines::Timelines::new(timelines.clone())),
    ]
}

#[must_use]
pub fn names() -> Vec<&'static str> {
    all(&TimelineSettings::default()).iter().map(|projection| projection.name()).collect()
}

/// What they have in the database.
#[must_use]
pub fn tables() -> Vec<&'static Tables> {
    all(&TimelineSettings::default()).iter().map(|projection| projection.tables()).collect()
}

/// The names of the projections that park an event that they cannot apply, and go on.
#[must_use]
pub fn best_effort() -> Vec<&'static str> {
    let all = all(&TimelineSettings::default());
    all.iter()
        .filter(|projection| projection.policy() == Policy::BestEffort)
        .map(|projection| projection.name())
        .collect()
}

/// Every statement of every projection.
pub(crate) fn every_statement() -> Vec<&'static Statement> {
    [
        activity::STATEMENTS,
        bookmarks::STATEMENTS,
        changes::STATEMENTS,
        counts::STATEMENTS,
        graph::STATEMENTS,
        hashtags::STATEMENTS,
        notifications::STATEMENTS,
        posts::STATEMENTS,
        profiles::STATEMENTS,
    ]
    .concat()
}

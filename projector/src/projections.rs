//! The projections, one file each.

pub mod activity;
pub mod bookmarks;
pub mod counts;
pub mod graph;
pub mod hashtags;
pub mod notifications;
pub mod posts;
pub mod profiles;
pub mod timelines;

use std::sync::Arc;

use shared::settings::TimelineSettings;

use crate::projection::Projection;

/// Their names.
pub const NAMES: [&str; 9] = [
    "profiles_1",
    "posts_1",
    "graph_1",
    "counts_1",
    "bookmarks_1",
    "hashtags_1",
    "notifications_1",
    "activity_1",
    "timelines_1",
];

/// All of them.
#[must_use]
pub fn all(timelines: &TimelineSettings) -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(profiles::Profiles),
        Arc::new(posts::Posts),
        Arc::new(graph::Graph),
        Arc::new(counts::Counts),
        Arc::new(bookmarks::Bookmarks),
        Arc::new(hashtags::Hashtags),
        Arc::new(notifications::Notifications),
        Arc::new(activity::Activity),
        Arc::new(timelines::Timelines::new(timelines.clone())),
    ]
}

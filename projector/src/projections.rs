//! The projections, one file each, and [which events each of them wants](wanted_by): the one place where whoever adds an event decides
//! who hears of it.
//!
//! Always: every type of event is named, so that the compiler asks about a new one; a projection is given what it wants and nothing else.
//! Never here: what a projection does with an event.

pub mod activity;
pub mod bookmarks;
pub mod changes;
pub mod counts;
pub mod graph;
pub mod hashtags;
pub mod notifications;
pub mod own_changes;
pub mod posts;
pub mod profiles;
pub mod timelines;

use std::sync::Arc;

use shared::model::event::{
    AccountEvent, BlockEvent, BookmarkEvent, Event, FollowEvent, LikeEvent, MuteEvent, NotificationsEvent, PostEvent,
    RepostEvent,
};
use shared::runtime::settings::TimelineSettings;
use shared::sql::Statement;
use shared::tables::Tables;

use crate::projection::{Fact, Policy, Projection};

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
        Arc::new(own_changes::OwnChanges::new(timelines.changes_kept)),
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
        own_changes::STATEMENTS,
        posts::STATEMENTS,
        profiles::STATEMENTS,
    ]
    .concat()
}

/// The names of the projections that want this event.
#[must_use]
#[warn(clippy::wildcard_enum_match_arm)]
pub fn wanted_by(event: &Event) -> &'static [&'static str] {
    match event {
        Event::Account(event) => match event {
            AccountEvent::Registered { .. } => &[profiles::NAME, timelines::NAME],
            AccountEvent::ProfileUpdated { .. } | AccountEvent::HandleChanged { .. } => {
                &[profiles::NAME, own_changes::NAME]
            }
            AccountEvent::Protected { .. }
            | AccountEvent::Unprotected { .. }
            | AccountEvent::Deactivated { .. }
            | AccountEvent::Reactivated { .. }
            | AccountEvent::Suspended { .. }
            | AccountEvent::Unsuspended { .. } => &[profiles::NAME, changes::NAME, own_changes::NAME],
        },
        Event::Post(event) => match event {
            PostEvent::Created { .. } | PostEvent::Deleted { .. } => &[
                posts::NAME,
                counts::NAME,
                hashtags::NAME,
                notifications::NAME,
                activity::NAME,
                timelines::NAME,
                changes::NAME,
            ],
            PostEvent::Edited { .. } => &[posts::NAME, hashtags::NAME, notifications::NAME, changes::NAME],
            // What is taken down keeps its rows everywhere: it is judged at read, and can come back.
            PostEvent::TakenDown { .. } | PostEvent::Restored { .. } => {
                &[posts::NAME, notifications::NAME, changes::NAME, own_changes::NAME]
            }
        },
        Event::Like(event) => match event {
            LikeEvent::Added { .. } | LikeEvent::Removed { .. } => {
                &[posts::NAME, counts::NAME, notifications::NAME, activity::NAME, own_changes::NAME]
            }
        },
        Event::Repost(event) => match event {
            RepostEvent::Added { .. } | RepostEvent::Removed { .. } => &[
                posts::NAME,
                counts::NAME,
                notifications::NAME,
                activity::NAME,
                timelines::NAME,
                changes::NAME,
                own_changes::NAME,
            ],
        },
        Event::Bookmark(event) => match event {
            BookmarkEvent::Added { .. } | BookmarkEvent::Removed { .. } => &[bookmarks::NAME, own_changes::NAME],
        },
        Event::Follow(event) => match event {
            FollowEvent::Requested(_) | FollowEvent::Rejected(_) | FollowEvent::Withdrawn(_) => {
                &[graph::NAME, notifications::NAME, own_changes::NAME]
            }
            FollowEvent::Followed(_) | FollowEvent::Unfollowed(_) => &[
                graph::NAME,
                counts::NAME,
                notifications::NAME,
                activity::NAME,
                timelines::NAME,
                changes::NAME,
                own_changes::NAME,
            ],
        },
        Event::Block(event) => match event {
            BlockEvent::Added { .. } | BlockEvent::Removed { .. } => &[graph::NAME, changes::NAME, own_changes::NAME],
        },
        Event::Mute(event) => match event {
            MuteEvent::Added { .. } | MuteEvent::Removed { .. } => &[graph::NAME, changes::NAME, own_changes::NAME],
        },
        Event::Notifications(event) => match event {
            NotificationsEvent::Seen { .. } => &[notifications::NAME, own_changes::NAME],
        },
        Event::Handle(_) | Event::Requests(_) => &[],
    }
}

/// A fold was given what [`wanted_by`] says that it wants, and does not know it.
///
/// # Panics
/// Always; the event is parked, or stops a critical projection.
pub fn unwanted(projection: &str, fact: &Fact) -> ! {
    panic!("{projection} wants {:?} by its declaration, and its fold does not know it", fact.event)
}

#[cfg(test)]
mod tests {
    use shared::model::event::AGGREGATES;
    use shared::model::golden::{Golden, samples};
    use shared::runtime::settings::TimelineSettings;

    use super::*;

    #[test]
    fn a_projection_names_the_aggregates_of_the_events_that_it_wants_and_no_others() {
        let events: Vec<Event> = samples().iter().map(Golden::event).collect();
        let projections = all(&TimelineSettings::default());
        for projection in &projections {
            let wanted = events.iter().filter(|event| wanted_by(event).contains(&projection.name()));
            let wanted: Vec<String> = wanted.map(|event| event.encode().kind).collect();
            let aggregate = |kind: &String| kind.split('.').next().expect("a type has a first word").to_owned();
            let mut aggregates: Vec<String> = wanted.iter().map(aggregate).collect();
            aggregates.sort_unstable();
            aggregates.dedup();
            let mut named = projection.aggregates().to_vec();
            named.sort_unstable();
            assert_eq!(aggregates, named, "{}", projection.name());
            assert!(named.iter().all(|name| AGGREGATES.iter().any(|aggregate| aggregate.name == *name)));
        }
        let names: Vec<_> = projections.iter().map(|projection| projection.name()).collect();
        assert!(events.iter().flat_map(wanted_by).all(|name| names.contains(name)), "{names:?}");
    }
}

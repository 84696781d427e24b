//! The follow requests that wait for one account, so that going public finds all of them in the log.

use std::collections::BTreeMap;

use shared::model::event::{Event, RequestsEvent};
use shared::model::ids::{AccountKey, AccountRef, Position};

use super::Aggregate;

/// Who is waiting, and since when, folded from `requests-{followee}`. How many can wait is not bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests(BTreeMap<AccountKey, (Position, AccountRef)>);

impl Requests {
    #[must_use]
    pub fn oldest_first(&self) -> Vec<AccountRef> {
        let mut waiting: Vec<_> = self.0.values().copied().collect();
        waiting.sort_unstable_by_key(|(since, _)| *since);
        waiting.into_iter().map(|(_, follower)| follower).collect()
    }
}

impl Aggregate for Requests {
    fn evolve(mut self, position: Position, event: &Event) -> Self {
        let Event::Requests(event) = event else { return self };
        match event {
            RequestsEvent::Added { follower, .. } => {
                self.0.insert(follower.key, (position, *follower));
            }
            RequestsEvent::Removed { follower, .. } => drop(self.0.remove(&follower.key)),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ALICE, BOB, CAROL};
    use super::*;

    #[test]
    fn whoever_asked_and_was_not_answered_is_waiting_the_oldest_first() {
        let added = |follower| Event::Requests(RequestsEvent::Added { followee: ALICE, follower });
        let removed = Event::Requests(RequestsEvent::Removed { followee: ALICE, follower: CAROL });
        let requests = Requests::default().evolve(Position(1), &added(CAROL)).evolve(Position(2), &added(BOB));
        assert_eq!(requests.oldest_first(), [CAROL, BOB]);
        let requests = requests.evolve(Position(3), &removed);
        assert_eq!(requests.oldest_first(), [BOB]);
        assert_eq!(requests.evolve(Position(4), &added(CAROL)).oldest_first(), [BOB, CAROL]);
    }
}

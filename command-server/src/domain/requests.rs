//! The follow requests that wait for one account, so that going public finds them all in the log.

use shared::event::{Event, RequestsEvent};
use shared::ids::{AccountRef, Position};

use super::Aggregate;

/// Stream `requests-{followee}`: who is waiting, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests(pub Vec<AccountRef>);

impl Aggregate for Requests {
    fn evolve(mut self, _: Position, event: &Event) -> Self {
        match event {
            Event::Requests(RequestsEvent::Added { follower, .. }) => self.0.push(*follower),
            Event::Requests(RequestsEvent::Removed { follower, .. }) => self.0.retain(|waiting| waiting != follower),
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ALICE, BOB};
    use super::*;

    #[test]
    fn whoever_asked_and_was_not_answered_is_waiting() {
        let added = Event::Requests(RequestsEvent::Added { followee: ALICE, follower: BOB });
        let removed = Event::Requests(RequestsEvent::Removed { followee: ALICE, follower: BOB });
        let requests = Requests::default().evolve(Position(1), &added);
        assert_eq!(requests, Requests(vec![BOB]));
        assert_eq!(requests.evolve(Position(2), &removed), Requests::default());
    }
}

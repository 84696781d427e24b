//! What an account has seen of its notifications: everything up to a position.
//!
//! Always: the position only grows. Never here: the notifications themselves, which are a projection.

use shared::model::event::{Event, NotificationsEvent};
use shared::model::ids::Position;

use super::account::Account;
use super::{Aggregate, Refusal};

/// The position up to which everything was seen, folded from `notifications-{account}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen(pub Position);

impl Seen {
    /// The position for an event that ends something; nothing if no notification was ever seen.
    #[must_use]
    pub fn up_to(self) -> Option<Position> {
        (self.0 > Position::default()).then_some(self.0)
    }
}

/// Marks everything up to a position as seen; less than before is fine and changes nothing.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`.
pub fn mark_seen(seen: Seen, account: &Account, up_to: Position) -> Result<Vec<Event>, Refusal> {
    let account = account.acting()?.me;
    match up_to > seen.0 {
        true => Ok(vec![Event::Notifications(NotificationsEvent::Seen { account, up_to })]),
        false => Ok(vec![]),
    }
}

impl Aggregate for Seen {
    fn evolve(self, _: Position, event: &Event) -> Self {
        let Event::Notifications(event) = event else { return self };
        match event {
            NotificationsEvent::Seen { up_to, .. } => Self(*up_to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ALICE, deactivated, known};
    use super::*;

    #[test]
    fn seen_only_grows() {
        let alice = Account::Known(known(ALICE));
        let marked = mark_seen(Seen::default(), &alice, Position(7)).expect("allowed");
        let seen = Seen::default().evolve(Position(9), &marked[0]);
        assert_eq!(seen, Seen(Position(7)));
        for same_or_less in [Position(7), Position(3)] {
            assert_eq!(mark_seen(seen, &alice, same_or_less), Ok(vec![]));
        }
        assert_eq!(mark_seen(seen, &deactivated(ALICE), Position(8)), Err(Refusal::AccountDeactivated));
    }
}

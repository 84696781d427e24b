//! A handle: held by one account at a time. Handles are unique because each has a log stream of its own.

use shared::model::event::{Event, HandleEvent};
use shared::model::ids::{AccountId, Position};

use super::{Aggregate, Refusal};

/// Folded from `handle-{handle}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handle {
    /// Nobody holds it.
    #[default]
    Free,
    /// The account that holds it.
    Held(AccountId),
}

impl Handle {
    /// Passes when `account` may hold the handle: nobody else does.
    ///
    /// # Errors
    /// `HandleTaken`.
    pub fn free_for(&self, account: AccountId, name: &str) -> Result<(), Refusal> {
        match self {
            Self::Free => Ok(()),
            Self::Held(holder) if *holder == account => Ok(()),
            Self::Held(_) => Err(Refusal::HandleTaken(name.to_owned())),
        }
    }
}

impl Aggregate for Handle {
    fn evolve(self, _: Position, event: &Event) -> Self {
        let Event::Handle(event) = event else { return self };
        match event {
            HandleEvent::Claimed { account_id, .. } => Self::Held(*account_id),
            HandleEvent::Released { .. } => Self::Free,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ALICE, BOB};
    use super::*;

    #[test]
    fn a_released_handle_is_free_for_anybody() {
        let event = |event| Event::Handle(event);
        let claimed = event(HandleEvent::Claimed { handle: "ada".to_owned(), account_id: ALICE.id });
        let released = event(HandleEvent::Released { handle: "ada".to_owned(), account_id: ALICE.id });
        let handle = Handle::default().evolve(Position(1), &claimed);
        assert_eq!(handle.free_for(BOB.id, "ada"), Err(Refusal::HandleTaken("ada".to_owned())));
        assert_eq!(handle.evolve(Position(2), &released).free_for(BOB.id, "ada"), Ok(()));
    }
}

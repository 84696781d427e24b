//! A mute: the target is not shown to the account that mutes it, and never learns of it.

use shared::model::event::{Event, MuteEvent};
use shared::model::ids::Position;

use super::account::Account;
use super::{Aggregate, Refusal};

/// Folded from `mute-{account}-{target}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mute {
    #[default]
    Absent,
    Standing,
}

/// Mutes the target.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `SelfTarget`.
pub fn mute(mute: Mute, account: &Account, target: &Account) -> Result<Vec<Event>, Refusal> {
    let (account, target) = (account.acting()?.me, target.known()?.me);
    match mute {
        _ if account == target => Err(Refusal::SelfTarget),
        Mute::Standing => Ok(vec![]),
        Mute::Absent => Ok(vec![Event::Mute(MuteEvent::Added { account, target })]),
    }
}

/// Removes a mute.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `SelfTarget`.
pub fn unmute(mute: Mute, account: &Account, target: &Account) -> Result<Vec<Event>, Refusal> {
    let (account, target) = (account.acting()?.me, target.known()?.me);
    match mute {
        _ if account == target => Err(Refusal::SelfTarget),
        Mute::Absent => Ok(vec![]),
        Mute::Standing => Ok(vec![Event::Mute(MuteEvent::Removed { account, target })]),
    }
}

impl Aggregate for Mute {
    fn evolve(self, _: Position, event: &Event) -> Self {
        let Event::Mute(event) = event else { return self };
        match event {
            MuteEvent::Added { .. } => Self::Standing,
            MuteEvent::Removed { .. } => Self::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ALICE, BOB, known};
    use super::*;

    #[test]
    fn muting_twice_and_unmuting_twice_are_fine_and_nobody_mutes_themselves() {
        let (alice, bob) = (Account::Known(known(ALICE)), Account::Known(known(BOB)));
        assert_eq!(mute(Mute::Standing, &alice, &bob), Ok(vec![]));
        assert_eq!(unmute(Mute::Absent, &alice, &bob), Ok(vec![]));
        assert_eq!(mute(Mute::Absent, &alice, &alice), Err(Refusal::SelfTarget));
        let added = Event::Mute(MuteEvent::Added { account: ALICE, target: BOB });
        assert_eq!(mute(Mute::Absent, &alice, &bob), Ok(vec![added.clone()]));
        assert_eq!(Mute::default().evolve(Position(1), &added), Mute::Standing);
    }
}

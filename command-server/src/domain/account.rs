//! An account: registered once, kept for ever; protected or public, active or deactivated, suspended or not.
//!
//! Always: a deactivated account can do nothing but come back; a suspended one can do nothing at all, whether it is deactivated or not; both
//! keep their handles. Never here: who follows whom, and who is a moderator.

use shared::model::event::Edge;
use shared::model::event::{
    AccountEvent, AccountKind, Envelope, Event, FollowEvent, HandleEvent, Profile, RequestsEvent,
};
use shared::model::ids::{AccountId, AccountKey, AccountRef, Position, Version};
use shared::model::media::{Media, ProfileExtras};
use shared::model::moderation::Moderated;

use super::handle::Handle;
use super::{Aggregate, Refusal, expect};

/// Folded from `account-{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Account {
    /// Never registered.
    #[default]
    Absent,
    Known(Known),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub me: AccountRef,
    pub kind: AccountKind,
    /// The handle that it holds now.
    pub handle: String,
    pub personal: Envelope<Profile>,
    /// Whether followers need approval.
    pub protected: bool,
    /// False while it is deactivated.
    pub active: bool,
    /// Why it is suspended, if it is.
    pub suspended: Option<Moderated>,
    /// How many events the account has.
    pub version: Version,
}

impl Known {
    /// Whether anything of it is shown to anybody.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.active && self.suspended.is_none()
    }

    /// Passes unless the account is suspended.
    ///
    /// # Errors
    /// `AccountSuspended`.
    fn not_suspended(&self) -> Result<&Self, Refusal> {
        match &self.suspended {
            None => Ok(self),
            Some(moderated) => Err(Refusal::AccountSuspended { account: self.me.id, moderated: moderated.clone() }),
        }
    }
}

impl Account {
    /// The account, if it was registered.
    ///
    /// # Errors
    /// `AccountNotFound`.
    pub fn known(&self) -> Result<&Known, Refusal> {
        match self {
            Self::Absent => Err(Refusal::AccountNotFound),
            Self::Known(known) => Ok(known),
        }
    }

    /// The account as an actor, which must be active and not suspended. Of one that is neither, the suspension is told: reactivating, which
    /// the other refusal suggests, would not help.
    ///
    /// # Errors
    /// `AccountNotFound`, `AccountSuspended`, `AccountDeactivated`.
    pub fn acting(&self) -> Result<&Known, Refusal> {
        let known = self.known()?.not_suspended()?;
        match known.active {
            true => Ok(known),
            false => Err(Refusal::AccountDeactivated),
        }
    }
}

/// Registers a new account under a handle that nobody holds.
///
/// # Errors
/// `HandleTaken`.
pub fn register(
    handle: &Handle,
    account_id: AccountId,
    name: &str,
    kind: AccountKind,
    personal: Envelope<Profile>,
) -> Result<Vec<Event>, Refusal> {
    handle.free_for(account_id, name)?;
    Ok(vec![
        Event::Account(AccountEvent::Registered { account_id, handle: name.to_owned(), kind, personal }),
        Event::Handle(HandleEvent::Claimed { handle: name.to_owned(), account_id }),
    ])
}

/// What an account says of itself from now on; what is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    pub display_name: Option<String>,
    pub bio: Option<String>,
    /// The new picture, or that there is none any more.
    pub avatar: Option<Option<Box<Media>>>,
    /// The same of the wide picture.
    pub banner: Option<Option<Box<Media>>>,
}

impl ProfileChange {
    fn applied_to(&self, present: &Profile) -> Profile {
        let ProfileExtras { avatar, banner } = &present.extras;
        Profile {
            display_name: self.display_name.clone().unwrap_or_else(|| present.display_name.clone()),
            bio: self.bio.clone().unwrap_or_else(|| present.bio.clone()),
            extras: ProfileExtras {
                avatar: self.avatar.clone().unwrap_or_else(|| avatar.clone()),
                banner: self.banner.clone().unwrap_or_else(|| banner.clone()),
            },
        }
    }
}

/// Replaces the parts of the profile that are given.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `VersionMismatch`.
pub fn update_profile(
    account: &Account,
    change: &ProfileChange,
    expected: Option<Version>,
) -> Result<Vec<Event>, Refusal> {
    let known = account.acting()?;
    expect(expected, known.version)?;
    let personal = Envelope::Plain(change.applied_to(known.personal.open()));
    if known.personal == personal {
        return Ok(vec![]);
    }
    Ok(vec![Event::Account(AccountEvent::ProfileUpdated { account: known.me, personal })])
}

/// Releases the present handle and claims another. `wanted` is the state of the handle `name`.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `VersionMismatch`, `HandleTaken`.
pub fn change_handle(
    account: &Account,
    wanted: &Handle,
    name: &str,
    expected: Option<Version>,
) -> Result<Vec<Event>, Refusal> {
    let known = account.acting()?;
    expect(expected, known.version)?;
    if known.handle == name {
        return Ok(vec![]);
    }
    wanted.free_for(known.me.id, name)?;
    let (from, to) = (known.handle.clone(), name.to_owned());
    Ok(vec![
        Event::Handle(HandleEvent::Released { handle: from.clone(), account_id: known.me.id }),
        Event::Handle(HandleEvent::Claimed { handle: to.clone(), account_id: known.me.id }),
        Event::Account(AccountEvent::HandleChanged { account: known.me, from, to }),
    ])
}

/// Makes the account protected: from now on followers need approval.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`.
pub fn protect(account: &Account) -> Result<Vec<Event>, Refusal> {
    let known = account.acting()?;
    match known.protected {
        true => Ok(vec![]),
        false => Ok(vec![Event::Account(AccountEvent::Protected { account: known.me })]),
    }
}

/// How many requests one append approves when an account goes public; each takes two events.
pub const APPROVED_TOGETHER_MAX: usize = 4_000;

/// Makes the account public, which approves all pending requests: the oldest first, as many at a time as one append
/// takes. The account is public once none is left. If this stops halfway, it is still protected, and those that were
/// approved follow.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`.
pub fn unprotect(account: &Account, waiting: &[AccountRef]) -> Result<Step, Refusal> {
    let known = account.acting()?;
    if !known.protected {
        return Ok(Step { events: vec![], is_last: true });
    }
    let is_last = waiting.len() <= APPROVED_TOGETHER_MAX;
    let mut events = Vec::new();
    if is_last {
        events.push(Event::Account(AccountEvent::Unprotected { account: known.me }));
    }
    for &follower in waiting.iter().take(APPROVED_TOGETHER_MAX) {
        let edge = Edge { follower, followee: known.me, followee_kind: known.kind, followee_seen_up_to: None };
        events.push(Event::Follow(FollowEvent::Followed(edge)));
        events.push(Event::Requests(RequestsEvent::Removed { followee: known.me, follower }));
    }
    Ok(Step { events, is_last })
}

/// What one append does of a command that may need several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Empty when everything is already as the command wants it.
    pub events: Vec<Event>,
    /// Whether these events complete the command.
    pub is_last: bool,
}

/// Deactivates the account, which keeps everything.
///
/// # Errors
/// `AccountNotFound`, `AccountSuspended`.
pub fn deactivate(account: &Account) -> Result<Vec<Event>, Refusal> {
    let known = account.known()?.not_suspended()?;
    match known.active {
        true => Ok(vec![Event::Account(AccountEvent::Deactivated { account: known.me })]),
        false => Ok(vec![]),
    }
}

/// Reactivates the account, with everything that it had.
///
/// # Errors
/// `AccountNotFound`, `AccountSuspended`.
pub fn reactivate(account: &Account) -> Result<Vec<Event>, Refusal> {
    let known = account.known()?.not_suspended()?;
    match known.active {
        true => Ok(vec![]),
        false => Ok(vec![Event::Account(AccountEvent::Reactivated { account: known.me })]),
    }
}

/// Suspends the account, which keeps everything. Whether it is deactivated does not matter and stays as it is. One that is suspended already
/// stays so for the first reason.
///
/// # Errors
/// `AccountNotFound`.
pub fn suspend(account: &Account, moderated: &Moderated) -> Result<Vec<Event>, Refusal> {
    let known = account.known()?;
    if known.suspended.is_some() {
        return Ok(vec![]);
    }
    let Moderated { reason, note } = moderated.clone();
    let personal = Envelope::Plain(note);
    Ok(vec![Event::Account(AccountEvent::Suspended { account: known.me, active: known.active, reason, personal })])
}

/// Ends the suspension; a deactivated account stays deactivated.
///
/// # Errors
/// `AccountNotFound`.
pub fn unsuspend(account: &Account) -> Result<Vec<Event>, Refusal> {
    let known = account.known()?;
    match known.suspended {
        None => Ok(vec![]),
        Some(_) => Ok(vec![Event::Account(AccountEvent::Unsuspended { account: known.me, active: known.active })]),
    }
}

impl Aggregate for Account {
    fn evolve(self, position: Position, event: &Event) -> Self {
        let Event::Account(event) = event else { return self };
        match (self, event) {
            (Self::Absent, AccountEvent::Registered { account_id, handle, kind, personal }) => Self::Known(Known {
                me: AccountRef { id: *account_id, key: AccountKey(position.0) },
                kind: *kind,
                handle: handle.clone(),
                personal: personal.clone(),
                protected: false,
                active: true,
                suspended: None,
                version: Version(1),
            }),
            (Self::Absent, _) => Self::Absent,
            (Self::Known(known), event) => {
                let known = Known { version: known.version.next(), ..known };
                Self::Known(match event {
                    AccountEvent::Registered { .. } => known,
                    AccountEvent::ProfileUpdated { personal, .. } => Known { personal: personal.clone(), ..known },
                    AccountEvent::HandleChanged { to, .. } => Known { handle: to.clone(), ..known },
                    AccountEvent::Protected { .. } => Known { protected: true, ..known },
                    AccountEvent::Unprotected { .. } => Known { protected: false, ..known },
                    AccountEvent::Deactivated { .. } => Known { active: false, ..known },
                    AccountEvent::Reactivated { .. } => Known { active: true, ..known },
                    AccountEvent::Suspended { reason, personal, .. } => {
                        let moderated = Moderated { reason: *reason, note: personal.open().clone() };
                        Known { suspended: Some(moderated), ..known }
                    }
                    AccountEvent::Unsuspended { .. } => Known { suspended: None, ..known },
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ALICE, BOB, deactivated, image, known, moderated, protected, suspended};
    use super::*;

    fn check(decided: Result<Vec<Event>, Refusal>, expected: Result<Vec<AccountEvent>, Refusal>) {
        let own = |event: &Event| match event {
            Event::Account(event) => Some(event.clone()),
            _ => None,
        };
        assert_eq!(decided.map(|events| events.iter().filter_map(own).collect()), expected);
    }

    #[test]
    fn a_handle_has_one_holder() {
        let personal = || known(ALICE).personal;
        let taken = Handle::Held(BOB.id);
        let refused = Err(Refusal::HandleTaken("ada".to_owned()));
        assert_eq!(register(&taken, ALICE.id, "ada", AccountKind::User, personal()), refused);
        assert_eq!(change_handle(&Account::Known(known(ALICE)), &taken, "ada", None), refused);
        let events = register(&Handle::Free, ALICE.id, "ada", AccountKind::User, personal()).expect("it is free");
        let claimed = Event::Handle(HandleEvent::Claimed { handle: "ada".to_owned(), account_id: ALICE.id });
        assert!(events.contains(&claimed));
    }

    #[test]
    fn changing_the_handle_releases_and_claims_in_one_go() {
        let events = change_handle(&Account::Known(known(ALICE)), &Handle::Free, "ada", None).expect("it is free");
        let released = HandleEvent::Released { handle: known(ALICE).handle, account_id: ALICE.id };
        let claimed = HandleEvent::Claimed { handle: "ada".to_owned(), account_id: ALICE.id };
        assert_eq!(events[..2], [Event::Handle(released), Event::Handle(claimed)]);
        let same = known(ALICE).handle;
        check(change_handle(&Account::Known(known(ALICE)), &Handle::Held(ALICE.id), &same, None), Ok(vec![]));
    }

    #[test]
    fn a_deactivated_account_can_do_nothing_but_come_back() {
        let away = deactivated(ALICE);
        check(protect(&away), Err(Refusal::AccountDeactivated));
        assert_eq!(unprotect(&away, &[]), Err(Refusal::AccountDeactivated));
        check(update_profile(&away, &ProfileChange::default(), Some(Version(7))), Err(Refusal::AccountDeactivated));
        check(change_handle(&away, &Handle::Free, "ada", None), Err(Refusal::AccountDeactivated));
        check(deactivate(&away), Ok(vec![]));
        check(reactivate(&away), Ok(vec![AccountEvent::Reactivated { account: ALICE }]));
    }

    #[test]
    fn a_suspended_account_can_do_nothing_and_neither_end_nor_outlast_its_suspension() {
        let refusal = Refusal::AccountSuspended { account: ALICE.id, moderated: moderated() };
        let also_deactivated = Known { suspended: Some(moderated()), active: false, ..known(ALICE) };
        for banned in [suspended(ALICE), Account::Known(also_deactivated)] {
            check(protect(&banned), Err(refusal.clone()));
            assert_eq!(unprotect(&banned, &[]), Err(refusal.clone()));
            check(update_profile(&banned, &ProfileChange::default(), None), Err(refusal.clone()));
            check(change_handle(&banned, &Handle::Free, "ada", None), Err(refusal.clone()));
            check(deactivate(&banned), Err(refusal.clone()));
            check(reactivate(&banned), Err(refusal.clone()));
        }
    }

    #[test]
    fn a_suspension_and_a_deactivation_do_not_touch_each_other() {
        let personal = || Envelope::Plain(moderated().note);
        let event = |active| AccountEvent::Suspended {
            account: ALICE,
            active,
            reason: moderated().reason,
            personal: personal(),
        };
        check(suspend(&Account::Known(known(ALICE)), &moderated()), Ok(vec![event(true)]));
        check(suspend(&deactivated(ALICE), &moderated()), Ok(vec![event(false)]));
        check(suspend(&Account::Absent, &moderated()), Err(Refusal::AccountNotFound));
        let banned = deactivated(ALICE).evolve(Position(8), &Event::Account(event(false)));
        let Account::Known(state) = &banned else { panic!("it is there") };
        assert_eq!((state.active, &state.suspended, state.is_shown()), (false, &Some(moderated()), false));
        let ended = AccountEvent::Unsuspended { account: ALICE, active: false };
        check(unsuspend(&banned), Ok(vec![ended.clone()]));
        assert_eq!(banned.evolve(Position(9), &Event::Account(ended)).acting(), Err(Refusal::AccountDeactivated));
    }

    #[test]
    fn suspending_twice_and_unsuspending_who_is_not_suspended_changes_nothing() {
        let other = Moderated { note: Default::default(), ..moderated() };
        check(suspend(&suspended(ALICE), &other), Ok(vec![]));
        check(unsuspend(&Account::Known(known(ALICE))), Ok(vec![]));
        check(unsuspend(&Account::Absent), Err(Refusal::AccountNotFound));
    }

    #[test]
    fn the_part_of_a_profile_that_is_not_given_stays_as_it_is() {
        let change = ProfileChange { bio: Some("new".to_owned()), ..ProfileChange::default() };
        let display_name = known(ALICE).personal.open().display_name.clone();
        let personal = Envelope::Plain(Profile { display_name, bio: "new".to_owned(), ..Profile::default() });
        let account = Account::Known(known(ALICE));
        let updated = AccountEvent::ProfileUpdated { account: ALICE, personal };
        check(update_profile(&account, &change, None), Ok(vec![updated]));
    }

    #[test]
    fn a_picture_is_put_there_kept_and_removed() {
        let picture = Some(Box::new(image("https://media.example/a.png")));
        let account = Account::Known(known(ALICE));
        let put = ProfileChange { avatar: Some(picture.clone()), ..ProfileChange::default() };
        let events = update_profile(&account, &put, None).expect("she may");
        let account = account.evolve(Position(7), &events[0]);
        let avatar = |account: &Account| account.known().expect("it is there").personal.open().extras.avatar.clone();
        assert_eq!(avatar(&account), picture);
        check(update_profile(&account, &put, None), Ok(vec![]));
        let described = ProfileChange { bio: Some("new".to_owned()), ..ProfileChange::default() };
        let events = update_profile(&account, &described, None).expect("she may");
        let account = account.evolve(Position(8), &events[0]);
        assert_eq!(avatar(&account), picture, "it stays");
        let removed = ProfileChange { avatar: Some(None), ..ProfileChange::default() };
        let events = update_profile(&account, &removed, None).expect("she may");
        let account = account.evolve(Position(9), &events[0]);
        assert_eq!(avatar(&account), None);
        check(update_profile(&account, &removed, None), Ok(vec![]));
    }

    #[test]
    fn a_change_that_expects_another_version_is_refused_whatever_it_would_change() {
        let account = Account::Known(Known { version: Version(3), ..known(ALICE) });
        let mismatch = |expected| Refusal::VersionMismatch { expected: Version(expected), present: Version(3) };
        let nothing = ProfileChange::default();
        for (expected, outcome) in [(3, Ok(vec![])), (2, Err(mismatch(2))), (4, Err(mismatch(4)))] {
            check(update_profile(&account, &nothing, Some(Version(expected))), outcome);
        }
        let taken = Handle::Held(BOB.id);
        check(change_handle(&account, &taken, "ada", Some(Version(2))), Err(mismatch(2)));
        check(change_handle(&account, &taken, "ada", Some(Version(3))), Err(Refusal::HandleTaken("ada".to_owned())));
    }

    #[test]
    fn every_event_of_an_account_makes_its_next_version() {
        let mut account = Account::Known(known(ALICE));
        let events = [
            AccountEvent::Protected { account: ALICE },
            AccountEvent::Unprotected { account: ALICE },
            AccountEvent::Deactivated { account: ALICE },
            AccountEvent::Reactivated { account: ALICE },
            AccountEvent::Suspended {
                account: ALICE,
                active: true,
                reason: moderated().reason,
                personal: Envelope::Plain(moderated().note),
            },
            AccountEvent::Unsuspended { account: ALICE, active: true },
            AccountEvent::HandleChanged { account: ALICE, from: "a".to_owned(), to: "ada".to_owned() },
            AccountEvent::ProfileUpdated { account: ALICE, personal: known(ALICE).personal },
        ];
        for (event, version) in events.into_iter().zip(2..) {
            account = account.evolve(Position(9), &Event::Account(event));
            assert_eq!(account.known().expect("it is there").version, Version(version));
        }
    }

    #[test]
    fn saying_what_is_already_so_changes_nothing() {
        let account = Account::Known(known(ALICE));
        let present = known(ALICE).personal.open().clone();
        let (display_name, bio) = (Some(present.display_name), Some(present.bio));
        let same = ProfileChange { display_name, bio, avatar: Some(None), banner: Some(None) };
        check(update_profile(&account, &same, None), Ok(vec![]));
        check(update_profile(&account, &ProfileChange::default(), None), Ok(vec![]));
        assert_eq!(unprotect(&account, &[]), Ok(Step { events: vec![], is_last: true }));
        check(reactivate(&account), Ok(vec![]));
        check(protect(&Account::Known(protected(ALICE))), Ok(vec![]));
    }

    #[test]
    fn going_public_approves_everyone_who_is_waiting() {
        let Step { events, is_last } = unprotect(&Account::Known(protected(ALICE)), &[BOB]).expect("it is protected");
        let (followee_kind, followee_seen_up_to) = (AccountKind::User, None);
        let edge = Edge { follower: BOB, followee: ALICE, followee_kind, followee_seen_up_to };
        assert!(is_last && events.contains(&Event::Follow(FollowEvent::Followed(edge))));
        assert!(events.contains(&Event::Requests(RequestsEvent::Removed { followee: ALICE, follower: BOB })));
    }

    #[test]
    fn more_requests_than_one_append_takes_are_approved_in_steps_before_the_account_is_public() {
        let account = Account::Known(protected(ALICE));
        let unprotected = Event::Account(AccountEvent::Unprotected { account: ALICE });
        let waiting = vec![BOB; APPROVED_TOGETHER_MAX + 1];
        let first = unprotect(&account, &waiting).expect("it is protected");
        assert_eq!((first.events.len(), first.is_last), (2 * APPROVED_TOGETHER_MAX, false));
        assert!(!first.events.contains(&unprotected));
        for left in [&waiting[APPROVED_TOGETHER_MAX..], &waiting[1..]] {
            let last = unprotect(&account, left).expect("it is protected");
            assert_eq!((last.events.len(), last.is_last), (2 * left.len() + 1, true));
            assert!(last.events.contains(&unprotected) && last.events.len() <= shared::log::APPEND_EVENTS_MAX);
        }
    }

    #[test]
    fn nothing_can_be_done_with_an_account_that_is_not_there() {
        check(protect(&Account::Absent), Err(Refusal::AccountNotFound));
        check(deactivate(&Account::Absent), Err(Refusal::AccountNotFound));
        check(reactivate(&Account::Absent), Err(Refusal::AccountNotFound));
    }

    #[test]
    fn the_state_is_what_the_events_say() {
        let registered = register(&Handle::Free, ALICE.id, "ada", AccountKind::User, known(ALICE).personal);
        let account = Account::default().evolve(Position(ALICE.key.0), &registered.expect("it is free")[0]);
        assert_eq!(account, Account::Known(Known { handle: "ada".to_owned(), ..known(ALICE) }));
        let account = account.evolve(Position(9), &Event::Account(AccountEvent::Deactivated { account: ALICE }));
        assert_eq!(account.acting(), Err(Refusal::AccountDeactivated));
    }
}

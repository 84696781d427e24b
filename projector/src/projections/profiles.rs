//! `profiles_1`: every account as it is now, deactivated ones included.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Serialize;
use shared::event::{AccountEvent, AccountKind, Event, Profile};
use shared::ids::{AccountKey, AccountRef};
use sqlx::SqliteConnection;

use crate::edges::execute;
use crate::projection::{Fact, Projection};

const INSERT: &str = "
INSERT INTO profiles_1
SELECT value ->> 0, unhex(value ->> 1, '-'), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       value ->> 7, value ->> 8
FROM json_each($1)";
const UPDATE: &str = "
UPDATE profiles_1 SET
    handle = COALESCE(patch.value ->> 1, handle),
    display_name = COALESCE(patch.value ->> 2, display_name),
    bio = COALESCE(patch.value ->> 3, bio),
    protected = COALESCE(patch.value ->> 4, protected),
    active = COALESCE(patch.value ->> 5, active)
FROM json_each($1) AS patch WHERE account = patch.value ->> 0";

/// The projection.
pub struct Profiles;

/// What a batch changes of one account.
#[derive(Debug, Default, PartialEq, Eq)]
struct Patch {
    handle: Option<String>,
    profile: Option<Profile>,
    protected: Option<bool>,
    active: Option<bool>,
}

/// What does not change after the registration.
#[derive(Debug, PartialEq, Eq)]
struct Registration {
    account_id: String,
    organization: bool,
    created_at: i64,
}

#[derive(Debug, Default)]
struct Net {
    registered: BTreeMap<AccountKey, Registration>,
    patches: BTreeMap<AccountKey, Patch>,
}

impl Net {
    fn patch(&mut self, account: &AccountRef) -> &mut Patch {
        self.patches.entry(account.key).or_default()
    }
}

fn fold(batch: &[Fact]) -> Net {
    let mut net = Net::default();
    for fact in batch {
        let Event::Account(event) = &fact.event else { continue };
        match event {
            AccountEvent::Registered { account_id, handle, kind, personal } => {
                let key = AccountKey(fact.position.0);
                let registration = Registration {
                    account_id: account_id.to_string(),
                    organization: *kind == AccountKind::Organization,
                    created_at: fact.recorded_at.0,
                };
                let patch = Patch {
                    handle: Some(handle.clone()),
                    profile: Some(personal.open().clone()),
                    protected: Some(false),
                    active: Some(true),
                };
                net.registered.insert(key, registration);
                net.patches.insert(key, patch);
            }
            AccountEvent::ProfileUpdated { account, personal } => {
                net.patch(account).profile = Some(personal.open().clone());
            }
            AccountEvent::HandleChanged { account, to, .. } => net.patch(account).handle = Some(to.clone()),
            AccountEvent::Protected { account } => net.patch(account).protected = Some(true),
            AccountEvent::Unprotected { account } => net.patch(account).protected = Some(false),
            AccountEvent::Deactivated { account } => net.patch(account).active = Some(false),
            AccountEvent::Reactivated { account } => net.patch(account).active = Some(true),
        }
    }
    net
}

#[async_trait]
impl Projection for Profiles {
    fn name(&self) -> &'static str {
        "profiles_1"
    }

    fn reset(&self) -> &'static str {
        "DELETE FROM profiles_1"
    }

    async fn apply(&self, tx: &mut SqliteConnection, batch: &[Fact]) -> Result<(), sqlx::Error> {
        let mut net = fold(batch);
        let inserted = net.registered.iter().filter_map(|(key, registration)| {
            let patch = net.patches.remove(key)?;
            Some(insert_row(*key, registration, &patch))
        });
        let inserted = inserted.collect();
        let updated = net.patches.iter().map(|(key, patch)| update_row(*key, patch)).collect();
        execute(tx, INSERT, inserted).await?;
        execute(tx, UPDATE, updated).await
    }
}

fn insert_row(key: AccountKey, registration: &Registration, patch: &Patch) -> impl Serialize + use<> {
    let profile = patch.profile.as_ref();
    (
        key,
        registration.account_id.clone(),
        patch.handle.clone(),
        profile.map(|profile| profile.display_name.clone()),
        profile.map(|profile| profile.bio.clone()),
        i64::from(registration.organization),
        patch.protected.map(i64::from),
        patch.active.map(i64::from),
        registration.created_at,
    )
}

fn update_row(key: AccountKey, patch: &Patch) -> impl Serialize + use<> {
    let profile = patch.profile.as_ref();
    (
        key,
        patch.handle.clone(),
        profile.map(|profile| profile.display_name.clone()),
        profile.map(|profile| profile.bio.clone()),
        patch.protected.map(i64::from),
        patch.active.map(i64::from),
    )
}

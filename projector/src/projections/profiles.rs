//! `profiles_1`: every account as it is now, deactivated and suspended ones included.

use std::collections::BTreeMap;

use async_trait::async_trait;
use shared::model::event::{AccountEvent, AccountKind, Event, Profile};
use shared::model::ids::{AccountId, AccountKey, AccountRef};
use shared::model::media::Extras as _;
use shared::sql::database::{Transaction, execute};
use shared::sql::rows::Line;
use shared::sql::statements;
use shared::tables::{Tables, declare_tables};

use crate::projection::{Batch, Fact, Policy, Projection};
use crate::projections::unwanted;

declare_tables! { "profiles_1" in "profiles.sql" }
statements! { "profiles.sql": INSERT, UPDATE }

/// The projection.
pub struct Profiles;

/// What a batch changes of one account.
#[derive(Debug, Default, PartialEq, Eq)]
struct Patch {
    handle: Option<String>,
    profile: Option<Profile>,
    protected: Option<bool>,
    active: Option<bool>,
    suspended: Option<bool>,
    /// That of the last event.
    version: i64,
}

/// What does not change after the registration.
#[derive(Debug, PartialEq, Eq)]
struct Registration {
    account_id: AccountId,
    organization: bool,
    created_at: i64,
}

#[derive(Debug, Default)]
struct Net {
    registered: BTreeMap<AccountKey, Registration>,
    patches: BTreeMap<AccountKey, Patch>,
}

impl Net {
    fn patch(&mut self, fact: &Fact, account: &AccountRef) -> &mut Patch {
        let patch = self.patches.entry(account.key).or_default();
        patch.version = fact.version.0;
        patch
    }
}

fn fold(facts: &[&Fact]) -> Net {
    let mut net = Net::default();
    for fact in facts {
        match &fact.event {
            Event::Account(AccountEvent::Registered { account_id, handle, kind, personal }) => {
                let key = AccountKey(fact.position.0);
                let registration = Registration {
                    account_id: *account_id,
                    organization: *kind == AccountKind::Organization,
                    created_at: fact.recorded_at.0,
                };
                let patch = Patch {
                    handle: Some(handle.clone()),
                    profile: Some(personal.open().clone()),
                    protected: Some(false),
                    active: Some(true),
                    suspended: Some(false),
                    version: fact.version.0,
                };
                net.registered.insert(key, registration);
                net.patches.insert(key, patch);
            }
            Event::Account(AccountEvent::ProfileUpdated { account, personal }) => {
                net.patch(fact, account).profile = Some(personal.open().clone());
            }
            Event::Account(AccountEvent::HandleChanged { account, to, .. }) => {
                net.patch(fact, account).handle = Some(to.clone());
            }
            Event::Account(AccountEvent::Protected { account }) => net.patch(fact, account).protected = Some(true),
            Event::Account(AccountEvent::Unprotected { account }) => net.patch(fact, account).protected = Some(false),
            Event::Account(AccountEvent::Deactivated { account }) => net.patch(fact, account).active = Some(false),
            Event::Account(AccountEvent::Reactivated { account }) => net.patch(fact, account).active = Some(true),
            Event::Account(AccountEvent::Suspended { account, .. }) => net.patch(fact, account).suspended = Some(true),
            Event::Account(AccountEvent::Unsuspended { account, .. }) => {
                net.patch(fact, account).suspended = Some(false);
            }
            _ => unwanted(NAME, fact),
        }
    }
    net
}

#[async_trait]
impl Projection for Profiles {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["account"]
    }

    /// Who is protected, gone or suspended decides who sees what.
    fn policy(&self) -> Policy {
        Policy::Critical
    }

    async fn apply(&self, tx: &mut Transaction, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
        let mut net = fold(&batch.facts);
        let inserted = net.registered.iter().filter_map(|(key, registration)| {
            let patch = net.patches.remove(key)?;
            Some(insert_row(*key, registration, &patch))
        });
        let inserted = inserted.collect();
        let updated = net.patches.iter().map(|(key, patch)| update_row(*key, patch)).collect();
        execute(tx, &INSERT, inserted).await?;
        execute(tx, &UPDATE, updated).await
    }
}

fn insert_row(key: AccountKey, registration: &Registration, patch: &Patch) -> impl Line + use<> {
    let profile = patch.profile.as_ref();
    (
        key,
        registration.account_id,
        patch.handle.clone(),
        profile.map(|profile| profile.display_name.clone()),
        profile.map(|profile| profile.bio.clone()),
        registration.organization,
        patch.protected,
        patch.active,
        registration.created_at,
        patch.version,
        profile.and_then(|profile| profile.extras.column()),
        patch.suspended,
    )
}

fn update_row(key: AccountKey, patch: &Patch) -> impl Line + use<> {
    let profile = patch.profile.as_ref();
    (
        key,
        patch.handle.clone(),
        profile.map(|profile| profile.display_name.clone()),
        profile.map(|profile| profile.bio.clone()),
        patch.protected,
        patch.active,
        patch.version,
        profile.and_then(|profile| profile.extras.column()),
        patch.suspended,
    )
}

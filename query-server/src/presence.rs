//! Presence: an account is online while it has a stream open, at this query server or at another.
//!
//! Always: in memory only, and bounded by the streams that are open; an account that changes its connection stays
//! online; a server that falls silent is forgotten with all its accounts. Never here: who may know of whom
//! ([`crate::questions::presence`]).

mod neighbours;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::model::ids::AccountKey;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use self::neighbours::Owed;
use crate::by_key::ByKey;

/// How long an account stays online after its last stream, so that reconnecting is not seen.
pub const LINGER: Duration = Duration::from_secs(5);

/// Which accounts are online.
#[derive(Clone, Default)]
pub struct Presence(Arc<Shared>);

#[derive(Default)]
struct Shared {
    registry: Mutex<Registry>,
    /// Notified when something is to be swept or announced.
    stirred: Notify,
}

#[derive(Default)]
struct Registry {
    here: HashMap<AccountKey, Here>,
    elsewhere: HashMap<Uuid, Neighbour>,
    /// Accounts that came or went here since the last announcement.
    unannounced: BTreeSet<AccountKey>,
    owed: Owed,
    watchers: HashMap<WatchId, Watcher>,
    watched: ByKey<AccountKey, WatchId>,
    next: WatchId,
}

#[derive(Default)]
struct Here {
    streams: usize,
    /// When the last stream was closed, if none is open.
    left_at: Option<Instant>,
}

/// What another query server has announced.
struct Neighbour {
    accounts: HashSet<AccountKey>,
    /// The number of its last announcement.
    number: u64,
    heard_at: Instant,
}

type WatchId = u64;

struct Watcher {
    accounts: HashSet<AccountKey>,
    /// Accounts that came or went since the last look.
    stirred: HashSet<AccountKey>,
    wake: Arc<Notify>,
}

/// An open stream of an account; dropping it closes it.
pub struct Present {
    presence: Presence,
    account: AccountKey,
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut registry = self.presence.lock();
        if let Some(here) = registry.here.get_mut(&self.account) {
            here.streams -= 1;
            here.left_at = (here.streams == 0).then(Instant::now);
        }
        drop(registry);
        self.presence.0.stirred.notify_one();
    }
}

/// A subscription to the coming and going of certain accounts.
pub struct Watch {
    presence: Presence,
    id: WatchId,
    wake: Arc<Notify>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut registry = self.presence.lock();
        registry.watch(self.id, HashSet::new());
        registry.watchers.remove(&self.id);
    }
}

impl Watch {
    /// Watches these accounts from now on, instead of those before.
    pub fn set(&self, accounts: HashSet<AccountKey>) {
        self.presence.lock().watch(self.id, accounts);
    }

    /// Returns when one of the accounts may have come or gone.
    pub async fn stirred(&self) {
        self.wake.notified().await;
    }

    /// The accounts that may have come or gone since the last call.
    pub fn take(&self) -> HashSet<AccountKey> {
        let mut registry = self.presence.lock();
        registry.watchers.get_mut(&self.id).map(|watcher| std::mem::take(&mut watcher.stirred)).unwrap_or_default()
    }
}

impl Presence {
    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an open stream of an account; nothing if it has `streams_max` at this server.
    pub fn enter(&self, account: AccountKey, streams_max: usize) -> Option<Present> {
        let mut registry = self.lock();
        let here = registry.here.entry(account).or_default();
        if here.streams >= streams_max {
            return None;
        }
        let is_new = here.streams == 0 && here.left_at.is_none();
        here.streams += 1;
        here.left_at = None;
        if is_new {
            registry.changed_here(account);
            self.0.stirred.notify_one();
        }
        Some(Present { presence: self.clone(), account })
    }

    pub fn is_online(&self, account: AccountKey) -> bool {
        let registry = self.lock();
        registry.here.contains_key(&account)
            || registry.elsewhere.values().any(|neighbour| neighbour.accounts.contains(&account))
    }

    /// A subscription to no account yet.
    pub fn watch(&self) -> Watch {
        let mut registry = self.lock();
        registry.next += 1;
        let (id, wake) = (registry.next, Arc::new(Notify::new()));
        let watcher = Watcher { accounts: HashSet::new(), stirred: HashSet::new(), wake: wake.clone() };
        registry.watchers.insert(id, watcher);
        Watch { presence: self.clone(), id, wake }
    }
}

impl Registry {
    /// Removes accounts that have lingered long enough. Gives when the next one will have.
    fn sweep(&mut self, now: Instant) -> Option<Instant> {
        let due = |here: &Here| here.left_at.map(|left_at| left_at + LINGER);
        let gone: Vec<AccountKey> =
            self.here.iter().filter(|(_, here)| due(here).is_some_and(|due| due <= now)).map(|(key, _)| *key).collect();
        for account in gone {
            self.here.remove(&account);
            self.changed_here(account);
        }
        self.here.values().filter_map(due).min()
    }

    fn changed_here(&mut self, account: AccountKey) {
        self.unannounced.insert(account);
        self.stir(account);
    }

    fn stir(&mut self, account: AccountKey) {
        for id in self.watched.of(&account) {
            if let Some(watcher) = self.watchers.get_mut(&id) {
                watcher.stirred.insert(account);
                watcher.wake.notify_one();
            }
        }
    }

    fn watch(&mut self, id: WatchId, accounts: HashSet<AccountKey>) {
        let Some(watcher) = self.watchers.get_mut(&id) else { return };
        for account in watcher.accounts.difference(&accounts) {
            self.watched.remove(account, id);
        }
        for account in accounts.difference(&watcher.accounts) {
            self.watched.add(*account, id);
        }
        watcher.accounts = accounts;
    }
}

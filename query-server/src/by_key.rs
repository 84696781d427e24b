//! An index from keys to those that a change of the key affects, such as watchers by account.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// The values that each key affects.
#[derive(Debug)]
pub struct ByKey<K, V>(HashMap<K, HashSet<V>>);

impl<K, V> Default for ByKey<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: Eq + Hash + Copy> ByKey<K, V> {
    /// Lets the key affect this value from now on.
    pub fn add(&mut self, key: K, whom: V) {
        self.0.entry(key).or_default().insert(whom);
    }

    /// Lets the key affect this value no more.
    pub fn remove(&mut self, key: &K, whom: V) {
        if let Some(all) = self.0.get_mut(key) {
            all.remove(&whom);
            if all.is_empty() {
                self.0.remove(key);
            }
        }
    }

    /// The values that the key affects.
    pub fn of(&self, key: &K) -> impl Iterator<Item = V> {
        self.0.get(key).into_iter().flatten().copied()
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

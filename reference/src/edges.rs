//! Directed edges that stand now, each with its place: the position of the event that made it.
//!
//! Always: at most one edge per pair, found from either end, and the same place at both. Never here: edges that ended, or counters.

use std::collections::{BTreeMap, HashMap};

/// The edges of one kind, from things of one sort to things of another.
#[derive(Debug)]
pub(crate) struct Edges<From, To> {
    outgoing: HashMap<From, BTreeMap<To, u64>>,
    incoming: HashMap<To, BTreeMap<From, u64>>,
}

impl<From, To> Default for Edges<From, To> {
    fn default() -> Self {
        Self { outgoing: HashMap::new(), incoming: HashMap::new() }
    }
}

impl<From, To> Edges<From, To>
where
    From: Copy + Ord + std::hash::Hash,
    To: Copy + Ord + std::hash::Hash,
{
    pub(crate) fn add(&mut self, from: From, to: To, place: u64) {
        self.outgoing.entry(from).or_default().insert(to, place);
        self.incoming.entry(to).or_default().insert(from, place);
    }

    pub(crate) fn remove(&mut self, from: From, to: To) {
        self.outgoing.entry(from).or_default().remove(&to);
        self.incoming.entry(to).or_default().remove(&from);
    }

    pub(crate) fn place(&self, from: From, to: To) -> Option<u64> {
        self.outgoing.get(&from)?.get(&to).copied()
    }

    pub(crate) fn has(&self, from: From, to: To) -> bool {
        self.place(from, to).is_some()
    }

    /// The far ends of the edges that start here, each with its place.
    pub(crate) fn from(&self, from: From) -> impl Iterator<Item = (To, u64)> {
        self.outgoing.get(&from).into_iter().flatten().map(|(to, place)| (*to, *place))
    }

    /// The near ends of the edges that end here, each with its place.
    pub(crate) fn to(&self, to: To) -> impl Iterator<Item = (From, u64)> {
        self.incoming.get(&to).into_iter().flatten().map(|(from, place)| (*from, *place))
    }
}

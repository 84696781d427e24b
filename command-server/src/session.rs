//! A session: the log streams that one decision has loaded, at the versions that its append expects.
//!
//! Always: what was loaded must not have moved when the events are appended; what was only peeked at may have.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use shared::log::{Anchor, EventLog, ReadError, Recorded};
use shared::model::event::{DecodeError, Event};
use shared::model::ids::{AccountId, Position, Version};
use shared::model::streams::StreamName;

use crate::domain::account::Account;
use crate::domain::{Aggregate, Refusal};
use crate::streams::{Known, Stream, Streams};

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Unread(#[from] ReadError),
    #[error(transparent)]
    Undecoded(#[from] DecodeError),
}

/// Where a decision may take log streams from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The cache, and the log for what it does not have.
    Cache,
    /// The log alone.
    Log,
}

/// The log streams that one decision has loaded.
pub struct Session<'a> {
    log: &'a dyn EventLog,
    cache: &'a Streams,
    source: Source,
    streams: HashMap<StreamName, Stream>,
    cached: bool,
    /// Up to where the cache knew the log when the session began.
    known: Known,
}

impl<'a> Session<'a> {
    #[must_use]
    pub fn new(log: &'a dyn EventLog, cache: &'a Streams, source: Source) -> Self {
        Self { log, cache, source, streams: HashMap::new(), cached: false, known: cache.known() }
    }

    /// Whether any log stream came from the cache, and so may be older than the log.
    #[must_use]
    pub fn is_cached(&self) -> bool {
        self.cached
    }

    /// Loads the log streams that are not loaded yet. Those that come from the log come from one snapshot.
    pub async fn load(&mut self, streams: impl IntoIterator<Item = StreamName>) -> Result<(), Failure> {
        let mut missing = Vec::new();
        for name in streams.into_iter().filter(|name| !self.streams.contains_key(name)).collect::<Vec<_>>() {
            match self.cache.get(&name).filter(|_| self.source == Source::Cache) {
                Some(stream) => {
                    self.cached = true;
                    self.streams.insert(name, stream);
                }
                None => missing.push(name),
            }
        }
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let found = self.log.read_streams(&missing).await?;
        for (name, recorded) in missing.into_iter().zip(found) {
            let stream = Arc::new(decode(&recorded)?);
            self.cache.keep(self.known, &name, &stream);
            self.streams.insert(name, stream);
        }
        Ok(())
    }

    /// Up to where the decision may rest on the cache: the append fails if the log has lost this event.
    #[must_use]
    pub fn rests_on(&self) -> Anchor {
        self.known.newest
    }

    /// Takes over into the cache what an append of these events, the last of them at this anchor, made of the log streams.
    pub fn appended(&mut self, events: &[(StreamName, Event)], last: Anchor) {
        self.cache.appended(self.known, last);
        let first = last.position.0 - i64::try_from(events.len()).expect("an append is bounded") + 1;
        for ((name, event), position) in events.iter().zip(first..) {
            if let Some(stream) = self.streams.get_mut(name) {
                Arc::make_mut(stream).push((Position(position), event.clone()));
                self.cache.keep(self.known, name, stream);
            }
        }
    }

    /// Empties the cache, since history went back.
    pub fn forget(&self) {
        self.cache.forget(self.known);
    }

    /// The state of a log stream, which must have been loaded.
    #[must_use]
    pub fn fold<A: Aggregate>(&self, stream: &StreamName) -> A {
        let events = self.streams.get(stream).expect("a decision loads a stream before it folds it");
        fold(events)
    }

    /// Loads and folds one account.
    pub async fn account(&mut self, account: AccountId) -> Result<Account, Failure> {
        let stream = StreamName::account(account);
        self.load([stream.clone()]).await?;
        Ok(self.fold(&stream))
    }

    /// The present states of log streams that may move without harm to the decision: they are not expected by the append.
    pub async fn peek<A: Aggregate>(&self, streams: &[StreamName]) -> Result<Vec<A>, Failure> {
        self.peek_at(streams, |_| None).await
    }

    /// As [`Self::peek`], each state as it was at a position, if one is given.
    pub async fn peek_at<A: Aggregate>(
        &self,
        streams: &[StreamName],
        at: impl Fn(usize) -> Option<Position>,
    ) -> Result<Vec<A>, Failure> {
        let found = self.log.read_streams(streams).await?;
        let state = |(index, recorded): (usize, &Vec<Recorded>)| {
            let mut events = decode(recorded)?;
            if let Some(at) = at(index) {
                events.retain(|(position, _)| *position <= at);
            }
            Ok(fold(&events))
        };
        found.iter().enumerate().map(state).collect()
    }

    /// The id in the name of a loaded log stream of this kind (`account`, `post`): one that does not exist, or else any.
    #[must_use]
    pub fn sought(&self, kind: &str) -> Option<&str> {
        let mut found = None;
        for (stream, events) in &self.streams {
            let Some(id) = stream.as_str().strip_prefix(kind).and_then(|rest| rest.strip_prefix('-')) else { continue };
            if events.is_empty() {
                return Some(id);
            }
            found = Some(id);
        }
        found
    }

    /// The version of every log stream that was loaded.
    #[must_use]
    pub fn expected(&self) -> BTreeMap<StreamName, Version> {
        let version = |events: &Stream| Version(i64::try_from(events.len()).expect("a stream fits in memory"));
        self.streams.iter().map(|(stream, events)| (stream.clone(), version(events))).collect()
    }
}

fn decode(recorded: &[Recorded]) -> Result<Vec<(Position, Event)>, DecodeError> {
    recorded.iter().map(|recorded| Ok((recorded.position, recorded.event()?))).collect()
}

fn fold<A: Aggregate>(events: &[(Position, Event)]) -> A {
    events.iter().fold(A::default(), |state, (position, event)| state.evolve(*position, event))
}

//! A session: what one decision has read of the log, and so what must not have changed when its events are stored.

use std::collections::{BTreeMap, HashMap};

use shared::event::{DecodeError, Event};
use shared::ids::{AccountId, Position, Version};
use shared::log::{EventLog, ReadError, Recorded, StreamName};

use crate::domain::account::Account;
use crate::domain::{Aggregate, Refusal};

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The domain says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The log could not be read.
    #[error(transparent)]
    Unread(#[from] ReadError),
    /// The log holds something that this code does not know.
    #[error(transparent)]
    Undecoded(#[from] DecodeError),
}

/// The streams that a decision has read.
pub struct Session<'a> {
    log: &'a dyn EventLog,
    streams: HashMap<StreamName, Vec<(Position, Event)>>,
}

impl<'a> Session<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(log: &'a dyn EventLog) -> Self {
        Self { log, streams: HashMap::new() }
    }

    /// Reads the streams that were not read before, all from one snapshot.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn load(&mut self, streams: impl IntoIterator<Item = StreamName>) -> Result<(), Failure> {
        let mut missing: Vec<StreamName> =
            streams.into_iter().filter(|stream| !self.streams.contains_key(stream)).collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let found = self.log.read_streams(&missing).await?;
        for (stream, recorded) in missing.into_iter().zip(found) {
            self.streams.insert(stream, decode(&recorded)?);
        }
        Ok(())
    }

    /// The state of a stream that was loaded.
    #[must_use]
    pub fn fold<A: Aggregate>(&self, stream: &StreamName) -> A {
        let events = self.streams.get(stream).expect("a decision loads a stream before it folds it");
        fold(events)
    }

    /// Loads and folds one account.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn account(&mut self, account: AccountId) -> Result<Account, Failure> {
        let stream = StreamName::account(account);
        self.load([stream.clone()]).await?;
        Ok(self.fold(&stream))
    }

    /// The states of streams that may change without any harm to the decision.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn peek<A: Aggregate>(&self, streams: &[StreamName]) -> Result<Vec<A>, Failure> {
        let found = self.log.read_streams(streams).await?;
        found.iter().map(|recorded| Ok(fold(&decode(recorded)?))).collect()
    }

    /// The id in the name of a stream of this kind (`account`, `post`) that the decision looked for: one that is not
    /// there, or else any.
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

    /// The version of every stream that was loaded.
    #[must_use]
    pub fn expected(&self) -> BTreeMap<StreamName, Version> {
        let version = |events: &Vec<_>| Version(i64::try_from(events.len()).expect("a stream fits in memory"));
        self.streams.iter().map(|(stream, events)| (stream.clone(), version(events))).collect()
    }
}

fn decode(recorded: &[Recorded]) -> Result<Vec<(Position, Event)>, DecodeError> {
    recorded.iter().map(|recorded| Ok((recorded.position, recorded.event()?))).collect()
}

fn fold<A: Aggregate>(events: &[(Position, Event)]) -> A {
    events.iter().fold(A::default(), |state, (position, event)| state.evolve(*position, event))
}

//! A bounded cache of log streams that decisions load again and again.
//!
//! Always: an append names the version of every log stream that its decision loaded, so a stale entry costs a conflict
//! and never causes a wrong event; what is decided without an append (a refusal, or no change) is decided on the log
//! itself. Everything cached happened up to one event, which every append names: where history went back behind it,
//! versions may stand for something else, and the cache is emptied.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moka::sync::Cache;
use shared::log::Anchor;
use shared::model::event::Event;
use shared::model::ids::Position;
use shared::model::streams::StreamName;

/// The most events that are cached, of all log streams together, each of [`EVENT_BYTES`]; a large one counts as several.
const EVENTS_MAX: u64 = 50_000;
/// What an event takes, without its texts.
const EVENT_BYTES: usize = 400;

/// The events of one log stream, with their positions.
pub type Stream = Arc<Vec<(Position, Event)>>;

pub struct Streams {
    kept: Cache<StreamName, Stream>,
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The newest event that this process has appended.
    pub newest: Anchor,
    /// Grows whenever the cache is emptied, so that what was read before is not cached afterwards.
    generation: u64,
}

impl Default for Streams {
    fn default() -> Self {
        let weight = |_: &StreamName, stream: &Stream| {
            let events = stream.iter().map(|(_, event)| 1 + event.text_bytes() / EVENT_BYTES);
            u32::try_from(events.sum::<usize>()).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(EVENTS_MAX).weigher(weight).build();
        Self { kept, known: Mutex::new(Known { newest: Anchor::ORIGIN, generation: 0 }) }
    }
}

impl Streams {
    fn lock(&self) -> MutexGuard<'_, Known> {
        // A poisoned lock is taken all the same: both fields are set at once.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn known(&self) -> Known {
        *self.lock()
    }

    /// The log stream as it was when it was last loaded or appended to here.
    #[must_use]
    pub fn get(&self, name: &StreamName) -> Option<Stream> {
        self.kept.get(name)
    }

    /// Caches a log stream that was loaded since `known`. Empty ones are not cached, since what does not exist is
    /// rarely asked for twice; nor are those with an event after the newest known one, since no append would notice
    /// that it is lost.
    pub fn keep(&self, known: Known, name: &StreamName, stream: &Stream) {
        let now = self.known();
        let is_known = stream.last().is_some_and(|(position, _)| *position <= now.newest.position);
        if is_known && now.generation == known.generation {
            self.kept.insert(name.clone(), stream.clone());
        }
    }

    /// Records an append whose decision rested on `known`.
    pub fn appended(&self, known: Known, newest: Anchor) {
        let mut now = self.lock();
        if now.generation == known.generation && newest.position > now.newest.position {
            now.newest = newest;
        }
    }

    /// Empties the cache, unless that has happened since `known`.
    pub fn forget(&self, known: Known) {
        let mut now = self.lock();
        if now.generation == known.generation {
            *now = Known { newest: Anchor::ORIGIN, generation: now.generation + 1 };
            self.kept.invalidate_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::log::FINGERPRINT_BYTES;

    use super::*;

    fn anchor(position: i64) -> Anchor {
        Anchor { position: Position(position), fingerprint: [1; FINGERPRINT_BYTES] }
    }

    fn stream(last: i64) -> Stream {
        let event = shared::model::event::HandleEvent::Claimed {
            handle: "ada".to_owned(),
            account_id: shared::model::ids::AccountId(uuid::Uuid::nil()),
        };
        Arc::new(vec![(Position(last), Event::Handle(event))])
    }

    #[test]
    fn nothing_is_kept_that_an_append_would_not_notice_to_be_lost() {
        let (cache, name) = (Streams::default(), StreamName::handle("ada"));
        let before = cache.known();
        cache.keep(before, &name, &stream(5));
        assert!(cache.get(&name).is_none(), "it is newer than all that was appended here");
        cache.appended(before, anchor(5));
        cache.keep(before, &name, &stream(5));
        assert!(cache.get(&name).is_some());
        cache.forget(before);
        assert!(cache.get(&name).is_none());
        cache.keep(before, &name, &stream(0));
        cache.appended(before, anchor(9));
        assert!(cache.get(&name).is_none(), "what was read before is not kept afterwards");
        assert_eq!(cache.known().newest, Anchor::ORIGIN);
    }
}

//! A bounded cache of the streams that decisions read again and again.
//!
//! Always: an append names the version of every stream that its decision read, so a stale entry costs a conflict and never
//! a wrong event; what is decided without an append (a refusal, or that nothing changes) is decided on the log itself.

use std::sync::Arc;

use moka::sync::Cache;
use shared::event::Event;
use shared::ids::Position;
use shared::log::StreamName;

/// The most events that are kept, of all streams together. An event takes some 300 bytes.
const EVENTS_MAX: u64 = 50_000;

/// The events of one stream, with their positions.
pub type Stream = Arc<Vec<(Position, Event)>>;

/// The cache.
pub struct Streams(Cache<StreamName, Stream>);

impl Default for Streams {
    fn default() -> Self {
        let weight = |_: &StreamName, stream: &Stream| u32::try_from(stream.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(EVENTS_MAX).weigher(weight).build())
    }
}

impl Streams {
    /// The stream as it was when it was last read or written here.
    #[must_use]
    pub fn get(&self, name: &StreamName) -> Option<Stream> {
        self.0.get(name)
    }

    /// Keeps a stream, unless it is empty: what does not exist is rarely asked for twice.
    pub fn keep(&self, name: &StreamName, stream: &Stream) {
        if !stream.is_empty() {
            self.0.insert(name.clone(), stream.clone());
        }
    }
}

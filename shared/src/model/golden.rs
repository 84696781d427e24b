//! Golden samples: the stored form of every type of event, kept for ever, for the tests of all who read events.
//!
//! Never here: anything that a process needs while it runs.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::event::Event;

/// A stored event without its place.
#[derive(Debug, Deserialize)]
pub struct Golden {
    /// The stable type name.
    #[serde(rename = "type")]
    pub kind: String,
    pub schema_version: u32,
    /// The exact bytes of its JSON.
    pub payload: Box<RawValue>,
}

impl Golden {
    /// # Panics
    /// When it does not load, which fails the test that asks.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::decode(&self.kind, self.schema_version, self.payload.get()).expect("a golden event loads")
    }
}

/// All samples, in the order of the file.
///
/// # Panics
/// When a line is no sample, which fails the test that asks.
#[must_use]
pub fn samples() -> Vec<Golden> {
    let lines = include_str!("../../golden/events.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a golden line is JSON")).collect()
}

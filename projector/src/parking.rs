//! Parked events (dead letters): those that a projection could not apply, and those that must stay in order behind them.
//!
//! Always: an event is parked in the transaction that moves the checkpoint past it, and unparked in the one that
//! applies it; events that need not wait are applied. An event waits behind a parked one
//!
//! - of its own log stream,
//! - that created an account or a post which it names, and
//! - that is about the post to whose log stream it belongs, so that what a deleted post took along is not brought back.
//!
//! All others may be applied in any order: the laws hold every projection to that, by parking at random and retrying.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::log::Recorded;
use shared::model::clock::Timestamp;
use shared::model::event::{Event, Part};
use shared::model::ids::{Position, Version};
use shared::model::streams::StreamName;
use shared::sql::database::{Database, Row, Transaction, Value};
use shared::sql::rows::Rows;
use shared::sql::statements;

statements! { "parking.sql": PARK, SELECT, COUNT_ATTEMPT, UNPARK, FORGET, KEEP_DISCARDED, RENAME, DISCARD }

/// The longest cause that is stored, in characters.
const CAUSE_LENGTH_MAX: usize = 1_000;

/// An event that is to be parked.
#[derive(Debug)]
pub struct ToPark<'a> {
    pub recorded: &'a Recorded,
    /// The parked event that it waits for; nothing when it could not be applied itself.
    pub behind: Option<Position>,
    pub cause: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// What a projection has parked, and what must wait behind it.
#[derive(Clone, Debug, Default)]
pub struct Parked {
    /// Each parked event with the one that it waits for, if it does.
    waiting: BTreeMap<Position, Option<Position>>,
    discarded: HashSet<Position>,
    /// The first parked event that holds up the events of a log stream.
    streams: HashMap<StreamName, Position>,
    /// The first parked event that holds up whatever names an account or a post, by its log stream.
    entities: HashMap<StreamName, Position>,
}

impl Parked {
    /// As stored.
    pub async fn load(tables: &Database, projection: &str) -> Result<Self, sqlx::Error> {
        let mut parked = Self::default();
        for row in &tables.rows(&SELECT, &[Value::Text(projection)]).await? {
            let (position, discarded_at): (_, Option<i64>) = (Position(row.get("position")?), row.get("discarded_at")?);
            match discarded_at {
                Some(_) => drop(parked.discarded.insert(position)),
                None => {
                    let stream = StreamName::from_text(row.get("stream")?);
                    let behind = row.get::<Option<i64>>("behind")?.map(Position);
                    parked.hold(position, &stream, Version(row.get("version")?), behind);
                }
            }
        }
        Ok(parked)
    }

    /// How many events wait. Discarded ones do not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The positions of events that wait.
    pub fn positions(&self) -> impl Iterator<Item = Position> {
        self.waiting.keys().copied()
    }

    /// Whether an event waits for no other.
    #[must_use]
    pub fn is_first(&self, position: Position) -> bool {
        self.waiting.get(&position).is_some_and(Option::is_none)
    }

    /// With the discarded events, but none that waits.
    #[must_use]
    pub fn only_discarded(&self) -> Self {
        Self { discarded: self.discarded.clone(), ..Self::default() }
    }

    /// Whether an operator has decided that this event is never to be applied.
    #[must_use]
    pub fn is_discarded(&self, position: Position) -> bool {
        self.discarded.contains(&position)
    }

    /// The parked event behind which this one must wait, if there is one. Of an event that cannot be read, only the
    /// name of its log stream says what it is about.
    #[must_use]
    pub fn in_front_of(&self, recorded: &Recorded, event: Option<&Event>) -> Option<Position> {
        if self.is_empty() {
            return None;
        }
        let of_its_stream = self.streams.get(&recorded.stream);
        let named = recorded.stream.named().into_iter().chain(event.into_iter().flat_map(Event::named));
        of_its_stream.into_iter().chain(named.filter_map(|name| self.entities.get(&name))).min().copied()
    }

    /// Records that an event is parked, and what must wait behind it.
    pub fn hold(&mut self, position: Position, stream: &StreamName, version: Version, behind: Option<Position>) {
        let parts = stream.aggregate().map_or(&[][..], |aggregate| aggregate.parts);
        match parts {
            // What is done to a post holds up what happens to the post.
            [Part::Account, Part::Post] => {
                if let Some(post) = stream.named().pop() {
                    self.streams.entry(post).or_insert(position);
                }
            }
            // An account or a post can be named from its first event on.
            [Part::Account | Part::Post] if stream.named().first() == Some(stream) && version == Version(1) => {
                self.entities.entry(stream.clone()).or_insert(position);
            }
            _ => {}
        }
        self.streams.entry(stream.clone()).or_insert(position);
        self.waiting.insert(position, behind);
    }
}

/// A cause as it is stored: bounded, and without U+0000, which PostgreSQL refuses.
fn kept(cause: &str) -> String {
    cause.chars().filter(|character| *character != '\0').take(CAUSE_LENGTH_MAX).collect()
}

pub async fn park(
    tx: &mut Transaction,
    projection: &str,
    events: &[ToPark<'_>],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::default();
    for ToPark { recorded, behind, cause, attempts } in events {
        let Recorded { position, stream, version, kind, .. } = recorded;
        let (stream, kind, cause) = (stream.as_str(), kind.as_str(), kept(cause));
        let (behind, attempts) = (behind.map(|position| position.0), i64::from(*attempts));
        rows.push(&(projection, *position, stream, version.0, kind, behind, cause, attempts, now.0));
    }
    tx.execute(&PARK, &[Value::Rows(&rows)]).await.map(drop)
}

/// Records that a parked event was tried again in vain.
pub async fn count_attempt(
    tx: &mut Transaction,
    projection: &str,
    position: Position,
    cause: &str,
) -> Result<(), sqlx::Error> {
    tx.execute(&COUNT_ATTEMPT, &[Value::Text(projection), Value::Number(position.0), Value::Text(&kept(cause))])
        .await
        .map(drop)
}

pub async fn unpark(tx: &mut Transaction, projection: &str, position: Position) -> Result<(), sqlx::Error> {
    tx.execute(&UNPARK, &[Value::Text(projection), Value::Number(position.0)]).await.map(drop)
}

/// Starts the rebuild of a projection with no parked events but the discarded ones.
pub async fn begin_anew(tx: &mut Transaction, projection: &str, rebuild: &str) -> Result<(), sqlx::Error> {
    forget(tx, rebuild).await?;
    tx.execute(&KEEP_DISCARDED, &[Value::Text(projection), Value::Text(rebuild)]).await.map(drop)
}

/// Deletes all parked events of this name.
pub async fn forget(tx: &mut Transaction, projection: &str) -> Result<(), sqlx::Error> {
    tx.execute(&FORGET, &[Value::Text(projection)]).await.map(drop)
}

/// Gives the projection the parked events of its rebuild instead of its own.
pub async fn take_over(tx: &mut Transaction, projection: &str, rebuild: &str) -> Result<(), sqlx::Error> {
    forget(tx, projection).await?;
    tx.execute(&RENAME, &[Value::Text(projection), Value::Text(rebuild)]).await.map(drop)
}

/// Discards a parked event: it will never be applied. False when it is not parked.
pub async fn discard(
    tx: &mut Transaction,
    projection: &str,
    position: Position,
    now: Timestamp,
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let values = [Value::Text(projection), Value::Number(position.0), Value::Number(now.0), Value::Text(reason)];
    let rows: Vec<Row> = tx.rows(&DISCARD, &values).await?;
    Ok(!rows.is_empty())
}

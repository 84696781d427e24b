//! Parked events: those that a projection could not apply, and those that must stay in order behind them.
//!
//! Always: a row is written in the transaction that moves the checkpoint past its event, and deleted in the one that applies the event;
//! everything that does not wait goes on. An event waits behind a parked one
//!
//! - of its own stream,
//! - that began an account or a post which it names, and
//! - that is about the post whose stream it belongs to, so that what a deleted post took along is not brought back.
//!
//! What passes may be applied in any order: the laws hold every projection to that, by parking at random and trying again.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::log::Recorded;
use shared::model::clock::Timestamp;
use shared::model::event::{Event, Part, PostEvent};
use shared::model::ids::{Position, Version};
use shared::model::streams::StreamName;
use shared::sql::database::{Database, Row, Transaction, Value};
use shared::sql::rows::Rows;
use shared::sql::statements;

statements! {
    /// Whoever parks an event again, in a rebuild, has tried it again.
    static PARK = "
INSERT INTO parked_events
SELECT projection, position, stream, version, kind, behind, cause, attempts, parked_at, NULL, NULL
FROM {rows $1 AS parked: projection text, position, stream text, version, kind text, behind, cause verbatim, attempts, parked_at}
WHERE true ON CONFLICT (projection, position) DO UPDATE SET
    behind = excluded.behind, cause = excluded.cause, attempts = excluded.attempts, parked_at = excluded.parked_at";
    static SELECT = "
SELECT position, stream, version, behind, discarded_at FROM parked_events WHERE projection = $1 ORDER BY position";
    static COUNT_ATTEMPT = "
UPDATE parked_events SET attempts = attempts + 1, cause = $3, behind = NULL WHERE projection = $1 AND position = $2";
    static UNPARK = "DELETE FROM parked_events WHERE projection = $1 AND position = $2";
    static FORGET = "DELETE FROM parked_events WHERE projection = $1";
    /// What was given up stays so. $1 the projection, $2 the one that is filled beside it.
    static KEEP_DISCARDED = "
INSERT INTO parked_events
SELECT $2, position, stream, version, kind, behind, cause, attempts, parked_at, discarded_at, discard_reason
FROM parked_events WHERE projection = $1 AND discarded_at IS NOT NULL";
    static RENAME = "UPDATE parked_events SET projection = $1 WHERE projection = $2";
    /// $1 the projection, $2 the position, $3 now, $4 the reason.
    static DISCARD = "
UPDATE parked_events SET discarded_at = $3, discard_reason = $4
WHERE projection = $1 AND position = $2 AND discarded_at IS NULL
RETURNING position";
}

/// The most of a cause that is kept, in characters.
const CAUSE_LENGTH_MAX: usize = 1_000;

/// An event on its way to be parked.
#[derive(Debug)]
pub struct ToPark<'a> {
    /// The event.
    pub recorded: &'a Recorded,
    /// The parked event that it waits for; nothing when it could not be applied itself.
    pub behind: Option<Position>,
    /// Why.
    pub cause: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// What a projection has parked, and what must stay behind it.
#[derive(Clone, Debug, Default)]
pub struct Parked {
    /// Each parked event with the one that it waits for, if it does.
    waiting: BTreeMap<Position, Option<Position>>,
    discarded: HashSet<Position>,
    /// The first parked event that holds up the events of a stream.
    streams: HashMap<StreamName, Position>,
    /// And those that name an account or a post.
    entities: HashMap<StreamName, Position>,
}

impl Parked {
    /// As the tables have it.
    ///
    /// # Errors
    /// When the database fails.
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

    /// How many events wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The positions of those that wait.
    pub fn positions(&self) -> impl Iterator<Item = Position> {
        self.waiting.keys().copied()
    }

    /// Whether an event waits for no other.
    #[must_use]
    pub fn is_first(&self, position: Position) -> bool {
        self.waiting.get(&position).is_some_and(Option::is_none)
    }

    /// The same, as if nothing waited.
    #[must_use]
    pub fn only_discarded(&self) -> Self {
        Self { discarded: self.discarded.clone(), ..Self::default() }
    }

    /// Whether somebody has decided that this event is not to be applied.
    #[must_use]
    pub fn is_discarded(&self, position: Position) -> bool {
        self.discarded.contains(&position)
    }

    /// The parked event behind which this one must stay, if there is one. Of an event that cannot be read, only the name of its stream says
    /// what it is about.
    #[must_use]
    pub fn in_front_of(&self, recorded: &Recorded, event: Option<&Event>) -> Option<Position> {
        if self.is_empty() {
            return None;
        }
        let of_its_stream = self.streams.get(&recorded.stream);
        let named = recorded.stream.named().into_iter().chain(event.into_iter().flat_map(named_within));
        of_its_stream.into_iter().chain(named.filter_map(|name| self.entities.get(&name))).min().copied()
    }

    /// Lets what must stay behind this event wait.
    pub fn hold(&mut self, position: Position, stream: &StreamName, version: Version, behind: Option<Position>) {
        let parts = stream.aggregate().map_or(&[][..], |aggregate| aggregate.parts);
        match parts {
            // What somebody does to a post stands in the way of what happens to the post.
            [Part::Account, Part::Post] => {
                if let Some(post) = stream.named().pop() {
                    self.streams.entry(post).or_insert(position);
                }
            }
            // What others name begins with its first event.
            [Part::Account | Part::Post] if stream.named().first() == Some(stream) && version == Version(1) => {
                self.entities.entry(stream.clone()).or_insert(position);
            }
            _ => {}
        }
        self.streams.entry(stream.clone()).or_insert(position);
        self.waiting.insert(position, behind);
    }
}

/// What an event names beside that: whoever wrote a post, and what it answers or quotes.
fn named_within(event: &Event) -> Vec<StreamName> {
    let Event::Post(event) = event else { return vec![] };
    let (author, reply_to, quoted) = match event {
        PostEvent::Created { author, reply_to, quoted, .. } => (author, *reply_to, *quoted),
        PostEvent::Deleted { author, reply_to, .. } => (author, *reply_to, None),
        PostEvent::Edited { author, .. } => (author, None, None),
    };
    let posts = [reply_to, quoted].into_iter().flatten().map(|named| StreamName::post(named.post.id));
    posts.chain([StreamName::account(author.id)]).collect()
}

/// What of a cause is kept, as every engine takes it.
fn kept(cause: &str) -> String {
    cause.chars().filter(|character| *character != '\0').take(CAUSE_LENGTH_MAX).collect()
}

/// Parks events.
///
/// # Errors
/// When the database fails.
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

/// Notes that a parked event was tried again, in vain.
///
/// # Errors
/// When the database fails.
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

/// An event is not parked any more.
///
/// # Errors
/// When the database fails.
pub async fn unpark(tx: &mut Transaction, projection: &str, position: Position) -> Result<(), sqlx::Error> {
    tx.execute(&UNPARK, &[Value::Text(projection), Value::Number(position.0)]).await.map(drop)
}

/// A projection that is filled beside another has parked nothing yet; what was given up stays so.
///
/// # Errors
/// When the database fails.
pub async fn begin_anew(tx: &mut Transaction, projection: &str, beside: &str) -> Result<(), sqlx::Error> {
    forget(tx, beside).await?;
    tx.execute(&KEEP_DISCARDED, &[Value::Text(projection), Value::Text(beside)]).await.map(drop)
}

/// Nobody has parked anything for this projection.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Transaction, projection: &str) -> Result<(), sqlx::Error> {
    tx.execute(&FORGET, &[Value::Text(projection)]).await.map(drop)
}

/// What was parked while a projection was filled beside another is what the other has parked.
///
/// # Errors
/// When the database fails.
pub async fn take_over(tx: &mut Transaction, projection: &str, beside: &str) -> Result<(), sqlx::Error> {
    forget(tx, projection).await?;
    tx.execute(&RENAME, &[Value::Text(projection), Value::Text(beside)]).await.map(drop)
}

/// Decides that a parked event is not to be applied, ever. False when it is not parked.
///
/// # Errors
/// When the database fails.
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

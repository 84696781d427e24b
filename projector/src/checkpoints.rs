//! Checkpoints: how far each projection is, who owns it, and for how long nobody else may.
//!
//! Always: a checkpoint moves by compare-and-set on its old value and the owner's term, in the transaction of the
//! effects and before them; so of two projectors one wins, the other waits for its end, and nothing is applied twice.
//! An owner whose heartbeat is older than [`LEASE`] loses the projection to the next that claims it; the higher term
//! fences it off. On a server, heartbeats are by its clock, since those of the machines differ.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use shared::log::{Hash, chain};
use shared::model::clock::Timestamp;
use shared::model::ids::Position;
use shared::sql::database::{Database, Row, Transaction, Value};
use shared::sql::{Script, statements};
use shared::tables::checkpoint::Checkpoint;

/// An owner without a heartbeat for this long may be replaced.
pub const LEASE: Duration = Duration::from_secs(3);

/// A lock on the row means that its owner is at work, so there is no point in waiting for it.
static HURRY: Script = Script::new("{postgres: SET LOCAL lock_timeout = '500ms'}");
statements! {
    "checkpoints.sql":
    SELECT_OWNERS, SELECT_CLAIMS, CLAIM, RELEASE, MOVE, BEAT, NOTE_HASH, BEGIN_AGAIN, SERVE, SELECT_OWNER_ADDRESS,
    FORGET, FAIL,
}

/// What the owner of a projection knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Everything up to here is in its tables.
    pub checkpoint: Position,
    /// The log's hash at the checkpoint, as it was when the checkpoint moved; nothing in tables that are older than these hashes.
    pub hash: Option<Hash>,
    /// Grows with each owner, and fences off the one before.
    pub term: i64,
    /// Below this position the tables do not answer queries.
    pub served_from: Position,
}

impl Claim {
    fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
        let Checkpoint { position, hash, term, served_from } = Checkpoint::from_row(row)?;
        Ok(Self { checkpoint: position, hash, term, served_from })
    }
}

/// An owner as stored. If term and heartbeat are the same twice, the owner has done nothing in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    term: i64,
    heartbeat_at: i64,
}

impl Owner {
    /// Whether the owner has released the projection.
    #[must_use]
    pub fn has_released(&self) -> bool {
        self.heartbeat_at == 0
    }
}

/// The owner of each projection that ever had one.
pub async fn owners(tables: &Database) -> Result<HashMap<String, Owner>, sqlx::Error> {
    let owner =
        |row: &Row| Ok((row.get("name")?, Owner { term: row.get("term")?, heartbeat_at: row.get("heartbeat_at")? }));
    tables.rows(&SELECT_OWNERS, &[]).await?.iter().map(owner).collect()
}

/// Claims a projection from the owner `before`; nothing when that one has moved.
///
/// # Errors
/// Also when another projector is at work on the projection.
pub async fn claim(
    tables: &Database,
    name: &str,
    before: Owner,
    now: Timestamp,
    address: Option<&str>,
) -> Result<Option<Claim>, sqlx::Error> {
    let mut tx = tables.begin_to_write().await?;
    tx.script(&HURRY).await?;
    let (term, heartbeat_at) = (Value::Number(before.term), Value::Number(before.heartbeat_at));
    let values = [Value::Text(name), Value::Number(now.0), term, heartbeat_at, Value::MaybeText(address)];
    let rows = tx.rows(&CLAIM, &values).await?;
    tx.commit().await?;
    rows.first().map(Claim::from_row).transpose()
}

/// What is stored of projections that this owner, by its terms, still has; one that is missing has another owner now.
pub async fn read(
    tables: &Database,
    projections: &[(&'static str, i64)],
) -> Result<HashMap<String, Claim>, sqlx::Error> {
    let mine = projections.iter().collect();
    claims(&tables.rows(&SELECT_CLAIMS, &[Value::Rows(&mine)]).await?)
}

/// Stores the log's hash at a checkpoint that is older than these hashes.
pub async fn note_hash(tx: &mut Transaction, name: &str, claim: Claim, hash: &Hash) -> Result<(), sqlx::Error> {
    let values = [Value::Text(name), Value::Number(claim.term), Value::Bytes(hash)];
    tx.execute(&NOTE_HASH, &values).await.map(drop)
}

/// Sends the projection back to the first event; it answers no query before it has reached `served_from`. False when
/// another owner has taken over.
pub async fn begin_again(
    tx: &mut Transaction,
    name: &str,
    claim: Claim,
    served_from: Position,
) -> Result<bool, sqlx::Error> {
    let (served_from, origin) = (Value::Number(served_from.0), Value::Bytes(&chain::GENESIS));
    let values = [Value::Text(name), Value::Number(claim.term), served_from, origin];
    Ok(!tx.rows(&BEGIN_AGAIN, &values).await?.is_empty())
}

/// The address at which the owner of a projection answers operators, if it has one.
pub async fn owner_address(tables: &Database, name: &str) -> Result<Option<String>, sqlx::Error> {
    let rows = tables.rows(&SELECT_OWNER_ADDRESS, &[Value::Text(name)]).await?;
    Ok(rows.first().map(|row| row.get("owner_address")).transpose()?.flatten())
}

/// Releases a projection, so that the next owner need not wait for the lease to end.
pub async fn release(tx: &mut Transaction, name: &str, claim: Claim) -> Result<(), sqlx::Error> {
    tx.execute(&RELEASE, &[Value::Text(name), Value::Number(claim.term)]).await?;
    Ok(())
}

/// Lets the tables answer queries from the present checkpoint on, since they have all that the log has.
pub async fn serve(tx: &mut Transaction, name: &str, claim: Claim) -> Result<(), sqlx::Error> {
    let values = [Value::Text(name), Value::Number(claim.term), Value::Number(claim.checkpoint.0)];
    tx.execute(&SERVE, &values).await.map(drop)
}

/// Moves the checkpoints of projections, each with its term, from the same position. Gives one that has another owner now, if there is one.
pub async fn advance(
    tx: &mut Transaction,
    projections: &[(&'static str, i64)],
    from: Position,
    (to, hash): (Position, &Hash),
    now: Timestamp,
) -> Result<Option<&'static str>, sqlx::Error> {
    let mine = projections.iter().collect();
    let (to, now, from) = (Value::Number(to.0), Value::Number(now.0), Value::Number(from.0));
    let values = [to, now, from, Value::Rows(&mine), Value::Bytes(hash)];
    one_without(projections, &tx.rows(&MOVE, &values).await?)
}

/// Renews the lease on projections, each with its term. Gives what is stored of each; one that is missing has another owner now.
pub async fn beat(
    tx: &mut Transaction,
    projections: &[(&'static str, i64)],
    now: Timestamp,
) -> Result<HashMap<String, Claim>, sqlx::Error> {
    let mine = projections.iter().collect();
    claims(&tx.rows(&BEAT, &[Value::Number(now.0), Value::Rows(&mine)]).await?)
}

/// [`beat`] in a transaction of its own.
pub async fn beat_alone(
    tables: &Database,
    projections: &[(&'static str, i64)],
    now: Timestamp,
) -> Result<HashMap<String, Claim>, sqlx::Error> {
    let mine = projections.iter().collect();
    claims(&tables.rows(&BEAT, &[Value::Number(now.0), Value::Rows(&mine)]).await?)
}

fn claims(rows: &[Row]) -> Result<HashMap<String, Claim>, sqlx::Error> {
    rows.iter().map(|row| Ok((row.get("name")?, Claim::from_row(row)?))).collect()
}

/// One of these projections for which there is no row.
fn one_without(projections: &[(&'static str, i64)], rows: &[Row]) -> Result<Option<&'static str>, sqlx::Error> {
    let found: HashSet<String> = rows.iter().map(|row| row.get("name")).collect::<Result<_, _>>()?;
    Ok(projections.iter().map(|(name, _)| *name).find(|name| !found.contains(*name)))
}

/// Deletes the checkpoint of a projection that is not filled any more.
pub async fn forget(tx: &mut Transaction, name: &str) -> Result<(), sqlx::Error> {
    tx.execute(&FORGET, &[Value::Text(name)]).await.map(drop)
}

/// Stores why the projection stopped; with nothing, that it goes on.
pub async fn note_failure(
    tx: &mut Transaction,
    name: &str,
    claim: Claim,
    failure: Option<&str>,
) -> Result<(), sqlx::Error> {
    tx.execute(&FAIL, &[Value::MaybeText(failure), Value::Text(name), Value::Number(claim.term)]).await?;
    Ok(())
}

//! Checkpoints: how far each projection is, and who may move it.
//!
//! Always: a checkpoint moves by compare-and-set on its old value and the owner's term, in the transaction of the effects;
//! so of two projectors one wins, and nothing is applied twice.

use shared::clock::Timestamp;
use shared::ids::Position;
use sqlx::{Row, SqliteConnection};

const CLAIM: &str = "
INSERT INTO projections SELECT $1, 0, 1, $2, NULL WHERE true
ON CONFLICT (name) DO UPDATE SET term = term + 1, heartbeat_at = excluded.heartbeat_at, failure = NULL
RETURNING checkpoint, term";
const MOVE: &str = "
UPDATE projections SET checkpoint = $1, heartbeat_at = $2 WHERE name = $3 AND checkpoint = $4 AND term = $5";
const BEAT: &str = "UPDATE projections SET heartbeat_at = $1 WHERE name = $2 AND term = $3";
const FAIL: &str = "UPDATE projections SET failure = $1 WHERE name = $2 AND term = $3";

/// How far one projection is, as its owner knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Everything up to here is in its tables.
    pub checkpoint: Position,
    /// Which owner this is.
    pub term: i64,
}

/// Becomes the owner of a projection.
///
/// # Errors
/// When the database fails.
pub async fn claim(tables: &mut SqliteConnection, name: &str, now: Timestamp) -> Result<Claim, sqlx::Error> {
    let row = sqlx::query(CLAIM).bind(name).bind(now.0).fetch_one(tables).await?;
    Ok(Claim { checkpoint: Position(row.try_get("checkpoint")?), term: row.try_get("term")? })
}

/// Moves the checkpoint; false when another owner has taken over.
///
/// # Errors
/// When the database fails.
pub async fn advance(
    tx: &mut SqliteConnection,
    name: &str,
    claim: Claim,
    to: Position,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(MOVE)
        .bind(to.0)
        .bind(now.0)
        .bind(name)
        .bind(claim.checkpoint.0)
        .bind(claim.term)
        .execute(tx)
        .await?;
    Ok(moved.rows_affected() == 1)
}

/// Says that the owner is alive; false when another owner has taken over.
///
/// # Errors
/// When the database fails.
pub async fn beat(
    tables: &mut SqliteConnection,
    name: &str,
    claim: Claim,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let beaten = sqlx::query(BEAT).bind(now.0).bind(name).bind(claim.term).execute(tables).await?;
    Ok(beaten.rows_affected() == 1)
}

/// Notes why the projection stopped, or, with nothing, that it goes on.
///
/// # Errors
/// When the database fails.
pub async fn note_failure(
    tables: &mut SqliteConnection,
    name: &str,
    claim: Claim,
    failure: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(FAIL).bind(failure).bind(name).bind(claim.term).execute(tables).await?;
    Ok(())
}

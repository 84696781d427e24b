//! The law of the home timeline: which reasons an owner sees, judged at read.
//!
//! Always: this is the one place that says it, for pages and for streams alike; it judges each reason by the tables of one snapshot, whatever
//! store of timelines or stream the reason came from. Never here: where reasons come from.

use shared::model::ids::{AccountKey, Position};
use shared::sql::rows::Rows;
use shared::sql::statements;
use timelines::Reason;
use tonic::Status;

use crate::snapshot::{Snapshot, Value, list};
use crate::vocabulary::VOCABULARY;

statements! { "law.sql" with VOCABULARY: SELECT_SEEN }

/// A reason, and whose timeline is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub owner: AccountKey,
    pub reason: Reason,
    /// Newer reasons than this position do not count.
    pub up_to: Position,
}

/// The indexes of those candidates for which their owners see the posts, and for no newer reason; in their order.
pub async fn seen(snapshot: &mut Snapshot, candidates: &[Candidate]) -> Result<Vec<usize>, Status> {
    if candidates.is_empty() {
        return Ok(vec![]);
    }
    let row = |(number, candidate): (i64, &Candidate)| {
        let Candidate { owner, reason: Reason { place, actor, post }, up_to } = *candidate;
        (number, owner, place, actor, post, up_to)
    };
    let rows: Rows = (0_i64..).zip(candidates).map(row).collect();
    let row = snapshot.row(&SELECT_SEEN, &[Value::Rows(&rows)]).await?;
    let mut seen: Vec<usize> = list(&row, "seen")?;
    seen.sort_unstable();
    Ok(seen)
}

//! What the accounts that one follows did, newest first: pulled, and judged at read.
//!
//! Always: paging to the end gives every deed once that stands and that the owner may hear of; a page may be short, and
//! its token is the last deed examined.

use shared::model::clock::Timestamp;
use shared::model::ids::{AccountKey, Position, PostKey};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::ActivityKind;
use shared::sql::database::Row;
use shared::sql::statements;
use tonic::Status;

use super::Answer;
use crate::asking::Asking;
use crate::hydrate::Hydrated;
use crate::pages::{Effort, OfOwner, Page, Question, TIMELINE_PAGES};
use crate::snapshot::{Projections, Snapshot, Value, column, limit, small};
use crate::vocabulary::VOCABULARY;

/// What this question reads.
pub const READS: Projections = &["activity_1", "posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

/// The fewest deeds to look at in one go.
const CHUNK_MIN: usize = 32;
/// How many chunks one page looks at before it is answered short.
const CHUNKS_MAX: usize = 32;

statements! { "activities.sql" with VOCABULARY: SELECT }

/// Something that somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Who.
    pub actor: AccountKey,
    /// The position of the deed.
    pub place: Position,
    /// An `ActivityKind`.
    pub kind: i32,
    /// To what.
    pub target: Target,
    /// When, in microseconds.
    pub happened_at: i64,
}

/// To what something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To an account, which was followed.
    Account(AccountKey),
    /// To a post.
    Post(PostKey),
}

/// A page of deeds, and the place after which the next page goes on, if there may be one.
pub async fn page(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    before: Option<Position>,
    size: usize,
    effort: Effort,
) -> Result<(Vec<Deed>, Option<Position>), Status> {
    let chunk = (size * 2).max(CHUNK_MIN);
    let mut before = before.unwrap_or(snapshot.checkpoint.next());
    let mut deeds = Vec::with_capacity(size);
    let mut chunks = 0;
    while !effort.may_end(chunks, CHUNKS_MAX) {
        chunks += 1;
        let values = [Value::Number(owner.0), Value::Number(before.0), limit(chunk)];
        let rows = snapshot.rows(&SELECT, &values).await?;
        for row in &rows {
            before = Position(column(row, "place")?);
            if column(row, "shown")? {
                deeds.push(deed(row)?);
            }
            if deeds.len() == size {
                return Ok((deeds, Some(before)));
            }
        }
        if rows.len() < chunk {
            return Ok((deeds, None));
        }
    }
    Ok((deeds, Some(before)))
}

/// The posts and the people that these deeds show.
pub async fn hydrate(snapshot: &mut Snapshot, owner: AccountKey, deeds: &[Deed]) -> Result<Hydrated, Status> {
    let mut people: Vec<AccountKey> = deeds.iter().map(|deed| deed.actor).collect();
    let mut posts = Vec::new();
    for deed in deeds {
        match deed.target {
            Target::Account(account) => people.push(account),
            Target::Post(post) => posts.push(post),
        }
    }
    Hydrated::load(snapshot, &posts, people.into_iter(), Some(owner)).await
}

fn deed(row: &Row) -> Result<Deed, Status> {
    let (kind, target) = (small(row, "kind")?, column(row, "target")?);
    let target = match kind == i32::from(ActivityKind::Followed) {
        true => Target::Account(AccountKey(target)),
        false => Target::Post(PostKey(target)),
    };
    Ok(Deed {
        actor: AccountKey(column(row, "actor")?),
        place: Position(column(row, "place")?),
        kind,
        target,
        happened_at: column(row, "happened_at")?,
    })
}

impl Answer for v1::ListActivitiesRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let request = asking.request;
        let question = Question("Activities", READS, TIMELINE_PAGES);
        let mut page = Page::open(asking, question, OfOwner(&request.account_id)).await?;
        let (owner, snapshot) = (page.key, &mut page.snapshot);
        let (effort, size) = (Effort::read(&page.left), page.size);
        let (deeds, next) = self::page(snapshot, owner, page.start, size, effort).await?;
        let hydrated = hydrate(snapshot, owner, &deeds).await?;
        let activities = deeds.iter().map(|deed| activity(&hydrated, deed)).collect();
        let (next_page_token, read_at) = page.tokens_with(next, &[effort.after(deeds.len(), size)]);
        Ok(v1::ListActivitiesResponse { activities, next_page_token, read_at, includes: Some(hydrated.includes()) })
    }
}

fn activity(hydrated: &Hydrated, deed: &Deed) -> v1::Activity {
    let (post, target) = match deed.target {
        Target::Account(account) => (None, hydrated.account_id(account)),
        Target::Post(post) => (hydrated.post(post), None),
    };
    v1::Activity {
        kind: deed.kind,
        actor_id: hydrated.account_id(deed.actor).unwrap_or_default(),
        post,
        target_account_id: target.unwrap_or_default(),
        place: deed.place.unsigned(),
        happened_at: Some(Timestamp(deed.happened_at).to_proto()),
    }
}

//! The home timeline: the skeleton from the store of timelines, and the law.
//!
//! Always: paging to the end gives exactly the law at the checkpoint, whatever was stored, capped, backfilled or pulled; a page may be short,
//! and its token is the last reason examined. Never here: how timelines are stored (see [`timelines`]); the law (see [`crate::law`]).

use shared::model::ids::{AccountKey, Position, PostKey};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::{Includes, TimelineItem};
use shared::sql::rows::Rows;
use shared::sql::statements;
use timelines::Reason;
use tonic::Status;

use super::Answer;
use crate::asking::Asking;
use crate::hydrate::{Hydrated, PostRow};
use crate::law::{self, Candidate};
use crate::pages::{Effort, OfOwner, Page, Question, TIMELINE_PAGES};
use crate::snapshot::{Projections, Snapshot, Value, limit, list};
use crate::vocabulary::VOCABULARY;

/// What this question reads.
pub const READS: Projections = &["timelines_1", "posts_1", "profiles_1", "graph_1", "counts_1", "bookmarks_1"];

/// How many reasons of the skeleton to look at in one go, beyond those that the page needs: most are seen.
const CHUNK_MARGIN: usize = 4;
/// How many chunks one page looks at before it is answered short; each is larger than the one before.
const CHUNKS_MAX: usize = 16;
const CHUNK_MAX: usize = 1_024;

statements! { "home_timeline.sql" with VOCABULARY: SELECT_SEEN_POSTS, SELECT_CANDIDATES }

/// A page of items, and the place after which the next page goes on, if there may be one.
pub async fn page(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    before: Option<Position>,
    size: usize,
    effort: Effort,
) -> Result<(Vec<TimelineItem>, Includes, Option<Position>), Status> {
    let mut before = before.unwrap_or(snapshot.checkpoint.next());
    let (mut entries, mut hydrated) = (Vec::with_capacity(size), Hydrated::default());
    let mut chunk = size + CHUNK_MARGIN;
    let mut next = None;
    let mut chunks = 0;
    while !effort.may_end(chunks, CHUNKS_MAX) {
        chunks += 1;
        let skeleton = snapshot.skeleton(owner, before, chunk).await?;
        for (reason, post) in seen_posts(snapshot, owner, &skeleton, size - entries.len()).await? {
            entries.push(reason);
            hydrated.take(post);
        }
        let last_seen = entries.last().filter(|_| entries.len() == size);
        let last = last_seen.or(skeleton.last().filter(|_| skeleton.len() == chunk));
        next = last.map(|reason| reason.place);
        match next {
            Some(place) if entries.len() < size => before = place,
            Some(_) | None => break,
        }
        chunk = (chunk * 2).min(CHUNK_MAX);
    }
    let (items, includes) = hydrated.into_items(snapshot, &entries, Some(owner)).await?;
    Ok((items, includes, next))
}

/// Of a skeleton, the newest reasons for which the owner sees the posts, so many at most, with these posts. The law and the contents are asked for in
/// one statement: two would cost a page a fifth of its time on SQLite, where each is handed from thread to thread and back.
async fn seen_posts(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    skeleton: &[Reason],
    most: usize,
) -> Result<Vec<(Reason, PostRow)>, Status> {
    if skeleton.is_empty() {
        return Ok(vec![]);
    }
    let reasons: Rows = skeleton.iter().map(|reason| (reason.place, reason.actor, reason.post)).collect();
    let values = [Value::Rows(&reasons), Value::Number(owner.0), Value::Number(snapshot.checkpoint.0), limit(most)];
    let row = snapshot.row(&SELECT_SEEN_POSTS, &values).await?;
    let seen = |(place, actor, post): (i64, i64, PostRow)| {
        (Reason { place: Position(place), actor: AccountKey(actor), post: post.key() }, post)
    };
    Ok(list(&row, "seen")?.into_iter().map(seen).collect())
}

/// Those of these posts that the owner sees now, each at its newest visible reason.
pub async fn seen_now(
    snapshot: &mut Snapshot,
    owner: AccountKey,
    posts: impl IntoIterator<Item = PostKey>,
) -> Result<Vec<Reason>, Status> {
    let up_to = snapshot.checkpoint;
    let wanted: Rows = posts.into_iter().collect();
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let row = snapshot
        .row(&SELECT_CANDIDATES, &[Value::Rows(&wanted), Value::Number(owner.0), Value::Number(up_to.0)])
        .await?;
    let candidate = |(place, actor, post)| {
        let reason = Reason { place: Position(place), actor: AccountKey(actor), post: PostKey(post) };
        Candidate { owner, reason, up_to }
    };
    let candidates: Vec<Candidate> = list(&row, "candidates")?.into_iter().map(candidate).collect();
    let seen = law::seen(snapshot, &candidates).await?;
    Ok(seen.into_iter().map(|number| candidates[number].reason).collect())
}

impl Answer for v1::GetHomeTimelineRequest {
    async fn answer(asking: Asking<'_, Self>) -> Result<Self::Response, Status> {
        let request = asking.request;
        let question = Question("HomeTimeline", READS, TIMELINE_PAGES);
        let mut page = Page::open(asking, question, OfOwner(&request.account_id)).await?;
        let owner = page.key;
        let (effort, size) = (Effort::read(&page.left), page.size);
        let (items, includes, next) = self::page(&mut page.snapshot, owner, page.start, size, effort).await?;
        let (next_page_token, read_at) = page.tokens_with(next, &[effort.after(items.len(), size)]);
        let resume_token = page.resume_token(page.about());
        Ok(v1::GetHomeTimelineResponse { items, next_page_token, read_at, resume_token, includes: Some(includes) })
    }
}

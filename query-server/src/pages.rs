//! What all paged queries share: the same fields, the same checks in the same order, the same tokens.

use shared::model::hashtag;
use shared::model::ids::{AccountId, AccountKey, Position, PostId, PostKey};
use shared::rpc::common_fields::Paged;
use shared::rpc::errors::{ErrorReason, Violations, internal};
use shared::rpc::paging::{PageSizes, page_start};
use tonic::Status;

use crate::asking::{Asking, only_the_owner};
use crate::questions::account::{self, Named};
use crate::questions::post;
use crate::questions::thread::{self, ThreadEntry};
use crate::service::Queries;
use crate::snapshot::{Projections, Snapshot};

/// Page sizes of posts and of what is shown with posts.
pub const TIMELINE_PAGES: PageSizes = PageSizes { default: 20, max: 100 };
/// Page sizes of accounts.
pub const LIST_PAGES: PageSizes = PageSizes { default: 50, max: 200 };

/// What a query is about, as its request names it.
pub trait Scope {
    /// The name once it is parsed.
    type Name: ToString;
    /// The key in the tables.
    type Key;

    /// Parses the name; adds violations.
    fn read(&self, violations: &mut Violations) -> Self::Name;

    /// The account that alone may ask, if there is one.
    fn owner(_: &Self::Name) -> Option<AccountId> {
        None
    }

    /// Finds the key of the name; an error if the viewer may not know of it.
    async fn find(snapshot: &mut Snapshot, name: Self::Name, viewer: Option<AccountKey>) -> Result<Self::Key, Status>;
}

/// An account in the field of this name; anybody may ask.
pub struct OfAccount<'a>(pub &'static str, pub &'a str);

impl Scope for OfAccount<'_> {
    type Name = AccountId;
    type Key = AccountKey;

    fn read(&self, violations: &mut Violations) -> AccountId {
        violations.account(self.0, self.1)
    }

    async fn find(snapshot: &mut Snapshot, id: AccountId, _: Option<AccountKey>) -> Result<AccountKey, Status> {
        account::find(snapshot, &Named::Id(id)).await
    }
}

/// An account of which it alone may ask: it is the viewer, and another viewer is refused.
pub struct OfOwner<'a>(pub &'a str);

impl Scope for OfOwner<'_> {
    type Name = AccountId;
    type Key = AccountKey;

    fn read(&self, violations: &mut Violations) -> AccountId {
        violations.account("account_id", self.0)
    }

    fn owner(id: &AccountId) -> Option<AccountId> {
        Some(*id)
    }

    async fn find(_: &mut Snapshot, _: AccountId, viewer: Option<AccountKey>) -> Result<AccountKey, Status> {
        viewer.ok_or_else(|| internal("the owner of a page is its viewer, and was found as such"))
    }
}

/// A post that the viewer may see.
pub struct OfPost<'a>(pub &'a str);

impl Scope for OfPost<'_> {
    type Name = PostId;
    type Key = PostKey;

    fn read(&self, violations: &mut Violations) -> PostId {
        violations.post("post_id", self.0)
    }

    async fn find(snapshot: &mut Snapshot, id: PostId, viewer: Option<AccountKey>) -> Result<PostKey, Status> {
        post::find(snapshot, id, viewer).await
    }
}

/// A post that the viewer may see, or that was deleted.
pub struct OfThread<'a>(pub &'a str);

impl Scope for OfThread<'_> {
    type Name = PostId;
    type Key = ThreadEntry;

    fn read(&self, violations: &mut Violations) -> PostId {
        violations.post("post_id", self.0)
    }

    async fn find(snapshot: &mut Snapshot, id: PostId, viewer: Option<AccountKey>) -> Result<ThreadEntry, Status> {
        thread::find(snapshot, id, viewer).await
    }
}

/// A hashtag, whether any post has it or not.
pub struct OfTag<'a>(pub &'a str);

impl Scope for OfTag<'_> {
    type Name = String;
    type Key = String;

    fn read(&self, violations: &mut Violations) -> String {
        hashtag::asked_for(self.0).unwrap_or_else(|| {
            let rule = "must be a word of 1–100 letters, marks, digits and underscores, with at least one letter";
            violations.add("tag", ErrorReason::HashtagMalformed, rule);
            String::new()
        })
    }

    async fn find(_: &mut Snapshot, tag: String, _: Option<AccountKey>) -> Result<String, Status> {
        Ok(tag)
    }
}

/// How much work one page may be, where much of what is looked at may be hidden from the viewer.
///
/// Always: a page that is not full though there is more ends at a bound, and after two such pages in a row the next one has none: it ends when
/// it is full, or at the end of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// How many pages before this one were not full.
    short_before: u8,
}

/// Pages in a row that may end before they are full.
const SHORT_IN_A_ROW_MAX: u8 = 2;

impl Effort {
    /// As the page before left it.
    pub fn read(left: &[u8]) -> Self {
        Self { short_before: left.first().copied().unwrap_or_default() }
    }

    /// Whether a page may end before it is full, after it looked at so many of the chunks that each page may look at.
    pub fn may_end(self, chunks: usize, chunks_max: usize) -> bool {
        chunks >= chunks_max && self.short_before < SHORT_IN_A_ROW_MAX
    }

    /// What the next page must know of a page with so many entries.
    pub fn after(self, entries: usize, size: usize) -> u8 {
        let is_short = entries < size;
        if is_short { self.short_before.saturating_add(1).min(SHORT_IN_A_ROW_MAX) } else { 0 }
    }
}

/// A paged query: its name, the projections that it reads, its page sizes.
#[derive(Clone, Copy, Debug)]
pub struct Question(pub &'static str, pub Projections, pub PageSizes);

/// A paged query with checked fields, and the snapshot that answers it.
pub struct Page<'a, K> {
    pub queries: &'a Queries,
    pub snapshot: Snapshot,
    /// What the query is about.
    pub key: K,
    /// The account that looks, if there is one; the owner, where only the owner may.
    pub viewer: Option<AccountKey>,
    /// Where the page before ended; nothing on the first page.
    pub start: Option<Position>,
    /// What the page before left for this one.
    pub left: Vec<u8>,
    /// How many entries the page may have.
    pub size: usize,
    arguments: [String; 3],
}

impl<'a, K> Page<'a, K> {
    /// Checks the fields and takes a snapshot.
    pub async fn open<R: Paged, S: Scope<Key = K>>(
        mut asking: Asking<'a, R>,
        Question(name, reads, sizes): Question,
        subject: S,
    ) -> Result<Self, Status> {
        let Asking { request, queries, .. } = asking;
        let named = subject.read(&mut asking.violations);
        let size = sizes.read(request.page_size(), &mut asking.violations);
        let mut checked = asking.check()?;
        if let Some(owner) = S::owner(&named) {
            only_the_owner(owner, checked.viewer)?;
            checked.viewer = Some(owner);
        }
        // The viewer in its canonical form, so that page tokens do not depend on how the client spelled it.
        let viewer_text = checked.viewer.map(|viewer| viewer.to_string()).unwrap_or_default();
        let arguments = [name.to_owned(), named.to_string(), viewer_text];
        let start = page_start(&queries.tokens, request.page_token(), &arguments.each_ref().map(String::as_str))?;
        let (start, left) = match start {
            Some((token, left)) => (Some(queries.freshness.compared(token).await?), left),
            None => (None, vec![]),
        };

        let (mut snapshot, viewer) = checked.snapshot(reads).await?;
        let key = S::find(&mut snapshot, named, viewer).await?;
        Ok(Self { queries, snapshot, key, viewer, start, left, size, arguments })
    }

    /// What the query is about, as text: an id, or the tag.
    pub fn about(&self) -> &str {
        &self.arguments[1]
    }

    /// The id of the viewer; empty if there is none.
    pub fn viewer_id(&self) -> &str {
        &self.arguments[2]
    }

    /// The token of the next page, and that of the checkpoint that was read.
    pub fn tokens(&self, next: Option<Position>) -> (String, String) {
        self.tokens_with(next, &[])
    }

    /// The same, with what this page leaves for the next one.
    pub fn tokens_with(&self, next: Option<Position>, state: &[u8]) -> (String, String) {
        let (tokens, anchor) = (&self.queries.tokens, self.snapshot.anchor);
        let arguments = self.arguments.each_ref().map(String::as_str);
        let next = next.map(|place| tokens.seal_page_with(&arguments, place, state, anchor)).unwrap_or_default();
        (next, tokens.seal(anchor))
    }

    /// The token with which a stream of this name goes on where the page was read.
    pub fn resume_token(&self, stream: &str) -> String {
        self.queries.tokens.seal_resume(stream, self.snapshot.checkpoint, self.snapshot.anchor)
    }
}

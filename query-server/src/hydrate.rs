//! Hydrate and present: what the rows of a page are now, as the contract has it, in one query for the whole page.

use std::collections::HashMap;

use shared::clock::Timestamp;
use shared::ids::{AccountId, AccountKey, Position, PostId, PostKey};
use shared::proto::common::AccountKind;
use shared::proto::query::{Account, Post, TimelineItem};
use shared::rows::Rows;
use sqlx::sqlite::SqliteRow;
use tonic::Status;
use uuid::Uuid;

use crate::sight::visible;
use crate::snapshot::{Snapshot, Value, column};

/// $1 the accounts.
const SELECT_ACCOUNTS: &str = "
SELECT profiles.*, COALESCE(followers, 0) AS followers, COALESCE(following, 0) AS following, COALESCE(posts, 0) AS posts
FROM json_each($1) AS wanted
JOIN profiles_1 AS profiles ON profiles.account = wanted.value
LEFT JOIN counts_1_accounts AS counts ON counts.account = profiles.account";
/// $1 the posts, $2 the viewer.
const SELECT_POSTS: &str = concat!(
    "
SELECT posts.post, posts.post_id, posts.author, author.account_id AS author_id, posts.text, posts.created_at,
       posts.edited_at, parent.post_id AS parent_id, parent_author.account_id AS parent_author_id,
       quoted.post_id AS quoted_id, COALESCE(",
    visible!("quoted", "quoted_author", "$2"),
    ", 0) AS quoted_visible,
       COALESCE(likes, 0) AS likes, COALESCE(reposts, 0) AS reposts, COALESCE(replies, 0) AS replies,
       EXISTS (SELECT 1 FROM posts_1_likes WHERE account = $2 AND post = posts.post) AS liked,
       EXISTS (SELECT 1 FROM posts_1_reposts WHERE account = $2 AND post = posts.post) AS reposted,
       EXISTS (SELECT 1 FROM bookmarks_1 WHERE account = $2 AND post = posts.post) AS bookmarked
FROM json_each($1) AS wanted
JOIN posts_1 AS posts ON posts.post = wanted.value
JOIN profiles_1 AS author ON author.account = posts.author
LEFT JOIN posts_1 AS parent ON parent.post = posts.reply_to
LEFT JOIN profiles_1 AS parent_author ON parent_author.account = posts.reply_to_author
LEFT JOIN posts_1 AS quoted ON quoted.post = posts.quoted
LEFT JOIN profiles_1 AS quoted_author ON quoted_author.account = quoted.author
LEFT JOIN counts_1_posts AS counts ON counts.post = posts.post"
);

/// Why a post is on a page, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The position of the reason.
    pub place: Position,
    /// Who posted or reposted.
    pub actor: AccountKey,
    /// What.
    pub post: PostKey,
}

impl Entry {
    /// A post's own place is its key; anything else is a repost.
    pub fn is_repost(&self) -> bool {
        self.place.0 != self.post.0
    }
}

/// What a page shows, by key: fetched at once, then put together as the contract wants it.
#[derive(Default)]
pub struct Hydrated {
    posts: HashMap<PostKey, (Post, AccountKey)>,
    accounts: HashMap<AccountKey, Account>,
}

impl Hydrated {
    /// These posts as the viewer sees them, their authors, and these accounts.
    pub async fn load(
        snapshot: &mut Snapshot,
        posts: &[PostKey],
        accounts: &[AccountKey],
        viewer: Option<AccountKey>,
    ) -> Result<Self, Status> {
        let posts = if posts.is_empty() { HashMap::new() } else { posts_by_key(snapshot, posts, viewer).await? };
        let mut people: Vec<AccountKey> = posts.values().map(|(_, author)| *author).collect();
        people.extend(accounts);
        people.sort_unstable();
        people.dedup();
        Ok(Self { posts, accounts: accounts_by_key(snapshot, &people).await? })
    }

    /// A post that was asked for.
    pub fn post(&self, key: PostKey) -> Option<Post> {
        self.posts.get(&key).map(|(post, _)| post.clone())
    }

    /// The author of a post that was asked for.
    pub fn author_of(&self, key: PostKey) -> Option<Account> {
        self.posts.get(&key).and_then(|(_, author)| self.account(*author))
    }

    /// An account that was asked for.
    pub fn account(&self, key: AccountKey) -> Option<Account> {
        self.accounts.get(&key).cloned()
    }

    fn item(&self, place: Position, post: PostKey, reposter: Option<AccountKey>) -> Option<TimelineItem> {
        let reposter = reposter.and_then(|reposter| self.accounts.get(&reposter));
        Some(TimelineItem {
            post: Some(self.post(post)?),
            author: self.author_of(post),
            reposted_by_account_id: reposter.map(|account| account.account_id.clone()).unwrap_or_default(),
            place: place.unsigned(),
        })
    }
}

/// The accounts as the contract has them, in the order asked for.
pub async fn accounts(snapshot: &mut Snapshot, keys: &[AccountKey]) -> Result<Vec<Account>, Status> {
    let found = accounts_by_key(snapshot, keys).await?;
    Ok(keys.iter().filter_map(|key| found.get(key).cloned()).collect())
}

/// The posts as the contract has them, in the order asked for.
pub async fn posts(snapshot: &mut Snapshot, keys: &[PostKey], viewer: Option<AccountKey>) -> Result<Vec<Post>, Status> {
    let mut found = posts_by_key(snapshot, keys, viewer).await?;
    Ok(keys.iter().filter_map(|key| found.remove(key).map(|(post, _)| post)).collect())
}

/// The items of a timeline page, in the order of the entries.
pub async fn items(
    snapshot: &mut Snapshot,
    entries: &[Entry],
    viewer: Option<AccountKey>,
) -> Result<Vec<TimelineItem>, Status> {
    let posts: Vec<PostKey> = entries.iter().map(|entry| entry.post).collect();
    let actors: Vec<AccountKey> = entries.iter().map(|entry| entry.actor).collect();
    let hydrated = Hydrated::load(snapshot, &posts, &actors, viewer).await?;
    let item = |entry: &Entry| hydrated.item(entry.place, entry.post, entry.is_repost().then_some(entry.actor));
    Ok(entries.iter().filter_map(item).collect())
}

/// The items of a page of posts that are there for themselves, each with its place.
pub async fn listed(
    snapshot: &mut Snapshot,
    listed: &[(Position, PostKey)],
    viewer: Option<AccountKey>,
) -> Result<Vec<TimelineItem>, Status> {
    let posts: Vec<PostKey> = listed.iter().map(|(_, post)| *post).collect();
    let hydrated = Hydrated::load(snapshot, &posts, &[], viewer).await?;
    Ok(listed.iter().filter_map(|(place, post)| hydrated.item(*place, *post, None)).collect())
}

async fn accounts_by_key(snapshot: &mut Snapshot, keys: &[AccountKey]) -> Result<HashMap<AccountKey, Account>, Status> {
    let wanted = keys.iter().collect::<Rows>().finish();
    let rows = snapshot.rows(SELECT_ACCOUNTS, &[Value::Text(&wanted)]).await?;
    rows.iter().map(|row| Ok((AccountKey(column(row, "account")?), account(row)?))).collect()
}

async fn posts_by_key(
    snapshot: &mut Snapshot,
    keys: &[PostKey],
    viewer: Option<AccountKey>,
) -> Result<HashMap<PostKey, (Post, AccountKey)>, Status> {
    let wanted = keys.iter().collect::<Rows>().finish();
    let rows = snapshot.rows(SELECT_POSTS, &[Value::Text(&wanted), viewer_value(viewer)]).await?;
    let entry = |row: &SqliteRow| Ok((PostKey(column(row, "post")?), (post(row)?, AccountKey(column(row, "author")?))));
    rows.iter().map(entry).collect()
}

/// The viewer as queries take it: 0 is nobody.
pub fn viewer_value(viewer: Option<AccountKey>) -> Value<'static> {
    Value::Number(viewer.map_or(0, |viewer| viewer.0))
}

fn account(row: &SqliteRow) -> Result<Account, Status> {
    let kind = match column::<bool>(row, "organization")? {
        true => AccountKind::Organization,
        false => AccountKind::User,
    };
    Ok(Account {
        account_id: AccountId(column(row, "account_id")?).to_string(),
        handle: column(row, "handle")?,
        display_name: column(row, "display_name")?,
        bio: column(row, "bio")?,
        kind: kind.into(),
        protected: column(row, "protected")?,
        follower_count: column(row, "followers")?,
        following_count: column(row, "following")?,
        post_count: column(row, "posts")?,
        created_at: Some(Timestamp(column(row, "created_at")?).to_proto()),
    })
}

fn post(row: &SqliteRow) -> Result<Post, Status> {
    let id = |name| Ok::<_, Status>(column::<Option<Uuid>>(row, name)?.map(|id| id.to_string()).unwrap_or_default());
    let quoted_post_id = id("quoted_id")?;
    Ok(Post {
        post_id: PostId(column(row, "post_id")?).to_string(),
        author_id: id("author_id")?,
        text: column(row, "text")?,
        reply_to_post_id: id("parent_id")?,
        reply_to_account_id: id("parent_author_id")?,
        quoted_post_unavailable: !quoted_post_id.is_empty() && !column::<bool>(row, "quoted_visible")?,
        quoted_post_id,
        like_count: column(row, "likes")?,
        repost_count: column(row, "reposts")?,
        reply_count: column(row, "replies")?,
        created_at: Some(Timestamp(column(row, "created_at")?).to_proto()),
        edited_at: column::<Option<i64>>(row, "edited_at")?.map(|at| Timestamp(at).to_proto()),
        liked: column(row, "liked")?,
        reposted: column(row, "reposted")?,
        bookmarked: column(row, "bookmarked")?,
    })
}

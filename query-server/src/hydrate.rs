//! Hydrate and present: what the rows of a page are now, as the contract has it, in one query for the whole page.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use shared::model::clock::Timestamp;
use shared::model::ids::{AccountKey, Position, PostKey};
use shared::rpc::proto::common::AccountKind;
use shared::rpc::proto::query::{Account, Post, ThreadPost, TimelineItem};
use shared::sql::rows::Rows;
use shared::sql::statements;
use timelines::Reason;
use tonic::Status;
use uuid::Uuid;

use crate::snapshot::{Snapshot, Value, list};
use crate::vocabulary::VOCABULARY;

statements! { "hydrate.sql" with VOCABULARY: SELECT_ACCOUNTS, SELECT_POSTS, SELECT_OWN }

/// A yes or a no in JSON: SQLite says 1 or 0.
#[derive(Clone, Copy)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    // An untagged enum would do, but makes an error, with its line and column, of each number before it tries the next.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Spelled;

        impl Visitor<'_> for Spelled {
            type Value = Flag;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a yes or a no, or a number that is one")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(flag))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }
        }

        deserializer.deserialize_any(Spelled)
    }
}

/// An account as the tables have it, in the order of its columns in the fragment `account_row`.
#[derive(Deserialize)]
struct AccountRow {
    key: i64,
    id: Uuid,
    handle: String,
    display_name: String,
    bio: String,
    organization: Flag,
    protected: Flag,
    active: Flag,
    created_at: i64,
    followers: i64,
    following: i64,
    posts: i64,
}

/// A post as the tables have it, in the order of its columns in the fragment `post_row`.
#[derive(Deserialize)]
pub struct PostRow {
    key: i64,
    id: Uuid,
    text: String,
    created_at: i64,
    edited_at: Option<i64>,
    parent: Option<Uuid>,
    parent_author: Option<Uuid>,
    quoted: Option<Uuid>,
    likes: i64,
    reposts: i64,
    replies: i64,
    own: OwnRow,
    author: AccountRow,
}

impl PostRow {
    pub fn key(&self) -> PostKey {
        PostKey(self.key)
    }
}

/// What is each viewer's own of a post, in the order of its columns in the fragment `own_row`.
#[derive(Clone, Copy, Deserialize)]
struct OwnRow {
    quoted_visible: Flag,
    liked: Flag,
    reposted: Flag,
    bookmarked: Flag,
}

impl OwnRow {
    fn put_into(self, post: &mut Post) {
        post.quoted_post_unavailable = !post.quoted_post_id.is_empty() && !self.quoted_visible.0;
        (post.liked, post.reposted, post.bookmarked) = (self.liked.0, self.reposted.0, self.bookmarked.0);
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
        let mut hydrated = Self::default();
        if !posts.is_empty() {
            let wanted = posts.iter().collect();
            let found = snapshot.row(&SELECT_POSTS, &[Value::Rows(&wanted), viewer_value(viewer)]).await?;
            for row in list::<PostRow>(&found, "found")? {
                hydrated.take(row);
            }
        }
        hydrated.load_accounts(snapshot, accounts).await?;
        Ok(hydrated)
    }

    /// These accounts, as far as they are not here already.
    async fn load_accounts(&mut self, snapshot: &mut Snapshot, accounts: &[AccountKey]) -> Result<(), Status> {
        let missing: BTreeSet<AccountKey> =
            accounts.iter().filter(|key| !self.accounts.contains_key(key)).copied().collect();
        if !missing.is_empty() {
            let wanted = missing.iter().collect();
            let found = snapshot.row(&SELECT_ACCOUNTS, &[Value::Rows(&wanted)]).await?;
            for row in list::<AccountRow>(&found, "found")? {
                self.accounts.insert(AccountKey(row.key), account(row));
            }
        }
        Ok(())
    }

    /// A post that was read, and its author.
    pub fn take(&mut self, row: PostRow) {
        let author = AccountKey(row.author.key);
        let author_id = row.author.id;
        let mut post = Post {
            post_id: row.id.to_string(),
            author_id: author_id.to_string(),
            text: row.text,
            reply_to_post_id: id(row.parent),
            reply_to_account_id: id(row.parent_author),
            quoted_post_id: id(row.quoted),
            like_count: row.likes,
            repost_count: row.reposts,
            reply_count: row.replies,
            created_at: Some(Timestamp(row.created_at).to_proto()),
            edited_at: row.edited_at.map(|at| Timestamp(at).to_proto()),
            ..Post::default()
        };
        row.own.put_into(&mut post);
        self.posts.insert(PostKey(row.key), (post, author));
        self.accounts.entry(author).or_insert_with(|| account(row.author));
    }

    /// The items of a timeline page whose posts are here, in the order of the entries.
    pub async fn into_items(
        mut self,
        snapshot: &mut Snapshot,
        entries: &[Reason],
    ) -> Result<Vec<TimelineItem>, Status> {
        let reposts = entries.iter().filter(|entry| entry.is_repost());
        let reposters: Vec<AccountKey> = reposts.map(|entry| entry.actor).collect();
        self.load_accounts(snapshot, &reposters).await?;
        Ok(entries.iter().filter_map(|entry| self.item(entry)).collect())
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

    /// A post that was asked for, with its author, as the contract has it in a thread.
    pub fn thread_post(&self, key: PostKey) -> ThreadPost {
        ThreadPost { post: self.post(key), author: self.author_of(key) }
    }

    /// A post as an item, wherever and for whatever reason it is on the page.
    fn item_of(&self, post: PostKey) -> Option<TimelineItem> {
        let (author, post) = (self.author_of(post), Some(self.post(post)?));
        Some(TimelineItem { post, author, ..TimelineItem::default() })
    }

    /// An item of a timeline.
    fn item(&self, entry: &Reason) -> Option<TimelineItem> {
        let reposter = self.accounts.get(&entry.actor).filter(|_| entry.is_repost());
        Some(TimelineItem {
            reposted_by_account_id: reposter.map(|account| account.account_id.clone()).unwrap_or_default(),
            place: entry.place.unsigned(),
            ..self.item_of(entry.post)?
        })
    }
}

/// The accounts as the contract has them, in the order asked for.
pub async fn accounts(snapshot: &mut Snapshot, keys: &[AccountKey]) -> Result<Vec<Account>, Status> {
    let hydrated = Hydrated::load(snapshot, &[], keys, None).await?;
    Ok(keys.iter().filter_map(|key| hydrated.account(*key)).collect())
}

/// The posts as the contract has them, in the order asked for.
pub async fn posts(snapshot: &mut Snapshot, keys: &[PostKey], viewer: Option<AccountKey>) -> Result<Vec<Post>, Status> {
    let hydrated = Hydrated::load(snapshot, keys, &[], viewer).await?;
    Ok(keys.iter().filter_map(|key| hydrated.post(*key)).collect())
}

/// The items of a timeline page, in the order of the entries.
pub async fn items(
    snapshot: &mut Snapshot,
    entries: &[Reason],
    viewer: Option<AccountKey>,
) -> Result<Vec<TimelineItem>, Status> {
    let posts: Vec<PostKey> = entries.iter().map(|entry| entry.post).collect();
    Hydrated::load(snapshot, &posts, &[], viewer).await?.into_items(snapshot, entries).await
}

/// The items of the timelines of several viewers, each as its viewer sees it; in the order of the entries, and nothing for a post that
/// is not there.
pub async fn items_of_viewers(
    snapshot: &mut Snapshot,
    entries: &[(AccountKey, Reason)],
) -> Result<Vec<Option<TimelineItem>>, Status> {
    let wanted = entries.iter().map(|(viewer, entry)| (Some(*viewer), entry.post)).collect();
    let reposts = entries.iter().filter(|(_, entry)| entry.is_repost());
    let reposters: Vec<AccountKey> = reposts.map(|(_, entry)| entry.actor).collect();
    let views = Views::load(snapshot, &wanted, &reposters).await?;
    let item = |(viewer, entry): &(AccountKey, Reason)| {
        let mut item = views.shared.item(entry)?;
        views.own(Some(*viewer), entry.post, item.post.as_mut());
        Some(item)
    };
    Ok(entries.iter().map(item).collect())
}

/// What several viewers see of posts: what all see alike is read once for each post, and only what is each viewer's own for each of both.
pub struct Views {
    /// As nobody in particular sees them.
    shared: Hydrated,
    own: HashMap<(AccountKey, PostKey), OwnRow>,
}

impl Views {
    /// These posts, each as its viewer sees it, their authors, and these accounts.
    pub async fn load(
        snapshot: &mut Snapshot,
        wanted: &BTreeSet<(Option<AccountKey>, PostKey)>,
        accounts: &[AccountKey],
    ) -> Result<Self, Status> {
        let posts: BTreeSet<PostKey> = wanted.iter().map(|(_, post)| *post).collect();
        let posts: Vec<PostKey> = posts.into_iter().collect();
        let shared = Hydrated::load(snapshot, &posts, accounts, None).await?;
        let own: Rows = wanted.iter().filter_map(|(viewer, post)| Some(((*viewer)?, post))).collect();
        let own = match own.is_empty() {
            true => vec![],
            false => list::<(i64, i64, OwnRow)>(&snapshot.row(&SELECT_OWN, &[Value::Rows(&own)]).await?, "found")?,
        };
        let own = own.into_iter().map(|(viewer, post, own)| ((AccountKey(viewer), PostKey(post)), own)).collect();
        Ok(Self { shared, own })
    }

    /// A post that was asked for, with its author, as a viewer sees it in a thread.
    pub fn thread_post(&self, viewer: Option<AccountKey>, key: PostKey) -> ThreadPost {
        let mut shown = self.shared.thread_post(key);
        self.own(viewer, key, shown.post.as_mut());
        shown
    }

    /// Puts what is a viewer's own into a post.
    fn own(&self, viewer: Option<AccountKey>, key: PostKey, post: Option<&mut Post>) {
        let own = viewer.and_then(|viewer| self.own.get(&(viewer, key)));
        if let (Some(own), Some(post)) = (own, post) {
            own.put_into(post);
        }
    }
}

/// The items of a page of posts that are there for themselves, each with its place.
pub async fn listed(
    snapshot: &mut Snapshot,
    listed: &[(Position, PostKey)],
    viewer: Option<AccountKey>,
) -> Result<Vec<TimelineItem>, Status> {
    let posts: Vec<PostKey> = listed.iter().map(|(_, post)| *post).collect();
    let hydrated = Hydrated::load(snapshot, &posts, &[], viewer).await?;
    let item = |(place, post): &(Position, PostKey)| {
        Some(TimelineItem { place: place.unsigned(), ..hydrated.item_of(*post)? })
    };
    Ok(listed.iter().filter_map(item).collect())
}

/// The viewer as queries take it.
pub fn viewer_value(viewer: Option<AccountKey>) -> Value<'static> {
    Value::Number(viewer_key(viewer).0)
}

/// The viewer as rows have it: 0 is nobody.
pub fn viewer_key(viewer: Option<AccountKey>) -> AccountKey {
    viewer.unwrap_or(AccountKey(0))
}

/// Of a deactivated account, whoever finds it in a list of their own sees no more than which one it is.
fn account(row: AccountRow) -> Account {
    let kind = if row.organization.0 { AccountKind::Organization } else { AccountKind::User };
    if !row.active.0 {
        let (account_id, handle, kind) = (row.id.to_string(), row.handle, kind.into());
        return Account { account_id, handle, kind, deactivated: true, ..Account::default() };
    }
    Account {
        account_id: row.id.to_string(),
        handle: row.handle,
        display_name: row.display_name,
        bio: row.bio,
        kind: kind.into(),
        protected: row.protected.0,
        follower_count: row.followers,
        following_count: row.following,
        post_count: row.posts,
        created_at: Some(Timestamp(row.created_at).to_proto()),
        deactivated: false,
    }
}

/// An id as the contract has it; absent is empty.
fn id(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

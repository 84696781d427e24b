//! Hydrate and present: what the rows of a page are now, and what they refer to, as the contract has it.
//!
//! Always: a page asks once for its posts, once for those that they refer to, and once for the accounts of all, however many there are.

mod rows;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared::model::ids::{AccountKey, Position, PostKey};
use shared::rpc::proto::query::{Account, Includes, Post, TimelineItem, UnavailablePost, UnavailableReason};
use shared::sql::rows::Rows;
use shared::sql::statements;
use timelines::Reason;
use tonic::Status;

use self::rows::{AccountRow, OwnRow};
pub use self::rows::{Flag, PostRow, StandingRow, taken_down};
use crate::snapshot::{Snapshot, Value, list};
use crate::vocabulary::VOCABULARY;

statements! { "hydrate.sql" with VOCABULARY: SELECT_ACCOUNTS, SELECT_ACCOUNTS_FOR, SELECT_POSTS, SELECT_OWN, SELECT_REFERRED }

/// A post that is shown, and what it refers to.
struct Shown {
    post: Post,
    author: AccountKey,
    /// The posts that it quotes and answers.
    referred: Vec<PostKey>,
    /// The author of the post that it answers.
    answered: Option<AccountKey>,
}

impl Shown {
    /// Those whose names stand beside the post.
    fn people(&self) -> impl Iterator<Item = AccountKey> {
        self.answered.into_iter().chain([self.author])
    }
}

impl From<PostRow> for Shown {
    fn from(row: PostRow) -> Self {
        let referred = [row.quoted_key, row.parent_key].into_iter().flatten().map(PostKey).collect();
        let (author, answered) = (AccountKey(row.author_key), row.parent_author_key.map(AccountKey));
        Self { post: row.post(), author, referred, answered }
    }
}

/// A post that another one quotes or answers.
enum Referred {
    Visible(Box<Shown>),
    Unavailable(UnavailablePost),
}

impl Referred {
    fn author(&self) -> Option<AccountKey> {
        match self {
            Self::Visible(shown) => Some(shown.author),
            Self::Unavailable(_) => None,
        }
    }
}

/// Posts that others refer to, each as its viewer sees it; 0 is nobody.
async fn referred(
    snapshot: &mut Snapshot,
    wanted: &BTreeSet<(AccountKey, PostKey)>,
) -> Result<BTreeMap<(AccountKey, PostKey), Referred>, Status> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted: Rows = wanted.iter().collect();
    let row = snapshot.row(&SELECT_REFERRED, &[Value::Rows(&wanted)]).await?;
    let referred = |(viewer, is_visible, was_deleted, row): (i64, Flag, Flag, PostRow)| {
        let post = row.key();
        let reason = match was_deleted.0 {
            true => UnavailableReason::Deleted,
            false => UnavailableReason::Unspecified,
        };
        let referred = match is_visible.0 {
            true => Referred::Visible(Box::new(row.into())),
            false => Referred::Unavailable(UnavailablePost { post_id: row.id.to_string(), reason: reason.into() }),
        };
        ((AccountKey(viewer), post), referred)
    };
    Ok(list(&row, "found")?.into_iter().map(referred).collect())
}

/// What a page shows, by key: fetched at once, then put together as the contract wants it.
#[derive(Default)]
pub struct Hydrated {
    posts: HashMap<PostKey, Shown>,
    /// The posts that they refer to, each as a viewer sees it; 0 is nobody.
    referred: BTreeMap<(AccountKey, PostKey), Referred>,
    accounts: BTreeMap<AccountKey, Account>,
}

impl Hydrated {
    /// These posts as the viewer sees them, all that they refer to, and these accounts.
    pub async fn load(
        snapshot: &mut Snapshot,
        posts: &[PostKey],
        accounts: impl Iterator<Item = AccountKey>,
        viewer: Option<AccountKey>,
    ) -> Result<Self, Status> {
        let mut hydrated = Self::of_posts(snapshot, posts, viewer).await?;
        hydrated.refer(snapshot, accounts, viewer).await?;
        Ok(hydrated)
    }

    /// These posts without what they refer to.
    async fn of_posts(snapshot: &mut Snapshot, posts: &[PostKey], viewer: Option<AccountKey>) -> Result<Self, Status> {
        let mut hydrated = Self::default();
        if !posts.is_empty() {
            let wanted = posts.iter().collect();
            let found = snapshot.row(&SELECT_POSTS, &[Value::Rows(&wanted), viewer_value(viewer)]).await?;
            list::<PostRow>(&found, "found")?.into_iter().for_each(|row| hydrated.take(row));
        }
        Ok(hydrated)
    }

    /// These accounts, as far as they are not here already, with what the viewer is to them.
    async fn load_accounts(
        &mut self,
        snapshot: &mut Snapshot,
        accounts: impl Iterator<Item = AccountKey>,
        viewer: Option<AccountKey>,
    ) -> Result<(), Status> {
        let missing: BTreeSet<AccountKey> = accounts.filter(|key| !self.accounts.contains_key(key)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let wanted = missing.iter().collect();
        let wanted = Value::Rows(&wanted);
        let Some(viewer) = viewer else {
            let found = snapshot.row(&SELECT_ACCOUNTS, &[wanted]).await?;
            let keyed = |row: AccountRow| (row.key(), row.account());
            self.accounts.extend(list(&found, "found")?.into_iter().map(keyed));
            return Ok(());
        };
        let found = snapshot.row(&SELECT_ACCOUNTS_FOR, &[wanted, Value::Number(viewer.0)]).await?;
        let keyed = |(row, standing): (AccountRow, StandingRow)| {
            let key = row.key();
            let standing = (row.is_shown() && key != viewer).then(|| standing.relationship());
            (key, Account { viewer: standing, ..row.account() })
        };
        self.accounts.extend(list(&found, "found")?.into_iter().map(keyed));
        Ok(())
    }

    /// A post that was read.
    pub fn take(&mut self, row: PostRow) {
        self.posts.insert(row.key(), row.into());
    }

    /// Reads all that these posts refer to, but for one another, and these accounts.
    async fn refer(
        &mut self,
        snapshot: &mut Snapshot,
        accounts: impl Iterator<Item = AccountKey>,
        viewer: Option<AccountKey>,
    ) -> Result<(), Status> {
        let mut wanted: BTreeSet<(AccountKey, PostKey)> = BTreeSet::new();
        for shown in self.posts.values() {
            let others = shown.referred.iter().filter(|post| !self.posts.contains_key(post));
            wanted.extend(others.map(|post| (viewer_key(viewer), *post)));
        }
        self.refer_to(snapshot, &wanted, accounts, viewer).await
    }

    /// Reads these posts that others refer to, each as its viewer sees it, and all accounts that are named.
    async fn refer_to(
        &mut self,
        snapshot: &mut Snapshot,
        wanted: &BTreeSet<(AccountKey, PostKey)>,
        accounts: impl Iterator<Item = AccountKey>,
        viewer: Option<AccountKey>,
    ) -> Result<(), Status> {
        self.referred = referred(snapshot, wanted).await?;
        let shown = self.posts.values().flat_map(Shown::people);
        let people: Vec<AccountKey> =
            shown.chain(self.referred.values().filter_map(Referred::author)).chain(accounts).collect();
        self.load_accounts(snapshot, people.into_iter(), viewer).await
    }

    /// All that the posts of the page refer to.
    pub fn includes(&self) -> Includes {
        includes(self.accounts.values(), self.referred.values())
    }

    /// What one entry of the page refers to: its post, if it has one, as this viewer sees it, and these accounts.
    pub fn includes_of(
        &self,
        viewer: Option<AccountKey>,
        post: Option<PostKey>,
        accounts: impl Iterator<Item = AccountKey>,
    ) -> Includes {
        let shown = post.and_then(|post| self.posts.get(&post));
        let posts = shown.iter().flat_map(|shown| &shown.referred);
        let referred: Vec<&Referred> =
            posts.filter_map(|post| self.referred.get(&(viewer_key(viewer), *post))).collect();
        let people = shown.iter().flat_map(|shown| shown.people()).chain(accounts);
        let people: BTreeSet<AccountKey> = people.chain(referred.iter().filter_map(|one| one.author())).collect();
        includes(people.iter().filter_map(|key| self.accounts.get(key)), referred.into_iter())
    }

    /// The items of a timeline page whose posts are here, in the order of the entries, and what they refer to.
    pub async fn into_items(
        mut self,
        snapshot: &mut Snapshot,
        entries: &[Reason],
        viewer: Option<AccountKey>,
    ) -> Result<(Vec<TimelineItem>, Includes), Status> {
        let reposters = entries.iter().filter(|entry| entry.is_repost()).map(|entry| entry.actor);
        self.refer(snapshot, reposters, viewer).await?;
        Ok((entries.iter().filter_map(|entry| self.item(entry)).collect(), self.includes()))
    }

    /// A post that was asked for.
    pub fn post(&self, key: PostKey) -> Option<Post> {
        self.posts.get(&key).map(|shown| shown.post.clone())
    }

    /// The id of an account that was asked for.
    pub fn account_id(&self, key: AccountKey) -> Option<String> {
        self.accounts.get(&key).map(|account| account.account_id.clone())
    }

    /// An item of a timeline.
    fn item(&self, entry: &Reason) -> Option<TimelineItem> {
        let reposter = self.accounts.get(&entry.actor).filter(|_| entry.is_repost());
        Some(TimelineItem {
            post: Some(self.post(entry.post)?),
            reposted_by_account_id: reposter.map(|account| account.account_id.clone()).unwrap_or_default(),
            place: entry.place.unsigned(),
        })
    }
}

/// What posts refer to. Who is deactivated or suspended is not shown.
fn includes<'a>(accounts: impl Iterator<Item = &'a Account>, referred: impl Iterator<Item = &'a Referred>) -> Includes {
    let mut includes = Includes {
        accounts: accounts.filter(|account| !account.deactivated).cloned().collect(),
        ..Includes::default()
    };
    for referred in referred {
        match referred {
            Referred::Visible(shown) => includes.posts.push(shown.post.clone()),
            Referred::Unavailable(post) => includes.unavailable_posts.push(post.clone()),
        }
    }
    includes
}

/// The accounts as the contract has them, in the order asked for, with what the viewer is to them.
pub async fn accounts(
    snapshot: &mut Snapshot,
    keys: &[AccountKey],
    viewer: Option<AccountKey>,
) -> Result<Vec<Account>, Status> {
    let mut hydrated = Hydrated::default();
    hydrated.load_accounts(snapshot, keys.iter().copied(), viewer).await?;
    Ok(keys.iter().filter_map(|key| hydrated.accounts.get(key).cloned()).collect())
}

/// The posts as the contract has them, in the order asked for, and what they refer to.
pub async fn posts(
    snapshot: &mut Snapshot,
    keys: &[PostKey],
    viewer: Option<AccountKey>,
) -> Result<(Vec<Post>, Includes), Status> {
    let hydrated = Hydrated::load(snapshot, keys, std::iter::empty(), viewer).await?;
    Ok((keys.iter().filter_map(|key| hydrated.post(*key)).collect(), hydrated.includes()))
}

/// The items of a timeline page, in the order of the entries, and what they refer to.
pub async fn items(
    snapshot: &mut Snapshot,
    entries: &[Reason],
    viewer: Option<AccountKey>,
) -> Result<(Vec<TimelineItem>, Includes), Status> {
    let posts: Vec<PostKey> = entries.iter().map(|entry| entry.post).collect();
    Hydrated::of_posts(snapshot, &posts, viewer).await?.into_items(snapshot, entries, viewer).await
}

/// The items of the timelines of several viewers, each as its viewer sees it, with what it refers to; in the order of the entries, and nothing
/// for a post that is not there.
pub async fn items_of_viewers(
    snapshot: &mut Snapshot,
    entries: &[(AccountKey, Reason)],
) -> Result<Vec<Option<(TimelineItem, Includes)>>, Status> {
    let wanted = entries.iter().map(|(viewer, entry)| (Some(*viewer), entry.post)).collect();
    let reposters = entries.iter().filter(|(_, entry)| entry.is_repost()).map(|(_, entry)| entry.actor);
    let views = Views::load(snapshot, &wanted, reposters).await?;
    let item = |(viewer, entry): &(AccountKey, Reason)| {
        let mut item = views.shared.item(entry)?;
        views.own(Some(*viewer), entry.post, item.post.as_mut());
        Some((item, views.shared.includes_of(Some(*viewer), Some(entry.post), [entry.actor].into_iter())))
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
    /// These posts, each as its viewer sees it, what they refer to, and these accounts.
    pub async fn load(
        snapshot: &mut Snapshot,
        wanted: &BTreeSet<(Option<AccountKey>, PostKey)>,
        accounts: impl Iterator<Item = AccountKey>,
    ) -> Result<Self, Status> {
        let mut views = Self::of_posts(snapshot, wanted).await?;
        let refers = |(viewer, post): &(Option<AccountKey>, PostKey)| {
            let shown = views.shared.posts.get(post);
            let posts = shown.map(|shown| shown.referred.clone()).unwrap_or_default();
            let viewer = viewer_key(*viewer);
            posts.into_iter().map(move |post| (viewer, post)).collect::<Vec<_>>()
        };
        let referred = wanted.iter().flat_map(refers).collect();
        views.shared.refer_to(snapshot, &referred, accounts, None).await?;
        Ok(views)
    }

    /// These posts without what they refer to.
    async fn of_posts(
        snapshot: &mut Snapshot,
        wanted: &BTreeSet<(Option<AccountKey>, PostKey)>,
    ) -> Result<Self, Status> {
        let posts: BTreeSet<PostKey> = wanted.iter().map(|(_, post)| *post).collect();
        let posts: Vec<PostKey> = posts.into_iter().collect();
        let shared = Hydrated::of_posts(snapshot, &posts, None).await?;
        let own: Rows = wanted.iter().filter_map(|(viewer, post)| Some(((*viewer)?, post))).collect();
        let own = match own.is_empty() {
            true => vec![],
            false => list::<(i64, i64, OwnRow)>(&snapshot.row(&SELECT_OWN, &[Value::Rows(&own)]).await?, "found")?,
        };
        let own = own.into_iter().map(|(viewer, post, own)| ((AccountKey(viewer), PostKey(post)), own)).collect();
        Ok(Self { shared, own })
    }

    /// A post that was asked for, as a viewer sees it.
    pub fn post(&self, viewer: Option<AccountKey>, key: PostKey) -> Option<Post> {
        let mut shown = self.shared.post(key);
        self.own(viewer, key, shown.as_mut());
        shown
    }

    /// What a post refers to, as a viewer sees it.
    pub fn includes_of(&self, viewer: Option<AccountKey>, key: PostKey) -> Includes {
        self.shared.includes_of(viewer, Some(key), std::iter::empty())
    }

    /// Puts what is a viewer's own into a post.
    fn own(&self, viewer: Option<AccountKey>, key: PostKey, post: Option<&mut Post>) {
        let own = viewer.and_then(|viewer| self.own.get(&(viewer, key)));
        if let (Some(own), Some(post)) = (own, post) {
            own.put_into(post);
        }
    }
}

/// The items of a page of posts that are there for themselves, each with its place, and what they refer to.
pub async fn listed(
    snapshot: &mut Snapshot,
    listed: &[(Position, PostKey)],
    viewer: Option<AccountKey>,
) -> Result<(Vec<TimelineItem>, Includes), Status> {
    let posts: Vec<PostKey> = listed.iter().map(|(_, post)| *post).collect();
    let (found, includes) = self::posts(snapshot, &posts, viewer).await?;
    let item = |(place, post): (&Position, Post)| TimelineItem {
        post: Some(post),
        place: place.unsigned(),
        ..TimelineItem::default()
    };
    Ok((listed.iter().map(|(place, _)| place).zip(found).map(item).collect(), includes))
}

/// The viewer as queries take it.
pub fn viewer_value(viewer: Option<AccountKey>) -> Value<'static> {
    Value::Number(viewer_key(viewer).0)
}

/// The viewer as rows have it: 0 is nobody.
pub fn viewer_key(viewer: Option<AccountKey>) -> AccountKey {
    viewer.unwrap_or(AccountKey(0))
}

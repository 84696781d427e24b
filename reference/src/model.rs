//! What the events applied so far add up to: accounts, posts and the edges that stand now.
//!
//! Always: nothing is stored that could be counted or derived from the rest, except where things are found: an
//! account's posts, a post's replies and quotes, a hashtag's posts. Never here: how events change it (`fold`), or what anyone may see of it (`law`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::edges::Edges;
use crate::questions::{Extras, Media, TakenDown};

/// The state after the events applied so far.
#[derive(Debug, Default)]
pub struct Model {
    pub(crate) head: u64,
    /// When each event was recorded, in microseconds since the Unix epoch; the first event's time comes first.
    pub(crate) recorded_at_us: Vec<i64>,
    /// The last version of each log stream.
    pub(crate) versions: HashMap<String, u64>,
    /// The version of the last event of each log stream that was applied and not passed.
    pub(crate) applied: HashMap<String, u64>,

    pub(crate) accounts: Vec<AccountState>,
    pub(crate) account_numbers: HashMap<String, AccountNumber>,
    pub(crate) posts: Vec<PostState>,
    pub(crate) post_numbers: HashMap<String, PostNumber>,
    /// The account id of each handle's holder.
    pub(crate) handles: HashMap<String, String>,

    pub(crate) follows: Edges<AccountNumber, AccountNumber>,
    pub(crate) requests: Edges<AccountNumber, AccountNumber>,
    pub(crate) blocks: Edges<AccountNumber, AccountNumber>,
    pub(crate) mutes: Edges<AccountNumber, AccountNumber>,
    pub(crate) likes: Edges<AccountNumber, PostNumber>,
    pub(crate) reposts: Edges<AccountNumber, PostNumber>,
    pub(crate) bookmarks: Edges<AccountNumber, PostNumber>,
    /// Whom each post's present text mentions; the place is that since which it has done so without interruption.
    pub(crate) mentions: Edges<PostNumber, AccountNumber>,
    /// All posts that ever had each hashtag, also those that are deleted or have lost it.
    pub(crate) posts_by_hashtag: BTreeMap<String, BTreeSet<PostNumber>>,

    /// Deeds that the other account is told of at another place than that of the deed, or would be if they were done again.
    pub(crate) notices: BTreeMap<Deed, Notice>,

    /// What the rest of an append still has to bring.
    pub(crate) promises: Vec<Promise>,
}

/// Index in `Model::accounts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AccountNumber(pub(crate) usize);

/// Index in `Model::posts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PostNumber(pub(crate) usize);

#[derive(Debug)]
pub(crate) struct AccountState {
    pub(crate) id: String,
    pub(crate) created_at: u64,
    pub(crate) created_at_us: i64,
    pub(crate) handle: String,
    pub(crate) kind: String,
    pub(crate) display_name: String,
    pub(crate) bio: String,
    pub(crate) avatar: Option<Media>,
    pub(crate) banner: Option<Media>,
    pub(crate) protected: bool,
    pub(crate) deactivated: bool,
    /// By a moderator, whatever the account does.
    pub(crate) suspended: bool,
    /// The place up to which it has seen its notifications; 0 if it never looked.
    pub(crate) seen_up_to: u64,
    /// Also deleted ones.
    pub(crate) posts: Vec<PostNumber>,
}

#[derive(Debug)]
pub(crate) struct PostState {
    pub(crate) id: String,
    pub(crate) created_at: u64,
    pub(crate) created_at_us: i64,
    pub(crate) edited_at_us: Option<i64>,
    pub(crate) author: AccountNumber,
    pub(crate) text: String,
    pub(crate) extras: Extras,
    /// Of the present text.
    pub(crate) hashtags: Vec<String>,
    pub(crate) reply_to: Option<PostNumber>,
    pub(crate) quoted: Option<PostNumber>,
    pub(crate) deleted: bool,
    /// By a moderator, and why.
    pub(crate) taken_down: Option<TakenDown>,
    /// All direct replies ever, also those that are deleted.
    pub(crate) replies: Vec<PostNumber>,
    /// All posts that ever quoted it, also those that are deleted.
    pub(crate) quotes: Vec<PostNumber>,
}

impl AccountState {
    /// A suspended account is to everybody as a deactivated one.
    pub(crate) fn is_gone(&self) -> bool {
        self.deactivated || self.suspended
    }
}

impl PostState {
    /// Nobody sees it, or its author alone.
    pub(crate) fn is_gone(&self) -> bool {
        self.deleted || self.taken_down.is_some()
    }
}

/// What one account does to another, or to a post, and can undo; or a mention, which an edit can take out of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Follow(AccountNumber, AccountNumber),
    Request(AccountNumber, AccountNumber),
    Like(AccountNumber, PostNumber),
    Repost(AccountNumber, PostNumber),
    Mention(PostNumber, AccountNumber),
}

/// Where the other account is told of a deed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notice {
    /// The position at which it was done first.
    pub(crate) place: u64,
    pub(crate) undone: bool,
}

/// Something that must hold once an append is complete, though an event inside of it may not have made it true yet.
#[derive(Debug)]
pub(crate) enum Promise {
    /// The account carries the handle exactly if it holds it.
    HandleIsHeldByItsCarrier { handle: String, account_id: String },
    /// A block has ended follows and requests both ways.
    NoFollowAcrossBlock { one: AccountNumber, other: AccountNumber },
    /// Going public has approved the pending requests.
    NoRequestToPublic { account: AccountNumber },
}

impl Model {
    /// The model of the empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The position of the last event applied; 0 for the empty log.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head
    }

    /// The ids of all accounts, also deactivated and suspended ones, oldest first.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().map(|account| account.id.as_str())
    }

    /// The ids of all posts, also deleted ones and those that were taken down, oldest first.
    pub fn posts(&self) -> impl Iterator<Item = &str> {
        self.posts.iter().map(|post| post.id.as_str())
    }

    /// Every hashtag that any post ever had, once each, in order.
    pub fn hashtags(&self) -> impl Iterator<Item = &str> {
        self.posts_by_hashtag.keys().map(String::as_str)
    }

    pub(crate) fn account_number(&self, id: &str) -> Option<AccountNumber> {
        self.account_numbers.get(id).copied()
    }

    pub(crate) fn post_number(&self, id: &str) -> Option<PostNumber> {
        self.post_numbers.get(id).copied()
    }

    pub(crate) fn account_state(&self, account: AccountNumber) -> &AccountState {
        &self.accounts[account.0]
    }

    pub(crate) fn account_state_mut(&mut self, account: AccountNumber) -> &mut AccountState {
        &mut self.accounts[account.0]
    }

    pub(crate) fn post_state(&self, post: PostNumber) -> &PostState {
        &self.posts[post.0]
    }

    pub(crate) fn post_state_mut(&mut self, post: PostNumber) -> &mut PostState {
        &mut self.posts[post.0]
    }

    pub(crate) fn recorded_at_us(&self, place: u64) -> i64 {
        let index = usize::try_from(place - 1).expect("a place is the position of an event applied");
        self.recorded_at_us[index]
    }

    pub(crate) fn block_stands_between(&self, one: AccountNumber, other: AccountNumber) -> bool {
        self.blocks.has(one, other) || self.blocks.has(other, one)
    }
}

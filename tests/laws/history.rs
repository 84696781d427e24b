//! A random history: commands of few accounts on few posts, so that they meet often.

use std::sync::Arc;

use clients::Random;
use command_server::command::{Answer, Command, Edge, NewPost, OnPost, Pair};
use command_server::execute::{Call, Executed, Executor, digest};
use shared::log::EventLog;
use shared::model::event::{AccountKind, Profile};
use shared::model::ids::{AccountId, Position, PostId};
use tonic::Code;
use uuid::Uuid;

const ACCOUNTS_MAX: usize = 9;
/// Most commands are about the newest posts.
const RECENT_POSTS: usize = 6;

/// The types of event that the histories of a test must contain, each at least once.
pub const EVERY_TYPE: [&str; 30] = [
    "account.registered",
    "account.profile_updated",
    "account.handle_changed",
    "account.protected",
    "account.unprotected",
    "account.deactivated",
    "account.reactivated",
    "handle.claimed",
    "handle.released",
    "post.created",
    "post.edited",
    "post.deleted",
    "like.added",
    "like.removed",
    "repost.added",
    "repost.removed",
    "bookmark.added",
    "bookmark.removed",
    "follow.requested",
    "follow.followed",
    "follow.rejected",
    "follow.withdrawn",
    "follow.unfollowed",
    "requests.added",
    "requests.removed",
    "block.added",
    "block.removed",
    "mute.added",
    "mute.removed",
    "notifications.seen",
];

/// A history that grows, and what in it can be undone.
pub struct History {
    servers: [Executor; 2],
    accounts: Vec<AccountId>,
    posts: Vec<(PostId, AccountId)>,
    followed: Vec<Edge>,
    requested: Vec<Edge>,
    liked: Vec<OnPost>,
    reposted: Vec<OnPost>,
    bookmarked: Vec<OnPost>,
    blocked: Vec<Pair>,
    muted: Vec<Pair>,
    deactivated: Vec<AccountId>,
    steps: usize,
    pub reached: Position,
}

impl History {
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self {
            servers: [Executor::new(log.clone()), Executor::new(log)],
            accounts: vec![],
            posts: vec![],
            followed: vec![],
            requested: vec![],
            liked: vec![],
            reposted: vec![],
            bookmarked: vec![],
            blocked: vec![],
            muted: vec![],
            deactivated: vec![],
            steps: 0,
            reached: Position(0),
        }
    }

    /// One more command. Many are refused; none may fail.
    pub async fn step(&mut self, random: &mut Random, seed: u64) {
        let command = self.next(random);
        let call = Call {
            principal: "law".to_owned(),
            request_id: None,
            digest: digest("law", &[]),
            correlation_id: Uuid::now_v7(),
            traceparent: None,
        };
        // Two servers on one log: each makes what the other has cached stale.
        match random.pick(&self.servers).execute(&call, &command).await {
            Ok(executed) => self.remember(&command, executed),
            Err(status) => assert!(
                !matches!(status.code(), Code::Internal | Code::Unavailable | Code::Unknown),
                "seed {seed}: {command:?} was answered {status:?}"
            ),
        }
    }

    /// The next command.
    pub fn next(&mut self, random: &mut Random) -> Command {
        self.steps += 1;
        self.choose(random)
    }

    /// Records what an executed command makes possible.
    pub fn remember(&mut self, command: &Command, executed: Executed) {
        self.reached = self.reached.max(executed.anchor.position);
        match (command, executed.answer) {
            (_, Answer::Account(account)) => self.accounts.push(account),
            (Command::CreatePost(new), Answer::Post(post)) => self.posts.push((post, new.author)),
            (Command::Follow(edge), Answer::Following) => self.followed.push(*edge),
            (Command::Follow(edge), Answer::Requested) => self.requested.push(*edge),
            (Command::Like(on), _) => self.liked.push(*on),
            (Command::Repost(on), _) => self.reposted.push(*on),
            (Command::Bookmark(on), _) => self.bookmarked.push(*on),
            (Command::Block(pair), _) => self.blocked.push(*pair),
            (Command::Mute(pair), _) => self.muted.push(*pair),
            (Command::Deactivate(account), _) => self.deactivated.push(*account),
            _ => {}
        }
    }

    fn choose(&self, random: &mut Random) -> Command {
        let is_young = self.accounts.len() < 4;
        if is_young || (self.accounts.len() < ACCOUNTS_MAX && random.one_in(12)) {
            return self.register(random);
        }
        let (account, target) = (*random.pick(&self.accounts), *random.pick(&self.accounts));
        let pair = Pair { account, target };
        let edge = Edge { follower: account, followee: target };
        if self.posts.is_empty() {
            return self.post(random, account);
        }
        let start = match random.one_in(5) {
            true => 0,
            false => self.posts.len().saturating_sub(RECENT_POSTS),
        };
        let (post, author) = *random.pick(&self.posts[start..]);
        let on = OnPost { account, post };
        let own = OnPost { account: author, post };
        match random.between(1, 110) {
            1..=20 => self.post(random, account),
            21..=38 => Command::Follow(sometimes(random, &self.followed, edge)),
            39..=45 => Command::Unfollow(mostly(random, &self.followed, edge)),
            46 => Command::Unfollow(mostly(random, &self.requested, edge)),
            47..=58 => Command::Repost(sometimes(random, &self.reposted, on)),
            59..=64 => Command::UndoRepost(mostly(random, &self.reposted, on)),
            65..=68 => Command::Like(sometimes(random, &self.liked, on)),
            69..=71 => Command::Unlike(mostly(random, &self.liked, on)),
            72..=74 => Command::DeletePost(own),
            75..=77 => Command::EditPost { on: own, text: self.text(random) },
            78..=80 => Command::Block(sometimes(random, &self.blocked, pair)),
            81..=83 => Command::Unblock(mostly(random, &self.blocked, pair)),
            84..=86 => Command::Mute(sometimes(random, &self.muted, pair)),
            87..=88 => Command::Unmute(mostly(random, &self.muted, pair)),
            89 => Command::Deactivate(account),
            90..=91 => Command::Reactivate(mostly(random, &self.deactivated, account)),
            92..=93 => Command::Protect(account),
            94..=95 => Command::Unprotect(account),
            96 => Command::ApproveFollow(mostly(random, &self.requested, edge)),
            97 => Command::RejectFollow(mostly(random, &self.requested, edge)),
            98 => Command::UpdateProfile { account, profile: profile(self.steps) },
            99 => Command::ChangeHandle { account, handle: handle(random) },
            100..=102 => Command::Bookmark(sometimes(random, &self.bookmarked, on)),
            103..=104 => Command::RemoveBookmark(mostly(random, &self.bookmarked, on)),
            105..=107 => Command::MarkNotificationsSeen { account, up_to: self.some_position(random) },
            108..=109 => Command::RemoveFollower(mostly(random, &self.followed, edge)),
            // Any account may try to change what is not its own.
            _ => Command::DeletePost(on),
        }
    }

    fn register(&self, random: &mut Random) -> Command {
        let kind = if random.one_in(4) { AccountKind::Organization } else { AccountKind::User };
        let account = AccountId(random.uuid());
        Command::Register { account, handle: handle(random), kind, profile: profile(self.steps) }
    }

    fn post(&self, random: &mut Random, author: AccountId) -> Command {
        let other = |random: &mut Random, one_in| match self.posts.is_empty() || !random.one_in(one_in) {
            true => None,
            false => Some(random.pick(&self.posts).0),
        };
        Command::CreatePost(NewPost {
            post: PostId(random.uuid()),
            author,
            text: self.text(random),
            reply_to: other(random, 2),
            quoted: other(random, 6),
        })
    }

    /// A text that names some of few tags and accounts, so that edits keep, drop and bring back names.
    fn text(&self, random: &mut Random) -> String {
        let mut text = format!("step {}", self.steps);
        for _ in 0..random.below(3) {
            text += &format!(" @{}", handle(random));
        }
        for _ in 0..random.below(3) {
            text += &format!(" #tag_{}", random.between(1, 3));
        }
        text
    }

    /// A position that notifications may have.
    fn some_position(&self, random: &mut Random) -> Position {
        Position(random.between(1, self.reached.0.max(1)))
    }
}

/// Mostly something that was done, so that undoing it has an effect; now and then something else.
fn mostly<T: Copy>(random: &mut Random, done: &[T], other: T) -> T {
    match done.is_empty() || random.one_in(6) {
        true => other,
        false => *random.pick(done),
    }
}

/// Sometimes something that was done before, and may have been undone since.
fn sometimes<T: Copy>(random: &mut Random, done: &[T], other: T) -> T {
    match done.is_empty() || !random.one_in(4) {
        true => other,
        false => *random.pick(done),
    }
}

/// One of few handles, so that some are taken.
fn handle(random: &mut Random) -> String {
    format!("handle_{}", random.between(1, 20))
}

fn profile(step: usize) -> Profile {
    Profile { display_name: format!("Name {step}"), bio: String::new() }
}

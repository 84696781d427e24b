//! A random history: commands of few accounts on few posts, so that they meet often.

use std::sync::Arc;

use command_server::command::{Answer, Command, Edge, NewPost, OnPost, Pair};
use command_server::execute::{Call, digest, execute};
use shared::event::{AccountKind, Profile};
use shared::ids::{AccountId, PostId};
use shared::log::EventLog;
use tonic::Code;
use uuid::Uuid;

use crate::random::Random;

const ACCOUNTS_MAX: usize = 9;
/// Commands go to the newest posts mostly, as in life.
const RECENT_POSTS: usize = 6;

/// What the histories of a test must have led to, each at least once.
pub const EVERY_TYPE: [&str; 27] = [
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
];

/// A history while it is being made.
pub struct History {
    log: Arc<dyn EventLog>,
    accounts: Vec<AccountId>,
    posts: Vec<(PostId, AccountId)>,
    steps: usize,
}

impl History {
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log, accounts: vec![], posts: vec![], steps: 0 }
    }

    /// One more command. Many are refused, as in life; none may fail.
    pub async fn step(&mut self, random: &mut Random, seed: u64) {
        self.steps += 1;
        let command = self.choose(random);
        let call = Call {
            principal: "law".to_owned(),
            request_id: None,
            digest: digest("law", &[]),
            correlation_id: Uuid::now_v7(),
            traceparent: None,
        };
        match execute(&self.log, &call, &command).await {
            Ok(executed) => self.remember(&command, executed.answer),
            Err(status) => assert!(
                !matches!(status.code(), Code::Internal | Code::Unavailable | Code::Unknown),
                "seed {seed}: {command:?} was answered {status:?}"
            ),
        }
    }

    fn remember(&mut self, command: &Command, answer: Answer) {
        match (command, answer) {
            (_, Answer::Account(account)) => self.accounts.push(account),
            (Command::CreatePost(new), Answer::Post(post)) => self.posts.push((post, new.author)),
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
        match random.between(1, 100) {
            1..=22 => self.post(random, account),
            23..=42 => Command::Follow(edge),
            43..=50 => Command::Unfollow(edge),
            51..=62 => Command::Repost(on),
            63..=67 => Command::UndoRepost(on),
            68..=71 => Command::Like(on),
            72..=73 => Command::Unlike(on),
            74..=76 => Command::DeletePost(own),
            77..=78 => Command::EditPost { on: own, text: format!("edited in step {}", self.steps) },
            79..=80 => Command::Block(pair),
            81..=82 => Command::Unblock(pair),
            83..=84 => Command::Mute(pair),
            85..=86 => Command::Unmute(pair),
            87 => Command::Deactivate(account),
            88..=90 => Command::Reactivate(account),
            91..=92 => Command::Protect(account),
            93..=94 => Command::Unprotect(account),
            95..=96 => Command::ApproveFollow(edge),
            97 => Command::RejectFollow(edge),
            98 => Command::UpdateProfile { account, profile: profile(self.steps) },
            99 => Command::ChangeHandle { account, handle: handle(random) },
            // A request to be withdrawn needs two steps in a row more often than chance gives.
            _ => Command::Unfollow(edge),
        }
    }

    fn register(&self, random: &mut Random) -> Command {
        let kind = if random.one_in(4) { AccountKind::Organization } else { AccountKind::User };
        let account = AccountId::generate();
        Command::Register { account, handle: handle(random), kind, profile: profile(self.steps) }
    }

    fn post(&self, random: &mut Random, author: AccountId) -> Command {
        let other = |random: &mut Random, one_in| match self.posts.is_empty() || !random.one_in(one_in) {
            true => None,
            false => Some(random.pick(&self.posts).0),
        };
        Command::CreatePost(NewPost {
            post: PostId::generate(),
            author,
            text: format!("step {} of @handle_{} #law", self.steps, random.between(1, 20)),
            reply_to: other(random, 2),
            quoted: other(random, 6),
        })
    }
}

/// Few handles, so that some are taken.
fn handle(random: &mut Random) -> String {
    format!("handle_{}", random.between(1, 20))
}

fn profile(step: usize) -> Profile {
    Profile { display_name: format!("Name {step}"), bio: String::new() }
}

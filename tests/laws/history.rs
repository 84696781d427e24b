//! A random history: commands of few accounts on few posts, so that they meet often.

use std::sync::Arc;

use clients::Random;
use command_server::commands::{
    AccountCommand, Answer, Command, Edge, NewPost, OnPost, Pair, PostCommand, RelationshipCommand,
};
use command_server::domain::account::ProfileChange;
use command_server::domain::post::PostChange;
use command_server::execute::{Call, Executed, Executor, digest};
use shared::log::EventLog;
use shared::model::event::{AccountKind, PostText, Profile};
use shared::model::ids::{AccountId, Position, PostId, Version};
use shared::model::media::{LinkCard, Media, MediaKind, PostExtras, ProfileExtras};
use shared::model::moderation::{Moderated, ModerationReason, Note};
use tonic::Code;
use uuid::Uuid;

const ACCOUNTS_MAX: usize = 9;
/// Most commands are about the newest posts.
const RECENT_POSTS: usize = 6;

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
    suspended: Vec<AccountId>,
    taken_down: Vec<PostId>,
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
            suspended: vec![],
            taken_down: vec![],
            steps: 0,
            reached: Position(0),
        }
    }

    /// One more command. Many are refused; none may fail.
    pub async fn step(&mut self, random: &mut Random, seed: u64) {
        let command = self.next(random);
        let call = Call {
            formerly: None,
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
            (Command::Post(PostCommand::Create(new)), Answer::Post(post)) => self.posts.push((post, new.author)),
            (Command::Relationship(RelationshipCommand::Follow(edge)), Answer::Following) => self.followed.push(*edge),
            (Command::Relationship(RelationshipCommand::Follow(edge)), Answer::Requested) => self.requested.push(*edge),
            (Command::Post(PostCommand::Like(on)), _) => self.liked.push(*on),
            (Command::Post(PostCommand::Repost(on)), _) => self.reposted.push(*on),
            (Command::Post(PostCommand::Bookmark(on)), _) => self.bookmarked.push(*on),
            (Command::Relationship(RelationshipCommand::Block(pair)), _) => self.blocked.push(*pair),
            (Command::Relationship(RelationshipCommand::Mute(pair)), _) => self.muted.push(*pair),
            (Command::Account(AccountCommand::Deactivate(account)), _) => self.deactivated.push(*account),
            (Command::Account(AccountCommand::Suspend { account, .. }), _) => self.suspended.push(*account),
            (Command::Post(PostCommand::TakeDown { post, .. }), _) => self.taken_down.push(*post),
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
        match random.between(1, 119) {
            1..=20 => self.post(random, account),
            21..=38 => RelationshipCommand::Follow(sometimes(random, &self.followed, edge)).into(),
            39..=45 => RelationshipCommand::Unfollow(mostly(random, &self.followed, edge)).into(),
            46 => RelationshipCommand::Unfollow(mostly(random, &self.requested, edge)).into(),
            47..=58 => PostCommand::Repost(sometimes(random, &self.reposted, on)).into(),
            59..=64 => PostCommand::UndoRepost(mostly(random, &self.reposted, on)).into(),
            65..=68 => PostCommand::Like(sometimes(random, &self.liked, on)).into(),
            69..=71 => PostCommand::Unlike(mostly(random, &self.liked, on)).into(),
            72..=74 => PostCommand::Delete { on: own, expected: version(random) }.into(),
            75..=77 => {
                PostCommand::Edit { on: own, change: self.post_change(random), expected: version(random) }.into()
            }
            78..=80 => RelationshipCommand::Block(sometimes(random, &self.blocked, pair)).into(),
            81..=83 => RelationshipCommand::Unblock(mostly(random, &self.blocked, pair)).into(),
            84..=86 => RelationshipCommand::Mute(sometimes(random, &self.muted, pair)).into(),
            87..=88 => RelationshipCommand::Unmute(mostly(random, &self.muted, pair)).into(),
            89 => AccountCommand::Deactivate(account).into(),
            90..=91 => AccountCommand::Reactivate(mostly(random, &self.deactivated, account)).into(),
            92..=93 => AccountCommand::Protect(account).into(),
            94..=95 => AccountCommand::Unprotect(account).into(),
            96 => RelationshipCommand::ApproveFollow(mostly(random, &self.requested, edge)).into(),
            97 => RelationshipCommand::RejectFollow(mostly(random, &self.requested, edge)).into(),
            98 => {
                let (change, expected) = (self.profile_change(random), version(random));
                AccountCommand::UpdateProfile { account, change, expected }.into()
            }
            99 => AccountCommand::ChangeHandle { account, handle: handle(random), expected: version(random) }.into(),
            100..=102 => PostCommand::Bookmark(sometimes(random, &self.bookmarked, on)).into(),
            103..=104 => PostCommand::RemoveBookmark(mostly(random, &self.bookmarked, on)).into(),
            105..=107 => AccountCommand::MarkNotificationsSeen { account, up_to: self.some_position(random) }.into(),
            108..=109 => RelationshipCommand::RemoveFollower(mostly(random, &self.followed, edge)).into(),
            110 => AccountCommand::Suspend { account, moderated: moderated(random) }.into(),
            111..=112 => AccountCommand::Unsuspend(mostly(random, &self.suspended, account)).into(),
            113..=115 => PostCommand::TakeDown { post, moderated: moderated(random) }.into(),
            116..=118 => PostCommand::Restore(mostly(random, &self.taken_down, post)).into(),
            // Any account may try to change what is not its own.
            _ => PostCommand::Delete { on, expected: version(random) }.into(),
        }
    }

    fn register(&self, random: &mut Random) -> Command {
        let kind = if random.one_in(4) { AccountKind::Organization } else { AccountKind::User };
        let account = AccountId(random.uuid());
        let extras = ProfileExtras { avatar: picture(random), banner: picture(random) };
        let profile = Profile { extras, ..profile(self.steps) };
        AccountCommand::Register { account, handle: handle(random), kind, profile }.into()
    }

    fn profile_change(&self, random: &mut Random) -> ProfileChange {
        let Profile { display_name, bio, .. } = profile(self.steps);
        let bio = if random.one_in(2) { bio } else { format!("step {}", self.steps) };
        ProfileChange {
            display_name: (!random.one_in(3)).then_some(display_name),
            bio: random.one_in(2).then_some(bio),
            avatar: random.one_in(2).then(|| picture(random)),
            banner: random.one_in(3).then(|| picture(random)),
        }
    }

    /// Also one that leaves nothing to show, which is refused.
    fn post_change(&self, random: &mut Random) -> PostChange {
        let PostExtras { media, link_card, languages, content_warning } = extras(random);
        let text = if random.one_in(4) { String::new() } else { self.text(random) };
        PostChange {
            text: (!random.one_in(4)).then_some(text),
            media: random.one_in(3).then_some(media),
            link_card: random.one_in(3).then_some(link_card),
            languages: random.one_in(3).then_some(languages),
            content_warning: random.one_in(3).then_some(content_warning),
        }
    }

    fn post(&self, random: &mut Random, author: AccountId) -> Command {
        let other = |random: &mut Random, one_in| match self.posts.is_empty() || !random.one_in(one_in) {
            true => None,
            false => Some(random.pick(&self.posts).0),
        };
        let extras = if random.one_in(2) { extras(random) } else { PostExtras::default() };
        let is_silent = !extras.media.is_empty() && random.one_in(3);
        let text = if is_silent { String::new() } else { self.text(random) };
        PostCommand::Create(NewPost {
            post: PostId(random.uuid()),
            author,
            text: PostText { text, extras },
            reply_to: other(random, 2),
            quoted: other(random, 6),
        })
        .into()
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
    Profile { display_name: format!("Name {step}"), ..Profile::default() }
}

/// Mostly none; sometimes one that what is young has.
fn version(random: &mut Random) -> Option<Version> {
    random.one_in(3).then(|| Version(random.between(1, 4)))
}

/// What a post may have beside its text, of few things, so that edits meet what is there already.
fn extras(random: &mut Random) -> PostExtras {
    let mut extras = PostExtras::default();
    for _ in 0..random.below(5) {
        extras.media.push(media(random));
    }
    extras.link_card = random.one_in(3).then(|| {
        Box::new(LinkCard {
            url: format!("https://page.example/{}", random.between(1, 3)),
            title: "A \"page\" 🐦".to_owned(),
            description: if random.one_in(2) { "what it says".to_owned() } else { String::new() },
            image: picture(random),
        })
    });
    if random.one_in(2) {
        extras.languages = vec!["de".to_owned(), "pt-BR".to_owned()];
    }
    if random.one_in(4) {
        extras.content_warning = "birds \0".to_owned();
    }
    extras
}

fn media(random: &mut Random) -> Media {
    Media {
        url: format!("https://media.example/{}", random.between(1, 3)),
        kind: *random.pick(&[MediaKind::Image, MediaKind::Video, MediaKind::Animation, MediaKind::Audio]),
        width: if random.one_in(2) { 640 } else { 0 },
        height: if random.one_in(2) { u16::MAX } else { 0 },
        alt: if random.one_in(2) { "a bird".to_owned() } else { String::new() },
    }
}

fn picture(random: &mut Random) -> Option<Box<Media>> {
    random.one_in(2).then(|| Box::new(Media { kind: MediaKind::Image, ..media(random) }))
}

/// Why a moderator acts.
fn moderated(random: &mut Random) -> Moderated {
    let reasons = [
        ModerationReason::Spam,
        ModerationReason::Harassment,
        ModerationReason::Hate,
        ModerationReason::Violence,
        ModerationReason::SexualContent,
        ModerationReason::Illegal,
        ModerationReason::Impersonation,
        ModerationReason::SelfHarm,
        ModerationReason::Misinformation,
        ModerationReason::Copyright,
        ModerationReason::Other,
    ];
    let text = if random.one_in(2) { "not \"here\" \0".to_owned() } else { String::new() };
    Moderated { reason: *random.pick(&reasons), note: Note { text } }
}

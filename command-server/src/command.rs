//! Commands: what a client wants, with every field checked; and which log streams each needs to be decided.
//!
//! Always: a decision reads the log and nothing else. It names every log stream that it loaded, so that the append
//! fails when one of them has moved; what it only peeks at, such as whom a handle names, may move. Never here: a rule
//! (see [`crate::domain`]).

use serde::{Deserialize, Serialize};
use shared::model::event::{AccountKind, Envelope, Event, FollowEvent, PostText, Profile};
use shared::model::ids::{AccountId, AccountRef, Position, PostId};
use shared::model::streams::StreamName;

use crate::domain::Refusal;
use crate::domain::account::{self, APPROVED_TOGETHER_MAX, Account, Step};
use crate::domain::block::{self, Block, Follows};
use crate::domain::follow::{self, Follow};
use crate::domain::handle::Handle;
use crate::domain::mute::{self, Mute};
use crate::domain::notifications::{self, Seen};
use crate::domain::post::{self, Live, Named, NamedSince, Post, Sight};
use crate::domain::reaction::{self, Reaction};
use crate::domain::requests::Requests;
use crate::domain::text;
use crate::session::{Failure, Session};

/// The acting account, and the account that it does something to.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub account: AccountId,
    pub target: AccountId,
}

/// The acting account, and the post that it does something to.
#[derive(Clone, Copy, Debug)]
pub struct OnPost {
    pub account: AccountId,
    pub post: PostId,
}

#[derive(Clone, Copy, Debug)]
pub struct Edge {
    pub follower: AccountId,
    pub followee: AccountId,
}

/// A post that is to be published.
#[derive(Clone, Debug)]
pub struct NewPost {
    pub post: PostId,
    pub author: AccountId,
    pub text: String,
    pub reply_to: Option<PostId>,
    pub quoted: Option<PostId>,
}

/// A command with its checked fields.
#[derive(Clone, Debug)]
pub enum Command {
    Register {
        account: AccountId,
        handle: String,
        kind: AccountKind,
        profile: Profile,
    },
    UpdateProfile {
        account: AccountId,
        /// The whole new profile.
        profile: Profile,
    },
    ChangeHandle {
        account: AccountId,
        handle: String,
    },
    Protect(AccountId),
    Unprotect(AccountId),
    Deactivate(AccountId),
    Reactivate(AccountId),
    CreatePost(NewPost),
    EditPost {
        on: OnPost,
        /// The whole new text.
        text: String,
    },
    DeletePost(OnPost),
    Like(OnPost),
    Unlike(OnPost),
    Repost(OnPost),
    UndoRepost(OnPost),
    Bookmark(OnPost),
    RemoveBookmark(OnPost),
    /// Follows a public account, or asks a protected one.
    Follow(Edge),
    /// Ends a follow, or withdraws the request.
    Unfollow(Edge),
    ApproveFollow(Edge),
    RejectFollow(Edge),
    /// Ends the follower's follow of the acting followee.
    RemoveFollower(Edge),
    Block(Pair),
    Unblock(Pair),
    Mute(Pair),
    Unmute(Pair),
    MarkNotificationsSeen {
        account: AccountId,
        /// The position of the newest cause that was seen.
        up_to: Position,
    },
}

/// The answer of a command, besides the position. It is stored with the request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing besides the consistency token.
    Done,
    /// The account that was registered.
    Account(AccountId),
    /// The post that was created.
    Post(PostId),
    Following,
    /// The follow waits for approval.
    Requested,
}

#[derive(Clone, Debug)]
pub struct Decision {
    /// Empty when everything is already as the command wants it.
    pub events: Vec<Event>,
    pub answer: Answer,
    /// Whether these events complete the command. If not, it is decided again after they are appended.
    pub is_last: bool,
}

/// Decides a command on the state of the log that the session reads.
pub async fn decide(session: &mut Session<'_>, command: &Command) -> Result<Decision, Failure> {
    if let Command::Unprotect(account) = command {
        let Step { events, is_last } = unprotect(session, *account).await?;
        return Ok(Decision { events, answer: Answer::Done, is_last });
    }
    let events = events(session, command).await?;
    let answer = match command {
        Command::Register { account, .. } => Answer::Account(*account),
        Command::CreatePost(new) => Answer::Post(new.post),
        Command::Follow(edge) => follow_answer(session, *edge, &events),
        _ => Answer::Done,
    };
    Ok(Decision { events, answer, is_last: true })
}

async fn events(session: &mut Session<'_>, command: &Command) -> Result<Vec<Event>, Failure> {
    match command {
        Command::Register { account, handle, kind, profile } => {
            session.load([StreamName::handle(handle), StreamName::account(*account)]).await?;
            let wanted: Handle = session.fold(&StreamName::handle(handle));
            Ok(account::register(&wanted, *account, handle, *kind, Envelope::Plain(profile.clone()))?)
        }
        Command::UpdateProfile { account, profile } => {
            let account = session.account(*account).await?;
            Ok(account::update_profile(&account, Envelope::Plain(profile.clone()))?)
        }
        Command::ChangeHandle { account, handle } => change_handle(session, *account, handle).await,
        Command::Protect(account) => Ok(account::protect(&session.account(*account).await?)?),
        Command::Unprotect(account) => Ok(unprotect(session, *account).await?.events),
        Command::Deactivate(account) => Ok(account::deactivate(&session.account(*account).await?)?),
        Command::Reactivate(account) => Ok(account::reactivate(&session.account(*account).await?)?),
        Command::CreatePost(new) => create_post(session, new).await,
        Command::EditPost { on, text } => edit_post(session, *on, text).await,
        Command::DeletePost(on) => {
            session.load([StreamName::account(on.account), StreamName::post(on.post)]).await?;
            let author: Account = session.fold(&StreamName::account(on.account));
            let post = written_by(session, &author, on.post).await?;
            Ok(post::delete(&author, &post)?)
        }
        Command::Like(on) => like(session, *on).await,
        Command::Unlike(on) => {
            let stream = StreamName::like(on.account, on.post);
            let (account, post, liked) = reacted(session, *on, stream).await?;
            known_to(session, &account, on.post, liked).await?;
            let (actor, on) = (account.acting()?.me, post.authored()?);
            Ok(reaction::unlike(liked, actor, on, seen_of_reaction(session, liked, on.author.id).await?))
        }
        Command::Repost(on) => repost(session, *on).await,
        Command::UndoRepost(on) => {
            let stream = StreamName::repost(on.account, on.post);
            let (account, post, reposted) = reacted(session, *on, stream).await?;
            known_to(session, &account, on.post, reposted).await?;
            let (actor, on) = (account.acting()?.me, post.authored()?);
            Ok(reaction::undo_repost(reposted, actor, on, seen_of_reaction(session, reposted, on.author.id).await?))
        }
        Command::Bookmark(on) => {
            let stream = StreamName::bookmark(on.account, on.post);
            let (account, _, bookmarked) = reacted(session, *on, stream).await?;
            let actor = account.acting()?.me;
            let post = seen_by(session, &account, on.post).await?;
            Ok(reaction::bookmark(bookmarked, actor, post.authored()))
        }
        Command::RemoveBookmark(on) => {
            let stream = StreamName::bookmark(on.account, on.post);
            let (account, post, bookmarked) = reacted(session, *on, stream).await?;
            known_to(session, &account, on.post, bookmarked).await?;
            Ok(reaction::remove_bookmark(bookmarked, account.acting()?.me, post.authored()?))
        }
        Command::Follow(edge) => follow(session, *edge).await,
        Command::Unfollow(edge) => {
            let (follower, followee, state) = edge_ends(session, *edge).await?;
            let seen = seen_of_follow(session, state, edge.followee).await?;
            Ok(follow::unfollow(state, &follower, &followee, seen)?)
        }
        Command::ApproveFollow(edge) => {
            let (follower, followee, state) = edge_ends(session, *edge).await?;
            Ok(follow::approve(state, &follower, &followee)?)
        }
        Command::RejectFollow(edge) => {
            let (follower, followee, state) = edge_ends(session, *edge).await?;
            let seen = seen_of_follow(session, state, edge.followee).await?;
            Ok(follow::reject(state, &follower, &followee, seen)?)
        }
        Command::RemoveFollower(edge) => {
            let (follower, followee, state) = edge_ends(session, *edge).await?;
            let seen = seen_of_follow(session, state, edge.followee).await?;
            Ok(follow::remove(state, &follower, &followee, seen)?)
        }
        Command::Block(pair) => block(session, *pair).await,
        Command::Unblock(pair) => {
            let stream = StreamName::block(pair.account, pair.target);
            let (account, target) = accounts(session, *pair, [stream.clone()]).await?;
            Ok(block::unblock(session.fold(&stream), &account, &target)?)
        }
        Command::Mute(pair) => {
            let stream = StreamName::mute(pair.account, pair.target);
            let (account, target) = accounts(session, *pair, [stream.clone()]).await?;
            Ok(mute::mute(session.fold::<Mute>(&stream), &account, &target)?)
        }
        Command::Unmute(pair) => {
            let stream = StreamName::mute(pair.account, pair.target);
            let (account, target) = accounts(session, *pair, [stream.clone()]).await?;
            Ok(mute::unmute(session.fold::<Mute>(&stream), &account, &target)?)
        }
        Command::MarkNotificationsSeen { account, up_to } => {
            let stream = StreamName::notifications(*account);
            session.load([StreamName::account(*account), stream.clone()]).await?;
            let seen: Seen = session.fold(&stream);
            let account: Account = session.fold(&StreamName::account(*account));
            Ok(notifications::mark_seen(seen, &account, *up_to)?)
        }
    }
}

async fn change_handle(session: &mut Session<'_>, id: AccountId, handle: &str) -> Result<Vec<Event>, Failure> {
    session.load([StreamName::account(id), StreamName::handle(handle)]).await?;
    let account: Account = session.fold(&StreamName::account(id));
    let wanted: Handle = session.fold(&StreamName::handle(handle));
    if let Account::Known(known) = &account {
        session.load([StreamName::handle(&known.handle)]).await?;
    }
    Ok(account::change_handle(&account, &wanted, handle)?)
}

async fn unprotect(session: &mut Session<'_>, id: AccountId) -> Result<Step, Failure> {
    session.load([StreamName::account(id), StreamName::requests(id)]).await?;
    let account: Account = session.fold(&StreamName::account(id));
    let waiting = session.fold::<Requests>(&StreamName::requests(id)).oldest_first();
    let approved = waiting.iter().take(APPROVED_TOGETHER_MAX);
    session.load(approved.map(|follower| StreamName::follow(follower.id, id))).await?;
    Ok(account::unprotect(&account, &waiting)?)
}

async fn create_post(session: &mut Session<'_>, new: &NewPost) -> Result<Vec<Event>, Failure> {
    let others = new.reply_to.into_iter().chain(new.quoted).map(StreamName::post);
    session.load(others.chain([StreamName::account(new.author)])).await?;
    let author: Account = session.fold(&StreamName::account(new.author));
    author.acting()?;

    let mut seen = Vec::new();
    for post in [new.reply_to, new.quoted] {
        seen.push(match post {
            Some(post) => Some(seen_by(session, &author, post).await?),
            None => None,
        });
    }
    let named = named(session, &new.text, &NamedSince::default()).await?;
    let personal = Envelope::Plain(PostText { text: new.text.clone() });
    Ok(post::create(&author, new.post, seen[0].as_ref(), seen[1].as_ref(), personal, named)?)
}

async fn edit_post(session: &mut Session<'_>, on: OnPost, text: &str) -> Result<Vec<Event>, Failure> {
    session.load([StreamName::account(on.account), StreamName::post(on.post)]).await?;
    let author: Account = session.fold(&StreamName::account(on.account));
    let post = written_by(session, &author, on.post).await?;
    let named = named(session, text, &session.fold(&StreamName::post(on.post))).await?;
    let dropped = post.live().map(|live| live.dropped_by(&named)).unwrap_or_default();
    let seen = seen_by_each(session, dropped).await?;
    Ok(post::edit(&author, &post, Envelope::Plain(PostText { text: text.to_owned() }), named, &seen)?)
}

async fn like(session: &mut Session<'_>, on: OnPost) -> Result<Vec<Event>, Failure> {
    let stream = StreamName::like(on.account, on.post);
    let (account, _, liked) = reacted(session, on, stream).await?;
    let actor = account.acting()?.me;
    let post = seen_by(session, &account, on.post).await?;
    Ok(reaction::like(liked, actor, post.authored()))
}

async fn repost(session: &mut Session<'_>, on: OnPost) -> Result<Vec<Event>, Failure> {
    let stream = StreamName::repost(on.account, on.post);
    let (account, _, reposted) = reacted(session, on, stream).await?;
    let actor = account.acting()?.me;
    let post = seen_by(session, &account, on.post).await?;
    let author: Account = session.fold(&StreamName::account(post.author.id));
    Ok(reaction::repost(reposted, actor, post.authored(), &author)?)
}

/// The actor, the post and the actor's reaction to it. Whether the actor may see the post is not checked here.
async fn reacted(
    session: &mut Session<'_>,
    on: OnPost,
    stream: StreamName,
) -> Result<(Account, Post, Reaction), Failure> {
    session.load([StreamName::account(on.account), StreamName::post(on.post), stream.clone()]).await?;
    let account = session.fold(&StreamName::account(on.account));
    let post = session.fold(&StreamName::post(on.post));
    Ok((account, post, session.fold(&stream)))
}

/// The post, if it exists and this account may see it.
async fn seen_by(session: &mut Session<'_>, viewer: &Account, id: PostId) -> Result<Live, Failure> {
    let viewer = viewer.acting()?;
    let post: Post = session.fold(&StreamName::post(id));
    let author = post.authored()?.author;
    let streams = between(viewer.me.id, author.id);
    session.load(streams.iter().cloned().chain([StreamName::account(author.id)])).await?;
    let author: Account = session.fold(&StreamName::account(author.id));
    let sight = Sight {
        viewer,
        author: &author,
        blocked: streams[..2].iter().any(|stream| session.fold::<Block>(stream) == Block::Standing),
        follows: session.fold::<Follow>(&streams[2]) == Follow::Following,
    };
    Ok(post.seen(&sight)?.clone())
}

/// Whether the post exists as far as this account may know. An account with a reaction to take back knows of the post;
/// any other must be able to see it, or to have seen it before it was deleted: removing a reaction that does not exist
/// succeeds on a deleted post, too.
async fn known_to(session: &mut Session<'_>, account: &Account, id: PostId, reaction: Reaction) -> Result<(), Failure> {
    if reaction == Reaction::Absent {
        match seen_by(session, account, id).await {
            Ok(_) | Err(Failure::Refused(Refusal::PostDeleted)) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// The post for a command of its author. Another account is told that it is not the author only if it may see the post.
async fn written_by(session: &mut Session<'_>, account: &Account, id: PostId) -> Result<Post, Failure> {
    let by = account.acting()?.me;
    let post: Post = session.fold(&StreamName::post(id));
    if post.authored().is_ok_and(|authored| authored.author != by) {
        seen_by(session, account, id).await?;
    }
    Ok(post)
}

/// The blocks between two accounts in both directions, and the first one's follow of the second.
fn between(one: AccountId, other: AccountId) -> [StreamName; 3] {
    [StreamName::block(one, other), StreamName::block(other, one), StreamName::follow(one, other)]
}

async fn follow(session: &mut Session<'_>, edge: Edge) -> Result<Vec<Event>, Failure> {
    let streams = between(edge.follower, edge.followee);
    session.load(streams.iter().cloned()).await?;
    let (follower, followee, state) = edge_ends(session, edge).await?;
    let blocked = streams[..2].iter().any(|stream| session.fold::<Block>(stream) == Block::Standing);
    Ok(follow::follow(state, &follower, &followee, blocked)?)
}

/// By the event of this command or, without one, by the state before.
fn follow_answer(session: &Session<'_>, edge: Edge, events: &[Event]) -> Answer {
    let before: Follow = session.fold(&StreamName::follow(edge.follower, edge.followee));
    match events.first() {
        Some(Event::Follow(FollowEvent::Requested(_))) => Answer::Requested,
        None if before == Follow::Requested => Answer::Requested,
        _ => Answer::Following,
    }
}

async fn edge_ends(session: &mut Session<'_>, edge: Edge) -> Result<(Account, Account, Follow), Failure> {
    let stream = StreamName::follow(edge.follower, edge.followee);
    let pair = Pair { account: edge.follower, target: edge.followee };
    let (follower, followee) = accounts(session, pair, [stream.clone()]).await?;
    Ok((follower, followee, session.fold(&stream)))
}

async fn block(session: &mut Session<'_>, pair: Pair) -> Result<Vec<Event>, Failure> {
    let stream = StreamName::block(pair.account, pair.target);
    let of_target = StreamName::follow(pair.account, pair.target);
    let of_actor = StreamName::follow(pair.target, pair.account);
    let streams = [stream.clone(), of_target.clone(), of_actor.clone()];
    let (account, target) = accounts(session, pair, streams).await?;
    let (of_target, of_actor) = (session.fold(&of_target), session.fold(&of_actor));
    let seen_by_target = seen_of_follow(session, of_target, pair.target).await?;
    let seen_by_actor = seen_of_follow(session, of_actor, pair.account).await?;
    let follows = Follows { of_target, of_actor, seen_by_target, seen_by_actor };
    Ok(block::block(session.fold(&stream), &account, &target, follows)?)
}

/// What the author of a post has seen of its notifications, which an event needs that ends a reaction.
async fn seen_of_reaction(session: &mut Session<'_>, reaction: Reaction, author: AccountId) -> Result<Seen, Failure> {
    match reaction {
        Reaction::Absent => Ok(Seen::default()),
        Reaction::Since(_) => seen(session, author).await,
    }
}

/// What the followee has seen of its notifications, which an event needs that ends a follow.
async fn seen_of_follow(session: &mut Session<'_>, follow: Follow, followee: AccountId) -> Result<Seen, Failure> {
    match follow {
        Follow::Absent => Ok(Seen::default()),
        Follow::Requested | Follow::Following => seen(session, followee).await,
    }
}

/// What accounts have seen of their notifications that the text does not name any more. It is only peeked at: if it
/// moves, that is not worth a conflict.
async fn seen_by_each(session: &Session<'_>, dropped: Vec<AccountRef>) -> Result<Vec<(AccountRef, Seen)>, Failure> {
    if dropped.is_empty() {
        return Ok(vec![]);
    }
    let streams: Vec<StreamName> = dropped.iter().map(|account| StreamName::notifications(account.id)).collect();
    Ok(dropped.into_iter().zip(session.peek(&streams).await?).collect())
}

async fn seen(session: &mut Session<'_>, account: AccountId) -> Result<Seen, Failure> {
    let stream = StreamName::notifications(account);
    session.load([stream.clone()]).await?;
    Ok(session.fold(&stream))
}

/// Both accounts; `more` is loaded in the same read.
async fn accounts<const N: usize>(
    session: &mut Session<'_>,
    pair: Pair,
    more: [StreamName; N],
) -> Result<(Account, Account), Failure> {
    let both = [StreamName::account(pair.account), StreamName::account(pair.target)];
    session.load(both.iter().cloned().chain(more)).await?;
    Ok((session.fold(&both[0]), session.fold(&both[1])))
}

/// The accounts and tags that a text names. A handle that nobody holds names nobody; one that the text named `before`
/// names whoever held it then.
async fn named(session: &Session<'_>, text: &str, NamedSince(before): &NamedSince) -> Result<Named, Failure> {
    let names = text::mentioned_handles(text);
    let handles: Vec<StreamName> = names.iter().map(|name| StreamName::handle(name)).collect();
    let mut named = Named { mentions: vec![], hashtags: text::hashtags(text) };
    if handles.is_empty() {
        return Ok(named);
    }
    // Only peeked at: whom a text names is not worth a conflict.
    let holders: Vec<StreamName> = session
        .peek_at::<Handle>(&handles, |index| before.get(&names[index]).copied())
        .await?
        .into_iter()
        .filter_map(|handle| match handle {
            Handle::Free => None,
            Handle::Held(account) => Some(StreamName::account(account)),
        })
        .collect();
    for account in session.peek::<Account>(&holders).await? {
        if let Account::Known(known) = account {
            named.mentions.push(known.me);
        }
    }
    Ok(named)
}

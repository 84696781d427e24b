//! Commands about posts.

use shared::model::entities::{Kind, names as names_of};
use shared::model::event::{Envelope, PostText};
use shared::model::ids::{AccountId, AccountRef, PostId, Version};
use shared::model::moderation::Moderated;
use shared::model::streams::StreamName;
use shared::rpc::proto::command as v1;
use tonic::Status;

use super::loading::{seen, seen_by};
use super::{Answer, Command, Decision, FIRST_VERSION, Handle, unexpected, version_of};
use crate::domain::Refusal;
use crate::domain::account::Account;
use crate::domain::handle::Handle as HandleState;
use crate::domain::notifications::Seen;
use crate::domain::post::{self, Named, NamedSince, Post, PostChange};
use crate::domain::reaction::{self, Reaction};
use crate::fields::Fields;
use crate::service::Commands;
use crate::session::{Failure, Session};

/// The acting account, and the post that it does something to.
#[derive(Clone, Copy, Debug)]
pub struct OnPost {
    pub account: AccountId,
    pub post: PostId,
}

/// A post that is to be published.
#[derive(Clone, Debug)]
pub struct NewPost {
    pub post: PostId,
    pub author: AccountId,
    pub text: PostText,
    pub reply_to: Option<PostId>,
    pub quoted: Option<PostId>,
}

#[derive(Clone, Debug)]
pub enum PostCommand {
    Create(NewPost),
    Edit {
        on: OnPost,
        change: PostChange,
        expected: Option<Version>,
    },
    Delete {
        on: OnPost,
        expected: Option<Version>,
    },
    Like(OnPost),
    Unlike(OnPost),
    Repost(OnPost),
    UndoRepost(OnPost),
    Bookmark(OnPost),
    RemoveBookmark(OnPost),
    /// Of a moderator, as the next one.
    TakeDown {
        post: PostId,
        moderated: Moderated,
    },
    Restore(PostId),
}

pub async fn decide(session: &mut Session<'_>, command: &PostCommand) -> Result<Decision, Failure> {
    match command {
        PostCommand::Create(new) => create(session, new).await,
        PostCommand::Edit { on, change, expected } => edit(session, *on, change, *expected).await,
        PostCommand::Delete { on, expected } => {
            session.load([StreamName::account(on.account), StreamName::post(on.post)]).await?;
            let author: Account = session.fold(&StreamName::account(on.account));
            let post = written_by(session, &author, on.post).await?;
            Ok(post::delete(&author, &post, *expected)?.into())
        }
        PostCommand::Like(on) => {
            let (account, _, liked) = reacted(session, *on, StreamName::like(on.account, on.post)).await?;
            let actor = account.acting()?.me;
            let post = seen_by(session, &account, on.post).await?;
            Ok(reaction::like(liked, actor, post.authored()).into())
        }
        PostCommand::Unlike(on) => {
            let (account, post, liked) = reacted(session, *on, StreamName::like(on.account, on.post)).await?;
            known_to(session, &account, on.post, liked).await?;
            let (actor, on) = (account.acting()?.me, post.authored()?);
            let seen = seen_of_reaction(session, liked, on.author.id).await?;
            Ok(reaction::unlike(liked, actor, on, seen).into())
        }
        PostCommand::Repost(on) => {
            let (account, _, reposted) = reacted(session, *on, StreamName::repost(on.account, on.post)).await?;
            let actor = account.acting()?.me;
            let post = seen_by(session, &account, on.post).await?;
            let author: Account = session.fold(&StreamName::account(post.author.id));
            Ok(reaction::repost(reposted, actor, post.authored(), &author)?.into())
        }
        PostCommand::UndoRepost(on) => {
            let (account, post, reposted) = reacted(session, *on, StreamName::repost(on.account, on.post)).await?;
            known_to(session, &account, on.post, reposted).await?;
            let (actor, on) = (account.acting()?.me, post.authored()?);
            let seen = seen_of_reaction(session, reposted, on.author.id).await?;
            Ok(reaction::undo_repost(reposted, actor, on, seen).into())
        }
        PostCommand::Bookmark(on) => {
            let (account, _, bookmarked) = reacted(session, *on, StreamName::bookmark(on.account, on.post)).await?;
            let actor = account.acting()?.me;
            let post = seen_by(session, &account, on.post).await?;
            Ok(reaction::bookmark(bookmarked, actor, post.authored()).into())
        }
        PostCommand::RemoveBookmark(on) => {
            let (account, post, bookmarked) = reacted(session, *on, StreamName::bookmark(on.account, on.post)).await?;
            known_to(session, &account, on.post, bookmarked).await?;
            Ok(reaction::remove_bookmark(bookmarked, account.acting()?.me, post.authored()?).into())
        }
        PostCommand::TakeDown { post, moderated } => {
            Ok(post::take_down(&any(session, *post).await?, moderated)?.into())
        }
        PostCommand::Restore(post) => Ok(post::restore(&any(session, *post).await?)?.into()),
    }
}

/// A post, whoever may see it.
async fn any(session: &mut Session<'_>, post: PostId) -> Result<Post, Failure> {
    let stream = StreamName::post(post);
    session.load([stream.clone()]).await?;
    Ok(session.fold(&stream))
}

async fn create(session: &mut Session<'_>, new: &NewPost) -> Result<Decision, Failure> {
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
    let named = named(session, &new.text.text, &NamedSince::default()).await?;
    let personal = Envelope::Plain(new.text.clone());
    let events = post::create(&author, new.post, seen[0].as_ref(), seen[1].as_ref(), personal, named)?;
    Ok(Decision::answered(Answer::Post(new.post), events))
}

async fn edit(
    session: &mut Session<'_>,
    on: OnPost,
    change: &PostChange,
    expected: Option<Version>,
) -> Result<Decision, Failure> {
    let stream = StreamName::post(on.post);
    session.load([StreamName::account(on.account), stream.clone()]).await?;
    let author: Account = session.fold(&StreamName::account(on.account));
    let post = written_by(session, &author, on.post).await?;
    // What is not there any more is refused below.
    let (personal, present) = match post.live() {
        Ok(live) => (change.applied_to(live.personal.open()), live.version),
        Err(_) => (PostText::default(), Version::default()),
    };
    let named = named(session, &personal.text, &session.fold(&stream)).await?;
    let dropped = post.live().map(|live| live.dropped_by(&named)).unwrap_or_default();
    let seen = seen_by_each(session, dropped).await?;
    let events = post::edit(&author, &post, expected, Envelope::Plain(personal), named, &seen)?;
    Ok(Decision::versioned(&stream, present, events))
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

/// Whether the post exists as far as this account may know. An account with a reaction to take back knows of the post;
/// any other must be able to see it, or to have seen it before it was deleted: removing a reaction that does not exist
/// succeeds on a deleted post, too, and for its author on one that was taken down.
async fn known_to(session: &mut Session<'_>, account: &Account, id: PostId, reaction: Reaction) -> Result<(), Failure> {
    if reaction == Reaction::Absent {
        match seen_by(session, account, id).await {
            Ok(_) | Err(Failure::Refused(Refusal::PostDeleted | Refusal::PostTakenDown { .. })) => {}
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

/// What the author of a post has seen of its notifications, which an event needs that ends a reaction.
async fn seen_of_reaction(session: &mut Session<'_>, reaction: Reaction, author: AccountId) -> Result<Seen, Failure> {
    match reaction {
        Reaction::Absent => Ok(Seen::default()),
        Reaction::Since(_) => seen(session, author).await,
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

/// The accounts and tags that a text names. A handle that nobody holds names nobody; one that the text named `before`
/// names whoever held it then.
async fn named(session: &Session<'_>, text: &str, NamedSince(before): &NamedSince) -> Result<Named, Failure> {
    let names = names_of(text, Kind::Mention);
    let handles: Vec<StreamName> = names.iter().map(|name| StreamName::handle(name)).collect();
    let mut named = Named { mentions: vec![], hashtags: names_of(text, Kind::Hashtag) };
    if handles.is_empty() {
        return Ok(named);
    }
    // Only peeked at: whom a text names is not worth a conflict.
    let holders: Vec<StreamName> = session
        .peek_at::<HandleState>(&handles, |index| before.get(&names[index]).copied())
        .await?
        .into_iter()
        .filter_map(|handle| match handle {
            HandleState::Free => None,
            HandleState::Held(account) => Some(StreamName::account(account)),
        })
        .collect();
    for account in session.peek::<Account>(&holders).await? {
        if let Account::Known(known) = account {
            named.mentions.push(known.me);
        }
    }
    Ok(named)
}

impl Handle for v1::CreatePostRequest {
    async fn command(&self, fields: &mut Fields, commands: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::Create(NewPost {
            post: PostId::generate(),
            author: fields.account("author_id", &self.author_id),
            text: fields.post_text(self, &commands.media_hosts),
            reply_to: fields.optional_post("reply_to_post_id", &self.reply_to_post_id),
            quoted: fields.optional_post("quoted_post_id", &self.quoted_post_id),
        })
        .into())
    }

    fn respond(answer: Answer, response: &mut v1::CreatePostResponse) -> Result<(), Status> {
        let Answer::Post(post) = answer else { return Err(unexpected(answer)) };
        response.post_id = post.to_string();
        response.version = FIRST_VERSION.0;
        Ok(())
    }
}

impl Handle for v1::EditPostRequest {
    async fn command(&self, fields: &mut Fields, commands: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::Edit {
            on: on_post(fields, ("author_id", &self.author_id), &self.post_id),
            change: fields.post_change(self, &commands.media_hosts),
            expected: fields.expected_version(self.expected_version),
        }
        .into())
    }

    fn respond(answer: Answer, response: &mut v1::EditPostResponse) -> Result<(), Status> {
        response.version = version_of(answer)?;
        Ok(())
    }
}

impl Handle for v1::DeletePostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        let on = on_post(fields, ("author_id", &self.author_id), &self.post_id);
        Ok(PostCommand::Delete { on, expected: fields.expected_version(self.expected_version) }.into())
    }
}

impl Handle for v1::TakeDownPostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::TakeDown {
            post: fields.post("post_id", &self.post_id),
            moderated: fields.moderated(self.reason, &self.text),
        }
        .into())
    }
}

impl Handle for v1::RestorePostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::Restore(fields.post("post_id", &self.post_id)).into())
    }
}

impl Handle for v1::LikePostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::Like(on_post(fields, ("account_id", &self.account_id), &self.post_id)).into())
    }
}

impl Handle for v1::UnlikePostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::Unlike(on_post(fields, ("account_id", &self.account_id), &self.post_id)).into())
    }
}

impl Handle for v1::RepostPostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::Repost(on_post(fields, ("account_id", &self.account_id), &self.post_id)).into())
    }
}

impl Handle for v1::UndoRepostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::UndoRepost(on_post(fields, ("account_id", &self.account_id), &self.post_id)).into())
    }
}

impl Handle for v1::BookmarkPostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::Bookmark(on_post(fields, ("account_id", &self.account_id), &self.post_id)).into())
    }
}

impl Handle for v1::RemoveBookmarkRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(PostCommand::RemoveBookmark(on_post(fields, ("account_id", &self.account_id), &self.post_id)).into())
    }
}

fn on_post(fields: &mut Fields, (actor_field, actor): (&str, &str), post: &str) -> OnPost {
    OnPost { account: fields.account(actor_field, actor), post: fields.post("post_id", post) }
}

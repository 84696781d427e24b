//! What commands about different things load alike: posts as an account may see them, and what an account has seen.

use shared::model::ids::{AccountId, PostId};
use shared::model::streams::StreamName;

use crate::domain::account::Account;
use crate::domain::block::Block;
use crate::domain::follow::Follow;
use crate::domain::notifications::Seen;
use crate::domain::post::{Live, Post, Sight};
use crate::session::{Failure, Session};

/// The post, if it exists and this account may see it.
pub async fn seen_by(session: &mut Session<'_>, viewer: &Account, id: PostId) -> Result<Live, Failure> {
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

/// The blocks between two accounts in both directions, and the first one's follow of the second.
pub fn between(one: AccountId, other: AccountId) -> [StreamName; 3] {
    [StreamName::block(one, other), StreamName::block(other, one), StreamName::follow(one, other)]
}

pub async fn seen(session: &mut Session<'_>, account: AccountId) -> Result<Seen, Failure> {
    let stream = StreamName::notifications(account);
    session.load([stream.clone()]).await?;
    Ok(session.fold(&stream))
}

//! Commands about posts.

use shared::model::ids::PostId;
use shared::rpc::proto::command as v1;
use tonic::Status;

use super::{Handle, unexpected};
use crate::command::{Answer, Command, NewPost, OnPost};
use crate::fields::Fields;
use crate::service::Commands;

impl Handle for v1::CreatePostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::CreatePost(NewPost {
            post: PostId::generate(),
            author: fields.account("author_id", &self.author_id),
            text: fields.text(&self.text),
            reply_to: fields.optional_post("reply_to_post_id", &self.reply_to_post_id),
            quoted: fields.optional_post("quoted_post_id", &self.quoted_post_id),
        }))
    }

    fn respond(answer: Answer, response: &mut v1::CreatePostResponse) -> Result<(), Status> {
        let Answer::Post(post) = answer else { return Err(unexpected(answer)) };
        response.post_id = post.to_string();
        Ok(())
    }
}

impl Handle for v1::EditPostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        let on = on_post(fields, ("author_id", &self.author_id), &self.post_id);
        Ok(Command::EditPost { on, text: fields.text(&self.text) })
    }
}

impl Handle for v1::DeletePostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::DeletePost(on_post(fields, ("author_id", &self.author_id), &self.post_id)))
    }
}

impl Handle for v1::LikePostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Like(on_post(fields, ("account_id", &self.account_id), &self.post_id)))
    }
}

impl Handle for v1::UnlikePostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Unlike(on_post(fields, ("account_id", &self.account_id), &self.post_id)))
    }
}

impl Handle for v1::RepostPostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Repost(on_post(fields, ("account_id", &self.account_id), &self.post_id)))
    }
}

impl Handle for v1::UndoRepostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::UndoRepost(on_post(fields, ("account_id", &self.account_id), &self.post_id)))
    }
}

impl Handle for v1::BookmarkPostRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Bookmark(on_post(fields, ("account_id", &self.account_id), &self.post_id)))
    }
}

impl Handle for v1::RemoveBookmarkRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::RemoveBookmark(on_post(fields, ("account_id", &self.account_id), &self.post_id)))
    }
}

fn on_post(fields: &mut Fields, (actor_field, actor): (&str, &str), post: &str) -> OnPost {
    OnPost { account: fields.account(actor_field, actor), post: fields.post("post_id", post) }
}

//! The gRPC shell of the command server: a handler parses, executes, replies.

use std::sync::Arc;

use shared::log::{Anchor, EventLog};
use shared::rpc::common_fields::Commanding;
use shared::rpc::errors::{ErrorReason, RETRY_DELAY, Refused};
use shared::rpc::progress::{Names, ProgressOnDemand, Unreached, answer_by};
use shared::rpc::proto::command as v1;
use shared::rpc::proto::command::command_service_server::CommandService;
use shared::rpc::reply::reply;
use shared::rpc::serve::REQUEST_ID_HEADER;
use shared::rpc::tokens::Tokens;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use crate::command::{Answer, Command, Edge, NewPost, OnPost, Pair};
use crate::execute::{Call, Executed, Executor, digest};
use crate::fields::Fields;
use shared::model::ids::{AccountId, Position, PostId};

type Reply<T> = Result<Response<T>, Status>;

/// Who is asking, as long as nobody has to say.
const ANONYMOUS: &str = "anonymous";
const TRACEPARENT: &str = "traceparent";
const TRACEPARENT_LENGTH_MAX: usize = 128;
/// All projections.
const ALL: Names = &[];

/// The command server.
pub struct Commands {
    executor: Executor,
    tokens: Tokens,
    progress: ProgressOnDemand,
}

impl Commands {
    /// A command server on this log; `progress` is asked when somebody wants to wait for the read tables.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, progress: ProgressOnDemand) -> Self {
        Self { tokens: Tokens::new(log.identity()), executor: Executor::new(log), progress }
    }

    /// Executes what the fields say, unless one of them is wrong.
    async fn execute<R: Commanding>(
        &self,
        method: &str,
        request: Request<R>,
        mut fields: Fields,
        command: Command,
    ) -> Result<Executed, Status> {
        let (metadata, _, mut payload) = request.into_parts();
        let (request_id, wait_for) = payload.take_manner();
        let request_id = fields.request_id(&request_id);
        let wait_for = fields.wait_for(wait_for);
        fields.check()?;
        let call = Call {
            principal: ANONYMOUS.to_owned(),
            request_id,
            digest: digest(method, &payload.encode_to_vec()),
            correlation_id: correlation_id(&metadata),
            traceparent: traceparent(&metadata),
        };
        let executed = self.executor.execute(&call, &command).await?;
        if wait_for == v1::WaitFor::Projected {
            self.wait_until_projected(executed.anchor).await?;
        }
        Ok(executed)
    }

    /// The command has taken effect, so what goes wrong here says so.
    async fn wait_until_projected(&self, anchor: Anchor) -> Result<(), Status> {
        let position = anchor.position;
        let reached = self.progress.reach(ALL, position).await;
        reached.map_err(|unreached| {
            let (code, reason) = (Code::DeadlineExceeded, ErrorReason::NotYetProjected);
            let refused = match unreached {
                Unreached::Behind(behind) => behind.refused(code, reason, position),
                // Not SHUTTING_DOWN, which says that nothing was written.
                Unreached::ShuttingDown => {
                    let message = "the command is stored, and the server stops before the read tables show it";
                    Refused::new(code, reason, message).retry_after(RETRY_DELAY)
                }
                Unreached::Crowded => {
                    let message =
                        "the command is stored, and too many calls wait already for the read tables to show theirs";
                    Refused::new(code, reason, message).retry_after(RETRY_DELAY)
                }
            };
            refused.with("consistency_token", self.tokens.seal(anchor)).into()
        })
    }

    fn token(&self, executed: Executed) -> String {
        self.tokens.seal(executed.anchor)
    }
}

/// The request's own id, which is a UUID or is made one.
fn correlation_id(metadata: &MetadataMap) -> Uuid {
    let id = metadata.get(REQUEST_ID_HEADER).and_then(|id| id.to_str().ok());
    let parsed = |id: &str| Uuid::parse_str(id).unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()));
    id.map_or_else(Uuid::now_v7, parsed)
}

fn traceparent(metadata: &MetadataMap) -> Option<String> {
    let value = metadata.get(TRACEPARENT)?.to_str().ok()?;
    (value.len() <= TRACEPARENT_LENGTH_MAX).then(|| value.to_owned())
}

#[tonic::async_trait]
impl CommandService for Commands {
    async fn register_account(
        &self,
        request: Request<v1::RegisterAccountRequest>,
    ) -> Reply<v1::RegisterAccountResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Register {
            account: AccountId::generate(),
            handle: fields.handle(&asked.handle),
            kind: fields.kind(asked.kind),
            profile: fields.profile(&asked.display_name, &asked.bio),
        };
        let executed = self.execute("RegisterAccount", request, fields, command).await?;
        let Answer::Account(account) = executed.answer else { return Err(unexpected(executed.answer)) };
        reply(v1::RegisterAccountResponse { consistency_token: self.token(executed), account_id: account.to_string() })
    }

    async fn update_profile(&self, request: Request<v1::UpdateProfileRequest>) -> Reply<v1::UpdateProfileResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::UpdateProfile {
            account: fields.account("account_id", &asked.account_id),
            profile: fields.profile(&asked.display_name, &asked.bio),
        };
        let executed = self.execute("UpdateProfile", request, fields, command).await?;
        reply(v1::UpdateProfileResponse { consistency_token: self.token(executed) })
    }

    async fn change_handle(&self, request: Request<v1::ChangeHandleRequest>) -> Reply<v1::ChangeHandleResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let account = fields.account("account_id", &asked.account_id);
        let command = Command::ChangeHandle { account, handle: fields.handle(&asked.handle) };
        let executed = self.execute("ChangeHandle", request, fields, command).await?;
        reply(v1::ChangeHandleResponse { consistency_token: self.token(executed) })
    }

    async fn protect_account(&self, request: Request<v1::ProtectAccountRequest>) -> Reply<v1::ProtectAccountResponse> {
        let mut fields = Fields::default();
        let command = Command::Protect(fields.account("account_id", &request.get_ref().account_id));
        let executed = self.execute("ProtectAccount", request, fields, command).await?;
        reply(v1::ProtectAccountResponse { consistency_token: self.token(executed) })
    }

    async fn unprotect_account(
        &self,
        request: Request<v1::UnprotectAccountRequest>,
    ) -> Reply<v1::UnprotectAccountResponse> {
        let mut fields = Fields::default();
        let command = Command::Unprotect(fields.account("account_id", &request.get_ref().account_id));
        let executed = self.execute("UnprotectAccount", request, fields, command).await?;
        reply(v1::UnprotectAccountResponse { consistency_token: self.token(executed) })
    }

    async fn deactivate_account(
        &self,
        request: Request<v1::DeactivateAccountRequest>,
    ) -> Reply<v1::DeactivateAccountResponse> {
        let mut fields = Fields::default();
        let command = Command::Deactivate(fields.account("account_id", &request.get_ref().account_id));
        let executed = self.execute("DeactivateAccount", request, fields, command).await?;
        reply(v1::DeactivateAccountResponse { consistency_token: self.token(executed) })
    }

    async fn reactivate_account(
        &self,
        request: Request<v1::ReactivateAccountRequest>,
    ) -> Reply<v1::ReactivateAccountResponse> {
        let mut fields = Fields::default();
        let command = Command::Reactivate(fields.account("account_id", &request.get_ref().account_id));
        let executed = self.execute("ReactivateAccount", request, fields, command).await?;
        reply(v1::ReactivateAccountResponse { consistency_token: self.token(executed) })
    }

    async fn create_post(&self, request: Request<v1::CreatePostRequest>) -> Reply<v1::CreatePostResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::CreatePost(NewPost {
            post: PostId::generate(),
            author: fields.account("author_id", &asked.author_id),
            text: fields.text(&asked.text),
            reply_to: fields.optional_post("reply_to_post_id", &asked.reply_to_post_id),
            quoted: fields.optional_post("quoted_post_id", &asked.quoted_post_id),
        });
        let executed = self.execute("CreatePost", request, fields, command).await?;
        let Answer::Post(post) = executed.answer else { return Err(unexpected(executed.answer)) };
        reply(v1::CreatePostResponse { consistency_token: self.token(executed), post_id: post.to_string() })
    }

    async fn edit_post(&self, request: Request<v1::EditPostRequest>) -> Reply<v1::EditPostResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let on = on_post(&mut fields, ("author_id", &asked.author_id), &asked.post_id);
        let command = Command::EditPost { on, text: fields.text(&asked.text) };
        let executed = self.execute("EditPost", request, fields, command).await?;
        reply(v1::EditPostResponse { consistency_token: self.token(executed) })
    }

    async fn delete_post(&self, request: Request<v1::DeletePostRequest>) -> Reply<v1::DeletePostResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::DeletePost(on_post(&mut fields, ("author_id", &asked.author_id), &asked.post_id));
        let executed = self.execute("DeletePost", request, fields, command).await?;
        reply(v1::DeletePostResponse { consistency_token: self.token(executed) })
    }

    async fn like_post(&self, request: Request<v1::LikePostRequest>) -> Reply<v1::LikePostResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Like(on_post(&mut fields, ("account_id", &asked.account_id), &asked.post_id));
        let executed = self.execute("LikePost", request, fields, command).await?;
        reply(v1::LikePostResponse { consistency_token: self.token(executed) })
    }

    async fn unlike_post(&self, request: Request<v1::UnlikePostRequest>) -> Reply<v1::UnlikePostResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Unlike(on_post(&mut fields, ("account_id", &asked.account_id), &asked.post_id));
        let executed = self.execute("UnlikePost", request, fields, command).await?;
        reply(v1::UnlikePostResponse { consistency_token: self.token(executed) })
    }

    async fn repost_post(&self, request: Request<v1::RepostPostRequest>) -> Reply<v1::RepostPostResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Repost(on_post(&mut fields, ("account_id", &asked.account_id), &asked.post_id));
        let executed = self.execute("RepostPost", request, fields, command).await?;
        reply(v1::RepostPostResponse { consistency_token: self.token(executed) })
    }

    async fn undo_repost(&self, request: Request<v1::UndoRepostRequest>) -> Reply<v1::UndoRepostResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::UndoRepost(on_post(&mut fields, ("account_id", &asked.account_id), &asked.post_id));
        let executed = self.execute("UndoRepost", request, fields, command).await?;
        reply(v1::UndoRepostResponse { consistency_token: self.token(executed) })
    }

    async fn bookmark_post(&self, request: Request<v1::BookmarkPostRequest>) -> Reply<v1::BookmarkPostResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Bookmark(on_post(&mut fields, ("account_id", &asked.account_id), &asked.post_id));
        let executed = self.execute("BookmarkPost", request, fields, command).await?;
        reply(v1::BookmarkPostResponse { consistency_token: self.token(executed) })
    }

    async fn remove_bookmark(&self, request: Request<v1::RemoveBookmarkRequest>) -> Reply<v1::RemoveBookmarkResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::RemoveBookmark(on_post(&mut fields, ("account_id", &asked.account_id), &asked.post_id));
        let executed = self.execute("RemoveBookmark", request, fields, command).await?;
        reply(v1::RemoveBookmarkResponse { consistency_token: self.token(executed) })
    }

    async fn follow_account(&self, request: Request<v1::FollowAccountRequest>) -> Reply<v1::FollowAccountResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Follow(Edge {
            follower: fields.account("follower_id", &asked.follower_id),
            followee: fields.account("followee_id", &asked.followee_id),
        });
        let executed = self.execute("FollowAccount", request, fields, command).await?;
        let state = match executed.answer {
            Answer::Requested => v1::FollowState::Requested,
            _ => v1::FollowState::Following,
        };
        reply(v1::FollowAccountResponse { consistency_token: self.token(executed), state: state.into() })
    }

    async fn unfollow_account(
        &self,
        request: Request<v1::UnfollowAccountRequest>,
    ) -> Reply<v1::UnfollowAccountResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Unfollow(Edge {
            follower: fields.account("follower_id", &asked.follower_id),
            followee: fields.account("followee_id", &asked.followee_id),
        });
        let executed = self.execute("UnfollowAccount", request, fields, command).await?;
        reply(v1::UnfollowAccountResponse { consistency_token: self.token(executed) })
    }

    async fn approve_follow(&self, request: Request<v1::ApproveFollowRequest>) -> Reply<v1::ApproveFollowResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::ApproveFollow(Edge {
            followee: fields.account("account_id", &asked.account_id),
            follower: fields.account("follower_id", &asked.follower_id),
        });
        let executed = self.execute("ApproveFollow", request, fields, command).await?;
        reply(v1::ApproveFollowResponse { consistency_token: self.token(executed) })
    }

    async fn reject_follow(&self, request: Request<v1::RejectFollowRequest>) -> Reply<v1::RejectFollowResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::RejectFollow(Edge {
            followee: fields.account("account_id", &asked.account_id),
            follower: fields.account("follower_id", &asked.follower_id),
        });
        let executed = self.execute("RejectFollow", request, fields, command).await?;
        reply(v1::RejectFollowResponse { consistency_token: self.token(executed) })
    }

    async fn remove_follower(&self, request: Request<v1::RemoveFollowerRequest>) -> Reply<v1::RemoveFollowerResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::RemoveFollower(Edge {
            followee: fields.account("account_id", &asked.account_id),
            follower: fields.account("follower_id", &asked.follower_id),
        });
        let executed = self.execute("RemoveFollower", request, fields, command).await?;
        reply(v1::RemoveFollowerResponse { consistency_token: self.token(executed) })
    }

    async fn block_account(&self, request: Request<v1::BlockAccountRequest>) -> Reply<v1::BlockAccountResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Block(pair(&mut fields, &asked.account_id, &asked.target_account_id));
        let executed = self.execute("BlockAccount", request, fields, command).await?;
        reply(v1::BlockAccountResponse { consistency_token: self.token(executed) })
    }

    async fn unblock_account(&self, request: Request<v1::UnblockAccountRequest>) -> Reply<v1::UnblockAccountResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Unblock(pair(&mut fields, &asked.account_id, &asked.target_account_id));
        let executed = self.execute("UnblockAccount", request, fields, command).await?;
        reply(v1::UnblockAccountResponse { consistency_token: self.token(executed) })
    }

    async fn mute_account(&self, request: Request<v1::MuteAccountRequest>) -> Reply<v1::MuteAccountResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Mute(pair(&mut fields, &asked.account_id, &asked.target_account_id));
        let executed = self.execute("MuteAccount", request, fields, command).await?;
        reply(v1::MuteAccountResponse { consistency_token: self.token(executed) })
    }

    async fn unmute_account(&self, request: Request<v1::UnmuteAccountRequest>) -> Reply<v1::UnmuteAccountResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let command = Command::Unmute(pair(&mut fields, &asked.account_id, &asked.target_account_id));
        let executed = self.execute("UnmuteAccount", request, fields, command).await?;
        reply(v1::UnmuteAccountResponse { consistency_token: self.token(executed) })
    }

    async fn mark_notifications_seen(
        &self,
        request: Request<v1::MarkNotificationsSeenRequest>,
    ) -> Reply<v1::MarkNotificationsSeenResponse> {
        let mut fields = Fields::default();
        let asked = request.get_ref();
        let account = fields.account("account_id", &asked.account_id);
        let up_to = match fields.notification(&self.tokens, account, &asked.up_to_notification_id) {
            Some(id) => id.compared_with(&**self.executor.log(), answer_by()).await?,
            None => Position(0),
        };
        let command = Command::MarkNotificationsSeen { account, up_to };
        let executed = self.execute("MarkNotificationsSeen", request, fields, command).await?;
        reply(v1::MarkNotificationsSeenResponse { consistency_token: self.token(executed) })
    }
}

fn on_post(fields: &mut Fields, (actor_field, actor): (&str, &str), post: &str) -> OnPost {
    OnPost { account: fields.account(actor_field, actor), post: fields.post("post_id", post) }
}

fn pair(fields: &mut Fields, account: &str, target: &str) -> Pair {
    Pair { account: fields.account("account_id", account), target: fields.account("target_account_id", target) }
}

fn unexpected(answer: Answer) -> Status {
    shared::rpc::errors::internal(format!("a command that makes something was answered {answer:?}"))
}

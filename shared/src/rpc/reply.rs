//! Answers: the consistency token that is in a message also goes into the metadata of the answer.

use tonic::metadata::MetadataValue;
use tonic::{Response, Status};

use crate::rpc::errors::internal;
use crate::rpc::proto::{command, query};
use crate::rpc::tokens::CONSISTENCY_TOKEN_HEADER;

/// A message with a consistency token.
pub trait Tokened {
    /// The token.
    fn consistency_token(&self) -> &str;
}

macro_rules! tokened {
    ($package:ident, $field:ident: $($message:ident)*) => {
        $(impl Tokened for $package::$message {
            fn consistency_token(&self) -> &str {
                &self.$field
            }
        })*
    };
}

tokened! { command, consistency_token:
    RegisterAccountResponse UpdateProfileResponse ChangeHandleResponse ProtectAccountResponse UnprotectAccountResponse
    DeactivateAccountResponse ReactivateAccountResponse CreatePostResponse EditPostResponse DeletePostResponse
    LikePostResponse UnlikePostResponse RepostPostResponse UndoRepostResponse FollowAccountResponse
    UnfollowAccountResponse ApproveFollowResponse RejectFollowResponse RemoveFollowerResponse BlockAccountResponse
    UnblockAccountResponse MuteAccountResponse UnmuteAccountResponse BookmarkPostResponse RemoveBookmarkResponse MarkNotificationsSeenResponse
}

tokened! { query, read_at:
    GetAccountResponse GetPostResponse GetRelationshipResponse GetHomeTimelineResponse GetAuthorTimelineResponse
    ListFollowersResponse ListFollowingResponse ListFollowRequestsResponse BatchGetAccountsResponse
    BatchGetPostsResponse GetPresenceResponse GetThreadResponse GetHashtagTimelineResponse ListLikersResponse ListRepostersResponse
    ListQuotesResponse ListBookmarksResponse ListBlockedResponse ListMutedResponse ListNotificationsResponse
    GetUnreadNotificationCountResponse ListActivitiesResponse
}

/// The answer with this message.
///
/// # Errors
/// Never: a token is ASCII.
pub fn reply<T: Tokened>(message: T) -> Result<Response<T>, Status> {
    let token = MetadataValue::try_from(message.consistency_token()).map_err(internal)?;
    let mut response = Response::new(message);
    response.metadata_mut().insert(CONSISTENCY_TOKEN_HEADER, token);
    Ok(response)
}

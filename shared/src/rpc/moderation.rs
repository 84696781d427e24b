//! Reasons of moderators as the contract has them.

use crate::model::moderation::ModerationReason;
use crate::rpc::proto::common as v1;

impl From<ModerationReason> for v1::ModerationReason {
    fn from(reason: ModerationReason) -> Self {
        match reason {
            ModerationReason::Spam => Self::Spam,
            ModerationReason::Harassment => Self::Harassment,
            ModerationReason::Hate => Self::Hate,
            ModerationReason::Violence => Self::Violence,
            ModerationReason::SexualContent => Self::SexualContent,
            ModerationReason::Illegal => Self::Illegal,
            ModerationReason::Impersonation => Self::Impersonation,
            ModerationReason::SelfHarm => Self::SelfHarm,
            ModerationReason::Misinformation => Self::Misinformation,
            ModerationReason::Copyright => Self::Copyright,
            ModerationReason::Other => Self::Other,
        }
    }
}

/// The reason that a request names; nothing if it names none, or one that this server does not know.
#[must_use]
pub fn reason(number: i32) -> Option<ModerationReason> {
    Some(match v1::ModerationReason::try_from(number).ok()? {
        v1::ModerationReason::Unspecified => return None,
        v1::ModerationReason::Spam => ModerationReason::Spam,
        v1::ModerationReason::Harassment => ModerationReason::Harassment,
        v1::ModerationReason::Hate => ModerationReason::Hate,
        v1::ModerationReason::Violence => ModerationReason::Violence,
        v1::ModerationReason::SexualContent => ModerationReason::SexualContent,
        v1::ModerationReason::Illegal => ModerationReason::Illegal,
        v1::ModerationReason::Impersonation => ModerationReason::Impersonation,
        v1::ModerationReason::SelfHarm => ModerationReason::SelfHarm,
        v1::ModerationReason::Misinformation => ModerationReason::Misinformation,
        v1::ModerationReason::Copyright => ModerationReason::Copyright,
        v1::ModerationReason::Other => ModerationReason::Other,
    })
}

/// The name of a reason without the prefix of its enum, as refusals give it.
#[must_use]
pub fn name(reason: ModerationReason) -> &'static str {
    let name = v1::ModerationReason::from(reason).as_str_name();
    name.strip_prefix("MODERATION_REASON_").unwrap_or(name)
}

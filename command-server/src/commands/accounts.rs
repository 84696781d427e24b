//! Commands about an account itself.

use shared::model::event::{AccountKind, Envelope, Profile};
use shared::model::ids::{AccountId, Position, Version};
use shared::model::moderation::Moderated;
use shared::model::streams::StreamName;
use shared::rpc::progress::answer_by;
use shared::rpc::proto::command as v1;
use tonic::Status;

use super::{Answer, Command, Decision, FIRST_VERSION, Handle, unexpected, version_of};
use crate::domain::account::{self, APPROVED_TOGETHER_MAX, Account, ProfileChange, Step};
use crate::domain::handle::Handle as HandleState;
use crate::domain::notifications::{self, Seen};
use crate::domain::requests::Requests;
use crate::fields::Fields;
use crate::service::Commands;
use crate::session::{Failure, Session};

#[derive(Clone, Debug)]
pub enum AccountCommand {
    Register {
        account: AccountId,
        handle: String,
        kind: AccountKind,
        profile: Profile,
    },
    UpdateProfile {
        account: AccountId,
        change: ProfileChange,
        expected: Option<Version>,
    },
    ChangeHandle {
        account: AccountId,
        handle: String,
        expected: Option<Version>,
    },
    Protect(AccountId),
    Unprotect(AccountId),
    Deactivate(AccountId),
    Reactivate(AccountId),
    /// Of a moderator, as the next one.
    Suspend {
        account: AccountId,
        moderated: Moderated,
    },
    Unsuspend(AccountId),
    MarkNotificationsSeen {
        account: AccountId,
        /// The position of the newest cause that was seen.
        up_to: Position,
    },
}

pub async fn decide(session: &mut Session<'_>, command: &AccountCommand) -> Result<Decision, Failure> {
    match command {
        AccountCommand::Register { account, handle, kind, profile } => {
            session.load([StreamName::handle(handle), StreamName::account(*account)]).await?;
            let wanted: HandleState = session.fold(&StreamName::handle(handle));
            let events = account::register(&wanted, *account, handle, *kind, Envelope::Plain(profile.clone()))?;
            Ok(Decision::answered(Answer::Account(*account), events))
        }
        AccountCommand::UpdateProfile { account: id, change, expected } => {
            let account = session.account(*id).await?;
            let events = account::update_profile(&account, change, *expected)?;
            Ok(Decision::versioned(&StreamName::account(*id), account.known()?.version, events))
        }
        AccountCommand::ChangeHandle { account, handle, expected } => {
            change_handle(session, *account, handle, *expected).await
        }
        AccountCommand::Protect(account) => Ok(account::protect(&session.account(*account).await?)?.into()),
        AccountCommand::Unprotect(account) => unprotect(session, *account).await,
        AccountCommand::Deactivate(account) => Ok(account::deactivate(&session.account(*account).await?)?.into()),
        AccountCommand::Reactivate(account) => Ok(account::reactivate(&session.account(*account).await?)?.into()),
        AccountCommand::Suspend { account, moderated } => {
            Ok(account::suspend(&session.account(*account).await?, moderated)?.into())
        }
        AccountCommand::Unsuspend(account) => Ok(account::unsuspend(&session.account(*account).await?)?.into()),
        AccountCommand::MarkNotificationsSeen { account, up_to } => {
            let stream = StreamName::notifications(*account);
            session.load([StreamName::account(*account), stream.clone()]).await?;
            let seen: Seen = session.fold(&stream);
            let account: Account = session.fold(&StreamName::account(*account));
            Ok(notifications::mark_seen(seen, &account, *up_to)?.into())
        }
    }
}

async fn change_handle(
    session: &mut Session<'_>,
    id: AccountId,
    handle: &str,
    expected: Option<Version>,
) -> Result<Decision, Failure> {
    session.load([StreamName::account(id), StreamName::handle(handle)]).await?;
    let account: Account = session.fold(&StreamName::account(id));
    let wanted: HandleState = session.fold(&StreamName::handle(handle));
    if let Account::Known(known) = &account {
        session.load([StreamName::handle(&known.handle)]).await?;
    }
    let events = account::change_handle(&account, &wanted, handle, expected)?;
    Ok(Decision::versioned(&StreamName::account(id), account.known()?.version, events))
}

async fn unprotect(session: &mut Session<'_>, id: AccountId) -> Result<Decision, Failure> {
    session.load([StreamName::account(id), StreamName::requests(id)]).await?;
    let account: Account = session.fold(&StreamName::account(id));
    let waiting = session.fold::<Requests>(&StreamName::requests(id)).oldest_first();
    let approved = waiting.iter().take(APPROVED_TOGETHER_MAX);
    session.load(approved.map(|follower| StreamName::follow(follower.id, id))).await?;
    let Step { events, is_last } = account::unprotect(&account, &waiting)?;
    Ok(Decision { events, answer: Answer::Done, is_last })
}

impl Handle for v1::RegisterAccountRequest {
    async fn command(&self, fields: &mut Fields, commands: &Commands) -> Result<Command, Status> {
        Ok(AccountCommand::Register {
            account: AccountId::generate(),
            handle: fields.handle(&self.handle),
            kind: fields.kind(self.kind),
            profile: fields.profile(self, &commands.media_hosts),
        }
        .into())
    }

    fn respond(answer: Answer, response: &mut v1::RegisterAccountResponse) -> Result<(), Status> {
        let Answer::Account(account) = answer else { return Err(unexpected(answer)) };
        response.account_id = account.to_string();
        response.version = FIRST_VERSION.0;
        Ok(())
    }
}

impl Handle for v1::UpdateProfileRequest {
    async fn command(&self, fields: &mut Fields, commands: &Commands) -> Result<Command, Status> {
        Ok(AccountCommand::UpdateProfile {
            account: fields.account("account_id", &self.account_id),
            change: fields.profile_change(self, &commands.media_hosts),
            expected: fields.expected_version(self.expected_version),
        }
        .into())
    }

    fn respond(answer: Answer, response: &mut v1::UpdateProfileResponse) -> Result<(), Status> {
        response.version = version_of(answer)?;
        Ok(())
    }
}

impl Handle for v1::ChangeHandleRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(AccountCommand::ChangeHandle {
            account: fields.account("account_id", &self.account_id),
            handle: fields.handle(&self.handle),
            expected: fields.expected_version(self.expected_version),
        }
        .into())
    }

    fn respond(answer: Answer, response: &mut v1::ChangeHandleResponse) -> Result<(), Status> {
        response.version = version_of(answer)?;
        Ok(())
    }
}

impl Handle for v1::ProtectAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(AccountCommand::Protect(fields.account("account_id", &self.account_id)).into())
    }
}

impl Handle for v1::UnprotectAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(AccountCommand::Unprotect(fields.account("account_id", &self.account_id)).into())
    }
}

impl Handle for v1::DeactivateAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(AccountCommand::Deactivate(fields.account("account_id", &self.account_id)).into())
    }
}

impl Handle for v1::ReactivateAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(AccountCommand::Reactivate(fields.account("account_id", &self.account_id)).into())
    }
}

impl Handle for v1::SuspendAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(AccountCommand::Suspend {
            account: fields.account("account_id", &self.account_id),
            moderated: fields.moderated(self.reason, &self.text),
        }
        .into())
    }
}

impl Handle for v1::UnsuspendAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(AccountCommand::Unsuspend(fields.account("account_id", &self.account_id)).into())
    }
}

impl Handle for v1::MarkNotificationsSeenRequest {
    async fn command(&self, fields: &mut Fields, commands: &Commands) -> Result<Command, Status> {
        let account = fields.account("account_id", &self.account_id);
        let up_to = match fields.notification(&commands.tokens, account, &self.up_to_notification_id) {
            Some(id) => id.compared_with(&**commands.executor.log(), answer_by()).await?,
            None => Position(0),
        };
        Ok(AccountCommand::MarkNotificationsSeen { account, up_to }.into())
    }
}

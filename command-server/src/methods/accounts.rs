//! Commands about an account itself.

use shared::model::ids::{AccountId, Position};
use shared::rpc::progress::answer_by;
use shared::rpc::proto::command as v1;
use tonic::Status;

use super::{Handle, unexpected};
use crate::command::{Answer, Command};
use crate::fields::Fields;
use crate::service::Commands;

impl Handle for v1::RegisterAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Register {
            account: AccountId::generate(),
            handle: fields.handle(&self.handle),
            kind: fields.kind(self.kind),
            profile: fields.profile(&self.display_name, &self.bio),
        })
    }

    fn respond(answer: Answer, response: &mut v1::RegisterAccountResponse) -> Result<(), Status> {
        let Answer::Account(account) = answer else { return Err(unexpected(answer)) };
        response.account_id = account.to_string();
        Ok(())
    }
}

impl Handle for v1::UpdateProfileRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::UpdateProfile {
            account: fields.account("account_id", &self.account_id),
            profile: fields.profile(&self.display_name, &self.bio),
        })
    }
}

impl Handle for v1::ChangeHandleRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        let account = fields.account("account_id", &self.account_id);
        Ok(Command::ChangeHandle { account, handle: fields.handle(&self.handle) })
    }
}

impl Handle for v1::ProtectAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Protect(fields.account("account_id", &self.account_id)))
    }
}

impl Handle for v1::UnprotectAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Unprotect(fields.account("account_id", &self.account_id)))
    }
}

impl Handle for v1::DeactivateAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Deactivate(fields.account("account_id", &self.account_id)))
    }
}

impl Handle for v1::ReactivateAccountRequest {
    async fn command(&self, fields: &mut Fields, _: &Commands) -> Result<Command, Status> {
        Ok(Command::Reactivate(fields.account("account_id", &self.account_id)))
    }
}

impl Handle for v1::MarkNotificationsSeenRequest {
    async fn command(&self, fields: &mut Fields, commands: &Commands) -> Result<Command, Status> {
        let account = fields.account("account_id", &self.account_id);
        let up_to = match fields.notification(&commands.tokens, account, &self.up_to_notification_id) {
            Some(id) => id.compared_with(&**commands.executor.log(), answer_by()).await?,
            None => Position(0),
        };
        Ok(Command::MarkNotificationsSeen { account, up_to })
    }
}

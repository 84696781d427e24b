//! The methods of the service: for each, what its request asks for and what it is answered. What is done for all of them alike is in
//! [`crate::service`].

mod accounts;
mod posts;
mod relationships;

use shared::rpc::common_fields::{CommandAnswer, Commanding};
use shared::rpc::errors::internal;
use shared::rpc::methods::Method;
use tonic::Status;

use crate::command::{Answer, Command};
use crate::fields::Fields;
use crate::service::Commands;

/// A method of the service, by its request.
pub trait Handle: Method<Response: CommandAnswer> + Commanding {
    /// What it asks for. Fields that are wrong are noted, and then the command is not executed.
    fn command(&self, fields: &mut Fields, commands: &Commands)
    -> impl Future<Output = Result<Command, Status>> + Send;

    /// Puts what it is answered into the response, beside the token.
    ///
    /// # Errors
    /// When the answer is of another command.
    fn respond(_: Answer, _: &mut Self::Response) -> Result<(), Status> {
        Ok(())
    }
}

fn unexpected(answer: Answer) -> Status {
    internal(format!("a command that makes something was answered {answer:?}"))
}

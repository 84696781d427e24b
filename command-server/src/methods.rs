//! The methods of the service: which command each request is, and how the answer becomes a response. What is done for
//! all methods alike is in [`crate::service`].

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
    /// The command of the request. If a field is wrong, a violation is added, and the command is not executed.
    fn command(&self, fields: &mut Fields, commands: &Commands)
    -> impl Future<Output = Result<Command, Status>> + Send;

    /// Puts the answer into the response; the consistency token is added elsewhere.
    fn respond(_: Answer, _: &mut Self::Response) -> Result<(), Status> {
        Ok(())
    }
}

fn unexpected(answer: Answer) -> Status {
    internal(format!("a command that makes something was answered {answer:?}"))
}

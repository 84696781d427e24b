//! Commands: what a client wants, with every field checked. One file for each part of the contract: how a request becomes a command,
//! which log streams the command needs, which decision of the domain it asks for, and what is answered.
//!
//! Always: a decision reads the log and nothing else. It names every log stream that it loaded, so that the append
//! fails when one of them has moved; what it only peeks at, such as whom a handle names, may move. Never here: a rule
//! (see [`crate::domain`]), and what is done for all methods alike (see [`crate::service`]).

mod accounts;
mod loading;
mod posts;
mod relationships;

pub use accounts::AccountCommand;
pub use posts::{NewPost, OnPost, PostCommand};
pub use relationships::{Edge, Pair, RelationshipCommand};
use serde::{Deserialize, Serialize};
use shared::model::event::Event;
use shared::model::ids::{AccountId, PostId, Version};
use shared::model::streams::StreamName;
use shared::rpc::common_fields::{CommandAnswer, Commanding};
use shared::rpc::errors::internal;
use shared::rpc::methods::Method;
use tonic::Status;

use crate::fields::Fields;
use crate::service::Commands;
use crate::session::{Failure, Session};

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

/// A command with its checked fields.
#[derive(Clone, Debug)]
pub enum Command {
    Account(AccountCommand),
    Post(PostCommand),
    Relationship(RelationshipCommand),
}

impl From<AccountCommand> for Command {
    fn from(command: AccountCommand) -> Self {
        Self::Account(command)
    }
}

impl From<PostCommand> for Command {
    fn from(command: PostCommand) -> Self {
        Self::Post(command)
    }
}

impl From<RelationshipCommand> for Command {
    fn from(command: RelationshipCommand) -> Self {
        Self::Relationship(command)
    }
}

/// The answer of a command, besides the position. It is stored with the request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing besides the consistency token.
    Done,
    /// The account that was registered.
    Account(AccountId),
    /// The post that was created.
    Post(PostId),
    Following,
    /// The follow waits for approval.
    Requested,
    /// What was changed has this version now. An earlier version of this code stored [`Self::Done`] in its place.
    Version(Version),
}

#[derive(Clone, Debug)]
pub struct Decision {
    /// Empty when everything is already as the command wants it.
    pub events: Vec<Event>,
    pub answer: Answer,
    /// Whether these events complete the command. If not, it is decided again after they are appended.
    pub is_last: bool,
}

impl Decision {
    /// These events complete the command, and it is answered so.
    fn answered(answer: Answer, events: Vec<Event>) -> Self {
        Self { events, answer, is_last: true }
    }

    /// These events complete a command that answers the version that a log stream has then.
    fn versioned(stream: &StreamName, present: Version, events: Vec<Event>) -> Self {
        let own = events.iter().filter(|event| event.stream() == *stream);
        let version = own.fold(present, |version, _| version.next());
        Self::answered(Answer::Version(version), events)
    }
}

/// These events complete a command that answers nothing besides the consistency token.
impl From<Vec<Event>> for Decision {
    fn from(events: Vec<Event>) -> Self {
        Self::answered(Answer::Done, events)
    }
}

/// Decides a command on the state of the log that the session reads.
pub async fn decide(session: &mut Session<'_>, command: &Command) -> Result<Decision, Failure> {
    match command {
        Command::Account(command) => accounts::decide(session, command).await,
        Command::Post(command) => posts::decide(session, command).await,
        Command::Relationship(command) => relationships::decide(session, command).await,
    }
}

/// The version of what was just made.
const FIRST_VERSION: Version = Version(1);

/// The version that a command answers; 0 where the answer was stored before there was one.
fn version_of(answer: Answer) -> Result<i64, Status> {
    match answer {
        Answer::Version(version) => Ok(version.0),
        Answer::Done => Ok(0),
        Answer::Account(_) | Answer::Post(_) | Answer::Following | Answer::Requested => Err(unexpected(answer)),
    }
}

fn unexpected(answer: Answer) -> Status {
    internal(format!("a command that makes something was answered {answer:?}"))
}

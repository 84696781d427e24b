//! Why a server cannot be used, in words for the person who must mend it.
//!
//! Always: an error says what is wrong without the line of the server's source, and whether it may pass by itself; the
//! error of a statement keeps its SQLSTATE; no password is in it. Never here: how the error is handled.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;

use sqlx::Error;
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSeverity};

use super::address::Target;
use super::connector::place;

/// An error of the server with a text of ours. The driver's own text names the line of the server's source that raised it.
#[derive(Debug)]
pub(super) struct Explained {
    error: PgDatabaseError,
    text: String,
}

impl Explained {
    /// Whether the server has ended the session with it.
    pub fn is_fatal(&self) -> bool {
        matches!(self.error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl StdError for Explained {}

impl DatabaseError for Explained {
    fn message(&self) -> &str {
        &self.text
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.error.code()))
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn constraint(&self) -> Option<&str> {
        self.error.constraint()
    }

    fn table(&self) -> Option<&str> {
        self.error.table()
    }

    fn kind(&self) -> ErrorKind {
        self.error.kind()
    }
}

/// The error of a statement in an open session, with a text for operators.
pub(super) fn told(cause: Error) -> Error {
    told_with(cause, |code, message| match code {
        "42501" => format!("the role of this process lacks a right: {message}"),
        _ => message.to_owned(),
    })
}

/// The error of opening a session at a host, with a text for operators.
pub(super) fn told_of(cause: Error, host: &PgConnectOptions) -> Error {
    let (role, database) = (host.get_username(), host.get_database().unwrap_or_else(|| host.get_username()));
    let place = place(host);
    match cause {
        Error::Io(cause) => {
            let what = match cause.kind() {
                io::ErrorKind::ConnectionRefused => format!("nothing listens at {place}: the connection is refused"),
                io::ErrorKind::TimedOut => format!("{place} does not answer"),
                io::ErrorKind::NotFound => format!("there is no socket of a server at {place}"),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
                    format!("{place} ends connections at once: {cause}")
                }
                _ => format!("{place}: {cause}"),
            };
            Error::Io(io::Error::new(cause.kind(), what))
        }
        Error::Tls(cause) => Error::Tls(
            format!("no encrypted connection to {place}, or its certificate is not accepted: {cause}").into(),
        ),
        cause => told_with(cause, |code, message| match code {
            "3D000" => format!("there is no database {database} at {place}"),
            "28P01" => format!("{place} refuses the password of role {role}"),
            "28000" => format!("{place} does not let role {role} in: {message}"),
            "42501" => format!("role {role} may not use database {database} at {place}: {message}"),
            "53300" => format!("{place} has no connection left for role {role}: {message}"),
            "57P03" => format!("{place} is starting or stopping: {message}"),
            _ => format!("{place}: {message}"),
        }),
    }
}

fn told_with(cause: Error, text: impl FnOnce(&str, &str) -> String) -> Error {
    match cause {
        Error::Database(refused) => match refused.try_downcast::<PgDatabaseError>() {
            Ok(error) => {
                let text = text(error.code(), error.message());
                Error::Database(Box::new(Explained { error: *error, text }))
            }
            Err(told) => Error::Database(told),
        },
        cause => cause,
    }
}

/// One error for all hosts of an address: the causes at all of them, and whether one may pass by itself.
pub(super) fn of_all(mut failed: Vec<(&PgConnectOptions, Error)>) -> Error {
    if failed.len() == 1 {
        return failed.remove(0).1;
    }
    let texts: Vec<String> = failed.iter().map(|(_, cause)| text(cause)).collect();
    let passing = failed.iter().any(|(_, cause)| may_pass(cause));
    let kind = if passing { io::ErrorKind::ConnectionRefused } else { io::ErrorKind::PermissionDenied };
    Error::Io(io::Error::new(kind, texts.join("; ")))
}

/// The text for operators, without the driver's prefix.
pub(super) fn text(cause: &Error) -> String {
    match cause {
        Error::Io(cause) => cause.to_string(),
        Error::Tls(cause) => cause.to_string(),
        Error::Database(refused) => refused.message().to_owned(),
        Error::PoolTimedOut => "all connections of this process are in use".to_owned(),
        cause => cause.to_string(),
    }
}

/// Whether it may pass by itself in a moment: the server is starting, failing over or full.
pub(super) fn may_pass(cause: &Error) -> bool {
    /// Starting or stopping, ending sessions, without a connection left, read-only.
    const PASSING: [&str; 5] = ["57P03", "57P01", "57P02", "53300", "25006"];
    match cause {
        Error::Io(cause) => !matches!(
            cause.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound | io::ErrorKind::InvalidData
        ),
        Error::Database(refused) => refused.code().is_some_and(|code| PASSING.contains(&&*code)),
        _ => false,
    }
}

/// The error repeated for another caller: its text, and whether it may pass by itself.
pub(super) fn again(cause: &Error) -> Error {
    let kind = match cause {
        Error::Io(cause) => cause.kind(),
        cause if may_pass(cause) => io::ErrorKind::ConnectionRefused,
        _ => io::ErrorKind::PermissionDenied,
    };
    Error::Io(io::Error::new(kind, text(cause)))
}

/// The server cannot be written to.
pub(super) fn read_only() -> Error {
    Error::Io(io::Error::other("nothing can be written there: the server is a standby, or the session is read-only"))
}

/// The server is not of the kind that the address asks for.
pub(super) fn another_target(target: Target) -> Error {
    Error::Io(io::Error::other(format!("the server is not {target}, as target_session_attrs asks")))
}

/// The database's encoding cannot hold what clients send.
pub(super) fn wrong_encoding(encoding: &str) -> Error {
    let cause = format!(
        "the database's encoding is {encoding}, and Chirp needs UTF8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
    );
    Error::Io(io::Error::new(io::ErrorKind::InvalidData, cause))
}

/// Whether another database or configuration is needed: waiting does not help.
pub(super) fn is_of_the_database(cause: &Error) -> bool {
    matches!(cause, Error::Io(cause) if cause.kind() == io::ErrorKind::InvalidData)
}

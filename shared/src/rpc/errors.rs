//! Errors as clients see them: a status code, a reason from the contract's enum, and everything that the message says as data.
//!
//! Always: every refusal carries an `ErrorInfo` with domain `chirp`; field violations come all at once; the message is
//! for people. Never here: which situation is which error; each boundary has a table of its own for that.

#![warn(missing_docs)]

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};
use tracing::error;
use uuid::Uuid;

use crate::log::{AppendError, ReadError};
use crate::model::ids::{AccountId, PostId};
use crate::model::text::{BYTES_PER_CHARACTER_MAX, isolated, length, shows_something};
pub use crate::rpc::proto::common::ErrorReason;

/// The trailer that has the reason in plain text, for whoever cannot read the details.
pub const ERROR_REASON_HEADER: &str = "x-chirp-error-reason";
/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "chirp";
/// How long a client should wait that was refused for load or a lagging projection.
pub const RETRY_DELAY: Duration = Duration::from_millis(500);

/// How much of a client's own words a refusal repeats, in characters: refusals travel in headers, whose length is limited.
const ECHO_LENGTH_MAX: usize = 256;

/// Where the page about the reasons is, if that is known.
static REFERENCE: OnceLock<String> = OnceLock::new();

/// From now on, refusals link to what their reason means on this page. Only the first call counts.
pub fn link_to_reference(url: &str) {
    REFERENCE.get_or_init(|| url.to_owned());
}

/// The reason as it is on the wire: the enum's name without its prefix.
#[must_use]
pub fn reason_name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

/// A refusal that can be turned into a [`Status`]. In a box, since it is large and seldom.
#[derive(Debug)]
pub struct Refused(Box<Told>);

#[derive(Debug)]
struct Told {
    code: Code,
    reason: ErrorReason,
    message: String,
    metadata: HashMap<String, String>,
    violations: Vec<FieldViolation>,
    retry_after: Option<Duration>,
    resource: Option<(&'static str, String)>,
    /// Whose quota is used up, and which.
    quota: Option<(String, String)>,
}

impl Refused {
    /// The message is for people: lower case, no full stop.
    pub fn new(code: Code, reason: ErrorReason, message: impl Into<String>) -> Self {
        Self(Box::new(Told {
            code,
            reason,
            message: shortened(&message.into()),
            metadata: HashMap::new(),
            violations: Vec::new(),
            retry_after: None,
            resource: None,
            quota: None,
        }))
    }

    /// Adds a fact of the message as metadata of the `ErrorInfo`, for programs.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.0.metadata.insert(key.to_owned(), shortened(&value.to_string()));
        self
    }

    /// Adds a `RetryInfo`.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// Says that it is this field that is wrong, as [`Violations::check`] does.
    #[must_use]
    pub fn violation(mut self, field: &str) -> Self {
        let (description, reason) = (self.0.message.clone(), reason_name(self.0.reason).to_owned());
        self.0.violations.push(FieldViolation {
            field: field.to_owned(),
            description: description.clone(),
            reason,
            ..FieldViolation::default()
        });
        self.with(field, description)
    }

    /// Adds a `QuotaFailure`: whose quota is used up, and which.
    #[must_use]
    pub fn quota(mut self, subject: String, description: String) -> Self {
        self.0.quota = Some((shortened(&subject), description));
        self
    }

    /// Adds a `ResourceInfo`: what was not found, or was taken.
    #[must_use]
    pub fn resource(mut self, kind: &'static str, name: impl Into<String>) -> Self {
        self.0.resource = Some((kind, shortened(&name.into())));
        self
    }
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        let refused = *refused.0;
        let mut details = ErrorDetails::with_error_info(reason_name(refused.reason), DOMAIN, refused.metadata);
        if !refused.violations.is_empty() {
            details.set_bad_request(refused.violations);
        }
        if let Some(delay) = refused.retry_after {
            details.set_retry_info(Some(delay));
        }
        if let Some((kind, name)) = refused.resource {
            details.set_resource_info(kind, name, "", refused.message.clone());
        }
        if let Some((subject, description)) = refused.quota {
            details.add_quota_failure_violation(subject, description);
        }
        if let Some(page) = REFERENCE.get() {
            // As headings of Markdown are linked to.
            let anchor = reason_name(refused.reason).to_ascii_lowercase();
            details.add_help_link("what the reason means, and what to do", format!("{page}#{anchor}"));
        }
        let mut status = Status::with_error_details(refused.code, refused.message, details);
        let reason = MetadataValue::from_static(reason_name(refused.reason));
        status.metadata_mut().insert(ERROR_REASON_HEADER, reason);
        status
    }
}

/// The reason that a refusal has, and the facts beside it.
#[must_use]
pub fn explained(status: &Status) -> (ErrorReason, HashMap<String, String>) {
    let Some(info) = status.get_details_error_info() else { return (ErrorReason::Unspecified, HashMap::new()) };
    (ErrorReason::from_str_name(&format!("ERROR_REASON_{}", info.reason)).unwrap_or_default(), info.metadata)
}

/// At most [`ECHO_LENGTH_MAX`] characters of a text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(ECHO_LENGTH_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Collects what is wrong with the fields of a request, so that a client hears of all of it at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<(FieldViolation, ErrorReason)>);

impl Violations {
    /// Adds one violation.
    pub fn add(&mut self, field: &str, reason: ErrorReason, description: impl Into<String>) {
        let violation = FieldViolation {
            field: field.to_owned(),
            description: description.into(),
            reason: reason_name(reason).to_owned(),
            ..FieldViolation::default()
        };
        self.0.push((violation, reason));
    }

    /// Reads the id of an account. If it is malformed, adds a violation and gives a placeholder.
    pub fn account(&mut self, field: &str, text: &str) -> AccountId {
        AccountId(self.uuid(field, text))
    }

    /// Reads the id of an account; none if the text is empty.
    pub fn optional_account(&mut self, field: &str, text: &str) -> Option<AccountId> {
        (!text.is_empty()).then(|| self.account(field, text))
    }

    /// Reads the id of a post. If it is malformed, adds a violation and gives a placeholder.
    pub fn post(&mut self, field: &str, text: &str) -> PostId {
        PostId(self.uuid(field, text))
    }

    /// Reads a UUID. If it is malformed, adds a violation and gives a placeholder.
    pub fn uuid(&mut self, field: &str, text: &str) -> Uuid {
        text.parse::<AccountId>().map(|id| id.0).unwrap_or_else(|_| {
            self.add(field, ErrorReason::IdMalformed, "must be a UUID such as 01920000-0000-7000-8000-000000000001");
            Uuid::nil()
        })
    }

    /// Adds a violation if the text is empty.
    pub fn must_not_be_empty(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.add(field, ErrorReason::TextEmpty, "must not be empty");
        }
    }

    /// Trims a text and keeps it from turning the text beside it. Adds a violation if it has more than `length_max` characters as
    /// people see them, or [`BYTES_PER_CHARACTER_MAX`] times as many bytes.
    pub fn words(&mut self, field: &str, text: &str, length_max: usize) -> String {
        self.words_in(field, text, length_max, length_max * BYTES_PER_CHARACTER_MAX)
    }

    /// The same with another limit of bytes.
    pub fn words_in(&mut self, field: &str, text: &str, length_max: usize, bytes_max: usize) -> String {
        let trimmed = text.trim();
        if trimmed.len() > bytes_max {
            let rule =
                format!("must have at most {length_max} characters in {bytes_max} bytes, has {} bytes", trimmed.len());
            self.add(field, ErrorReason::TextTooLong, rule);
            return String::new();
        }
        let length = length(trimmed);
        if length > length_max {
            let rule = format!("must have at most {length_max} characters, has {length}");
            self.add(field, ErrorReason::TextTooLong, rule);
        }
        isolated(trimmed)
    }

    /// The same, and adds a violation if the text shows nothing.
    pub fn required_words(&mut self, field: &str, text: &str, length_max: usize) -> String {
        if !shows_something(text) {
            self.add(field, ErrorReason::TextEmpty, "must show something");
        }
        self.words(field, text, length_max)
    }

    /// Fails with INVALID_ARGUMENT and all violations, if there is any. The reason is that of the violations if they
    /// share one, else `FIELD_INVALID`.
    pub fn check(self) -> Result<(), Status> {
        let Some(first) = self.0.first().map(|(_, reason)| *reason) else {
            return Ok(());
        };
        let same = self.0.iter().all(|(_, reason)| *reason == first);
        let described: Vec<String> =
            self.0.iter().map(|(violation, _)| format!("{}: {}", violation.field, violation.description)).collect();
        let mut refused = Refused::new(
            Code::InvalidArgument,
            if same { first } else { ErrorReason::FieldInvalid },
            described.join("; "),
        );
        for (violation, _) in &self.0 {
            refused = refused.with(&violation.field, &violation.description);
        }
        refused.0.violations = self.0.into_iter().map(|(violation, _)| violation).collect();
        Err(refused.into())
    }
}

/// INTERNAL, for a bug of ours. The cause goes to the log, never to the client.
pub fn internal(cause: impl std::fmt::Display) -> Status {
    error!(%cause, "internal error: {cause}");
    Refused::new(Code::Internal, ErrorReason::Internal, "internal error, our fault").into()
}

/// RESOURCE_EXHAUSTED: there is no room for one more stream of this account or at this server.
#[must_use]
pub fn too_many_streams(of: &str, limit: usize) -> Status {
    let message = format!("this {of} has {limit} open streams here, and may have no more");
    let refused = Refused::new(Code::ResourceExhausted, ErrorReason::TooManyStreams, message);
    refused.with("limit", limit).with("of", of).retry_after(RETRY_DELAY).into()
}

/// UNAVAILABLE: the store does not answer. The cause goes to the log.
pub fn store_unavailable(cause: impl std::fmt::Display) -> Status {
    error!(%cause, "the store is not available: {cause}");
    Refused::new(Code::Unavailable, ErrorReason::StoreUnavailable, "the store is not available")
        .retry_after(RETRY_DELAY)
        .into()
}

impl From<ReadError> for Status {
    fn from(cause: ReadError) -> Self {
        match cause {
            ReadError::Unavailable(_) | ReadError::Schema(_) => store_unavailable(cause),
            ReadError::Gap { .. } => internal(cause),
        }
    }
}

impl From<AppendError> for Status {
    fn from(cause: AppendError) -> Self {
        let message = cause.to_string();
        match cause {
            AppendError::Conflict(stream) => {
                Refused::new(Code::Aborted, ErrorReason::ConcurrentChange, message).with("stream", stream).into()
            }
            AppendError::HistoryLost => Refused::new(Code::Aborted, ErrorReason::ConcurrentChange, message).into(),
            AppendError::RequestIdReused => {
                Refused::new(Code::InvalidArgument, ErrorReason::RequestIdReused, message).into()
            }
            AppendError::TooManyEvents => {
                Refused::new(Code::FailedPrecondition, ErrorReason::TooManyFollowRequests, message)
                    .with("limit_events", crate::log::APPEND_EVENTS_MAX)
                    .into()
            }
            AppendError::Overloaded => {
                Refused::new(Code::ResourceExhausted, ErrorReason::Overloaded, message).retry_after(RETRY_DELAY).into()
            }
            AppendError::Full => Refused::new(Code::ResourceExhausted, ErrorReason::StoreFull, message).into(),
            AppendError::Unavailable(cause) => store_unavailable(cause),
            // What clients may send is checked before, so this is a bug of ours, and trying again does not help.
            AppendError::Unstorable(_) => internal(message),
        }
    }
}

//! Fields of requests: parsed into types that cannot be wrong, collecting all violations.
//!
//! Always: a wrong field adds a violation and is read as a placeholder, and [`Fields::check`] must pass before any of the values is used.

use shared::model::event::{AccountKind, Profile};
use shared::model::ids::{AccountId, PostId, RequestId};
use shared::rpc::errors::{ErrorReason, Violations};
use shared::rpc::proto::command::WaitFor;
use shared::rpc::proto::common;
use shared::rpc::tokens::{Genuine, Tokens};
use tonic::Status;

use crate::domain::text::{HANDLE_LENGTH_MAX, HANDLE_LENGTH_MIN, is_handle};

/// The longest text of a post, in characters, after trimming.
pub const TEXT_LENGTH_MAX: usize = 500;
/// The longest display name, in characters, after trimming.
pub const DISPLAY_NAME_LENGTH_MAX: usize = 50;
/// The longest bio, in characters, after trimming.
pub const BIO_LENGTH_MAX: usize = 300;

/// The fields of one request while they are being parsed.
#[derive(Debug, Default)]
pub struct Fields(Violations);

impl Fields {
    /// Passes when no field was wrong.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with all violations.
    pub fn check(self) -> Result<(), Status> {
        self.0.check()
    }

    pub fn account(&mut self, field: &str, text: &str) -> AccountId {
        self.0.account(field, text)
    }

    pub fn post(&mut self, field: &str, text: &str) -> PostId {
        self.0.post(field, text)
    }

    /// None if the text is empty.
    pub fn optional_post(&mut self, field: &str, text: &str) -> Option<PostId> {
        (!text.is_empty()).then(|| self.post(field, text))
    }

    /// The id of a notification of this account, which holds the position of its newest cause.
    pub fn notification(&mut self, tokens: &Tokens, owner: AccountId, text: &str) -> Option<Genuine> {
        tokens.open_notification(&owner.to_string(), "up_to_notification_id", text, &mut self.0)
    }

    /// The idempotency key; none if the text is empty.
    pub fn request_id(&mut self, text: &str) -> Option<RequestId> {
        (!text.is_empty()).then(|| RequestId(self.0.uuid("request_id", text)))
    }

    /// What must have happened before the answer is sent.
    pub fn wait_for(&mut self, number: i32) -> WaitFor {
        WaitFor::try_from(number).unwrap_or_else(|_| {
            self.0.add("wait_for", ErrorReason::FieldInvalid, "must be WAIT_FOR_PROJECTED or nothing");
            WaitFor::Unspecified
        })
    }

    pub fn handle(&mut self, text: &str) -> String {
        if !is_handle(text) {
            let rule = format!("must be {HANDLE_LENGTH_MIN}–{HANDLE_LENGTH_MAX} of a-z, 0-9 and _");
            self.0.add("handle", ErrorReason::HandleMalformed, rule);
        }
        text.to_owned()
    }

    /// The trimmed text of a post.
    pub fn text(&mut self, text: &str) -> String {
        self.0.required_words("text", text, TEXT_LENGTH_MAX)
    }

    /// A profile with trimmed texts.
    pub fn profile(&mut self, display_name: &str, bio: &str) -> Profile {
        Profile {
            display_name: self.0.required_words("display_name", display_name, DISPLAY_NAME_LENGTH_MAX),
            bio: self.0.words("bio", bio, BIO_LENGTH_MAX),
        }
    }

    pub fn kind(&mut self, kind: i32) -> AccountKind {
        match common::AccountKind::try_from(kind) {
            Ok(common::AccountKind::User) => AccountKind::User,
            Ok(common::AccountKind::Organization) => AccountKind::Organization,
            Ok(common::AccountKind::Unspecified) | Err(_) => {
                let rule = "must be ACCOUNT_KIND_USER or ACCOUNT_KIND_ORGANIZATION";
                self.0.add("kind", ErrorReason::KindUnspecified, rule);
                AccountKind::User
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;

    #[test]
    fn all_violations_come_at_once_each_with_its_reason() {
        let mut fields = Fields::default();
        fields.account("author_id", "nobody");
        fields.text("  ");
        fields.handle("No");
        let details = fields.check().expect_err("three are wrong").get_error_details();
        let violations = &details.bad_request().expect("a BadRequest").field_violations;
        let found: Vec<_> = violations.iter().map(|v| (v.field.as_str(), v.reason.as_str())).collect();
        assert_eq!(found, [("author_id", "ID_MALFORMED"), ("text", "TEXT_EMPTY"), ("handle", "HANDLE_MALFORMED")]);
        assert_eq!(details.error_info().expect("an ErrorInfo").reason, "FIELD_INVALID");
    }

    #[test]
    fn one_violation_is_the_reason_itself() {
        let mut fields = Fields::default();
        fields.text(&"x".repeat(TEXT_LENGTH_MAX + 1));
        let status = fields.check().expect_err("it is too long");
        assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "TEXT_TOO_LONG");
    }

    #[test]
    fn a_text_is_trimmed_and_counted_in_characters() {
        let mut fields = Fields::default();
        assert_eq!(fields.text("  hello \n"), "hello");
        fields.text(&"🐦".repeat(TEXT_LENGTH_MAX));
        assert_eq!(fields.optional_post("reply_to_post_id", ""), None);
        assert!(fields.check().is_ok());
    }

    #[test]
    fn only_the_hyphenated_form_of_an_id_is_one() {
        for bad in ["", "0", "01920000000070008000000000000001", "{01920000-0000-7000-8000-000000000001}"] {
            let mut fields = Fields::default();
            fields.post("post_id", bad);
            assert!(fields.check().is_err(), "{bad}");
        }
    }
}

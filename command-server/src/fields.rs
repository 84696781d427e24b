//! Fields of requests: parsed into types that cannot be wrong, collecting all violations.
//!
//! Always: a wrong field adds a violation and is read as a placeholder, and [`Fields::check`] must pass before any of the values is used.

use prost_types::FieldMask;
use shared::model::entities::{HANDLE_LENGTH_MAX, HANDLE_LENGTH_MIN, Kind, is_handle, names};
use shared::model::event::{AccountKind, Profile};
use shared::model::hashtag::HASHTAG_LENGTH_MAX;
use shared::model::ids::{AccountId, PostId, RequestId};
use shared::rpc::errors::{ErrorReason, Violations};
use shared::rpc::proto::command::WaitFor;
use shared::rpc::proto::common;
use shared::rpc::tokens::{Genuine, Tokens};
use tonic::Status;

use crate::domain::account::ProfileChange;

/// The longest text of a post, in characters as people see them, after trimming.
pub const TEXT_LENGTH_MAX: usize = 500;
/// The longest display name, in such characters, after trimming.
pub const DISPLAY_NAME_LENGTH_MAX: usize = 50;
/// The longest bio, in such characters, after trimming.
pub const BIO_LENGTH_MAX: usize = 300;

/// The fields of a profile, as an update mask names them.
const PROFILE_FIELDS: [&str; 2] = ["display_name", "bio"];
/// The path of a mask that names every field (AIP-134).
const EVERY_FIELD: &str = "*";

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

    /// The trimmed text of a post. A hashtag that is too long to be found by is refused, so that none is lost without a word.
    pub fn text(&mut self, text: &str) -> String {
        let text = self.0.required_words("text", text, TEXT_LENGTH_MAX);
        for tag in names(&text, Kind::Hashtag) {
            let length = tag.chars().count();
            if length > HASHTAG_LENGTH_MAX {
                let rule = format!("a hashtag must have at most {HASHTAG_LENGTH_MAX} characters, #{tag} has {length}");
                self.0.add("text", ErrorReason::HashtagMalformed, rule);
            }
        }
        text
    }

    /// A profile with trimmed texts.
    pub fn profile(&mut self, display_name: &str, bio: &str) -> Profile {
        Profile {
            display_name: self.0.required_words("display_name", display_name, DISPLAY_NAME_LENGTH_MAX),
            bio: self.0.words("bio", bio, BIO_LENGTH_MAX),
        }
    }

    /// The parts of a profile that a mask names, with trimmed texts; all of it without a mask.
    pub fn profile_change(&mut self, mask: Option<&FieldMask>, display_name: &str, bio: &str) -> ProfileChange {
        let mut named = [false; PROFILE_FIELDS.len()];
        for path in mask.iter().flat_map(|mask| &mask.paths) {
            match PROFILE_FIELDS.iter().position(|field| field == path) {
                Some(field) => named[field] = true,
                None if path == EVERY_FIELD => named = [true; PROFILE_FIELDS.len()],
                None => {
                    let rule = format!("must name {} or {EVERY_FIELD}", PROFILE_FIELDS.join(", "));
                    self.0.add("update_mask", ErrorReason::UpdateMaskInvalid, rule);
                    return ProfileChange::default();
                }
            }
        }
        let [is_named, is_described] = match named.contains(&true) {
            true => named,
            false => [true; PROFILE_FIELDS.len()],
        };
        let name = |fields: &mut Self| fields.0.required_words("display_name", display_name, DISPLAY_NAME_LENGTH_MAX);
        ProfileChange {
            display_name: is_named.then(|| name(self)),
            bio: is_described.then(|| self.0.words("bio", bio, BIO_LENGTH_MAX)),
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
    fn a_text_is_trimmed_and_counted_in_characters_as_people_see_them() {
        let mut fields = Fields::default();
        assert_eq!(fields.text("  hello \n"), "hello");
        assert_eq!(fields.text("\u{202e}hello"), "\u{202e}hello\u{202c}");
        fields.text(&"🐦".repeat(TEXT_LENGTH_MAX));
        fields.text(&"e\u{301}".repeat(TEXT_LENGTH_MAX));
        assert_eq!(fields.optional_post("reply_to_post_id", ""), None);
        assert!(fields.check().is_ok());
    }

    #[test]
    fn a_text_that_shows_nothing_has_too_many_marks_or_too_long_a_hashtag_is_refused() {
        let (marks, tag) = (format!("a{}", "\u{301}".repeat(5_001)), format!("#{}", "x".repeat(101)));
        for (text, reason) in [("\u{3164}", "TEXT_EMPTY"), (&marks, "TEXT_TOO_LONG"), (&tag, "HASHTAG_MALFORMED")] {
            let mut fields = Fields::default();
            fields.text(text);
            let status = fields.check().expect_err("it is wrong");
            assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, reason);
        }
    }

    #[test]
    fn a_mask_names_what_changes_and_nothing_means_all() {
        let changed = |paths: &[&str]| {
            let mask = FieldMask { paths: paths.iter().map(ToString::to_string).collect() };
            let mut fields = Fields::default();
            let change = fields.profile_change(Some(&mask), " Ada ", "bio");
            fields.check().map(|()| (change.display_name, change.bio))
        };
        let (name, bio) = (Some("Ada".to_owned()), Some("bio".to_owned()));
        for all in [&[][..], &["*"], &["bio", "display_name"]] {
            assert_eq!(changed(all).expect("it is a mask"), (name.clone(), bio.clone()), "{all:?}");
        }
        assert_eq!(changed(&["display_name"]).expect("it is a mask"), (name, None));
        assert_eq!(changed(&["bio", "bio"]).expect("it is a mask"), (None, bio));
        for unknown in ["", "displayName", "profile.bio", "handle", "**"] {
            let status = changed(&["bio", unknown]).expect_err("it names nothing");
            assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "UPDATE_MASK_INVALID");
        }
        let mut fields = Fields::default();
        let mask = FieldMask { paths: vec!["bio".to_owned()] };
        fields.profile_change(Some(&mask), "", "what is not changed is not checked");
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

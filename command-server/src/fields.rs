//! Fields of requests: parsed into types that cannot be wrong, collecting all violations.
//!
//! Always: a wrong field adds a violation and is read as a placeholder, and [`Fields::check`] must pass before any of the values is used.

mod media;

use prost_types::FieldMask;
use shared::model::entities::{HANDLE_LENGTH_MAX, HANDLE_LENGTH_MIN, Kind, is_handle, names};
use shared::model::event::{AccountKind, PostText, Profile};
use shared::model::hashtag::HASHTAG_LENGTH_MAX;
use shared::model::ids::{AccountId, NUMBER_MAX, PostId, RequestId, Version};
use shared::model::media::{PostExtras, ProfileExtras};
use shared::model::moderation::{Moderated, ModerationReason, Note};
use shared::rpc::errors::{ErrorReason, Violations};
use shared::rpc::moderation;
use shared::rpc::proto::command::{self as v1, WaitFor};
use shared::rpc::proto::common;
use shared::rpc::tokens::{Genuine, Tokens};
use tonic::Status;

pub use self::media::MediaHosts;
use self::media::shown;
use crate::domain::account::ProfileChange;
use crate::domain::post::PostChange;

/// The longest text of a post, in characters as people see them, after trimming.
pub const TEXT_LENGTH_MAX: usize = 500;
/// The longest display name, in such characters, after trimming.
pub const DISPLAY_NAME_LENGTH_MAX: usize = 50;
/// The longest bio, in such characters, after trimming.
pub const BIO_LENGTH_MAX: usize = 300;

/// The longest content warning, in such characters, after trimming.
pub const CONTENT_WARNING_LENGTH_MAX: usize = 100;
/// The longest text beside the reason of a moderator, in such characters, after trimming.
pub const NOTE_LENGTH_MAX: usize = 200;

/// The fields of a profile, as an update mask names them.
const PROFILE_FIELDS: [&str; 4] = ["display_name", "bio", "avatar", "banner"];
/// Those of a post.
const POST_FIELDS: [&str; 5] = ["text", "media", "link_card", "languages", "content_warning"];
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

    /// The trimmed text of a post. A hashtag that is too long to be found by is refused, so that none is lost without a word. Where it is not
    /// required, a text that shows nothing is none.
    pub fn text(&mut self, text: &str, is_required: bool) -> String {
        let text = match is_required {
            true => self.0.required_words("text", text, TEXT_LENGTH_MAX),
            false => shown(self.0.words("text", text, TEXT_LENGTH_MAX)),
        };
        for tag in names(&text, Kind::Hashtag) {
            let length = tag.chars().count();
            if length > HASHTAG_LENGTH_MAX {
                let rule = format!("a hashtag must have at most {HASHTAG_LENGTH_MAX} characters, #{tag} has {length}");
                self.0.add("text", ErrorReason::HashtagMalformed, rule);
            }
        }
        text
    }

    /// A new post.
    pub fn post_text(&mut self, request: &v1::CreatePostRequest, hosts: &MediaHosts) -> PostText {
        PostText {
            text: self.text(&request.text, request.media.is_empty()),
            extras: PostExtras {
                media: self.media(&request.media, hosts),
                link_card: self.link_card(request.link_card.as_ref(), hosts),
                languages: self.languages(&request.languages),
                content_warning: self.content_warning(&request.content_warning),
            },
        }
    }

    /// The parts of a post that a mask names; without a mask the text, and the others that are given.
    pub fn post_change(&mut self, request: &v1::EditPostRequest, hosts: &MediaHosts) -> PostChange {
        let v1::EditPostRequest { text, media, link_card, languages, content_warning, .. } = request;
        let given = [true, !media.is_empty(), link_card.is_some(), !languages.is_empty(), !content_warning.is_empty()];
        let Some(named) = self.named(request.update_mask.as_ref(), &POST_FIELDS, given) else {
            return PostChange::default();
        };
        let [has_text, has_media, has_link_card, has_languages, has_content_warning] = named;
        // Without media in the request, what the post has already decides whether it needs a text.
        let needs_text = has_media && media.is_empty();
        PostChange {
            text: has_text.then(|| self.text(text, needs_text)),
            media: has_media.then(|| self.media(media, hosts)),
            link_card: has_link_card.then(|| self.link_card(link_card.as_ref(), hosts)),
            languages: has_languages.then(|| self.languages(languages)),
            content_warning: has_content_warning.then(|| self.content_warning(content_warning)),
        }
    }

    fn content_warning(&mut self, text: &str) -> String {
        shown(self.0.words("content_warning", text, CONTENT_WARNING_LENGTH_MAX))
    }

    /// A profile with trimmed texts.
    pub fn profile(&mut self, request: &v1::RegisterAccountRequest, hosts: &MediaHosts) -> Profile {
        Profile {
            display_name: self.0.required_words("display_name", &request.display_name, DISPLAY_NAME_LENGTH_MAX),
            bio: self.0.words("bio", &request.bio, BIO_LENGTH_MAX),
            extras: ProfileExtras {
                avatar: self.image("avatar", request.avatar.as_ref(), hosts),
                banner: self.image("banner", request.banner.as_ref(), hosts),
            },
        }
    }

    /// The parts of a profile that a mask names, with trimmed texts; without a mask its texts, and the pictures that are given.
    pub fn profile_change(&mut self, request: &v1::UpdateProfileRequest, hosts: &MediaHosts) -> ProfileChange {
        let v1::UpdateProfileRequest { display_name, bio, avatar, banner, .. } = request;
        let given = [true, true, avatar.is_some(), banner.is_some()];
        let Some(named) = self.named(request.update_mask.as_ref(), &PROFILE_FIELDS, given) else {
            return ProfileChange::default();
        };
        let [has_display_name, has_bio, has_avatar, has_banner] = named;
        let name = |fields: &mut Self| fields.0.required_words("display_name", display_name, DISPLAY_NAME_LENGTH_MAX);
        ProfileChange {
            display_name: has_display_name.then(|| name(self)),
            bio: has_bio.then(|| self.0.words("bio", bio, BIO_LENGTH_MAX)),
            avatar: has_avatar.then(|| self.image("avatar", avatar.as_ref(), hosts)),
            banner: has_banner.then(|| self.image("banner", banner.as_ref(), hosts)),
        }
    }

    /// Which of the fields a mask names; without one, those that are given. Nothing where it names what is no field.
    fn named<const N: usize>(
        &mut self,
        mask: Option<&FieldMask>,
        fields: &[&str; N],
        given: [bool; N],
    ) -> Option<[bool; N]> {
        let mut named = [false; N];
        for path in mask.iter().flat_map(|mask| &mask.paths) {
            match fields.iter().position(|field| field == path) {
                Some(field) => named[field] = true,
                None if path == EVERY_FIELD => named = [true; N],
                None => {
                    let rule = format!("must name {} or {EVERY_FIELD}", fields.join(", "));
                    self.0.add("update_mask", ErrorReason::UpdateMaskInvalid, rule);
                    return None;
                }
            }
        }
        Some(if named.contains(&true) { named } else { given })
    }

    /// The version that must be the present one, if any must.
    pub fn expected_version(&mut self, number: i64) -> Option<Version> {
        if !(0..=NUMBER_MAX).contains(&number) {
            self.0.add("expected_version", ErrorReason::FieldInvalid, "must be a version, or 0 for any");
        }
        (number != 0).then_some(Version(number))
    }

    /// Why a moderator acts. A text that shows nothing is none.
    pub fn moderated(&mut self, reason: i32, text: &str) -> Moderated {
        let reason = moderation::reason(reason).unwrap_or_else(|| {
            self.0.add("reason", ErrorReason::ModerationReasonInvalid, "must be a reason that the contract names");
            ModerationReason::Other
        });
        Moderated { reason, note: Note { text: shown(self.0.words("text", text, NOTE_LENGTH_MAX)) } }
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
        fields.text("  ", true);
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
        fields.text(&"x".repeat(TEXT_LENGTH_MAX + 1), true);
        let status = fields.check().expect_err("it is too long");
        assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "TEXT_TOO_LONG");
    }

    #[test]
    fn a_text_is_trimmed_and_counted_in_characters_as_people_see_them() {
        let mut fields = Fields::default();
        assert_eq!(fields.text("  hello \n", true), "hello");
        assert_eq!(fields.text("\u{202e}hello", true), "\u{202e}hello\u{202c}");
        fields.text(&"🐦".repeat(TEXT_LENGTH_MAX), true);
        fields.text(&"e\u{301}".repeat(TEXT_LENGTH_MAX), true);
        assert_eq!(fields.optional_post("reply_to_post_id", ""), None);
        assert!(fields.check().is_ok());
    }

    #[test]
    fn a_text_that_shows_nothing_has_too_many_marks_or_too_long_a_hashtag_is_refused() {
        let (marks, tag) = (format!("a{}", "\u{301}".repeat(5_001)), format!("#{}", "x".repeat(101)));
        for (text, reason) in [("\u{3164}", "TEXT_EMPTY"), (&marks, "TEXT_TOO_LONG"), (&tag, "HASHTAG_MALFORMED")] {
            let mut fields = Fields::default();
            fields.text(text, true);
            let status = fields.check().expect_err("it is wrong");
            assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, reason);
        }
    }

    fn mask(paths: &[&str]) -> Option<FieldMask> {
        Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() })
    }

    fn image(url: &str) -> common::Media {
        let kind = common::MediaKind::Image.into();
        common::Media { url: url.to_owned(), kind, ..common::Media::default() }
    }

    #[test]
    fn a_mask_names_what_changes_and_nothing_means_the_texts_and_what_is_given() {
        let changed = |paths: &[&str], avatar: Option<&str>| {
            let mut fields = Fields::default();
            let request = v1::UpdateProfileRequest {
                display_name: " Ada ".to_owned(),
                bio: "bio".to_owned(),
                avatar: avatar.map(image),
                update_mask: mask(paths),
                ..v1::UpdateProfileRequest::default()
            };
            let change = fields.profile_change(&request, &MediaHosts::default());
            let url = |picture: Option<Box<shared::model::media::Media>>| picture.map(|picture| picture.url);
            fields.check().map(|()| (change.display_name, change.bio, change.avatar.map(url), change.banner.map(url)))
        };
        let (name, bio) = (Some("Ada".to_owned()), Some("bio".to_owned()));
        let url = "https://media.example/a.png";
        for texts in [&[][..], &["bio", "display_name"]] {
            let found = changed(texts, None).expect("it is a mask");
            assert_eq!(found, (name.clone(), bio.clone(), None, None), "{texts:?}");
        }
        let found = changed(&[], Some(url)).expect("it is a mask");
        assert_eq!(found, (name.clone(), bio.clone(), Some(Some(url.to_owned())), None));
        let found = changed(&["*"], None).expect("it is a mask");
        assert_eq!(found, (name.clone(), bio.clone(), Some(None), Some(None)), "what is named and absent is removed");
        assert_eq!(changed(&["display_name"], Some(url)).expect("it is a mask"), (name, None, None, None));
        assert_eq!(changed(&["bio", "bio"], Some("not checked")).expect("it is a mask"), (None, bio, None, None));
        for unknown in ["", "displayName", "profile.bio", "handle", "**", "avatar.url"] {
            let status = changed(&["bio", unknown], None).expect_err("it names nothing");
            assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "UPDATE_MASK_INVALID");
        }
    }

    #[test]
    fn an_edit_without_a_mask_changes_the_text_and_what_is_given() {
        let edit = |request: v1::EditPostRequest| {
            let mut fields = Fields::default();
            let change = fields.post_change(&request, &MediaHosts::default());
            fields.check().map(|()| change)
        };
        let request = v1::EditPostRequest { text: " new ".to_owned(), ..v1::EditPostRequest::default() };
        let text = Some("new".to_owned());
        assert_eq!(edit(request.clone()).expect("a text"), PostChange { text: text.clone(), ..PostChange::default() });
        let with = v1::EditPostRequest { languages: vec!["DE".to_owned()], ..request.clone() };
        let languages = Some(vec!["de".to_owned()]);
        let expected = PostChange { text: text.clone(), languages, ..PostChange::default() };
        assert_eq!(edit(with).expect("a text"), expected);
        let only = v1::EditPostRequest { update_mask: mask(&["content_warning"]), ..request.clone() };
        let expected = PostChange { content_warning: Some(String::new()), ..PostChange::default() };
        assert_eq!(edit(only).expect("it is a mask"), expected);
        let all = edit(v1::EditPostRequest { update_mask: mask(&["*"]), ..request.clone() }).expect("it is a mask");
        assert_eq!((all.text, all.media, all.link_card), (text, Some(vec![]), Some(None)));
        // Whether a text is needed depends on what the post has, unless the edit says it all.
        let empty = v1::EditPostRequest::default();
        assert_eq!(edit(empty.clone()).expect("the post may have media").text, Some(String::new()));
        let status = edit(v1::EditPostRequest { update_mask: mask(&["*"]), ..empty }).expect_err("nothing is left");
        assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "TEXT_EMPTY");
    }

    #[test]
    fn beside_media_a_text_that_shows_nothing_is_none() {
        let post = |text: &str, media| {
            let mut fields = Fields::default();
            let request = v1::CreatePostRequest { text: text.to_owned(), media, ..v1::CreatePostRequest::default() };
            let post = fields.post_text(&request, &MediaHosts::default());
            fields.check().map(|()| post.text)
        };
        let media = vec![image("https://media.example/a.png")];
        assert_eq!(post(" \u{3164} ", media.clone()).expect("there is media"), "");
        assert_eq!(post(" a ", media).expect("there is media"), "a");
        assert!(post(" \u{3164} ", vec![]).is_err());
    }

    #[test]
    fn a_version_may_be_expected() {
        let mut fields = Fields::default();
        assert_eq!(
            [0, 1, NUMBER_MAX].map(|number| fields.expected_version(number)),
            [None, Some(Version(1)), Some(Version(NUMBER_MAX))]
        );
        assert!(fields.check().is_ok());
        for bad in [-1, i64::MIN, NUMBER_MAX + 1] {
            let mut fields = Fields::default();
            fields.expected_version(bad);
            let status = fields.check().expect_err("it is no version");
            assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "FIELD_INVALID");
        }
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

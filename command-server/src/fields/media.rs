//! Fields about what is stored elsewhere: media, link cards and their URLs; and the languages of a post.
//!
//! Always: a URL is stored in the form in which a browser would request it, so that the host that was checked is the host that every client
//! goes to, however it parses URLs. Never here: a look at what is behind a URL.

use oxilangtag::LanguageTag;
use shared::model::media::{LinkCard, Media, MediaKind};
use shared::model::text::shows_something;
use shared::rpc::errors::ErrorReason;
use shared::rpc::proto::common as v1;
use url::Url;

use super::Fields;

/// The most media of one post.
pub const MEDIA_MAX: usize = 4;
/// The longest URL, in bytes, as it is given and as it is stored.
pub const URL_BYTES_MAX: usize = 2_048;
/// The longest description of a media, in characters as people see them, after trimming.
pub const ALT_LENGTH_MAX: usize = 1_000;
/// The same in bytes: fewer for each than other texts may have, since a page has many of them, and a client takes 4 MiB at once.
pub const ALT_BYTES_MAX: usize = 4_000;
/// The longest title of a link card, in characters and in bytes.
pub const TITLE_LENGTH_MAX: usize = 200;
pub const TITLE_BYTES_MAX: usize = 1_000;
/// The longest description of a link card, in characters and in bytes.
pub const DESCRIPTION_LENGTH_MAX: usize = 500;
pub const DESCRIPTION_BYTES_MAX: usize = 2_000;
/// The most languages of one post.
pub const LANGUAGES_MAX: usize = 3;
/// The longest tag of a language, in bytes: RFC 5646 asks for room for as much.
pub const LANGUAGE_BYTES_MAX: usize = 35;

const ANY_SUBDOMAIN: &str = "*.";

/// The hosts from which media may come.
#[derive(Clone, Debug, Default)]
pub struct MediaHosts {
    /// Names in lower case, `*.` before one for its subdomains. None allow all.
    allowed: Vec<String>,
}

impl MediaHosts {
    /// Those that the operator allows; all of them if there are none.
    #[must_use]
    pub fn of(allowed: &[String]) -> Self {
        Self { allowed: allowed.iter().map(|host| host.to_ascii_lowercase()).collect() }
    }

    fn allow(&self, host: &str) -> bool {
        let is_named = |allowed: &String| match allowed.strip_prefix(ANY_SUBDOMAIN) {
            Some(parent) => host.strip_suffix(parent).is_some_and(|sub| sub.len() > 1 && sub.ends_with('.')),
            None => allowed == host,
        };
        self.allowed.is_empty() || self.allowed.iter().any(is_named)
    }
}

impl Fields {
    /// The media of a post, in their order.
    pub fn media(&mut self, media: &[v1::Media], hosts: &MediaHosts) -> Vec<Media> {
        if media.len() > MEDIA_MAX {
            let rule = format!("must have at most {MEDIA_MAX} entries, has {}", media.len());
            self.0.add("media", ErrorReason::ListTooLong, rule);
            return vec![];
        }
        let one = |(index, media): (usize, &v1::Media)| self.one_media(&format!("media[{index}]"), media, hosts);
        media.iter().enumerate().map(one).collect()
    }

    /// A media that must be a picture.
    pub fn image(&mut self, field: &str, image: Option<&v1::Media>, hosts: &MediaHosts) -> Option<Box<Media>> {
        let image = self.one_media(field, image?, hosts);
        if image.kind != MediaKind::Image {
            self.0.add(&format!("{field}.kind"), ErrorReason::MediaKindInvalid, "must be MEDIA_KIND_IMAGE");
        }
        Some(Box::new(image))
    }

    pub fn link_card(&mut self, card: Option<&v1::LinkCard>, hosts: &MediaHosts) -> Option<Box<LinkCard>> {
        let v1::LinkCard { url, title, description, image } = card?;
        if !shows_something(title) {
            self.0.add("link_card.title", ErrorReason::TextEmpty, "must show something");
        }
        Some(Box::new(LinkCard {
            url: self.url("link_card.url", url).map(String::from).unwrap_or_default(),
            title: self.0.words_in("link_card.title", title, TITLE_LENGTH_MAX, TITLE_BYTES_MAX),
            description: shown(self.0.words_in(
                "link_card.description",
                description,
                DESCRIPTION_LENGTH_MAX,
                DESCRIPTION_BYTES_MAX,
            )),
            image: self.image("link_card.image", image.as_ref(), hosts),
        }))
    }

    /// Tags of languages in their canonical case, each once.
    pub fn languages(&mut self, languages: &[String]) -> Vec<String> {
        if languages.len() > LANGUAGES_MAX {
            let rule = format!("must have at most {LANGUAGES_MAX} entries, has {}", languages.len());
            self.0.add("languages", ErrorReason::ListTooLong, rule);
            return vec![];
        }
        let mut tags: Vec<String> = Vec::new();
        for (index, language) in languages.iter().enumerate() {
            let is_short = language.len() <= LANGUAGE_BYTES_MAX;
            match is_short.then(|| LanguageTag::parse_and_normalize(language)) {
                Some(Ok(tag)) if tags.contains(&tag.as_str().to_owned()) => {}
                Some(Ok(tag)) => tags.push(tag.into_inner()),
                Some(Err(_)) | None => {
                    let rule = format!(
                        "must be a well-formed tag of BCP 47 in at most {LANGUAGE_BYTES_MAX} bytes, such as pt-BR"
                    );
                    self.0.add(&format!("languages[{index}]"), ErrorReason::LanguageMalformed, rule);
                }
            }
        }
        tags
    }

    fn one_media(&mut self, field: &str, media: &v1::Media, hosts: &MediaHosts) -> Media {
        let of = |part: &str| format!("{field}.{part}");
        let url = self.url(&of("url"), &media.url);
        if let Some(host) = url.as_ref().and_then(Url::host_str).filter(|host| !hosts.allow(host)) {
            let rule = format!("must be of a host that this server allows, {host} is none");
            self.0.add(&of("url"), ErrorReason::MediaHostNotAllowed, rule);
        }
        Media {
            url: url.map(String::from).unwrap_or_default(),
            kind: self.media_kind(&of("kind"), media.kind()),
            width: self.pixels(&of("width"), media.width),
            height: self.pixels(&of("height"), media.height),
            alt: shown(self.0.words_in(&of("alt"), &media.alt, ALT_LENGTH_MAX, ALT_BYTES_MAX)),
        }
    }

    fn url(&mut self, field: &str, text: &str) -> Option<Url> {
        let is_good = |url: &Url| {
            let is_for_everybody = url.username().is_empty() && url.password().is_none();
            url.scheme() == "https" && url.has_host() && is_for_everybody && url.as_str().len() <= URL_BYTES_MAX
        };
        let parsed = (text.len() <= URL_BYTES_MAX).then(|| Url::parse(text).ok()).flatten().filter(is_good);
        if parsed.is_none() {
            let rule = format!("must be an absolute https URL without a user name, in at most {URL_BYTES_MAX} bytes");
            self.0.add(field, ErrorReason::UrlInvalid, rule);
        }
        parsed
    }

    fn media_kind(&mut self, field: &str, kind: v1::MediaKind) -> MediaKind {
        match kind {
            v1::MediaKind::Image => MediaKind::Image,
            v1::MediaKind::Video => MediaKind::Video,
            v1::MediaKind::Animation => MediaKind::Animation,
            v1::MediaKind::Audio => MediaKind::Audio,
            v1::MediaKind::Unspecified => {
                self.0.add(field, ErrorReason::MediaKindInvalid, "must be a kind of media");
                // What must be an image is not told so twice.
                MediaKind::Image
            }
        }
    }

    fn pixels(&mut self, field: &str, number: i32) -> u16 {
        u16::try_from(number).unwrap_or_else(|_| {
            self.0.add(field, ErrorReason::FieldInvalid, format!("must be 0 to {}", u16::MAX));
            0
        })
    }
}

/// The text, if it shows anything.
pub(super) fn shown(text: String) -> String {
    if shows_something(&text) { text } else { String::new() }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;

    fn media(url: &str) -> v1::Media {
        v1::Media { url: url.to_owned(), kind: v1::MediaKind::Image.into(), ..v1::Media::default() }
    }

    /// The violations of a check, as `field REASON`.
    fn violations(fields: Fields) -> Vec<String> {
        let Err(status) = fields.check() else { return vec![] };
        let violations = status.get_details_bad_request().expect("a BadRequest").field_violations;
        violations.iter().map(|violation| format!("{} {}", violation.field, violation.reason)).collect()
    }

    fn stored(url: &str, hosts: &[&str]) -> Result<String, Vec<String>> {
        let mut fields = Fields::default();
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let media = fields.one_media("media[0]", &media(url), &MediaHosts::of(&hosts));
        let wrong = violations(fields);
        if wrong.is_empty() { Ok(media.url) } else { Err(wrong) }
    }

    #[test]
    fn a_url_is_stored_as_a_browser_would_request_it() {
        for (given, kept) in [
            ("https://media.example/a.png", "https://media.example/a.png"),
            ("HTTPS://Media.Example:443/a b?c=%20#d", "https://media.example/a%20b?c=%20#d"),
            ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
            // Others would take this for the host evil.example.
            (r"https://media.example\@evil.example/", "https://media.example/@evil.example/"),
        ] {
            assert_eq!(stored(given, &[]), Ok(kept.to_owned()), "{given}");
            assert_eq!(stored(kept, &[]), Ok(kept.to_owned()), "what is stored stays the same");
        }
    }

    #[test]
    fn a_url_must_be_absolute_with_https_short_and_without_a_user() {
        let long = format!("https://media.example/{}", "a".repeat(URL_BYTES_MAX));
        let long_when_stored = format!("https://media.example/{}", "ä".repeat(400));
        for bad in [
            "",
            "media.example/a.png",
            "/a.png",
            "//media.example/a.png",
            "http://media.example/a.png",
            "http://localhost/a.png",
            "data:image/png;base64,AAAA",
            "javascript:alert(1)",
            "ftp://media.example/a.png",
            "https://",
            "https://ada@media.example/a.png",
            "https://ada:secret@media.example/a.png",
            "https://:secret@media.example/a.png",
            &long,
            &long_when_stored,
        ] {
            assert_eq!(stored(bad, &[]), Err(vec!["media[0].url URL_INVALID".to_owned()]), "{bad}");
        }
    }

    #[test]
    fn where_hosts_are_configured_a_url_must_be_of_one_of_them() {
        let hosts = ["media.example", "*.CDN.example"];
        let refused = Err(vec!["media[0].url MEDIA_HOST_NOT_ALLOWED".to_owned()]);
        for (url, is_allowed) in [
            ("https://media.example/a", true),
            ("https://MEDIA.example:8443/a", true),
            ("https://a.cdn.example/a", true),
            ("https://a.b.cdn.example/a", true),
            ("https://cdn.example/a", false),
            ("https://.cdn.example/a", false),
            ("https://evilcdn.example/a", false),
            ("https://a.media.example/a", false),
            ("https://media.example.evil.example/a", false),
            ("https://media.example./a", false),
            ("https://127.0.0.1/a", false),
            (r"https://evil.example\@media.example/", false),
        ] {
            let found = stored(url, &hosts);
            assert!(if is_allowed { found.is_ok() } else { found == refused }, "{url}: {found:?}");
        }
    }

    #[test]
    fn every_part_of_a_media_has_its_rule() {
        let mut fields = Fields::default();
        let hosts = MediaHosts::default();
        let bad =
            v1::Media { kind: 9, width: -1, height: 65_536, alt: "é".repeat(1_001), ..media("https://a.example/") };
        fields.media(&[media("https://a.example/"), bad], &hosts);
        let expected = ["kind MEDIA_KIND_INVALID", "width FIELD_INVALID", "height FIELD_INVALID", "alt TEXT_TOO_LONG"];
        assert_eq!(violations(fields), expected.map(|wrong| format!("media[1].{wrong}")));
        let mut fields = Fields::default();
        let alt = v1::Media { width: 65_535, alt: " \u{202e}turned ".to_owned(), ..media("https://a.example/") };
        let blank = v1::Media { alt: "\u{3164}".to_owned(), ..media("https://a.example/") };
        let found = fields.media(&[alt, blank], &hosts);
        assert_eq!((found[0].width, &*found[0].alt, &*found[1].alt), (65_535, "\u{202e}turned\u{202c}", ""));
        fields.media(&vec![media("https://a.example/"); MEDIA_MAX + 1], &hosts);
        let film = v1::Media { kind: v1::MediaKind::Video.into(), ..media("https://a.example/") };
        fields.image("avatar", Some(&film), &hosts);
        fields.image("banner", Some(&v1::Media { kind: 0, ..film }), &hosts);
        let expected = ["media LIST_TOO_LONG", "avatar.kind MEDIA_KIND_INVALID", "banner.kind MEDIA_KIND_INVALID"];
        assert_eq!(violations(fields), expected);
    }

    #[test]
    fn a_link_card_may_lead_anywhere_and_its_picture_is_media() {
        let hosts = MediaHosts::of(&["media.example".to_owned()]);
        let card = v1::LinkCard {
            url: "https://anywhere.example/".to_owned(),
            title: " Title ".to_owned(),
            image: Some(media("https://anywhere.example/a.png")),
            ..v1::LinkCard::default()
        };
        let mut fields = Fields::default();
        assert_eq!(fields.link_card(Some(&card), &hosts).expect("it is there").title, "Title");
        assert_eq!(violations(fields), ["link_card.image.url MEDIA_HOST_NOT_ALLOWED"]);
        let mut fields = Fields::default();
        let bad =
            v1::LinkCard { title: "\u{200b}".to_owned(), description: "x".repeat(501), ..v1::LinkCard::default() };
        fields.link_card(Some(&bad), &hosts);
        let expected =
            ["link_card.title TEXT_EMPTY", "link_card.url URL_INVALID", "link_card.description TEXT_TOO_LONG"];
        assert_eq!(violations(fields), expected);
    }

    #[test]
    fn languages_are_well_formed_tags_in_their_canonical_case_each_once() {
        let languages = |tags: &[&str]| {
            let mut fields = Fields::default();
            let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
            let found = fields.languages(&tags);
            let wrong = violations(fields);
            if wrong.is_empty() { Ok(found) } else { Err(wrong) }
        };
        let tags = |tags: &[&str]| Ok(tags.iter().map(ToString::to_string).collect());
        assert_eq!(languages(&[]), tags(&[]));
        assert_eq!(languages(&["DE", "pt-br", "ZH-hant-tw"]), tags(&["de", "pt-BR", "zh-Hant-TW"]));
        assert_eq!(languages(&["en", "EN", "x-klingon"]), tags(&["en", "x-klingon"]));
        for bad in [
            "",
            "german language",
            "pt_BR",
            "a",
            "-de",
            "de-",
            "tlh-\0",
            "en-a",
            "de-x-aaaaaaaa-bbbbbbbb-cccccccc-dddd",
        ] {
            assert_eq!(languages(&["de", bad]), Err(vec!["languages[1] LANGUAGE_MALFORMED".to_owned()]), "{bad}");
        }
        assert_eq!(languages(&["de"; LANGUAGES_MAX + 1]), Err(vec!["languages LIST_TOO_LONG".to_owned()]));
    }
}

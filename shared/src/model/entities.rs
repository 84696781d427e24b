//! What a text names: mentions, hashtags and links, with the place of each.
//!
//! The rules are those that clients of social feeds know: of twitter-text for what may stand beside a name, and of Unicode for what a
//! word is (UAX #31 and #44). The tests have a table of cases.
//!
//! Always: nothing is named inside a link, an address (`ada@other.example`) or a character reference (`&#x27;`); offsets are of the text
//! as it is stored. Never here: whom a handle belongs to.

use super::hashtag::{self, is_mark, is_word};

/// The shortest handle, in characters.
pub const HANDLE_LENGTH_MIN: usize = 3;
/// The longest handle, in characters.
pub const HANDLE_LENGTH_MAX: usize = 30;

/// What stands before a handle in a text.
pub const AT_SIGNS: [char; 2] = ['@', '＠'];
const HASH_SIGNS: [char; 2] = ['#', '＃'];
const SCHEMES: [&str; 2] = ["https://", "http://"];
/// After these a mention would be part of something else, such as an address or a password.
const NO_MENTION_AFTER: [char; 8] = ['!', '@', '#', '$', '%', '&', '*', '＠'];
/// Characters after `#` that make it a keycap.
const KEYCAP: [char; 2] = ['\u{fe0f}', '\u{20e3}'];
/// What ends a sentence and not a link.
const TRAILING: &str = ".,;:!?'\"…”’»";

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Mention,
    Hashtag,
    Link,
}

/// A part of a text that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    pub kind: Kind,
    /// Where it begins, its sign included, in bytes of the text.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// The handle, the stored form of the tag ([`hashtag::folded`]), or the link as it is written.
    pub name: String,
}

/// A handle is 3–30 characters of `a-z0-9_`.
#[must_use]
pub fn is_handle(text: &str) -> bool {
    (HANDLE_LENGTH_MIN..=HANDLE_LENGTH_MAX).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// Everything that a text names, in its order.
#[must_use]
pub fn entities(text: &str) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let entity = match next {
            _ if AT_SIGNS.contains(&next) => mention(text, at, next),
            _ if HASH_SIGNS.contains(&next) => tag(text, at, next),
            _ => None,
        };
        if let Some(entity) = entity {
            at = entity.end;
            found.push(entity);
        } else if let Some((end, has_scheme)) = link(text, at) {
            if has_scheme {
                found.push(Entity { kind: Kind::Link, start: at, end, name: text[at..end].to_owned() });
            }
            at = end;
        } else {
            at += next.len_utf8();
        }
    }
    found
}

/// The names of one kind, each once, in the order of their first use.
#[must_use]
pub fn names(text: &str, kind: Kind) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entity in entities(text) {
        if entity.kind == kind && !names.contains(&entity.name) {
            names.push(entity.name);
        }
    }
    names
}

fn mention(text: &str, start: usize, sign: char) -> Option<Entity> {
    let before = &text[..start];
    let is_after_repost = is_repost_mark(before);
    let is_kept_apart = before.chars().next_back().is_none_or(|last| !NO_MENTION_AFTER.contains(&last));
    if !is_after_repost && (!is_kept_apart || joins(before.chars().rev())) {
        return None;
    }
    let rest = &text[start + sign.len_utf8()..];
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, after) = (rest[..length].to_ascii_lowercase(), &rest[length..]);
    let goes_on = after.starts_with(AT_SIGNS) || after.starts_with("://") || joins(after.chars());
    let is_mention = is_handle(&name) && !goes_on && !after.starts_with(is_mark);
    let end = start + sign.len_utf8() + length;
    is_mention.then_some(Entity { kind: Kind::Mention, start, end, name })
}

/// Whether a text ends with the word `RT`, which was written before the handle of whoever is repeated.
fn is_repost_mark(before: &str) -> bool {
    let mut last = before.chars().rev();
    let is_word_rt = matches!((last.next(), last.next()), (Some('t' | 'T'), Some('r' | 'R')));
    is_word_rt && !joins(last)
}

/// Whether a handle beside these characters, the nearest first, would be part of a word: of a cased script, or of digits. In the other
/// scripts, which write words without spaces or join particles to names, a handle ends by itself.
fn joins(mut nearest_first: impl Iterator<Item = char>) -> bool {
    nearest_first
        .find(|c| !is_mark(*c))
        .is_some_and(|c| c == '_' || c.is_ascii_digit() || c.is_lowercase() || c.is_uppercase())
}

fn tag(text: &str, start: usize, sign: char) -> Option<Entity> {
    let rest = &text[start + sign.len_utf8()..];
    let is_apart = text[..start]
        .chars()
        .next_back()
        .is_none_or(|last| !is_word(last) && last != '&' && !HASH_SIGNS.contains(&last) && !AT_SIGNS.contains(&last));
    if !is_apart || rest.starts_with(KEYCAP) {
        return None;
    }
    let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let (written, after) = rest.split_at(length);
    let end = start + sign.len_utf8() + length;
    let is_tag = hashtag::has_letter(written) && !after.starts_with("://");
    is_tag.then(|| Entity { kind: Kind::Hashtag, start, end, name: hashtag::folded(written) })
}

/// The end of a link that begins here, and whether it has a scheme. What looks like one without a scheme, a domain with a path, is no link
/// of ours, but names nothing either.
fn link(text: &str, start: usize) -> Option<(usize, bool)> {
    let is_apart = text[..start]
        .chars()
        .next_back()
        .is_none_or(|last| !last.is_alphanumeric() && !['_', '-', '.', '/', '$'].contains(&last) && !is_sign(last));
    if !is_apart {
        // After a script without spaces a link may follow at once, but only with its scheme.
        let last = text[..start].chars().rev();
        if joins(last.clone()) || last.take(1).any(|c| c.is_ascii() || is_sign(c)) {
            return None;
        }
    }
    let rest = &text[start..];
    let scheme =
        SCHEMES.iter().find(|scheme| rest.get(..scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme)));
    let (host_from, has_scheme) = match scheme {
        Some(scheme) => (scheme.len(), true),
        None if is_apart => (0, false),
        None => return None,
    };
    let host = host(&rest[host_from..], has_scheme)?;
    let path_from = host_from + host;
    let path = &rest[path_from..];
    if !has_scheme && !path.starts_with('/') {
        return None;
    }
    let length = match path.starts_with(['/', '?', '#', ':']) {
        true => path.find(|c| !is_of_path(c)).unwrap_or(path.len()),
        false => 0,
    };
    let whole = trimmed(&rest[..path_from + length]);
    Some((start + whole.len().max(path_from), has_scheme))
}

/// The length of a host at the beginning of a text: labels with dots between them, the last of letters. Without a scheme, in ASCII only.
fn host(text: &str, is_international: bool) -> Option<usize> {
    let is_of_label = |c: char| c == '-' || if is_international { is_word(c) } else { c.is_ascii_alphanumeric() };
    let whole = text.find(|c| !is_of_label(c) && c != '.').unwrap_or(text.len());
    let mut host = text[..whole].trim_end_matches(['.', '-']);
    let top = &host[host.rfind('.')? + 1..];
    if top.starts_with(|c: char| c.is_ascii()) {
        // A script without spaces may follow.
        host = &host[..host.len() - top.len() + top.find(|c: char| !c.is_ascii()).unwrap_or(top.len())];
    }
    let is_good = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let is_top =
        |top: &str| top.chars().count() > 1 && (top.starts_with("xn--") || !top.contains(|c: char| c.is_ascii_digit()));
    let is_host = host.split('.').all(is_good) && host.rsplit('.').next().is_some_and(is_top);
    (is_host && !text[host.len()..].starts_with(AT_SIGNS)).then_some(host.len())
}

/// Whether a link goes on with this character. Scripts without case end it, since they may follow without a space.
fn is_of_path(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_graphic() && !"<>\"`{}|\\^".contains(c),
        false => c.is_lowercase() || c.is_uppercase() || is_mark(c),
    }
}

/// A link without the punctuation of the sentence around it; brackets that it opens are its own.
fn trimmed(link: &str) -> &str {
    let count = |bracket: char| link.matches(bracket).count();
    let mut round = count(')').saturating_sub(count('('));
    let mut square = count(']').saturating_sub(count('['));
    let mut end = link.len();
    while let Some(last) = link[..end].chars().next_back() {
        match last {
            ')' if round > 0 => round -= 1,
            ']' if square > 0 => square -= 1,
            _ if TRAILING.contains(last) => {}
            _ => break,
        }
        end -= last.len_utf8();
    }
    &link[..end]
}

fn is_sign(c: char) -> bool {
    AT_SIGNS.contains(&c) || HASH_SIGNS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts with the handles and the tags that they name.
    const CASES: &[(&str, &[&str], &[&str])] = &[
        // Handles.
        ("@Ada, @bob_2! and @ada.", &["ada", "bob_2"], &[]),
        ("mention @12345\n@ada", &["12345", "ada"], &[]),
        ("\u{3000}＠ada ＠Bob", &["ada", "bob"], &[]),
        ("@ab @", &[], &[]),
        ("@abcdefghijabcdefghijabcdefghijk @abcdefghijabcdefghijabcdefghij", &["abcdefghijabcdefghijabcdefghij"], &[]),
        // Neighbours of scripts without case, which need no space.
        ("の@usernameに到着を待っている", &["username"], &[]),
        ("안녕@ada에게 ل@bob เจอ@eveแล้ว", &["ada", "bob", "eve"], &[]),
        // Neighbours that make it another word.
        ("@größe @aliceìnheiro é@ada e\u{301}@ada @ada\u{301} Ж@ada 1@ada _@ada", &[], &[]),
        ("f!@ada f@@ada f#@ada f$@ada f%@ada f&@ada f*@ada", &[], &[]),
        (".@ada (@bob) /@eve -@dan", &["ada", "bob", "eve", "dan"], &[]),
        ("RT@ada rt:@bob Rt @eve art@dan", &["ada", "bob", "eve"], &[]),
        // Addresses.
        ("ada@example.org @ada@other.example john.doe.gov@mail.com", &[], &[]),
        ("Status: @_@ (cc: @ada)", &["ada"], &[]),
        ("@http://ada.example #http://ada.example @ada://", &[], &[]),
        // Tags.
        ("#Rust #rust (#日本語) #größe", &[], &["rust", "日本語", "größe"]),
        ("#1 #1st #_ #1_2 # ## #〃 a#b ##c &#x27; @#d", &[], &["1st"]),
        ("#a: #b; #c, #d. #e! #f? [#g] ’#h’", &[], &["a", "b", "c", "d", "e", "f", "g", "h"]),
        ("#a-b #c.d #e'f", &[], &["a", "c", "e"]),
        ("#a\n#b\r\n#c", &[], &["a", "b", "c"]),
        ("＃ｈａｓｈｔａｇ１２３ できました！＃タグ。", &[], &["ｈａｓｈｔａｇ１２３", "タグ"]),
        ("日本語#タグ", &[], &[]),
        (
            "#云々 #学問のすゝめ #各〻 #各〃 #二〇二六年 #サッカー #ﾊｯｼｭﾀｸﾞ",
            &[],
            &["云々", "学問のすゝめ", "各〻", "各〃", "二〇二六年", "サッカー", "ﾊｯｼｭﾀｸﾞ"],
        ),
        ("#メ～テレ #メ〜テレ #カタカナ・ハッシュ", &[], &["メ～テレ", "メ〜テレ", "カタカナ・ハッシュ"]),
        // Marks, joiners and digits of words.
        ("#हिन्दी #महात्मा_१२३४ #१२३४", &[], &["हिन्दी", "महात्मा_१२३४"]),
        ("#ข่าว #ผู้เริ่ม", &[], &["ข่าว", "ผู้เริ่ม"]),
        ("#தமிழ் #తెలుగు #മലയാളം", &[], &["தமிழ்", "తెలుగు", "മലയാളം"]),
        ("#មហាត្មះគន្ធី #မြင့်မြတ်သော #ཀ་ཁ་", &[], &["មហាត្មះគន្ធី", "မြင့်မြတ်သော", "ཀ་ཁ་"]),
        ("#می\u{200c}خواهم #ශ්\u{200d}රීලංකා", &[], &["می\u{200c}خواهم", "ශ්\u{200d}රීලංකා"]),
        ("#עם־זה #מ״כ #il·lusió", &[], &["עם־זה", "מ״כ", "il·lusió"]),
        ("#ســـلام_عليكم_٤٠٦ #۳۴۵هشتگ", &[], &["ســـلام_عليكم_٤٠٦", "۳۴۵هشتگ"]),
        ("#\u{20021} #\u{16f04}\u{16f51} #A\u{104a0}", &[], &["\u{20021}", "\u{16f04}\u{16f51}", "a\u{104a0}"]),
        // Case and normal forms.
        ("#İstanbul #ın #Ateş", &[], &["i\u{307}stanbul", "ın", "ateş"]),
        ("#ΟΔΟΣ #οδος", &[], &["οδοσ"]),
        ("#cafe\u{301} #caf\u{e9}", &[], &["caf\u{e9}"]),
        // Keycaps are no tags.
        ("#\u{fe0f}\u{20e3} #\u{20e3}a", &[], &[]),
        // Links.
        ("https://example.com/@ada/#tag http://example.com/#tag?x=@ada", &[], &[]),
        ("HTTPS://EXAMPLE.COM/@ada mastodon.example/@ada example.com/#tag", &[], &[]),
        ("https://foobar.中国/@ada http://xn--ls8h.xn--ls8h/@ada", &[], &[]),
        ("(https://example.com/a_(b)) #tag", &[], &["tag"]),
        ("見て https://example.com/x。#タグ", &[], &["タグ"]),
        ("and/or@ada and/#or", &[], &["or"]),
    ];

    #[test]
    fn texts_name_what_the_table_says() {
        for (text, handles, tags) in CASES {
            assert_eq!(names(text, Kind::Mention), *handles, "handles of {text}");
            assert_eq!(names(text, Kind::Hashtag), *tags, "tags of {text}");
        }
    }

    #[test]
    fn a_tag_of_any_length_is_found_whole() {
        let long = "x".repeat(hashtag::HASHTAG_LENGTH_MAX + 1);
        assert_eq!(names(&format!("#{long}"), Kind::Hashtag), [long]);
    }

    #[test]
    fn links_end_where_people_end_them() {
        let cases: &[(&str, &[&str])] = &[
            ("see http://example.com.", &["http://example.com"]),
            (
                "http://example.com/a-, (http://example.com/b) \"http://example.com/c\"",
                &["http://example.com/a-", "http://example.com/b", "http://example.com/c"],
            ),
            (
                "http://en.example.org/wiki/Primer_(film) http://example.com/x)",
                &["http://en.example.org/wiki/Primer_(film)", "http://example.com/x"],
            ),
            (
                "http://example.com?q=1&r=%20#f http://example.com:8080/x",
                &["http://example.com?q=1&r=%20#f", "http://example.com:8080/x"],
            ),
            (
                "http://example.com/Русские_слова http://example.comテスト http://t.example/x한국",
                &["http://example.com/Русские_слова", "http://example.com", "http://t.example/x"],
            ),
            ("中国語http://t.example/abc한국", &["http://t.example/abc"]),
            (
                "http:// http://no-top http://top.x http://-a.example example.com xhttp://a.example $http://a.example",
                &[],
            ),
            ("http://example.com/!!!!!!!!!!!!!!!!!!!!!!!", &["http://example.com/"]),
        ];
        for (text, links) in cases {
            assert_eq!(names(text, Kind::Link), *links, "{text}");
        }
    }

    #[test]
    fn an_entity_is_where_its_text_is() {
        let text = "日本 @Ada，#Tag https://example.com/é";
        let written: Vec<_> = entities(text).iter().map(|one| (one.kind, &text[one.start..one.end])).collect();
        assert_eq!(written, [(Kind::Mention, "@Ada"), (Kind::Hashtag, "#Tag"), (Kind::Link, "https://example.com/é")]);
    }

    #[test]
    fn no_text_is_too_odd() {
        let odd = [
            "@", "#", "＠", "＃", "/", ".", ":", "http://", "a", "é", "の", "\u{301}", "\u{200d}", " ", "\0", "💥", "(",
        ];
        for one in odd {
            for other in odd {
                for third in odd {
                    let text = [one, other, third, one].concat().repeat(3);
                    for entity in entities(&text) {
                        assert!(text.is_char_boundary(entity.start) && text.is_char_boundary(entity.end), "{text}");
                        assert!(entity.start < entity.end, "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_handle_has_3_to_30_of_a_z_0_9_and_underscore() {
        for good in ["ada", "a_1", &"x".repeat(30)] {
            assert!(is_handle(good), "{good}");
        }
        for bad in ["", "ab", "Ada", "a-b", "ädä", "a b", &"x".repeat(31)] {
            assert!(!is_handle(bad), "{bad}");
        }
    }
}

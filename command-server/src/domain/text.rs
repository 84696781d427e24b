//! What a text names: `@handle` and `#tag`.
//!
//! Always: a name begins where a word could begin, so that an address like `a@b` names nobody; each name once, in the
//! order of its first use, in lower case.

use shared::model::hashtag::{is_hashtag, is_word};

/// The shortest handle, in characters.
pub const HANDLE_LENGTH_MIN: usize = 3;
/// The longest handle, in characters.
pub const HANDLE_LENGTH_MAX: usize = 30;

/// A handle is 3–30 characters of `a-z0-9_`.
#[must_use]
pub fn is_handle(text: &str) -> bool {
    (HANDLE_LENGTH_MIN..=HANDLE_LENGTH_MAX).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

#[must_use]
pub fn mentioned_handles(text: &str) -> Vec<String> {
    let mut handles = names(text, '@');
    handles.retain(|handle| is_handle(handle));
    handles
}

#[must_use]
pub fn hashtags(text: &str) -> Vec<String> {
    let mut tags = names(text, '#');
    tags.retain(|tag| is_hashtag(tag));
    tags
}

fn names(text: &str, sign: char) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (index, _) in text.match_indices(sign) {
        let after_word = text[..index].chars().next_back().is_some_and(|before| is_word(before) || before == sign);
        let rest = &text[index + sign.len_utf8()..];
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let name = rest[..end].to_lowercase();
        if !after_word && !name.is_empty() && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_once_and_in_lower_case() {
        assert_eq!(mentioned_handles("@Ada, @bob_2! and @ada."), ["ada", "bob_2"]);
        assert_eq!(hashtags("#Rust #rust (#日本語) #größe"), ["rust", "日本語", "größe"]);
    }

    #[test]
    fn an_address_a_short_handle_and_a_number_name_nothing() {
        assert_eq!(mentioned_handles("ada@example @ab @@ada @größe @ @"), Vec::<String>::new());
        assert_eq!(hashtags("#1 a#b ## #_ #"), Vec::<String>::new());
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

//! The form of hashtags, shared by the command server, which finds them in texts, and the query server, which is asked for them.
//!
//! Always: a tag is kept and compared in lower case and without its `#`.

/// The longest hashtag, in characters.
pub const HASHTAG_LENGTH_MAX: usize = 50;

/// Whether a character can be part of a hashtag or a handle, so that a name in a text goes on with it.
#[must_use]
pub fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether a text is a hashtag in its stored form: 1–50 letters, digits and underscores with at least one letter.
#[must_use]
pub fn is_hashtag(tag: &str) -> bool {
    tag.chars().all(is_word)
        && tag.chars().count() <= HASHTAG_LENGTH_MAX
        && tag.chars().any(|character| !character.is_numeric() && character != '_')
}

/// The stored form of a hashtag in a request, which may have a `#` and any case; nothing if it is no hashtag.
#[must_use]
pub fn asked_for(text: &str) -> Option<String> {
    let tag = text.strip_prefix('#').unwrap_or(text).to_lowercase();
    is_hashtag(&tag).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_asked_for_with_or_without_its_sign_and_in_any_case() {
        assert_eq!(asked_for("#Rust"), asked_for("rUST"));
        assert_eq!(asked_for("größe_2"), Some("größe_2".to_owned()));
        for bad in ["", "#", "##a", "a b", "a-b", "42", "_", &"x".repeat(HASHTAG_LENGTH_MAX + 1)] {
            assert_eq!(asked_for(bad), None, "{bad}");
        }
    }
}

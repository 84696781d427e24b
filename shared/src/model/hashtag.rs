//! The form of hashtags, shared by the command server, which finds them in texts, and the query server, which is asked for them.
//!
//! Always: a tag is kept and compared in its stored form ([`folded`]) and without its sign.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// The longest hashtag, in characters of its stored form.
pub const HASHTAG_LENGTH_MAX: usize = 100;

/// Characters that belong to words though they are no letters, marks or digits: joiners and, as in table 3a of UAX #31 and in twitter-text,
/// punctuation that words of some scripts contain.
const WITHIN_WORDS: [char; 17] = [
    '_', '\u{200c}', // zero width non-joiner, in Persian and in scripts of India
    '\u{200d}', // zero width joiner
    '\u{a67e}', // Cyrillic kavyka
    '\u{05be}', // Hebrew maqaf
    '\u{05f3}', // Hebrew geresh
    '\u{05f4}', // Hebrew gershayim
    '\u{ff5e}', // fullwidth tilde
    '\u{301c}', // wave dash
    '\u{309b}', // voiced sound mark
    '\u{309c}', // semi-voiced sound mark
    '\u{30a0}', // katakana-hiragana double hyphen
    '\u{30fb}', // katakana middle dot
    '\u{3003}', // ditto mark
    '\u{0f0b}', // Tibetan tsheg
    '\u{0f0c}', // Tibetan tsheg
    '\u{00b7}', // middle dot, in Catalan
];

/// Whether a character can be part of a hashtag, so that a name in a text goes on with it: letters, marks and digits (UAX #44), and what
/// words of some scripts contain.
#[must_use]
pub fn is_word(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == '_';
    }
    is_letter(character)
        || is_mark(character)
        || matches!(character.general_category(), GeneralCategory::DecimalNumber | GeneralCategory::LetterNumber)
        || WITHIN_WORDS.contains(&character)
}

/// Whether a hashtag of these characters names something, and is no number.
#[must_use]
pub fn has_letter(text: &str) -> bool {
    text.chars().any(|character| is_letter(character) || character.general_category() == GeneralCategory::LetterNumber)
}

/// Whether a character is a mark on the letter before it, and does not enclose that.
#[must_use]
pub fn is_mark(character: char) -> bool {
    matches!(character.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark)
}

fn is_letter(character: char) -> bool {
    character.general_category_group() == GeneralCategoryGroup::Letter
}

/// The form in which a tag is stored and compared: in lower case and in the normal form NFC, and with one small sigma, since a capital one
/// does not tell which it is.
#[must_use]
pub fn folded(tag: &str) -> String {
    let lower = tag.nfc().collect::<String>().to_lowercase();
    lower.nfc().map(|character| if character == 'ς' { 'σ' } else { character }).collect()
}

/// Whether a text is a hashtag in its stored form: 1–100 word characters with at least one letter.
#[must_use]
pub fn is_hashtag(tag: &str) -> bool {
    tag.chars().all(is_word) && tag.chars().count() <= HASHTAG_LENGTH_MAX && has_letter(tag)
}

/// The stored form of a hashtag in a request, which may have a sign and any case; nothing if it is no hashtag.
#[must_use]
pub fn asked_for(text: &str) -> Option<String> {
    let tag = folded(text.strip_prefix(['#', '＃']).unwrap_or(text));
    is_hashtag(&tag).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_asked_for_with_or_without_its_sign_and_in_any_case_and_normal_form() {
        for (one, other) in [
            ("#Rust", "rUST"),
            ("＃ｈａｓｈ", "#ＨＡＳＨ"),
            ("#caf\u{e9}", "CAFE\u{301}"),
            ("#İstanbul", "i\u{307}STANBUL"),
            ("#ΟΔΟΣ", "οδος"),
            ("#ΟΔΟΣ", "οδοσ"),
            ("#한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"),
        ] {
            assert!(asked_for(one).is_some(), "{one}");
            assert_eq!(asked_for(one), asked_for(other), "{one} and {other}");
        }
        assert_eq!(asked_for("größe_2"), Some("größe_2".to_owned()));
        assert_ne!(asked_for("ı"), asked_for("i"));
        for bad in
            ["", "#", "##a", "a b", "a-b", "42", "_", "४२", "〃", "\u{20dd}", &"x".repeat(HASHTAG_LENGTH_MAX + 1)]
        {
            assert_eq!(asked_for(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_stored_form_is_its_own_stored_form() {
        for tag in ["İ", "Σ", "ΣΑΣ_1", "ǅ", "ẞ", "e\u{301}", "\u{1100}\u{1161}", "Å", "ﬃ", "Ⅷ"] {
            assert_eq!(folded(&folded(tag)), folded(tag), "{tag}");
        }
    }
}

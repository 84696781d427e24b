//! What people see of a text: how long it is, whether it shows anything, and what it does to the text beside it.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

/// How many bytes a character, as people see it, may take on average: enough for families of emoji and for stacked marks, and a bound.
pub const BYTES_PER_CHARACTER_MAX: usize = 20;

/// Letters and a symbol that are drawn as nothing: Hangul fillers, and the empty Braille pattern.
const DRAWN_AS_NOTHING: [char; 5] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}', '\u{2800}'];

const POP_FORMATTING: char = '\u{202c}';
const POP_ISOLATE: char = '\u{2069}';

/// The length in characters as people see them: extended grapheme clusters (UAX #29).
#[must_use]
pub fn length(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Whether a text shows anything: one character that is no space, control or format character, and no mark without a letter.
#[must_use]
pub fn shows_something(text: &str) -> bool {
    text.chars().any(|character| {
        let is_drawn = match character.general_category_group() {
            GeneralCategoryGroup::Separator | GeneralCategoryGroup::Mark => false,
            GeneralCategoryGroup::Other => character.general_category() == GeneralCategory::PrivateUse,
            _ => true,
        };
        is_drawn && !DRAWN_AS_NOTHING.contains(&character)
    })
}

/// A text that does not turn the text beside it: every embedding, override and isolate that it begins is ended, and it ends nothing that it
/// did not begin (UAX #9). Most texts are as they were.
#[must_use]
pub fn isolated(text: &str) -> String {
    let mut isolated = String::with_capacity(text.len());
    let mut open = Vec::new();
    for character in text.chars() {
        match character {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => open.push(POP_FORMATTING),
            '\u{2066}'..='\u{2068}' => open.push(POP_ISOLATE),
            POP_FORMATTING if open.last() != Some(&POP_FORMATTING) => continue,
            POP_FORMATTING => drop(open.pop()),
            POP_ISOLATE => match open.iter().rposition(|end| *end == POP_ISOLATE) {
                Some(begun) => open.truncate(begun),
                None => continue,
            },
            // The end of a paragraph ends all.
            '\n' | '\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2029}' => open.clear(),
            _ => {}
        }
        isolated.push(character);
    }
    isolated.extend(open.into_iter().rev());
    isolated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_counts_what_people_see() {
        for (text, seen) in [
            ("", 0),
            ("abc", 3),
            ("e\u{301}", 1),
            ("👩‍👩‍👧‍👦", 1),
            ("🇩🇪🇫🇷", 2),
            ("👍🏽", 1),
            ("हिन्दी", 2),
            ("한국", 2),
            ("\u{1112}\u{1161}\u{11ab}", 1),
            ("a\r\nb", 3),
            ("#\u{fe0f}\u{20e3}", 1),
        ] {
            assert_eq!(length(text), seen, "{text}");
        }
    }

    #[test]
    fn spaces_fillers_controls_formats_and_lone_marks_show_nothing() {
        for nothing in [
            "",
            " \n\t",
            "\u{a0}\u{2003}\u{3000}\u{2028}",
            "\u{3164}",
            "\u{115f}\u{1160}\u{ffa0}\u{2800}",
            "\u{2060}\u{200b}\u{200c}\u{200d}\u{feff}\u{ad}\u{180e}",
            "\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}",
            "\0\u{1}\u{7f}\u{85}\u{9b}",
            "\u{fe0f}\u{e0100}\u{301}\u{34f}",
            "\u{e0041}\u{e007f}",
            "\u{fffe}\u{ffff}\u{10ffff}",
        ] {
            assert!(!shows_something(nothing), "{nothing:?}");
        }
        for something in
            ["a", " . ", "\0a", "💥", "の", "e\u{301}", "\u{200f}א", "\u{e000}", "#\u{fe0f}\u{20e3}", "1", "_"]
        {
            assert!(shows_something(something), "{something:?}");
        }
    }

    #[test]
    fn what_a_text_turns_it_turns_back_and_nothing_else() {
        for whole in ["", "abc", "א ב", "a\u{202e}b\u{202c}c", "\u{2067}\u{202b}a\u{202c}\u{2069}", "\u{200f}a"] {
            assert_eq!(isolated(whole), whole, "{whole:?}");
        }
        for (open, closed) in [
            ("a\u{202e}b", "a\u{202e}b\u{202c}"),
            ("\u{2066}a\u{202b}b", "\u{2066}a\u{202b}b\u{202c}\u{2069}"),
            ("a\u{2069}b\u{202c}", "ab"),
            ("\u{2068}\u{202c}a", "\u{2068}a\u{2069}"),
            ("\u{2068}\u{202a}a\u{2069}b\u{202c}", "\u{2068}\u{202a}a\u{2069}b"),
            ("\u{202e}a\nb\u{202c}", "\u{202e}a\nb"),
        ] {
            assert_eq!(isolated(open), closed, "{open:?}");
            assert_eq!(isolated(&isolated(open)), closed, "{open:?}, twice");
        }
    }
}

//! What statements may say beside SQL and the marks of the engines: fragments, and the names of numbers.
//!
//! | mark | what it becomes |
//! |---|---|
//! | `{visible(posts, author, $2)}` | the fragment `visible`, with these texts in place of its parameters |
//! | `{Change::Followed}`, `{PULLED_ALWAYS}` | the number of that variant or constant in Rust |
//!
//! A fragment is a section `-- fragment: visible(post, author, viewer)` of a file of SQL, which names its parameters in braces, `{post}`. It
//! stands in the file of the statement, or in one that the vocabulary of the crate lists.
//!
//! Always: numbers come from Rust, so that they cannot drift; what is unknown is an error that says where. Never here: which engine there is.

use std::path::{Path, PathBuf};

use super::sections::{Heading, Section, sections};

/// How deep fragments may use fragments.
const DEPTH_MAX: usize = 16;

/// Marks of the engines that are a single word, so that no parameter may have such a name.
const ENGINE_WORDS: [&str; 9] = ["array", "bytes", "clock", "clustered", "collect", "flag", "id", "number", "table"];

/// Names of numbers as statements write them, with their values.
pub type Numbers = &'static [(&'static str, i64)];

/// The names of the variants of an enum, or of constants, with their numbers.
#[macro_export]
macro_rules! numbers {
    ($type:ident: $($variant:ident),+ $(,)?) => {
        &[$((concat!(stringify!($type), "::", stringify!($variant)), $type::$variant as i64)),+]
    };
    ($($constant:ident),+ $(,)?) => { &[$((stringify!($constant), $constant)),+] };
}
pub use crate::numbers;

/// What the statements of a crate share.
#[derive(Debug)]
pub struct Vocabulary {
    /// Files with fragments.
    pub fragments: &'static [&'static str],
    /// Names of numbers.
    pub numbers: &'static [Numbers],
}

impl Vocabulary {
    /// For statements that share nothing.
    pub const NONE: Self = Self { fragments: &[], numbers: &[] };
}

/// A file of SQL, and what is known in it.
#[derive(Debug)]
pub struct Source {
    /// The Rust file beside it.
    rust: &'static str,
    name: &'static str,
    /// All of it.
    pub text: &'static str,
    vocabulary: &'static Vocabulary,
}

impl Source {
    /// A file of this name, with this text, beside a Rust file.
    #[must_use]
    pub const fn new(
        rust: &'static str,
        name: &'static str,
        text: &'static str,
        vocabulary: &'static Vocabulary,
    ) -> Self {
        Self { rust, name, text, vocabulary }
    }

    /// Where it is, from the root of the workspace.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        Path::new(self.rust).with_file_name(self.name)
    }

    /// A text with its fragments and numbers replaced; the marks of the engines stay.
    pub(super) fn resolved(&self, text: &str) -> Result<String, String> {
        self.resolve(text, 0)
    }

    fn resolve(&self, text: &str, depth: usize) -> Result<String, String> {
        let mut resolved = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, mark, after)) = next_mark(rest)? {
            resolved.push_str(before);
            if let Some((name, arguments)) = call(mark) {
                let inside = |cause| format!("in fragment {name}: {cause}");
                let text = self.fragment(name, &arguments, depth)?;
                resolved.push_str(&self.resolve(&text, depth + 1).map_err(inside)?);
            } else if mark.starts_with(|first: char| first.is_ascii_uppercase()) {
                resolved.push_str(&self.number(mark)?.to_string());
            } else {
                resolved.extend(["{", &self.resolve(mark, depth)?, "}"]);
            }
            rest = after;
        }
        Ok(resolved + rest)
    }

    fn number(&self, name: &str) -> Result<i64, String> {
        let mut known = self.vocabulary.numbers.iter().copied().flatten();
        let number = known.find(|(known, _)| *known == name).map(|(_, number)| *number);
        number.ok_or_else(|| format!("there is no number {{{name}}} in the vocabulary"))
    }

    /// The text of a fragment with its arguments.
    fn fragment(&self, name: &str, arguments: &[&str], depth: usize) -> Result<String, String> {
        if depth == DEPTH_MAX {
            return Err(format!("fragments use each other {DEPTH_MAX} times deep"));
        }
        let elsewhere = self.vocabulary.fragments.iter().copied().filter(|file| *file != self.text);
        let everywhere = std::iter::once(self.text).chain(elsewhere).flat_map(fragments);
        let found: Vec<Fragment> = everywhere.filter(|fragment| fragment.name == name).collect();
        match found.as_slice() {
            [] => Err(format!("there is no fragment {name}")),
            [fragment] => fragment.with(arguments),
            several => Err(format!("there are {} fragments {name}", several.len())),
        }
    }
}

/// A part of statements.
#[derive(Debug)]
pub struct Fragment {
    /// Its name, without parameters.
    pub name: &'static str,
    parameters: Vec<&'static str>,
    section: Section,
}

impl Fragment {
    fn with(&self, arguments: &[&str]) -> Result<String, String> {
        let Self { name, parameters, section } = self;
        if parameters.len() != arguments.len() {
            let (wanted, given) = (parameters.len(), arguments.len());
            return Err(format!("fragment {name} has {wanted} parameters, and is given {given}"));
        }
        if let Some(word) = parameters.iter().find(|parameter| ENGINE_WORDS.contains(parameter)) {
            return Err(format!("fragment {name} has a parameter {word}, which is a mark"));
        }
        let values: Vec<(&str, &str)> = parameters.iter().copied().zip(arguments.iter().copied()).collect();
        substituted(&section.sql(), &values).map_err(|unused| format!("fragment {name} does not use {{{unused}}}"))
    }
}

/// The fragments of a file.
pub fn fragments(file: &'static str) -> impl Iterator<Item = Fragment> {
    sections(file).filter(|section| section.heading == Heading::Fragment).map(|section| {
        let (name, parameters) = section.name.trim_end().split_once('(').unwrap_or((section.name, ")"));
        let parameters = parameters.trim_end_matches(')').split(',').map(str::trim);
        let parameters = parameters.filter(|parameter| !parameter.is_empty()).collect();
        Fragment { name, parameters, section }
    })
}

/// The text with these values in place of their names in braces, or a name that does not occur.
pub(super) fn substituted<'n>(text: &str, values: &[(&'n str, &str)]) -> Result<String, &'n str> {
    let mut substituted = String::with_capacity(text.len());
    let mut is_used = vec![false; values.len()];
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, mark) = rest.split_at(open);
        substituted.push_str(before);
        let named = |(name, _): &(&str, &str)| mark[1..].strip_prefix(name).is_some_and(|after| after.starts_with('}'));
        match values.iter().position(named) {
            Some(at) => {
                substituted.push_str(values[at].1);
                is_used[at] = true;
                rest = &mark[values[at].0.len() + 2..];
            }
            None => {
                substituted.push('{');
                rest = &mark[1..];
            }
        }
    }
    substituted.push_str(rest);
    match is_used.iter().position(|is_used| !is_used) {
        Some(unused) => Err(values[unused].0),
        None => Ok(substituted),
    }
}

/// What stands before the first mark, in it, and after it.
pub(super) fn next_mark(text: &str) -> Result<Option<(&str, &str, &str)>, String> {
    let Some(open) = text.find('{') else { return Ok(None) };
    let mut depth = 0;
    for (at, character) in text[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return Ok(Some((&text[..open], &text[open + 1..open + at], &text[open + at + 1..]))),
            '}' => depth -= 1,
            _ => {}
        }
    }
    Err(format!("a mark does not end: {}", &text[open..]))
}

/// The use of a fragment, and its arguments.
fn call(mark: &str) -> Option<(&str, Vec<&str>)> {
    let (name, arguments) = mark.split_once('(')?;
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    (!name.is_empty() && name.chars().all(is_letter)).then_some((name, separated(arguments.strip_suffix(')')?)))
}

/// The arguments of a fragment: commas within brackets and quotes do not separate them.
fn separated(arguments: &str) -> Vec<&str> {
    let (mut found, mut begin, mut depth, mut is_quoted) = (Vec::new(), 0, 0, false);
    for (at, character) in arguments.char_indices() {
        match character {
            '\'' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(arguments[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    if !arguments.trim().is_empty() {
        found.push(arguments[begin..].trim());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Change {
        Followed = 6,
    }
    const ALWAYS: i64 = i64::MAX;

    static SHARED: Vocabulary = Vocabulary {
        fragments: &["-- fragment: unmuted(viewer, account)\nNOT muted({viewer}, {account})\n-- fragment: twice()\n1"],
        numbers: &[numbers!(Change: Followed), numbers!(ALWAYS)],
    };
    static SOURCE: Source = Source::new(
        "crate/src/module.rs",
        "module.sql",
        "
-- fragment: shown(account, filter)
-- Comments name {nothing}.
({account}.active AND {unmuted($1, {account}.key)} AND {filter})
-- fragment: twice()
2
-- fragment: forgetful(account)
TRUE
-- fragment: endless()
{endless()}
-- fragment: bad(id)
{id}
-- name: A
SELECT 1;",
        &SHARED,
    );

    #[test]
    fn fragments_and_numbers_are_replaced_and_other_marks_stay() {
        let text = "SELECT {id a.id} WHERE {shown(a, a.change IN ({Change::Followed}, {ALWAYS}))} {sqlite: AND {unmuted(f(1, 2), 'x,')}}";
        let resolved = SOURCE.resolved(text);
        let expected = "SELECT {id a.id} WHERE (a.active AND NOT muted($1, a.key) AND a.change IN (6, 9223372036854775807)) \
                        {sqlite: AND NOT muted(f(1, 2), 'x,')}";
        assert_eq!(resolved.as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_unknown_or_wrong_is_said() {
        for (text, expected) in [
            ("{nothing()}", "there is no fragment nothing"),
            ("{sqlite: {nothing()}}", "there is no fragment nothing"),
            ("{unmuted(1)}", "fragment unmuted has 2 parameters, and is given 1"),
            ("{twice(1)}", "there are 2 fragments twice"),
            ("{forgetful(1)}", "fragment forgetful does not use {account}"),
            ("{bad(1)}", "fragment bad has a parameter id, which is a mark"),
            ("{Change::Unfollowed}", "there is no number {Change::Unfollowed} in the vocabulary"),
            ("{shown(a, {Nothing})}", "in fragment shown: there is no number {Nothing} in the vocabulary"),
            ("{unmuted(1, 2", "a mark does not end: {unmuted(1, 2"),
        ] {
            assert_eq!(SOURCE.resolved(text), Err(expected.to_owned()), "{text}");
        }
        let endless = SOURCE.resolved("{endless()}").expect_err("it has no end");
        assert!(endless.ends_with("fragments use each other 16 times deep"), "{endless}");
    }

    #[test]
    fn a_file_of_sql_is_beside_its_rust() {
        assert_eq!(SOURCE.path(), Path::new("crate/src/module.sql"));
    }
}

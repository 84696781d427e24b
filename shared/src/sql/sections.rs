//! Files of SQL, as sqlc and aiosql have them: sections, each under a line that says what it is.
//!
//! | line | what follows |
//! |---|---|
//! | `-- name: SELECT_ABOVE` | a statement that ends with `;`, declared in Rust by [`statements!`](crate::statements) |
//! | `-- fragment: visible(post, author, viewer)` | a part of statements, with parameters; see [`Vocabulary`](super::Vocabulary) |
//! | `-- table: posts_1` | what makes a table of a projection |
//! | `-- index: posts_1_by_author` | what makes an index of one of its tables |
//! | `-- rows: posts_1_kept` | what inserts the rows that a table has from the beginning |
//!
//! Lines that begin with `--` are for the reader: those above the first section are about the file, those in a section about it, such as what
//! its values are.
//!
//! Always: a section is found when the code is compiled, so that a name which is not there does not compile. Never here: what a section
//! means to an engine.

/// What a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heading {
    /// A statement.
    Name,
    /// A part of statements.
    Fragment,
    /// What makes a table.
    Table,
    /// What makes an index.
    Index,
    /// What inserts the first rows of a table.
    Rows,
}

impl Heading {
    const ALL: [Self; 5] = [Self::Name, Self::Fragment, Self::Table, Self::Index, Self::Rows];

    /// What its line begins with.
    const fn mark(self) -> &'static str {
        match self {
            Self::Name => "-- name: ",
            Self::Fragment => "-- fragment: ",
            Self::Table => "-- table: ",
            Self::Index => "-- index: ",
            Self::Rows => "-- rows: ",
        }
    }

    const fn is(self, other: Self) -> bool {
        self as u8 == other as u8
    }

    /// Whether it makes something that a projection owns.
    const fn declares(self) -> bool {
        matches!(self, Self::Table | Self::Index | Self::Rows)
    }
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is.
    pub heading: Heading,
    /// Its name; that of a fragment has its parameters, too.
    pub name: &'static str,
    /// All that stands under its line.
    text: &'static str,
}

impl Section {
    const NONE: Self = Self { heading: Heading::Name, name: "", text: "" };

    /// Its SQL, without comments and without the `;` at its end.
    #[must_use]
    pub fn sql(&self) -> String {
        let code = |line: &&str| !line.trim_start().starts_with("--");
        let text = self.text.lines().filter(code).collect::<Vec<_>>().join("\n");
        let text = text.trim();
        text.strip_suffix(';').unwrap_or(text).to_owned()
    }
}

/// The section with this name.
///
/// # Panics
/// When there is none or another one: at compile time, where a static is made of it.
#[must_use]
pub const fn section(file: &'static str, heading: Heading, name: &str) -> Section {
    let mut found = Section::NONE;
    let mut is_found = false;
    let mut at = 0;
    while let Some((section, next)) = next(file, at) {
        if section.heading.is(heading)
            && is_at(section.name.as_bytes(), 0, name.as_bytes())
            && section.name.len() == name.len()
        {
            assert!(!is_found, "the file has two sections of this name");
            (found, is_found) = (section, true);
        }
        at = next;
    }
    assert!(is_found, "the file has no section of this name");
    found
}

/// How many sections declare something that a projection owns.
#[must_use]
pub const fn count_declarations(file: &'static str) -> usize {
    let (mut count, mut at) = (0, 0);
    while let Some((section, next)) = next(file, at) {
        count += section.heading.declares() as usize;
        at = next;
    }
    count
}

/// These sections, in their order.
///
/// # Panics
/// When there are more or fewer.
#[must_use]
pub const fn declarations<const COUNT: usize>(file: &'static str) -> [Section; COUNT] {
    let mut found = [Section::NONE; COUNT];
    let (mut count, mut at) = (0, 0);
    while let Some((section, next)) = next(file, at) {
        if section.heading.declares() {
            found[count] = section;
            count += 1;
        }
        at = next;
    }
    assert!(count == COUNT, "the file has another number of declarations");
    found
}

/// All sections of a file.
pub fn sections(file: &'static str) -> impl Iterator<Item = Section> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (section, next) = next(file, at)?;
        at = next;
        Some(section)
    })
}

/// The first section whose line begins at or after a place where a line begins, and where it ends.
const fn next(file: &'static str, from: usize) -> Option<(Section, usize)> {
    let begin = header(file, from);
    let Some(heading) = heading(file, begin) else { return None };
    let end_of_line = end_of_line(file, begin);
    let name = slice(file, begin + heading.mark().len(), end_of_line);
    let end = header(file, after_line(file, end_of_line));
    Some((Section { heading, name, text: slice(file, end_of_line, end) }, end))
}

/// Where the first line at or after this one begins that is the line of a section, or the end.
const fn header(file: &str, from: usize) -> usize {
    let mut at = from;
    while at < file.len() && heading(file, at).is_none() {
        at = after_line(file, end_of_line(file, at));
    }
    at
}

const fn heading(file: &str, at: usize) -> Option<Heading> {
    let mut heading = 0;
    while heading < Heading::ALL.len() {
        if is_at(file.as_bytes(), at, Heading::ALL[heading].mark().as_bytes()) {
            return Some(Heading::ALL[heading]);
        }
        heading += 1;
    }
    None
}

const fn is_at(text: &[u8], at: usize, wanted: &[u8]) -> bool {
    if text.len() < at + wanted.len() {
        return false;
    }
    let mut compared = 0;
    while compared < wanted.len() {
        if text[at + compared] != wanted[compared] {
            return false;
        }
        compared += 1;
    }
    true
}

const fn end_of_line(file: &str, from: usize) -> usize {
    let mut at = from;
    while at < file.len() && file.as_bytes()[at] != b'\n' {
        at += 1;
    }
    at
}

const fn after_line(file: &str, end_of_line: usize) -> usize {
    if end_of_line < file.len() { end_of_line + 1 } else { end_of_line }
}

const fn slice(file: &'static str, from: usize, to: usize) -> &'static str {
    file.split_at(to).0.split_at(from).1
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "-- About the file.

-- table: a_1
-- Its rows.
CREATE TABLE a_1 (
    -- which
    id {number}
);
-- index: a_1_by_id
CREATE INDEX a_1_by_id ON a_1 (id);

-- fragment: of(id)
-- What is of this id.
a_1.id = {id}

-- name: SELECT
-- $1 the id.
SELECT *
FROM a_1 WHERE {of($1)};";

    #[test]
    fn a_file_has_its_sections_in_order() {
        let found: Vec<(Heading, &str, String)> =
            sections(FILE).map(|section| (section.heading, section.name, section.sql())).collect();
        let expected = [
            (Heading::Table, "a_1", "CREATE TABLE a_1 (\n    id {number}\n)"),
            (Heading::Index, "a_1_by_id", "CREATE INDEX a_1_by_id ON a_1 (id)"),
            (Heading::Fragment, "of(id)", "a_1.id = {id}"),
            (Heading::Name, "SELECT", "SELECT *\nFROM a_1 WHERE {of($1)}"),
        ];
        assert_eq!(found, expected.map(|(heading, name, sql)| (heading, name, sql.to_owned())));
        assert_eq!(sections("").count() + sections("-- Nothing.").count(), 0);
    }

    #[test]
    fn a_section_is_found_at_compile_time() {
        const SELECT: Section = section(FILE, Heading::Name, "SELECT");
        const DECLARED: [Section; count_declarations(FILE)] = declarations(FILE);
        assert!(SELECT.sql().starts_with("SELECT *"));
        assert_eq!(DECLARED.map(|section| section.name), ["a_1", "a_1_by_id"]);
    }

    #[test]
    #[should_panic(expected = "no section of this name")]
    fn the_beginning_of_a_name_is_not_the_name() {
        let _ = section(FILE, Heading::Name, "SELEC");
    }

    #[test]
    #[should_panic(expected = "two sections of this name")]
    fn a_name_stands_for_one_section() {
        let _ = section("-- name: A\nSELECT 1;\n-- name: A\nSELECT 2;", Heading::Name, "A");
    }
}

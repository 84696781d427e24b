//! What a projection has in the database: its tables, their indexes and their first rows, as its file of SQL declares them.
//!
//! Always: what is made, dropped, renamed and redirected is what the declaration names, and nothing is found by a search in a text. Never
//! here: what the tables mean.

use crate::sql::sections::{Heading, Section};
use crate::sql::{SHADOW_PREFIX, Source, declaration, shadowed};

/// The declaration of one projection.
#[derive(Debug)]
pub struct Tables {
    /// The name of the projection, with its version.
    pub projection: &'static str,
    /// The name of a rebuild of the projection, which has a checkpoint and parked events of its own.
    pub rebuild: &'static str,
    source: &'static Source,
    sections: &'static [Section],
}

/// Declares `NAME`, and `TABLES`: what a projection of this name has in the database, by the sections of a file of SQL beside the module, in the order in
/// which they are made. The text of first rows may name the `{projection}` that the tables are made for.
///
/// ```ignore
/// declare_tables! { "posts_1" in "posts.sql" }
/// ```
#[macro_export]
macro_rules! declare_tables {
    ($projection:literal in $file:literal) => {
        $crate::declare_tables! { @declare $projection, $file, &$crate::sql::Vocabulary::NONE }
    };
    ($projection:literal in $file:literal with $vocabulary:path) => {
        $crate::declare_tables! { @declare $projection, $file, &$vocabulary }
    };
    (@declare $projection:literal, $file:literal, $vocabulary:expr) => {
        /// The name of the projection, with its version.
        pub const NAME: &str = $projection;

        /// What the projection has in the database.
        pub static TABLES: $crate::tables::Tables = {
            use $crate::sql::sections::{Section, count_declarations, declarations};
            const TEXT: &str = include_str!($file);
            static SOURCE: $crate::sql::Source = $crate::sql::Source::new(file!(), $file, TEXT, $vocabulary);
            static SECTIONS: [Section; count_declarations(TEXT)] = declarations(TEXT);
            $crate::tables::Tables::new($projection, concat!("next_", $projection), &SOURCE, &SECTIONS)
        };
    };
}
pub use crate::declare_tables;

impl Tables {
    /// What is declared by these sections of a file.
    #[must_use]
    pub const fn new(
        projection: &'static str,
        rebuild: &'static str,
        source: &'static Source,
        sections: &'static [Section],
    ) -> Self {
        Self { projection, rebuild, source, sections }
    }

    /// All that is declared, in order.
    #[must_use]
    pub fn sections(&self) -> &'static [Section] {
        self.sections
    }

    /// The names of the tables.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.of(Heading::Table).map(|section| section.name).collect()
    }

    /// The names of the indexes, with the statements that make them.
    pub(super) fn indexes(&self, on_server: bool) -> impl Iterator<Item = (&'static str, String)> {
        self.of(Heading::Index).map(move |section| (section.name, self.statement(section, self.projection, on_server)))
    }

    /// Makes all of it, where it is not there yet.
    pub(super) fn script(&self, on_server: bool) -> String {
        self.joined(self.projection, on_server)
    }

    /// The same for shadow tables.
    pub(super) fn shadow_script(&self, on_server: bool) -> String {
        shadowed(&self.joined(self.rebuild, on_server), self.sections)
    }

    fn of(&self, heading: Heading) -> impl Iterator<Item = &'static Section> {
        self.sections.iter().filter(move |section| section.heading == heading)
    }

    fn joined(&self, name: &str, on_server: bool) -> String {
        let statements = self.sections.iter().map(|section| self.statement(section, name, on_server));
        statements.collect::<Vec<_>>().join(";\n")
    }

    fn statement(&self, section: &Section, name: &str, on_server: bool) -> String {
        declaration(self.source, section, name, on_server)
    }
}

/// The name of a table while a rebuild fills it, or of its index.
pub(super) fn shadow(name: &str) -> String {
    format!("{SHADOW_PREFIX}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Vocabulary;
    use crate::sql::sections::{count_declarations, declarations};

    const TEXT: &str = "
-- table: posts_1
CREATE TABLE IF NOT EXISTS posts_1 (post {number} PRIMARY KEY, text TEXT NOT NULL){table};
-- index: posts_1_by_text
CREATE INDEX IF NOT EXISTS posts_1_by_text ON posts_1 (text);
-- rows: posts_1
INSERT INTO posts_1 SELECT 1, 'posts_1' FROM projections WHERE name = {projection};
-- name: SELECT
SELECT 1;";
    static SOURCE: Source = Source::new("a.rs", "a.sql", TEXT, &Vocabulary::NONE);
    static SECTIONS: [Section; count_declarations(TEXT)] = declarations(TEXT);
    static TABLES: Tables = Tables::new("posts_1", "next_posts_1", &SOURCE, &SECTIONS);

    #[test]
    fn shadow_tables_are_made_as_those_that_serve() {
        let expected = "CREATE TABLE IF NOT EXISTS posts_1 (post INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;\n\
                        CREATE INDEX IF NOT EXISTS posts_1_by_text ON posts_1 (text);\n\
                        INSERT INTO posts_1 SELECT 1, 'posts_1' FROM projections WHERE name = 'posts_1'";
        assert_eq!(TABLES.script(false), expected);
        let expected = "CREATE TABLE IF NOT EXISTS next_posts_1 (post BIGINT PRIMARY KEY, text TEXT NOT NULL);\n\
                        CREATE INDEX IF NOT EXISTS next_posts_1_by_text ON next_posts_1 (text);\n\
                        INSERT INTO next_posts_1 SELECT 1, 'posts_1' FROM projections WHERE name = 'next_posts_1'";
        assert_eq!(TABLES.shadow_script(true), expected);
        assert_eq!(TABLES.names(), ["posts_1"]);
        assert_eq!(TABLES.indexes(true).map(|(name, _)| name).collect::<Vec<_>>(), ["posts_1_by_text"]);
    }
}

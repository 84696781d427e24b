//! Rows on their way into a statement, as one JSON array: one bind and one statement for any number of rows.

use serde::Serialize;

/// Rows that `json_each` takes apart again.
#[derive(Debug)]
pub struct Rows(String);

impl Default for Rows {
    fn default() -> Self {
        Self("[".to_owned())
    }
}

impl Rows {
    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.len() == 1
    }

    /// Adds a row: a value, or an array of the row's columns.
    pub fn push(&mut self, row: &impl Serialize) {
        if !self.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&serde_json::to_string(row).expect("rows are names and numbers, which JSON can hold"));
    }

    /// The rows as text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.0.push(']');
        self.0
    }
}

impl<R: Serialize> FromIterator<R> for Rows {
    fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Self {
        let mut collected = Self::default();
        for row in rows {
            collected.push(&row);
        }
        collected
    }
}

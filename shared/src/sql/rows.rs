//! Rows on their way into a statement, column by column: one bind for any number of rows, as a JSON array on SQLite and as
//! an array for each column on PostgreSQL.

use std::fmt::Write as _;

use uuid::Uuid;

use crate::model::ids::{AccountId, AccountKey, Position, PostId, PostKey};

/// One value of one row.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    Number(Option<i64>),
    Text(Option<&'a str>),
    Id(Option<Uuid>),
    Bytes(&'a [u8]),
    Flag(Option<bool>),
}

/// The values of one column, one for each row.
#[derive(Clone, Debug)]
pub enum Column {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Ids(Vec<Option<Uuid>>),
    Bytes(Vec<Vec<u8>>),
    Flags(Vec<Option<bool>>),
}

/// Rows in one parameter, which the statement takes apart again.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    columns: Vec<Column>,
    length: usize,
}

impl Rows {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds a row: a value, or a tuple of values. All rows have columns of the same types.
    pub fn push(&mut self, row: &impl Line) {
        let mut at = 0;
        row.each(&mut |cell| {
            if self.length == 0 {
                self.columns.push(Column::like(&cell));
            }
            self.columns[at].push(cell);
            at += 1;
        });
        self.length += 1;
    }

    /// None when there is no row.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A JSON array: of values when there is one column, else of arrays.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(self.length * self.columns.len() * 10 + 2);
        json.push('[');
        for row in 0..self.length {
            if row > 0 {
                json.push(',');
            }
            if self.columns.len() > 1 {
                json.push('[');
            }
            for (at, column) in self.columns.iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                column.write_json(row, &mut json);
            }
            if self.columns.len() > 1 {
                json.push(']');
            }
        }
        json.push(']');
        json
    }
}

impl<L: Line> FromIterator<L> for Rows {
    fn from_iter<I: IntoIterator<Item = L>>(lines: I) -> Self {
        let mut rows = Self::default();
        for line in lines {
            rows.push(&line);
        }
        rows
    }
}

impl Column {
    fn like(cell: &Cell<'_>) -> Self {
        match cell {
            Cell::Number(_) => Self::Numbers(Vec::new()),
            Cell::Text(_) => Self::Texts(Vec::new()),
            Cell::Id(_) => Self::Ids(Vec::new()),
            Cell::Bytes(_) => Self::Bytes(Vec::new()),
            Cell::Flag(_) => Self::Flags(Vec::new()),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Numbers(numbers), Cell::Number(number)) => numbers.push(number),
            (Self::Texts(texts), Cell::Text(text)) => texts.push(text.map(str::to_owned)),
            (Self::Ids(ids), Cell::Id(id)) => ids.push(id),
            (Self::Bytes(all), Cell::Bytes(bytes)) => all.push(bytes.to_vec()),
            (Self::Flags(flags), Cell::Flag(flag)) => flags.push(flag),
            (column, cell) => unreachable!("{cell:?} does not belong into a column of {column:?}"),
        }
    }

    fn write_json(&self, row: usize, json: &mut String) {
        let written = match self {
            Self::Numbers(numbers) => match numbers[row] {
                Some(number) => write!(json, "{number}"),
                None => json.write_str("null"),
            },
            Self::Texts(texts) => match &texts[row] {
                Some(text) => json.write_str(&serde_json::to_string(text).expect("JSON can hold any text")),
                None => json.write_str("null"),
            },
            Self::Ids(ids) => match ids[row] {
                Some(id) => write!(json, "\"{}\"", id.as_hyphenated()),
                None => json.write_str("null"),
            },
            Self::Bytes(all) => {
                write!(json, "\"{}\"", hex::encode(&all[row]))
            }
            Self::Flags(flags) => match flags[row] {
                Some(flag) => write!(json, "{}", u8::from(flag)),
                None => json.write_str("null"),
            },
        };
        written.expect("writing to a string cannot fail");
    }
}

/// A type whose values can be in a column.
pub trait AsCell {
    fn cell(&self) -> Cell<'_>;
}

/// A row: a value, or a tuple of values.
pub trait Line {
    /// Calls `take` with each value, in the order of the columns.
    fn each(&self, take: &mut impl FnMut(Cell<'_>));
}

impl<L: Line> Line for &L {
    fn each(&self, take: &mut impl FnMut(Cell<'_>)) {
        (*self).each(take);
    }
}

impl<V: AsCell> AsCell for &V {
    fn cell(&self) -> Cell<'_> {
        (*self).cell()
    }
}

macro_rules! values {
    ($($type:ty, $value:ident => $cell:expr;)*) => {
        $(impl AsCell for $type {
            fn cell(&self) -> Cell<'_> {
                let $value = self;
                $cell
            }
        }

        impl Line for $type {
            fn each(&self, take: &mut impl FnMut(Cell<'_>)) {
                take(self.cell());
            }
        })*
    };
}

values! {
    i64, number => Cell::Number(Some(*number));
    i32, number => Cell::Number(Some((*number).into()));
    Option<i64>, number => Cell::Number(*number);
    AccountKey, key => Cell::Number(Some(key.0));
    Option<AccountKey>, key => Cell::Number(key.map(|key| key.0));
    PostKey, key => Cell::Number(Some(key.0));
    Option<PostKey>, key => Cell::Number(key.map(|key| key.0));
    Position, place => Cell::Number(Some(place.0));
    String, text => Cell::Text(Some(text));
    Option<String>, text => Cell::Text(text.as_deref());
    &str, text => Cell::Text(Some(text));
    Uuid, id => Cell::Id(Some(*id));
    AccountId, id => Cell::Id(Some(id.0));
    PostId, id => Cell::Id(Some(id.0));
    bool, flag => Cell::Flag(Some(*flag));
    Option<bool>, flag => Cell::Flag(*flag);
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {
        $(impl<$($name: AsCell),*> Line for ($($name,)*) {
            fn each(&self, take: &mut impl FnMut(Cell<'_>)) {
                #[allow(non_snake_case, reason = "the names of the types are those of the values")]
                let ($($name,)*) = self;
                $(take($name.cell());)*
            }
        })*
    };
}

tuples! {
    (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I) (A B C D E F G H I J)
    (A B C D E F G H I J K) (A B C D E F G H I J K L)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_json_for_sqlite() {
        let rows: Rows = [(1, Some("a \"word\"".to_owned()), true), (2, None, false)].into_iter().collect();
        assert_eq!(rows.to_json(), r#"[[1,"a \"word\"",1],[2,null,0]]"#);
        assert_eq!([7_i64, 8].iter().collect::<Rows>().to_json(), "[7,8]");
        assert_eq!(Rows::default().to_json(), "[]");
    }
}

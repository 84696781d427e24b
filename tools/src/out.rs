//! Output: results on stdout, everything else on stderr.
//!
//! Always: texts of clients cannot command a terminal or reorder what it shows; a reader that takes only the beginning
//! of the results, as `head` does, ends the program without a message; that stderr cannot be written is no reason to
//! stop. Never here: what is printed, and logs (see `shared::runtime::telemetry`).

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The reader of stdout has gone away.
#[derive(Debug)]
struct ReaderGone;

impl fmt::Display for ReaderGone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("nobody reads the results any more")
    }
}

impl Error for ReaderGone {}

/// Stdout, with an error of its own when its reader has gone away, which is not mistaken for that of a connection.
pub struct Results(io::StdoutLock<'static>);

/// Stdout without escaping, for data that must not be changed.
pub fn results() -> Results {
    Results(io::stdout().lock())
}

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(marked)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(marked)
    }
}

fn marked(cause: io::Error) -> io::Error {
    match cause.kind() {
        io::ErrorKind::BrokenPipe => io::Error::new(io::ErrorKind::BrokenPipe, ReaderGone),
        _ => cause,
    }
}

/// Whether a command failed because the reader of stdout has gone away.
pub fn is_reader_gone(cause: &anyhow::Error) -> bool {
    let is_marked = |cause: &io::Error| cause.get_ref().is_some_and(|inner| inner.is::<ReaderGone>());
    cause.chain().any(|cause| match cause.downcast_ref::<serde_json::Error>() {
        // Its cause is not in the chain; JSON is written to stdout only, and never to a connection.
        Some(of_json) => of_json.io_error_kind() == Some(io::ErrorKind::BrokenPipe),
        None => cause.downcast_ref::<io::Error>().is_some_and(is_marked),
    })
}

/// Whether the reader of stdout has gone away, without writing anything.
pub fn has_no_reader() -> bool {
    let stdout = io::stdout();
    let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let is_known = poll(&mut watched, Some(&at_once)).is_ok();
    is_known && watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Prints results, escaped for a terminal.
pub fn print(text: &str) -> io::Result<()> {
    let mut results = results();
    results.write_all(printable(text).as_bytes())?;
    results.flush()
}

/// Prints a message to stderr, in a line of its own.
pub fn note(text: &str) {
    // Without stderr, there is nobody to tell.
    let _ = writeln!(io::stderr(), "{}", printable(text));
}

/// The text, with every character that a terminal might obey, or reorder the rest by, as an escape of JSON: `\u009b`.
/// JSON means the same afterwards.
fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |character| is_obeyed(character) && !matches!(character, '\n' | '\t'))
}

/// The text with escapes as in results, and also for new lines and tabs, which would look like another row or column.
pub fn in_one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_obeyed)
}

/// Control characters, and the invisible ones by which Unicode orders and breaks text.
fn is_obeyed(character: char) -> bool {
    let orders =
        matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}');
    orders || character.is_control()
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let escape = |character: char| match is_escaped(character) {
        true => format!("\\u{:04x}", u32::from(character)),
        false => character.to_string(),
    };
    Cow::Owned(text.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBEYED: &str = "bell \u{7} clear \u{1b}[2J also \u{9b}2J delete \u{7f} reorder \u{202e}txt.exe\u{2066} mark \u{200f} break \u{2028}";

    #[test]
    fn what_a_terminal_would_obey_is_written_as_json_writes_it() {
        let shown = printable(OBEYED);
        assert!(!shown.chars().any(is_obeyed), "{shown:?}");
        assert!(
            shown.contains(r"\u0007 clear \u001b[2J also \u009b2J delete \u007f reorder \u202etxt.exe\u2066"),
            "{shown}"
        );
        assert!(matches!(printable("größe 🐦\n\tא ب"), Cow::Borrowed(_)), "other scripts stay as they are");
    }

    #[test]
    fn json_means_the_same_afterwards() {
        let json = serde_json::json!({ OBEYED: [OBEYED, "\n\t\\"] });
        let printed = format!("{json:#}");
        let shown = printable(&printed);
        assert!(!shown.chars().any(|character| is_obeyed(character) && character != '\n'), "{shown:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("it is JSON"), json);
    }

    #[test]
    fn a_value_in_a_row_stays_in_its_row() {
        assert_eq!(in_one_line("a\n42  posts_1\tb"), r"a\u000a42  posts_1\u0009b");
    }

    #[test]
    fn only_the_reader_of_the_results_ends_a_command_without_a_word() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_reader_gone(&anyhow::Error::from(marked(broken())).context("while printing")));
        let in_json = serde_json::Error::io(marked(broken()));
        assert!(is_reader_gone(&anyhow::Error::from(in_json)), "wherever it went through");
        assert!(!is_reader_gone(&anyhow::Error::from(broken())), "a connection that broke");
    }
}

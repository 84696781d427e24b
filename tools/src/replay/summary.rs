//! The outcome of a replay, for people and for programs.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde_json::json;

use super::tally::{Tally, rate};
use crate::args::Output;
use crate::client::DEADLINE;
use crate::out;

/// Whether the read tables have everything.
#[derive(Debug, PartialEq, Eq)]
pub enum Tables {
    /// They do, after this long.
    CaughtUp(Duration),
    /// They do not, for this reason.
    Behind(String),
    /// Not known, because the replay was stopped or had nothing to do.
    NotAwaited,
}

/// The outcome of a replay.
#[derive(Debug)]
pub struct Summary {
    made: BTreeMap<&'static str, u64>,
    errors: BTreeMap<String, u64>,
    retries: u64,
    total: u64,
    left: u64,
    gave_up: bool,
    self_follows: u64,
    sent_in: Duration,
    tables: Tables,
}

impl Summary {
    /// Summarizes a tally.
    pub fn of(tally: &Tally, self_follows: u64, sent_in: Duration, tables: Tables) -> Self {
        Self {
            made: tally.made(),
            errors: tally.errors(),
            retries: tally.retries(),
            total: tally.total(),
            left: tally.total().saturating_sub(tally.done()),
            gave_up: tally.has_given_up(),
            self_follows,
            sent_in,
            tables,
        }
    }

    /// Whether everything was done and nothing refused.
    pub fn is_good(&self) -> bool {
        self.errors.is_empty() && self.left == 0 && !matches!(self.tables, Tables::Behind(_))
    }

    pub fn print(&self, output: Output) -> io::Result<()> {
        let text = match output {
            Output::Text => self.text(),
            Output::Json => format!("{}\n", self.json()),
        };
        out::print(&text)
    }

    fn text(&self) -> String {
        let made: Vec<String> = self.made.iter().map(|(what, count)| format!("{count} {what}")).collect();
        let acknowledged: u64 = self.made.values().sum();
        let mut lines = vec![
            format!("acknowledged  {acknowledged} of {} commands: {}", self.total, listed(&made)),
            format!(
                "sent in       {:.1} s, {:.0} commands/s, {} retries",
                self.sent_in.as_secs_f64(),
                rate(acknowledged, self.sent_in),
                self.retries
            ),
        ];
        let errors: Vec<String> = self.errors.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        lines.push(format!("errors        {}", listed(&errors)));
        if self.self_follows > 0 {
            lines.push(format!("left out      {} follows of oneself", self.self_follows));
        }
        lines.push(match &self.tables {
            Tables::CaughtUp(after) => format!("read tables   have everything, {:.1} s later", after.as_secs_f64()),
            Tables::Behind(cause) => format!("read tables   do not have everything: {cause}"),
            Tables::NotAwaited => "read tables   not waited for".to_owned(),
        });
        if self.gave_up {
            lines.push(format!("gave up       the server did not answer for {} s", DEADLINE.as_secs()));
        }
        if self.left > 0 {
            lines.push(format!("stopped       {} commands are left; run it again to go on", self.left));
        }
        lines.join("\n") + "\n"
    }

    fn json(&self) -> serde_json::Value {
        let acknowledged: u64 = self.made.values().sum();
        let (caught_up_after, behind) = match &self.tables {
            Tables::CaughtUp(after) => (Some(after.as_secs_f64()), None),
            Tables::Behind(cause) => (None, Some(cause)),
            Tables::NotAwaited => (None, None),
        };
        json!({
            "commands": self.total,
            "acknowledged": acknowledged,
            "made": self.made,
            "errors": self.errors,
            "retries": self.retries,
            "left": self.left,
            "gave_up": self.gave_up,
            "self_follows_left_out": self.self_follows,
            "seconds": self.sent_in.as_secs_f64(),
            "commands_per_second": rate(acknowledged, self.sent_in),
            "tables_caught_up_after_seconds": caught_up_after,
            "tables_behind": behind,
        })
    }
}

fn listed(parts: &[String]) -> String {
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(errors: &[(&str, u64)], left: u64, tables: Tables) -> Summary {
        Summary {
            made: [("accounts", 2)].into(),
            errors: errors.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect(),
            retries: 0,
            total: 2,
            left,
            gave_up: false,
            self_follows: 0,
            sent_in: Duration::from_secs(1),
            tables,
        }
    }

    #[test]
    fn a_replay_is_good_when_nothing_is_missing_anywhere() {
        let caught_up = || Tables::CaughtUp(Duration::ZERO);
        assert!(summary(&[], 0, caught_up()).is_good());
        assert!(!summary(&[("HANDLE_TAKEN", 1)], 0, caught_up()).is_good());
        assert!(!summary(&[], 1, Tables::NotAwaited).is_good());
        assert!(!summary(&[], 0, Tables::Behind(String::new())).is_good());
    }

    #[test]
    fn errors_are_listed_by_reason() {
        let text = summary(&[("BLOCKED", 1), ("HANDLE_TAKEN", 2)], 0, Tables::NotAwaited).text();
        assert!(text.contains("errors        1 BLOCKED, 2 HANDLE_TAKEN\n"), "{text}");
    }
}

//! How a process shares out its connections to a server.
//!
//! Always: the one that writes comes first and is nobody else's; two are enough for any role; where there are few, nobody listens, and the pull finds
//! what is new. Never here: when they are opened.

use super::fitness::Work;

/// The fewest connections of a process.
pub const CONNECTIONS_MIN: usize = 2;
/// With fewer than this, all are needed for statements.
const LISTENING_FROM: usize = 6;
/// A query server reads so many parts of them from the log, by which it knows tokens, and the others from the read tables.
const PARTS_OF_LOG: usize = 3;

/// What is opened at most, besides the one that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    /// To read the log.
    pub log_readers: usize,
    /// To read the tables; nothing where those that read the log do that, too.
    pub table_readers: Option<usize>,
    /// Whether it listens to what the server says.
    pub listens: bool,
    /// Whether it says who is online by a connection of its own.
    pub speaks: bool,
}

impl Default for Shares {
    /// Of a process that does everything, on a server of its own.
    fn default() -> Self {
        Self { log_readers: 4, table_readers: Some(8), listens: true, speaks: true }
    }
}

impl Shares {
    /// Shares so many out, at least [`CONNECTIONS_MIN`].
    pub fn of(connections: usize, work: Work) -> Self {
        let (writers, listeners) = match work {
            Work::Commands => (1, 2),
            Work::Projecting => (1, 1),
            Work::Queries => (0, 2),
        };
        let listens = connections >= LISTENING_FROM;
        let readers = connections.max(CONNECTIONS_MIN) - writers - if listens { listeners } else { 0 };
        let (log_readers, table_readers) = match work {
            // A question reads the log while it holds the tables, so each needs some of its own.
            Work::Queries => {
                let of_log = (readers / PARTS_OF_LOG).max(1);
                (of_log, Some(readers - of_log))
            }
            Work::Commands | Work::Projecting => (readers, None),
        };
        Self { log_readers, table_readers, listens, speaks: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_shared_out_as_there_are_and_each_part_has_one() {
        for work in [Work::Commands, Work::Projecting, Work::Queries] {
            for connections in CONNECTIONS_MIN..100 {
                let shares = Shares::of(connections, work);
                let writers = usize::from(work != Work::Queries);
                let listeners = if work == Work::Projecting { 1 } else { 2 };
                let listeners = if shares.listens { listeners } else { 0 };
                let readers = shares.log_readers + shares.table_readers.unwrap_or(0);
                assert_eq!(writers + listeners + readers, connections, "{work:?}: {shares:?}");
                assert!(shares.log_readers > 0 && shares.table_readers != Some(0), "{work:?}: {shares:?}");
            }
        }
    }
}

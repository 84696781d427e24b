//! How a process shares out its connections to a server.
//!
//! Always: the connection that writes comes first and is used for nothing else; two are enough for any role; where
//! there are few, none is used for listening, and polling finds what is new. Never here: when they are opened.

use super::fitness::Work;

pub const CONNECTIONS_MIN: usize = 2;
/// With fewer connections than this, all are needed for statements.
const LISTENING_FROM: usize = 6;
/// A query server uses one in so many for reading the log, by which it checks tokens, and the others for the read tables.
const PARTS_OF_LOG: usize = 3;

/// The most connections that are opened, besides the one that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    pub log_readers: usize,
    /// Nothing where those of the log read the tables, too.
    pub table_readers: Option<usize>,
    /// Whether one connection for each channel listens for notifications.
    pub listens: bool,
    /// Whether presence has a connection of its own.
    pub speaks: bool,
}

impl Default for Shares {
    /// For a process with every role, on a server without a limit.
    fn default() -> Self {
        Self { log_readers: 4, table_readers: Some(8), listens: true, speaks: true }
    }
}

impl Shares {
    /// Shares out `connections`, at least [`CONNECTIONS_MIN`].
    pub fn of(connections: usize, work: Work) -> Self {
        let (writers, listeners) = match work {
            Work::Commands => (1, 2),
            Work::Projecting => (1, 1),
            Work::Queries => (0, 2),
        };
        let listens = connections >= LISTENING_FROM;
        let readers = connections.max(CONNECTIONS_MIN) - writers - if listens { listeners } else { 0 };
        let (log_readers, table_readers) = match work {
            // A query reads the log while it holds a connection to the tables, so each needs its own.
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

//! Arguments that several tools share, and how they are parsed.

use std::fmt;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use shared::sql::postgres::Server;
use shared::store::{Store, StoreError};

/// Where a command server listens by default.
pub const DEFAULT_COMMAND: &str = "127.0.0.1:50051";
/// Where a query server listens by default.
pub const DEFAULT_QUERY: &str = "127.0.0.1:50052";

/// The most calls that a tool may have in flight.
pub const CONCURRENCY_MAX: u64 = 4_096;

/// How results are printed.
#[derive(Debug, Args)]
pub struct OutputChoice {
    /// How to print results on stdout
    #[arg(short, long, env = "CHIRP_OUTPUT", value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// A form of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    // Documentation comments would spread every help text that names them over twice the lines.
    Text,
    Json,
}

/// A server's host name or address, and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected host:port, such as 127.0.0.1:50051 or [::1]:50051";
        let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
        let name = |character: char| character.is_ascii_alphanumeric() || ".-_".contains(character);
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host_is_good = match bracketed {
            Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.chars().all(name),
        };
        match host_is_good && port.parse::<u16>().is_ok() {
            true => Ok(Self(text.to_owned())),
            false => Err(EXPECTED),
        }
    }
}

/// A folder or the address of a database, checked but kept as text.
pub fn store(text: &str) -> Result<String, StoreError> {
    Store::named(text).map(|_| text.to_owned())
}

/// The address of a database, checked but kept as text. The error does not repeat it, since it may hold a password.
pub fn server(text: &str) -> Result<String, String> {
    match Server::named(text) {
        Some(Ok(_)) => Ok(text.to_owned()),
        Some(Err(cause)) => Err(cause.to_string()),
        None => Err("must be the address of a database, such as postgres://user@host/chirp".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for good in ["127.0.0.1:0", "localhost:50051", "[::1]:50051", "query-1.chirp.svc:80"] {
            assert!(good.parse::<Address>().is_ok(), "{good}");
        }
        for bad in ["", "127.0.0.1", ":50051", "::1:50051", "http://127.0.0.1:50051", "a b:1", "localhost:65536"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}

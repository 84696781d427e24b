//! The address of a database: how it is parsed, and what may be shown of it.
//!
//! Always: nothing of an address that cannot be parsed is shown, since any part of it may be a misplaced password; an
//! address is parsed here before the driver sees it, since the driver shows what it does not know. Never here: folders.

use std::fmt;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use tracing::warn;

/// The prefixes by which an address is recognized.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Parameters that the driver knows.
const PARAMETERS: [&str; 16] = [
    "application_name",
    "dbname",
    "hostaddr",
    "password",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
    "options",
];
/// Parameters that are parsed here: lists of hosts and ports, and which of them are acceptable. `options[…]` names a
/// setting of the session.
const HOST: &str = "host";
const PORT: &str = "port";
const TARGET: &str = "target_session_attrs";
/// Parameters of libpq that Chirp does without, so that an address that works for `psql` works here.
const IGNORED: [&str; 9] = [
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "tcp_user_timeout",
];
/// Messages of the driver about an address that show nothing of it.
const CAUSES: [&str; 5] = [
    "empty host",
    "invalid port number",
    "invalid IPv4 address",
    "invalid IPv6 address",
    "invalid international domain name",
];
/// The name of a parameter is shown only when it can be one: a longer one may be anything.
const NAME_LENGTH_MAX: usize = 40;

/// Why an address cannot be used. It shows no value of the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("an address is postgres://user:password@host:port,host:port/database, with what is special in a name or a password encoded as in %2F{}", hint(.0))]
    Malformed(Option<&'static str>),
    /// The name is missing where it may be a part of something else.
    #[error("the address has a parameter{} that is not known; known are {HOST}, {PORT}, {TARGET}, {}", named(.0), PARAMETERS.join(", "))]
    UnknownParameter(Option<String>),
    /// The value of `target_session_attrs` is unknown.
    #[error("{TARGET} must be one of {}", Target::ALL.map(|(name, _)| name).join(", "))]
    UnknownTarget,
    /// There are several ports, and not one for each host.
    #[error("the address must have one {PORT}, or one for each {HOST}")]
    PortsDoNotMatch,
}

fn hint(cause: &Option<&'static str>) -> String {
    cause.map(|cause| format!(" ({cause})")).unwrap_or_default()
}

fn named(name: &Option<String>) -> String {
    name.as_ref().map(|name| format!(" {name}")).unwrap_or_default()
}

/// Which servers are acceptable, as libpq's `target_session_attrs` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    /// A standby if there is one, else any.
    PreferStandby,
}

impl Target {
    const ALL: [(&'static str, Self); 6] = [
        ("any", Self::Any),
        ("read-write", Self::ReadWrite),
        ("read-only", Self::ReadOnly),
        ("primary", Self::Primary),
        ("standby", Self::Standby),
        ("prefer-standby", Self::PreferStandby),
    ];

    /// Whether a session on such a server is acceptable.
    pub(super) fn is(self, is_standby: bool, is_read_only: bool) -> bool {
        match self {
            Self::Any | Self::PreferStandby => true,
            Self::ReadWrite => !is_read_only,
            Self::ReadOnly => is_read_only,
            Self::Primary => !is_standby,
            Self::Standby => is_standby,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.into_iter().find_map(|(name, target)| (target == *self).then_some(name));
        formatter.write_str(name.unwrap_or_default())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Address {
    /// The same database at each host, in the order in which they are tried.
    pub hosts: Vec<PgConnectOptions>,
    /// Which of the hosts are acceptable.
    pub target: Target,
    /// Settings of every session.
    pub settings: Vec<(String, String)>,
}

/// Parses an address; nothing if it is no address of PostgreSQL.
pub(super) fn read(address: &str) -> Option<Result<Address, AddressError>> {
    let scheme = SCHEMES.into_iter().find(|scheme| address.starts_with(scheme))?;
    Some(read_after(scheme, &address[scheme.len()..]))
}

fn read_after(scheme: &str, address: &str) -> Result<Address, AddressError> {
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    // The driver would drop a fragment without a word.
    if address.contains('#') {
        return Err(AddressError::Malformed(None));
    }
    let parameters = Parameters::read(query)?;
    let (authority, path) = match place.find('/') {
        Some(slash) => place.split_at(slash),
        None => (place, ""),
    };
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    let hosts: Vec<(&str, Option<&str>)> = match &parameters.hosts {
        Some(hosts) => hosts.split(',').map(|host| ("localhost", Some(host))).collect(),
        None => hosts.split(',').map(|host| (host, None)).collect(),
    };
    let ports: Vec<&str> = parameters.ports.iter().flat_map(|ports| ports.split(',')).collect();
    if ports.len() > 1 && ports.len() != hosts.len() {
        return Err(AddressError::PortsDoNotMatch);
    }
    let at_each_host = |driven: &[&str]| {
        let one = |(place, (authority, host)): (usize, &(&str, Option<&str>))| {
            let port = ports.get(place).or(ports.first());
            let overridden = [(HOST, host.as_ref()), (PORT, port)];
            let overridden = overridden.into_iter().filter_map(|(key, value)| Some(format!("&{key}={}", value?)));
            let (driven, overridden) = (driven.join("&"), overridden.collect::<String>());
            one_host(&format!("{scheme}{user}{authority}{path}?{driven}{overridden}"))
        };
        hosts.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>()
    };
    let with_options = at_each_host(&parameters.driven)?;
    let settings = settings(with_options.first().and_then(PgConnectOptions::get_options).unwrap_or_default());
    // A pooler refuses or forgets start-up options, so they become settings of the session.
    let without: Vec<&str> =
        parameters.driven.iter().copied().filter(|parameter| !parameter.starts_with("options")).collect();
    Ok(Address { hosts: at_each_host(&without)?, target: parameters.target, settings })
}

/// The query part of an address.
struct Parameters<'a> {
    /// Parameters that are left to the driver.
    driven: Vec<&'a str>,
    hosts: Option<String>,
    ports: Option<String>,
    target: Target,
}

impl<'a> Parameters<'a> {
    fn read(query: &'a str) -> Result<Self, AddressError> {
        let mut parameters = Self { driven: vec![], hosts: None, ports: None, target: Target::Any };
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter.split_once('=').ok_or(AddressError::UnknownParameter(None))?;
            let is_setting = key.starts_with("options[") && key.ends_with(']');
            match key {
                HOST => parameters.hosts = Some(value.replace("%2C", ",").replace("%2c", ",")),
                PORT => parameters.ports = Some(value.replace("%2C", ",").replace("%2c", ",")),
                TARGET => {
                    let known = Target::ALL.into_iter().find(|(name, _)| *name == value);
                    parameters.target = known.ok_or(AddressError::UnknownTarget)?.1;
                }
                _ if IGNORED.contains(&key) => warn!("the parameter {key} of the store's address is ignored"),
                _ if PARAMETERS.contains(&key) || is_setting => parameters.driven.push(parameter),
                _ => {
                    // Where an unescaped password has a question mark in it, what comes after that is no parameter.
                    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-';
                    let is_whole = !query.contains(['@', '/', ':']) && key.len() <= NAME_LENGTH_MAX;
                    let name = (is_whole && key.bytes().all(is_name)).then(|| key.to_owned());
                    return Err(AddressError::UnknownParameter(name));
                }
            }
        }
        Ok(parameters)
    }
}

/// The driver's options for an address with one host.
fn one_host(address: &str) -> Result<PgConnectOptions, AddressError> {
    let options = PgConnectOptions::from_str(address).map_err(|cause| {
        let cause = cause.to_string();
        AddressError::Malformed(CAUSES.into_iter().find(|known| cause.contains(known)))
    })?;
    // Where an unescaped password has split the address in other places than were meant, logs would show parts of it as names.
    let names = [options.get_username(), options.get_host(), options.get_database().unwrap_or_default()];
    let is_broken = |name: &&str| name.contains([':', '?', '#', ';', '\\']) || name.contains(char::is_whitespace);
    let is_socket = options.get_host().starts_with('/');
    let is_ipv6 = options.get_host().starts_with('[');
    let broken = names.iter().filter(|name| **name != options.get_host() || !is_ipv6).any(is_broken);
    let database_has_path = options.get_database().is_some_and(|name| name.contains(['/', '@']));
    let host_has_path = !is_socket && options.get_host().contains(['/', '@']);
    match broken || database_has_path || host_has_path || options.get_username().contains('/') {
        true => Err(AddressError::Malformed(None)),
        // PgBouncer does not know this parameter, and every server that Chirp supports has it by default.
        false => Ok(options.extra_float_digits(None)),
    }
}

/// The settings in PostgreSQL's `options`: words such as `-c name=value`, in which a backslash escapes a space.
fn settings(options: &str) -> Vec<(String, String)> {
    let (mut words, mut word, mut is_escaped) = (Vec::new(), String::new(), false);
    for character in options.chars() {
        match character {
            _ if std::mem::take(&mut is_escaped) => word.push(character),
            '\\' => is_escaped = true,
            _ if character.is_whitespace() => words.push(std::mem::take(&mut word)),
            _ => word.push(character),
        }
    }
    words.push(word);
    let setting = |word: &String| {
        let (name, value) = word.trim_start_matches("--").trim_start_matches("-c").split_once('=')?;
        Some((name.replace('-', "_"), value.to_owned()))
    };
    words.iter().filter_map(setting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused_and_no_part_of_it_is_shown() {
        for good in [
            "postgres://postgres@localhost/chirp",
            "postgresql://u:p%2Fw@[::1]:5433/chirp?sslmode=require",
            "postgres://",
            "postgres://u@%2Frun%2Fpostgresql/chirp",
            "postgres://me%40example.com@db/chirp?connect_timeout=3",
            "postgres://u@h/chirp?options[search_path]=x",
        ] {
            assert!(matches!(read(good), Some(Ok(_))), "{good}");
        }
        for bad in [
            "postgres://u:secret@h:port/db",
            "postgres://u:1/secret@h/db",
            "postgres://u:1?secret@h/db",
            "postgres://u:1#secret@h/db",
            "postgres://u:sec/secret@h/db",
            "postgres://u%3Asecret@h/db",
            "postgres://u:secret@h/db?passwort=secret",
            "postgres://u:secret@h/db?sslmode=secret",
            "postgres://u@h/db?port=secret",
            "postgres://u@h/db?secret",
            "postgres://u:x@h:1:secret/db",
            "postgres:// u:secret@h/db",
            "postgres://u;secret@h/db",
            "postgres://u@h/db?SSLMODE=secret",
            "postgres://u@h/db?hostaddr=secret",
            "postgres://u@h/db:secret",
            "postgres://u:1?sec=secret@h/db",
            "postgres://u@h/db?target_session_attrs=secret",
            "postgres://u@h1,h2/db?port=1,2,secret",
            "postgres://u@h1:1,h2:secret/db",
            "postgres://u@h/db?secret=x&y=/",
        ] {
            let refused = read(bad).expect("it begins as one").expect_err(bad).to_string();
            assert!(!refused.contains("secret"), "{bad}: {refused}");
        }
        assert!(read("postgresq://u:secret@h/db").is_none());
    }

    #[test]
    fn hosts_are_tried_in_their_order_and_settings_are_no_options_of_the_start() {
        let places = |address: &Address| address.hosts.iter().map(super::super::connector::place).collect::<Vec<_>>();
        let good = |address: &str| read(address).expect("it begins as one").expect(address);
        let address = good("postgres://u:p@h1:1,h2,[::1]:3/db?target_session_attrs=read-write");
        assert_eq!(places(&address), ["h1:1", "h2:5432", "[::1]:3"]);
        assert_eq!(address.target, Target::ReadWrite);
        assert!(address.hosts.iter().all(|host| host.get_database() == Some("db") && host.get_username() == "u"));
        assert_eq!(places(&good("postgres:///db?host=h1,/run/x&port=7")), ["h1:7", "/run/x:7"]);
        assert_eq!(places(&good("postgres://u@ignored/db?host=h1,h2&port=1,2")), ["h1:1", "h2:2"]);
        let settings = [("work_mem".to_owned(), "1 MB".to_owned()), ("search_path".to_owned(), "x".to_owned())];
        for with_settings in [
            "postgres://u@h1,h2:9/db?options[work_mem]=1%20MB&options[search_path]=x",
            "postgres://u@h1,h2:9/db?options=-c%20work_mem=1%5C%20MB%20--search-path=x",
        ] {
            let address = good(with_settings);
            assert_eq!(address.settings, settings, "{with_settings}");
            assert_eq!(places(&address), ["h1:5432", "h2:9"]);
            assert!(address.hosts.iter().all(|host| host.get_options().is_none() && host.get_database() == Some("db")));
        }
        let refused = |address: &str| read(address).expect("it begins as one").expect_err(address);
        assert_eq!(
            refused("postgres://u@h/db?passwort=x"),
            AddressError::UnknownParameter(Some("passwort".to_owned()))
        );
        assert_eq!(refused("postgres://u@h1,h2/db?port=1,2,3"), AddressError::PortsDoNotMatch);
        assert_eq!(refused("postgres://u@h/db?target_session_attrs=x"), AddressError::UnknownTarget);
    }
}

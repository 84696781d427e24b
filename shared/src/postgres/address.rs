//! The address of a database: what is taken for one, and what is shown of it.
//!
//! Always: nothing of an address that cannot be read is shown, since any part of it may be a password that stands in the wrong place; an
//! address is read before the driver sees it, which tells of everything that it does not know. Never here: folders.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use tracing::warn;

/// The beginnings of an address.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// What the driver knows. `options[…]` names a setting of the session.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
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
];
/// What the C library knows and Chirp does without, so that an address that works for `psql` works here.
const IGNORED: [&str; 10] = [
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "target_session_attrs",
    "tcp_user_timeout",
];
/// What the driver says of an address, as far as that tells nothing of it.
const CAUSES: [&str; 5] = [
    "empty host",
    "invalid port number",
    "invalid IPv4 address",
    "invalid IPv6 address",
    "invalid international domain name",
];

/// Why an address is none. It shows no part of the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It begins as one and does not go on as one.
    #[error("an address is postgres://user:password@host:port/database, with what is special in a name or a password encoded as in %2F{}", hint(.0))]
    Malformed(Option<&'static str>),
    /// It asks for something that does not exist.
    #[error("the address has a parameter that is not known; known are {}", PARAMETERS.join(", "))]
    UnknownParameter,
}

fn hint(cause: &Option<&'static str>) -> String {
    cause.map(|cause| format!(" ({cause})")).unwrap_or_default()
}

/// What an address says, if this is one of PostgreSQL.
pub(super) fn read(address: &str) -> Option<Result<PgConnectOptions, AddressError>> {
    SCHEMES.iter().any(|scheme| address.starts_with(scheme)).then(|| options(address))
}

fn options(address: &str) -> Result<PgConnectOptions, AddressError> {
    let (place, parameters) = address.split_once('?').unwrap_or((address, ""));
    // What comes after it would never be used.
    if address.contains('#') {
        return Err(AddressError::Malformed(None));
    }
    let mut known = Vec::new();
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (key, _) = parameter.split_once('=').ok_or(AddressError::UnknownParameter)?;
        let is_setting = key.starts_with("options[") && key.ends_with(']');
        if let Some(ignored) = IGNORED.iter().find(|ignored| **ignored == key) {
            warn!("the parameter {ignored} of the store's address is ignored");
        } else if PARAMETERS.contains(&key) || is_setting {
            known.push(parameter);
        } else {
            return Err(AddressError::UnknownParameter);
        }
    }
    let options = PgConnectOptions::from_str(&format!("{place}?{}", known.join("&"))).map_err(|cause| {
        let cause = cause.to_string();
        AddressError::Malformed(CAUSES.into_iter().find(|known| cause.contains(known)))
    })?;
    // Where a password has broken an address into other parts than were meant, servers and messages would tell of them.
    let names = [options.get_username(), options.get_host(), options.get_database().unwrap_or_default()];
    let is_broken = |name: &&str| name.contains([':', '?', '#', ';', '\\']) || name.contains(char::is_whitespace);
    let is_socket = options.get_host().starts_with('/');
    let is_ipv6 = options.get_host().starts_with('[');
    let broken = names.iter().filter(|name| **name != options.get_host() || !is_ipv6).any(is_broken);
    let database_has_path = options.get_database().is_some_and(|name| name.contains(['/', '@']));
    let host_has_path = !is_socket && options.get_host().contains(['/', '@']);
    match broken || database_has_path || host_has_path || options.get_username().contains('/') {
        true => Err(AddressError::Malformed(None)),
        false => Ok(options),
    }
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
        ] {
            let refused = read(bad).expect("it begins as one").expect_err(bad).to_string();
            assert!(!refused.contains("secret"), "{bad}: {refused}");
        }
        assert!(read("postgresq://u:secret@h/db").is_none());
    }
}

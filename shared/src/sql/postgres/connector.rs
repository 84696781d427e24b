//! How a session is opened: at which of the hosts of an address, with which settings, and what is required of it.
//!
//! Always: the hosts are tried in order, beginning with the one that was used last; settings are set by a statement,
//! since a pooler such as PgBouncer refuses or forgets start-up options; a database whose encoding cannot hold every
//! text is refused. Never here: when a session is opened, and how often that is tried.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Error, Row as _};
use tokio::time::timeout;

use super::address::{Address, Target};
use super::causes;
use super::pool::Purpose;
use crate::runtime::deadlines::late;

/// How long opening a session at a single host may take.
const HOST_TIMEOUT: Duration = Duration::from_secs(3);
/// How long opening a session may take at each host, where an address has several.
const ONE_OF_SEVERAL_TIMEOUT: Duration = Duration::from_secs(1);
/// The encoding in which every text that clients send can be stored.
const ENCODING: &str = "UTF8";

/// Which session this is, for others to find it, and what it can do. $1 are the names of settings, $2 their values.
const BEGIN_SESSION: &str = "
WITH made AS MATERIALIZED (
    SELECT COUNT(set_config(setting.name, setting.value, FALSE)) AS settings
    FROM UNNEST($1::TEXT[], $2::TEXT[]) AS setting (name, value)
)
SELECT pid, backend_start::TEXT AS started, pg_is_in_recovery() AS is_standby, settings,
       'on' IN (current_setting('transaction_read_only'), current_setting('default_transaction_read_only')) AS read_only,
       current_setting('server_encoding') AS encoding
FROM made, pg_stat_activity WHERE pid = pg_backend_pid()";

/// The server's process of a session, and its start, which together no other session of any server has.
pub(super) type SessionId = (i32, String);

/// A host in words for people: its name or socket, and its port.
pub(super) fn place(host: &PgConnectOptions) -> String {
    match host.get_socket() {
        Some(socket) => format!("{}:{}", socket.display(), host.get_port()),
        None => format!("{}:{}", host.get_host(), host.get_port()),
    }
}

/// Opens sessions at the hosts of one address with certain settings.
#[derive(Clone)]
pub(super) struct Connector {
    hosts: Arc<[PgConnectOptions]>,
    target: Target,
    settings: Arc<Vec<(String, String)>>,
    /// The host at which the last session was opened, shared by all connectors of the process.
    last: Arc<AtomicUsize>,
}

impl Connector {
    pub fn to(address: Address) -> Self {
        let Address { hosts, target, settings } = address;
        Self { hosts: hosts.into(), target, settings: Arc::new(settings), last: Arc::default() }
    }

    /// With further settings, which override those of the address.
    pub fn with(&self, settings: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let own = self.settings.iter().cloned();
        let all = own.chain(settings.into_iter().map(|(name, value)| (name.to_owned(), value))).collect();
        Self { settings: Arc::new(all), ..self.clone() }
    }

    /// With all hosts changed by a function.
    pub fn map(&self, change: impl Fn(PgConnectOptions) -> PgConnectOptions) -> Self {
        let hosts = self.hosts.iter().cloned().map(change).collect();
        Self { hosts, ..self.clone() }
    }

    pub fn hosts(&self) -> &[PgConnectOptions] {
        &self.hosts
    }

    /// Opens a session at the first host that is good for the purpose.
    ///
    /// # Errors
    /// Names the cause at each host.
    pub async fn open(&self, purpose: Purpose) -> Result<(PgConnection, SessionId), Error> {
        let passes: &[Target] = match self.target {
            Target::PreferStandby => &[Target::Standby, Target::Any],
            _ => &[self.target],
        };
        let first = self.last.load(Ordering::Relaxed);
        let mut failed = Vec::new();
        for target in passes {
            for place in (0..self.hosts.len()).map(|step| (first + step) % self.hosts.len()) {
                match self.open_at(&self.hosts[place], *target, purpose).await {
                    Ok(opened) => {
                        self.last.store(place, Ordering::Relaxed);
                        return Ok(opened);
                    }
                    Err(cause) => failed.push((&self.hosts[place], cause)),
                }
            }
        }
        Err(causes::of_all(failed))
    }

    /// A host that is good for the purpose, for a driver that opens sessions by itself. With a single host, nothing is tried.
    ///
    /// # Errors
    /// Names the cause at each host.
    pub async fn host_for(&self, purpose: Purpose) -> Result<PgConnectOptions, Error> {
        if self.hosts.len() > 1 {
            let (connection, _) = self.open(purpose).await?;
            connection.close().await?;
        }
        Ok(self.hosts[self.last.load(Ordering::Relaxed)].clone())
    }

    async fn open_at(
        &self,
        host: &PgConnectOptions,
        target: Target,
        purpose: Purpose,
    ) -> Result<(PgConnection, SessionId), Error> {
        let (names, values): (Vec<&str>, Vec<&str>) =
            self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).unzip();
        let opening = async {
            let mut connection = PgConnection::connect_with(host).await?;
            let beginning = sqlx::query(BEGIN_SESSION).persistent(false).bind(names).bind(values);
            let row = beginning.fetch_one(&mut connection).await?;
            let (encoding, read_only): (String, bool) = (row.try_get("encoding")?, row.try_get("read_only")?);
            if encoding != ENCODING {
                return Err(causes::wrong_encoding(&encoding));
            }
            if purpose == Purpose::Writing && read_only {
                return Err(causes::read_only());
            }
            if !target.is(row.try_get("is_standby")?, read_only) {
                return Err(causes::another_target(target));
            }
            Ok((connection, (row.try_get("pid")?, row.try_get("started")?)))
        };
        let bound = if self.hosts.len() > 1 { ONE_OF_SEVERAL_TIMEOUT } else { HOST_TIMEOUT };
        let opened = timeout(bound, opening).await.unwrap_or_else(|_| Err(late()));
        opened.map_err(|cause| causes::told_of(cause, host))
    }
}

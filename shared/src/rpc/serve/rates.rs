//! How much a caller may ask for: a rate for each caller and group of methods, by the generic cell rate algorithm (`governor`).
//!
//! Always: counted by principal, and for whoever is nobody in particular by address, of IPv6 by the 64 bits that a customer gets; what is
//! remembered is bounded, and forgotten once it makes no difference; an answer says what is left. Per process: two servers allow twice as much.
//! Never here: health and reflection, which are always answered.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;
use tokio::time::sleep;
use tonic::{Code, Status};

use crate::rpc::auth::principal::Principal;
use crate::rpc::call_metrics;
use crate::rpc::errors::{ErrorReason, Refused};

/// What a caller may ask for at once, as a header of each answer that is counted.
pub const LIMIT_HEADER: &str = "x-ratelimit-limit";
/// What is left of it.
pub const REMAINING_HEADER: &str = "x-ratelimit-remaining";
const FORWARDED_FOR: &str = "x-forwarded-for";
/// How often what makes no difference any more is forgotten.
const FORGET_INTERVAL: Duration = Duration::from_secs(10);
/// From so many callers on, those of one network are counted as one.
const CALLERS_MAX: usize = 200_000;
/// The prefixes by which addresses are counted, of IPv4 and IPv6.
const PREFIXES: (u8, u8) = (32, 64);
/// The same while there are too many of them.
const PREFIXES_OF_NETWORKS: (u8, u8) = (16, 32);
/// What a call costs that costs more than 1.
const COSTS: [(&str, u32); 8] = [
    ("GetHomeTimeline", 2),
    ("GetThread", 2),
    ("ListNotifications", 2),
    ("ListActivities", 2),
    ("BatchGetAccounts", 2),
    ("BatchGetPosts", 2),
    ("BatchGetRelationships", 2),
    ("GetAsOf", 10),
];

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nobody in particular, by address.
    Anonymous,
    /// An account.
    Account,
    /// A service.
    Service,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Commands.
    Commands,
    /// Queries.
    Reads,
    /// The opening of streams.
    Streams,
    /// What is for operators.
    Operators,
    /// Queries that are fully consistent, beside what they count as queries.
    FullyConsistent,
}

/// How much of a group whoever is of a kind may ask for: nothing is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Of whom.
    pub kind: Kind,
    /// Of what.
    pub group: Group,
    /// How much each second, and at once.
    pub rate: Option<(NonZeroU32, NonZeroU32)>,
}

impl FromStr for RateLimit {
    type Err = String;

    /// Reads `KIND.GROUP=RATE:BURST`, or `KIND.GROUP=off`.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = || {
            "must be KIND.GROUP=RATE:BURST or KIND.GROUP=off, with a KIND of anonymous, account or service, a GROUP of commands, reads, \
             streams, operators or fully-consistent, and numbers from 1"
                .to_owned()
        };
        let (of, rate) = text.split_once('=').ok_or_else(form)?;
        let (kind, group) = of.split_once('.').ok_or_else(form)?;
        let kind = match kind {
            "anonymous" => Kind::Anonymous,
            "account" => Kind::Account,
            "service" => Kind::Service,
            _ => return Err(form()),
        };
        let group = match group {
            "commands" => Group::Commands,
            "reads" => Group::Reads,
            "streams" => Group::Streams,
            "operators" => Group::Operators,
            "fully-consistent" => Group::FullyConsistent,
            _ => return Err(form()),
        };
        let rate = match rate {
            "off" => None,
            rate => {
                let (rate, burst) = rate.split_once(':').unwrap_or((rate, rate));
                Some((rate.parse().map_err(|_| form())?, burst.parse().map_err(|_| form())?))
            }
        };
        Ok(Self { kind, group, rate })
    }
}

/// What callers may ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateSettings {
    /// The limits; of two of the same kind and group, the later one counts.
    pub limits: Vec<RateLimit>,
    /// Proxies whose word about the address of a client is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl RateSettings {
    /// What a server that authenticates its callers allows if nothing else is said. Services are trusted with as much as they want.
    #[must_use]
    pub fn of_authenticating() -> Vec<RateLimit> {
        const LIMITS: [(Kind, Group, u32, u32); 10] = [
            (Kind::Account, Group::Commands, 20, 100),
            (Kind::Account, Group::Reads, 100, 400),
            (Kind::Account, Group::Streams, 5, 50),
            (Kind::Account, Group::Operators, 20, 100),
            (Kind::Account, Group::FullyConsistent, 5, 20),
            (Kind::Anonymous, Group::FullyConsistent, 1, 5),
            (Kind::Anonymous, Group::Commands, 1, 10),
            (Kind::Anonymous, Group::Reads, 20, 100),
            (Kind::Anonymous, Group::Streams, 1, 20),
            (Kind::Anonymous, Group::Operators, 1, 10),
        ];
        let limit = |(kind, group, rate, burst)| RateLimit {
            kind,
            group,
            rate: NonZeroU32::new(rate).zip(NonZeroU32::new(burst)),
        };
        LIMITS.map(limit).to_vec()
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Principal(Arc<str>),
    Network(IpNet),
}

type Limiter = RateLimiter<Key, DashMapStateStore<Key>, DefaultClock, StateInformationMiddleware>;

/// The counts of one server.
#[derive(Default)]
pub(super) struct Rates {
    limiters: HashMap<(Kind, Group), Limiter>,
    trusted_proxies: Vec<IpNet>,
    /// There are too many callers to count each address.
    is_crowded: AtomicBool,
}

impl fmt::Debug for Rates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rates").field("limited", &self.limiters.keys()).finish_non_exhaustive()
    }
}

/// What counts a call that was counted already, once it is known what it asks for.
#[derive(Clone, Debug)]
pub struct Counted {
    pub(super) rates: Arc<Rates>,
    /// Where it comes from.
    pub(super) client: Option<IpAddr>,
}

impl Counted {
    /// Counts it among those that are fully consistent.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED, with what to wait for.
    pub fn count_fully_consistent(&self, principal: &Principal) -> Result<(), Status> {
        self.rates.count_of(Group::FullyConsistent, 1, principal, self.client).map(drop)
    }

    /// Counts a subscription within a call of several, which begins with a query.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED, with what to wait for.
    pub fn count_subscription(&self, principal: &Principal) -> Result<(), Status> {
        self.rates.count_of(Group::Reads, 1, principal, self.client).map(drop)
    }
}

/// What a call may ask for at once, and what is left of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    limit: u32,
    remaining: u32,
}

impl Left {
    /// Says it in the headers of an answer.
    pub fn tell(self, headers: &mut HeaderMap) {
        for (name, value) in [(LIMIT_HEADER, self.limit), (REMAINING_HEADER, self.remaining)] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

impl Rates {
    pub fn of(settings: &RateSettings) -> Self {
        let mut limiters = HashMap::new();
        for RateLimit { kind, group, rate } in &settings.limits {
            match rate {
                Some((rate, burst)) => {
                    let quota = Quota::per_second(*rate).allow_burst(*burst);
                    limiters.insert((*kind, *group), RateLimiter::dashmap(quota).with_middleware());
                }
                None => _ = limiters.remove(&(*kind, *group)),
            }
        }
        Self { limiters, trusted_proxies: settings.trusted_proxies.clone(), is_crowded: AtomicBool::new(false) }
    }

    /// Whether nothing is counted.
    pub fn is_unlimited(&self) -> bool {
        self.limiters.is_empty()
    }

    /// Forgets again and again what makes no difference; never returns.
    pub async fn keep_forgetting(&self) {
        loop {
            sleep(FORGET_INTERVAL).await;
            let mut counted = 0;
            for limiter in self.limiters.values() {
                limiter.retain_recent();
                limiter.shrink_to_fit();
                counted += limiter.len();
            }
            self.is_crowded.store(counted > CALLERS_MAX, Ordering::Relaxed);
        }
    }

    /// Counts a call to this path; nothing if it is not limited.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED, with what to wait for.
    pub fn count(&self, path: &str, principal: &Principal, client: Option<IpAddr>) -> Result<Option<Left>, Status> {
        self.count_of(group_of(path), cost_of(path), principal, client)
    }

    fn count_of(
        &self,
        group: Group,
        cost: u32,
        principal: &Principal,
        client: Option<IpAddr>,
    ) -> Result<Option<Left>, Status> {
        let kind = match (principal.is_anonymous(), principal.account) {
            (true, _) => Kind::Anonymous,
            (false, Some(_)) => Kind::Account,
            (false, None) => Kind::Service,
        };
        let Some(limiter) = self.limiters.get(&(kind, group)) else { return Ok(None) };
        let counted = match kind {
            Kind::Account | Kind::Service => Key::Principal(principal.name.clone()),
            Kind::Anonymous => {
                let Some(client) = client else { return Ok(None) };
                Key::Network(self.network(client))
            }
        };
        let cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN);
        match limiter.check_key_n(&counted, cost) {
            Ok(Ok(state)) => {
                let limit = state.quota().burst_size().get();
                Ok(Some(Left { limit, remaining: state.remaining_burst_capacity() }))
            }
            Ok(Err(too_early)) => {
                let wait = too_early.wait_time_from(DefaultClock::default().now());
                let quota = too_early.quota();
                let subject = match &counted {
                    Key::Principal(name) => name.to_string(),
                    Key::Network(network) => network.to_string(),
                };
                let message = format!("{subject} asks for too much; wait as long as the answer says");
                let refused = Refused::new(Code::ResourceExhausted, ErrorReason::RateLimited, message);
                let refused = refused.retry_after(wait).quota(subject, format!("{group:?} of {kind:?}").to_lowercase());
                let mut status: Status = refused.with("limit", quota.burst_size()).into();
                for (name, value) in [(LIMIT_HEADER, quota.burst_size().get()), (REMAINING_HEADER, 0)] {
                    status.metadata_mut().insert(name, value.into());
                }
                Err(status)
            }
            // A burst that is smaller than what one call costs: it is as good as that cost.
            Err(_) => Ok(None),
        }
    }

    /// The address of the client: behind proxies that are trusted, the rightmost one that is not theirs.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_trusted =
            |address: &IpAddr| self.trusted_proxies.iter().any(|net| net.contains(&address.to_canonical()));
        if !is_trusted(&peer) {
            return peer;
        }
        let lists = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let told: Vec<&str> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
        let mut client = peer;
        for address in told.into_iter().rev() {
            // What is no address was written by somebody who is not trusted. Some proxies add the port.
            let with_port = || address.parse::<SocketAddr>().map(|address| address.ip());
            let Ok(address) = address.parse::<IpAddr>().or_else(|_| with_port()) else { return client };
            client = address;
            if !is_trusted(&address) {
                return client;
            }
        }
        client
    }

    /// The network that an address is counted by.
    fn network(&self, address: IpAddr) -> IpNet {
        let address = address.to_canonical();
        let (four, six) = if self.is_crowded.load(Ordering::Relaxed) { PREFIXES_OF_NETWORKS } else { PREFIXES };
        let prefix = if address.is_ipv4() { four } else { six };
        IpNet::new(address, prefix).map_or_else(|_| address.into(), |network| network.trunc())
    }
}

fn group_of(path: &str) -> Group {
    match path {
        _ if call_metrics::streams(path) => Group::Streams,
        _ if path.starts_with("/chirp.command.") => Group::Commands,
        _ if path.starts_with("/chirp.admin.") => Group::Operators,
        _ => Group::Reads,
    }
}

fn cost_of(path: &str) -> u32 {
    let method = path.rsplit('/').next().unwrap_or_default();
    COSTS.iter().find(|(name, _)| *name == method).map_or(1, |(_, cost)| *cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = "/chirp.query.v1.QueryService/GetAccount";

    fn rates(limits: &[&str], proxies: &[&str]) -> Rates {
        let limits = limits.iter().map(|limit| limit.parse().expect("it is a limit")).collect();
        let trusted_proxies = proxies.iter().map(|proxy| proxy.parse().expect("it is a network")).collect();
        Rates::of(&RateSettings { limits, trusted_proxies })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("it is an address")
    }

    fn forwarded(lists: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for list in lists {
            headers.append(FORWARDED_FOR, list.parse().expect("it is text"));
        }
        headers
    }

    #[test]
    fn whoever_asks_for_more_than_a_burst_is_told_to_wait_and_others_are_not() {
        let rates = rates(&["account.reads=1:3"], &[]);
        let principal = |number| Principal::account(crate::model::ids::AccountId(uuid::Uuid::from_u128(number)));
        let ask = |principal: &Principal| rates.count(READ, principal, None);
        let (ada, bob) = (principal(1), principal(2));
        for remaining in [2, 1, 0] {
            assert_eq!(ask(&ada).expect("there is enough"), Some(Left { limit: 3, remaining }));
        }
        let refused = ask(&ada).expect_err("there is nothing left");
        assert_eq!(
            (refused.code(), refused.metadata().get(REMAINING_HEADER).is_some()),
            (Code::ResourceExhausted, true)
        );
        assert!(ask(&bob).is_ok(), "another account has its own");
        let command = "/chirp.command.v1.CommandService/CreatePost";
        assert_eq!(rates.count(command, &ada, None).expect("it is not limited"), None);
    }

    #[test]
    fn nobody_in_particular_is_counted_by_network() {
        let rates = rates(&["anonymous.reads=1:1"], &[]);
        let ask = |text| rates.count(READ, &Principal::anonymous(), Some(address(text))).is_ok();
        assert!(ask("2001:db8::1") && !ask("2001:db8::2"), "one customer has 64 bits");
        assert!(ask("2001:db8:0:1::1") && ask("192.0.2.1") && ask("192.0.2.2"));
        assert!(!ask("::ffff:192.0.2.1"), "it is the same address");
    }

    #[test]
    fn behind_trusted_proxies_the_rightmost_address_counts_that_is_not_theirs() {
        let rates = rates(&[], &["10.0.0.0/8"]);
        let client = |peer, lists: &[&str]| rates.client(address(peer), &forwarded(lists));
        assert_eq!(
            client("192.0.2.1", &["198.51.100.7"]),
            address("192.0.2.1"),
            "whoever is not trusted is not believed"
        );
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.7"]), address("198.51.100.7"));
        assert_eq!(client("10.0.0.1", &["198.51.100.7, 10.0.0.2"]), address("198.51.100.7"));
        assert_eq!(
            client("10.0.0.1", &["198.51.100.7", "10.0.0.2"]),
            address("198.51.100.7"),
            "several headers are one list"
        );
        assert_eq!(client("10.0.0.1", &["198.51.100.7, nonsense"]), address("10.0.0.1"));
        assert_eq!(client("10.0.0.1", &["198.51.100.7:8080"]), address("198.51.100.7"));
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:443"]), address("2001:db8::1"));
        assert_eq!(client("10.0.0.1", &[]), address("10.0.0.1"));
    }

    #[test]
    fn limits_are_read_strictly() {
        assert!(
            "account.reads=5:10".parse::<RateLimit>().is_ok() && "service.commands=off".parse::<RateLimit>().is_ok()
        );
        for wrong in [
            "",
            "account.reads",
            "account.reads=0",
            "reads=5",
            "accounts.reads=5",
            "account.reads=5:x",
            "account.reads=-1",
        ] {
            assert!(wrong.parse::<RateLimit>().is_err(), "{wrong}");
        }
    }
}

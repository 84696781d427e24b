//! What the benchmarks run on: throw-away folders, servers on loopback ports, and logs that are filled in bulk.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use projector::Projector;
use shared::log::{Anchor, Append, Appended, Cause, EventLog, NewEvent};
use shared::model::clock::SystemClock;
use shared::model::event::{
    AccountEvent, AccountKind, Edge, Envelope, Event, FollowEvent, PostEvent, PostText, Profile,
};
use shared::model::ids::{AccountId, AccountKey, AccountRef, CommandId, Position, PostId};
use shared::model::streams::StreamName;
use shared::rpc::auth::principal::trusting;
use shared::rpc::serve::Admission;
use shared::rpc::serve::Services;
use shared::runtime::ready::Readiness;
use shared::runtime::settings::{ProjectorSettings, ServerSettings};
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use shared::store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use uuid::Uuid;

use crate::replay::text;

/// Events of one append while a log is filled in bulk.
const BULK_EVENTS: usize = 5_000;

/// A folder that is removed when this is dropped.
pub fn folder(parent: Option<&Path>) -> anyhow::Result<TempDir> {
    let made = match parent {
        Some(parent) => TempDir::new_in(parent),
        None => TempDir::new(),
    };
    made.context("no folder can be made for the benchmark")
}

/// A server that ends when this is dropped, and a connection to it.
pub struct Serving {
    pub channel: Channel,
    address: SocketAddr,
    _ends: DropGuard,
}

impl Serving {
    pub async fn another_channel(&self) -> anyhow::Result<Channel> {
        connect(self.address).await
    }
}

/// Serves a role as in production, with the steps around every call.
pub async fn serve_role(routes: Routes, names: &'static [&'static str]) -> anyhow::Result<Serving> {
    let (listener, address) = bind().await?;
    let tasks = Tasks::default();
    let ends = tasks.draining().clone().drop_guard();
    let settings = ServerSettings::default();
    tokio::spawn({
        let (services, ready) = (Services::of(routes), Readiness::of("bench", &[]));
        async move {
            shared::rpc::serve::serve(listener, services, names, &settings, (ready, Admission::default()), tasks).await
        }
    });
    Ok(Serving { channel: connect(address).await?, address, _ends: ends })
}

/// Serves with bare tonic, without anything around it.
pub async fn serve_bare(routes: Routes) -> anyhow::Result<Serving> {
    let (listener, address) = bind().await?;
    let drain = CancellationToken::new();
    let stop = drain.clone().cancelled_owned();
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(Server::builder().add_routes(trusting(routes)).serve_with_incoming_shutdown(incoming, stop));
    Ok(Serving { channel: connect(address).await?, address, _ends: drain.drop_guard() })
}

async fn bind() -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn connect(address: SocketAddr) -> anyhow::Result<Channel> {
    Ok(Endpoint::from_shared(format!("http://{address}"))?.connect().await?)
}

/// A store that is filled in bulk, past the command server.
pub struct Stage {
    pub store: Store,
    pub log: Arc<dyn EventLog>,
    pub accounts: Vec<AccountRef>,
}

impl Stage {
    /// A store with this many accounts.
    pub async fn new(store: Store, accounts: usize) -> anyhow::Result<Self> {
        let log = store.open_log(Arc::new(SystemClock)).await?;
        let mut stage = Self { store, log, accounts: Vec::with_capacity(accounts) };
        stage.register(accounts).await?;
        Ok(stage)
    }

    /// Registers this many more accounts.
    pub async fn register(&mut self, accounts: usize) -> anyhow::Result<()> {
        let ids: Vec<AccountId> = (0..accounts).map(|_| AccountId::generate()).collect();
        for chunk in ids.chunks(BULK_EVENTS) {
            let first = self.append(chunk.iter().map(|id| registered(*id)).collect()).await?;
            let keys = (first.0..).map(AccountKey);
            self.accounts.extend(chunk.iter().zip(keys).map(|(id, key)| AccountRef { id: *id, key }));
        }
        Ok(())
    }

    /// Lets this many accounts follow each of this many authors; both are evenly spread.
    pub async fn follow(&self, authors: usize, followers: usize) -> anyhow::Result<()> {
        let count = self.accounts.len();
        let mut events = Vec::with_capacity(BULK_EVENTS);
        for index in (0..authors).map(|number| self.index_of(number, authors)) {
            let followee = self.accounts[index];
            for step in 1..=followers {
                // A stride that shares no divisor with most counts, so that the followers of an author are not neighbours.
                let follower = self.accounts[(index + step * SPREAD) % count];
                if follower == followee {
                    continue;
                }
                events.push(followed(follower, followee));
            }
            if events.len() >= BULK_EVENTS - followers {
                self.append(std::mem::take(&mut events)).await?;
            }
        }
        self.append(events).await.map(drop)
    }

    /// The index of an author among the accounts.
    fn index_of(&self, number: usize, authors: usize) -> usize {
        number * (self.accounts.len() / authors)
    }

    /// Lets this many authors write this many posts, in turns.
    pub async fn post(&self, authors: usize, posts: usize) -> anyhow::Result<Vec<Posted>> {
        let mut posted = Vec::with_capacity(posts);
        // In an order that is not that of the accounts.
        let author = |index: usize| self.accounts[self.index_of(index * SPREAD % authors, authors)];
        for begin in (0..posts).step_by(BULK_EVENTS) {
            let numbers = begin..posts.min(begin + BULK_EVENTS);
            let events = numbers.clone().map(|index| written(PostId::generate(), author(index), index));
            let first = self.append(events.collect()).await?;
            let places = (first.0..).map(Position);
            posted.extend(numbers.zip(places).map(|(index, place)| Posted { author: author(index).key, place }));
        }
        Ok(posted)
    }

    /// A projector of this store, as in production.
    pub async fn projector(&self, progress: Wake) -> anyhow::Result<Projector> {
        let clock = Arc::new(SystemClock);
        let settings = ProjectorSettings::default();
        Ok(Projector::open(&self.store, self.log.clone(), settings, clock, progress).await?)
    }

    /// Appends these events, in several appends if need be.
    pub async fn append_all(&self, mut events: Vec<Event>) -> anyhow::Result<()> {
        while !events.is_empty() {
            let rest = events.split_off(events.len().min(BULK_EVENTS));
            self.append(std::mem::replace(&mut events, rest)).await?;
        }
        Ok(())
    }

    /// Appends these events in one append, and gives the position of the first.
    pub async fn append(&self, events: Vec<Event>) -> anyhow::Result<Position> {
        let count = i64::try_from(events.len())?;
        let append = append(BTreeMap::new(), events);
        match self.log.append(append).await? {
            Appended::Now(last) => Ok(Position(last.position.0 - count + 1)),
            Appended::Before(_) => anyhow::bail!("an append without a request id cannot have happened before"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Posted {
    pub author: AccountKey,
    pub place: Position,
}

/// Shares no divisor with the usual numbers of accounts.
const SPREAD: usize = 7_919;

pub fn append(expected: BTreeMap<StreamName, shared::model::ids::Version>, events: Vec<Event>) -> Append {
    let events = events.iter().map(|event| NewEvent::new(event.stream(), event.encode())).collect();
    Append { expected, rests_on: Anchor::ORIGIN, events, cause: cause(), request: None, answer: Vec::new() }
}

/// The cause of a command of its own.
pub fn cause() -> Cause {
    Cause {
        command_id: CommandId::generate(),
        correlation_id: Uuid::now_v7(),
        causation_id: None,
        principal: "bench".to_owned(),
        traceparent: None,
    }
}

/// The event of a new post.
pub fn written(post_id: PostId, author: AccountRef, number: usize) -> Event {
    let personal = Envelope::Plain(PostText::plain(text::of(number as u64)));
    let (reply_to, quoted, mentions, hashtags) = (None, None, vec![], vec!["books".to_owned()]);
    let created = PostEvent::Created { post_id, author, reply_to, quoted, mentions, hashtags, personal };
    Event::Post(created)
}

pub fn followed(follower: AccountRef, followee: AccountRef) -> Event {
    let edge = Edge { follower, followee, followee_kind: AccountKind::User, followee_seen_up_to: None };
    Event::Follow(FollowEvent::Followed(edge))
}

fn registered(account_id: AccountId) -> Event {
    let simple = account_id.0.simple().to_string();
    let event = AccountEvent::Registered {
        account_id,
        handle: format!("a{}", &simple[simple.len() - 20..]),
        kind: AccountKind::User,
        personal: Envelope::Plain(Profile { display_name: "Somebody".to_owned(), ..Profile::default() }),
    };
    Event::Account(event)
}

//! The stream of who is online of those whom an account follows: who comes and goes is in memory ([`crate::presence`]); whom the account
//! follows and may know of, the tables tell, when that has changed.

use std::collections::HashMap;
use std::time::Duration;

use shared::model::ids::{AccountId, AccountKey, Position};
use shared::rpc::proto::common::{StreamCaughtUp, StreamDraining, StreamHeartbeat, StreamSubscribed};
use shared::rpc::proto::query as v1;
use shared::rpc::proto::query::stream_presence_response::Event;
use shared::sql::{Statement, statements};
use tonic::Status;

use super::alone::SentAlone;
use super::dispatch::Heard;
use super::feed::{Kind, News, Signal};
use super::interests::{Interests, Source, Touch};
use super::together::{Live, SentTogether};
use super::{Begin, Messages, Open, Since};
use crate::asking::{Asking, Checked};
use crate::freshness::Freshness;
use crate::presence::{Presence, Watch};
use crate::questions::account::{Named, find};
use crate::questions::presence::open_followees;
use crate::snapshot::{Projections, Snapshot};
use crate::vocabulary::VOCABULARY;

/// What the stream reads.
pub const READS: Projections = &["changes_1", "profiles_1", "graph_1"];

/// Followees of one account that are watched: the newest.
const FOLLOWEES_MAX: usize = 10_000;
/// Between two looks: whoever comes and goes meanwhile is told of once.
const PACE: Duration = Duration::from_millis(250);

statements! { "presence.sql" with VOCABULARY: SELECT_CHANGES }

/// Where streams of presence hear of who may know of whom.
pub struct SightChanges;

impl Source for SightChanges {
    const READS: Projections = READS;

    fn changes() -> &'static Statement {
        &SELECT_CHANGES
    }
}

/// The stream of one account.
pub struct PresenceFeed {
    pub freshness: Freshness,
    pub presence: Presence,
    pub watch: Watch,
    pub owner: AccountKey,
    pub owner_id: AccountId,
    /// Those whom it follows and may know of.
    pub followees: HashMap<AccountKey, AccountId>,
    /// Those who are online, as far as was told.
    pub online: HashMap<AccountKey, AccountId>,
}

impl Kind for PresenceFeed {
    type Event = Event;
    type Index = Interests<SightChanges>;

    const PACE: Duration = PACE;

    async fn stirred(&self) {
        self.watch.stirred().await;
    }

    async fn look(&mut self, from: Position, heard: Heard<Touch>) -> Result<News<Event>, Status> {
        let (reached, read_at, stirred) = match heard {
            Heard::Changes(changes, _, read_at) if changes.is_empty() => (from, read_at, self.watch.take()),
            _ => {
                let mut snapshot = Snapshot::take(self.freshness.tables(), READS).await?;
                find(&mut snapshot, &Named::Id(self.owner_id)).await?;
                self.followees = open_followees(&mut snapshot, self.owner, FOLLOWEES_MAX).await?;
                self.watch.set(self.followees.keys().copied().collect());
                let stirred = self.followees.keys().chain(self.online.keys()).copied().collect();
                (snapshot.checkpoint.max(from), snapshot.anchor, stirred)
            }
        };
        let mut events = Vec::new();
        for account in stirred {
            let followee = self.followees.get(&account).filter(|_| self.presence.is_online(account)).copied();
            let told = match followee {
                Some(id) if self.online.insert(account, id).is_none() => (id, true),
                None if let Some(id) = self.online.remove(&account) => (id, false),
                _ => continue,
            };
            let presence = v1::Presence { account_id: told.0.to_string(), online: told.1 };
            events.push((reached, Event::Presence(presence)));
        }
        Ok(News { events, reached, read_at, unfinished: false })
    }
}

impl SentAlone for PresenceFeed {
    type Message = v1::StreamPresenceResponse;

    /// Nothing can be resumed, so the token is not sent.
    fn message(_: String, event: Event) -> Self::Message {
        v1::StreamPresenceResponse { event: Some(event) }
    }

    fn signal(signal: Signal) -> Event {
        match signal {
            Signal::Subscribed => Event::Subscribed(StreamSubscribed {}),
            Signal::CaughtUp => Event::CaughtUp(StreamCaughtUp {}),
            // It looks at everything in one go, so it never falls behind.
            Signal::FellBehind | Signal::Heartbeat => Event::Heartbeat(StreamHeartbeat {}),
            Signal::Draining => Event::Draining(StreamDraining {}),
        }
    }
}

impl SentTogether for PresenceFeed {
    fn together(event: Event) -> Option<Live> {
        Some(match event {
            Event::Presence(presence) => Live::Presence(presence),
            Event::Subscribed(_) | Event::CaughtUp(_) | Event::Heartbeat(_) | Event::Draining(_) => return None,
        })
    }
}

impl Open for v1::StreamPresenceRequest {
    async fn open(asking: Asking<'_, Self>) -> Result<Messages<Self::Response>, Status> {
        let request = asking.request;
        let (owner, Checked { queries, call, consistency, .. }) =
            asking.check_of_owner("account_id", &request.account_id)?;
        let begin = Begin { call, consistency, since: Since::Now };
        queries.streams.alone(queries.streams.presence(begin, owner).await?)
    }
}

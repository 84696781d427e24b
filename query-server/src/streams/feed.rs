//! One open stream, whatever it is about: it says where it stands, looks when it hears that something may concern it, tells what it finds,
//! and goes on.
//!
//! Always: a message's token never passes a change that was not told yet; a stream that breaks between two messages may
//! repeat what it told, and says the same again; memory is bounded by one look and one queue; a reader that is slow makes only
//! its own stream wait, and is closed when it takes nothing for too long. Never here: what a change means.

use std::sync::LazyLock;
use std::time::Duration;

use fail::fail_point;
use shared::log::Anchor;
use shared::model::ids::Position;
use shared::rpc::errors::{ErrorReason, Refused};
use shared::rpc::serve::{HEARTBEAT, StreamEnd};
use tokio::time::{Instant, sleep_until};
use tonic::{Code, Status};

use super::dispatch::{Heard, Index, Subscription};

/// How long a reader may take nothing before its stream is closed.
const SLOW_AFTER: Duration = Duration::from_secs(30);
/// Streams say so at the same moments, these apart, so that those of a connection need one packet and one wake-up.
const TOGETHER: Duration = Duration::from_secs(1);
/// What moments that are the same for all streams are counted from.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// What every stream says, whatever it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It is open.
    Subscribed,
    /// Everything up to here was told.
    CaughtUp,
    /// There is more than one look shows.
    FellBehind,
    /// Nothing happened.
    Heartbeat,
    /// The server is about to stop, or to close the connection.
    Draining,
}

/// What is to be told of the changes up to a position.
pub struct News<E> {
    /// In order: what happened, and the position that the client has then.
    pub events: Vec<(Position, E)>,
    /// Everything up to here is told with these events.
    pub reached: Position,
    /// What was read to find them: at least as far as they go.
    pub read_at: Anchor,
    /// There is more.
    pub unfinished: bool,
}

/// One kind of stream: where it finds what it tells.
pub trait Kind: Send + Sync + 'static {
    /// What can happen.
    type Event: Send;
    /// What wakes it.
    type Index: Index;

    /// How long after one look the next may come, so that what changes quickly is told at once.
    const PACE: Duration = Duration::ZERO;

    /// Makes known what concerns the stream, so that it hears of nothing else.
    fn learn(&self, _: &Subscription<Self::Index>) -> impl Future<Output = Result<(), Status>> + Send {
        std::future::ready(Ok(()))
    }

    /// Returns when something has happened that no change tells of.
    fn stirred(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// What has happened after a position, as much as one look shows.
    fn look(
        &mut self,
        from: Position,
        heard: Heard<<Self::Index as Index>::Change>,
    ) -> impl Future<Output = Result<News<Self::Event>, Status>> + Send;
}

/// What a stream tells its client.
pub enum Told<E> {
    /// What every stream says.
    Signal(Signal),
    /// What happened.
    Event(E),
}

/// Where a stream stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Everything up to here was told.
    pub position: Position,
    /// What was read to tell it.
    pub anchor: Anchor,
}

/// The way from a stream to its client.
pub trait Outlet<E>: Send + 'static {
    /// Sends what the stream tells, and where it stands then.
    ///
    /// # Errors
    /// When the client has gone away, or takes nothing for too long.
    fn send(&mut self, standing: Standing, told: Told<E>) -> impl Future<Output = Result<(), Status>> + Send;

    /// Returns when the client has gone away.
    fn closed(&self) -> impl Future<Output = ()> + Send;
}

/// What a stream ends with that has told of events which the log lost.
fn history_lost() -> Status {
    let message = "the log lost events that this stream may have told of; fetch the first page again";
    Refused::new(Code::OutOfRange, ErrorReason::TokenFromLostHistory, message).with("field", "resume_token").into()
}

/// When a stream that has told something says that it is alive, if nothing else happens.
pub fn heartbeat_after(told_at: Instant) -> Instant {
    // Longer than any test takes, for one that has no heartbeats.
    fail_point!("streams::heartbeat", |_| told_at + Duration::from_secs(24 * 60 * 60));
    at_common_moment(told_at + HEARTBEAT, TOGETHER)
}

/// When a stream that looks now may look again. Streams of one pace look at the same moments, so that those who watch the same thing share what
/// is read.
fn next_look(pace: Duration) -> Instant {
    at_common_moment(Instant::now() + pace, pace)
}

/// The last of the moments so far apart, which are the same for all streams, that is not after this one; this one itself where they are not apart.
fn at_common_moment(at: Instant, apart: Duration) -> Instant {
    let since = at.saturating_duration_since(*BEGAN).as_nanos().checked_rem(apart.as_nanos()).unwrap_or(0);
    at - Duration::from_nanos(u64::try_from(since).unwrap_or(0))
}

/// [`SLOW_AFTER`], but for tests that do not wait for so long: `streams::slow_after=return(1)`, in seconds.
pub fn slow_after() -> Duration {
    fail_point!("streams::slow_after", |seconds| {
        let seconds = seconds.and_then(|text| text.parse().ok());
        seconds.map_or(SLOW_AFTER, Duration::from_secs)
    });
    SLOW_AFTER
}

/// One stream on the server's side.
pub struct Feed<K: Kind, O: Outlet<K::Event>> {
    pub kind: K,
    pub end: StreamEnd,
    pub standing: Standing,
    pub subscription: Subscription<K::Index>,
    pub outlet: O,
    /// When the client last heard something.
    pub told_at: Instant,
}

impl<K: Kind, O: Outlet<K::Event>> Feed<K, O> {
    /// Sends until the client goes away.
    pub async fn run(mut self) -> Result<(), Status> {
        self.signal(Signal::Subscribed).await?;
        self.kind.learn(&self.subscription).await?;
        let mut heard = Heard::Something;
        let mut is_caught_up = false;
        loop {
            let next_look = next_look(K::PACE);
            let News { events, reached, read_at, unfinished } = self.kind.look(self.standing.position, heard).await?;
            if self.subscription.is_cut_off() {
                return Err(history_lost());
            }
            self.has_read(read_at);
            if unfinished && is_caught_up {
                is_caught_up = false;
                self.signal(Signal::FellBehind).await?;
            }
            for (position, event) in events {
                self.standing.position = position;
                self.tell(Told::Event(event)).await?;
            }
            self.go_on(self.standing.position.max(reached));
            if self.end.is_due() {
                return self.say_the_last_words().await;
            }
            heard = Heard::Something;
            if unfinished {
                continue;
            }
            if !is_caught_up {
                is_caught_up = true;
                self.signal(Signal::CaughtUp).await?;
            }
            loop {
                tokio::select! {
                    () = self.subscription.touched() => break,
                    () = self.kind.stirred() => break,
                    () = self.end.due() => return self.say_the_last_words().await,
                    () = self.outlet.closed() => return Ok(()),
                    () = sleep_until(heartbeat_after(self.told_at)) => {
                        self.go_on(self.standing.position);
                        self.signal(Signal::Heartbeat).await?;
                    }
                }
            }
            // A timer is never ready at once, so who need not wait has none.
            if !K::PACE.is_zero() {
                tokio::select! {
                    () = sleep_until(next_look) => {}
                    () = self.end.due() => return self.say_the_last_words().await,
                    () = self.outlet.closed() => return Ok(()),
                }
            }
            if self.subscription.is_cut_off() {
                return Err(history_lost());
            }
            self.go_on(self.standing.position);
            heard = self.subscription.heard();
        }
    }

    /// Everything up to a position was told.
    fn go_on(&mut self, told: Position) {
        let (position, through) = self.subscription.told(told);
        self.standing.position = position;
        self.has_read(through);
    }

    fn has_read(&mut self, anchor: Anchor) {
        if anchor.position > self.standing.anchor.position {
            self.standing.anchor = anchor;
        }
    }

    async fn signal(&mut self, signal: Signal) -> Result<(), Status> {
        self.tell(Told::Signal(signal)).await
    }

    async fn tell(&mut self, told: Told<K::Event>) -> Result<(), Status> {
        self.told_at = Instant::now();
        self.outlet.send(self.standing, told).await
    }

    async fn say_the_last_words(&mut self) -> Result<(), Status> {
        self.signal(Signal::Draining).await?;
        Err(self.end.status())
    }
}

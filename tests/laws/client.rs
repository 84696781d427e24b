//! A client of a stream that follows the rules of the contract to the letter: what it holds must always be what the question that belongs
//! to the stream would answer.

use std::time::Duration;

use query_server::Queries;
use tokio::time::timeout;
use tokio_stream::{Stream, StreamExt};
use tonic::{Code, Status};

use crate::random::Random;

/// A resume that says more than this never ends.
const MESSAGES_MAX: usize = 10_000;
/// How long the stream of a client that stayed may take to tell what happened.
const LIVE_PATIENCE: Duration = Duration::from_secs(10);

/// What a message says to the client.
pub enum Said {
    /// What was applied, or is nothing.
    Something,
    CaughtUp,
    /// Everything is to be fetched again.
    Refresh,
}

/// What one kind of client holds, and the rules by which it changes.
pub trait View: Sized {
    type Message;
    type Messages: Stream<Item = Result<Self::Message, Status>> + Unpin;

    /// Nothing yet, of what has this name: an account, for example.
    fn of(name: &str) -> Self;

    /// Fetches everything, and gives the token with which the stream goes on; nothing when it is not there.
    async fn fetch(&mut self, queries: &Queries) -> Option<String>;

    /// Opens the stream.
    async fn open(&self, queries: &Queries, resume_token: String) -> Result<Self::Messages, Status>;

    /// Applies a message, and gives its token.
    fn take(&mut self, message: Self::Message) -> (String, Said);
}

/// A client that has been away, and comes back, or stays.
pub struct Client<V: View> {
    pub view: V,
    resume_token: String,
    /// The stream, while the client stays.
    live: Option<V::Messages>,
}

impl<V: View> Client<V> {
    /// A client that has fetched everything; nothing when it is not there.
    pub async fn start(queries: &Queries, name: &str) -> Option<Self> {
        let mut client = Self { view: V::of(name), resume_token: String::new(), live: None };
        client.fetch(queries).await.then_some(client)
    }

    /// Goes on with the stream if the client stayed, until the client is as it should be or nothing more comes; else comes back over
    /// connections that break, and in the end over one that lasts. False when it is gone.
    pub async fn go_on(&mut self, queries: &Queries, random: &mut Random, is_right: impl Fn(&V) -> bool) -> bool {
        while !is_right(&self.view)
            && let Some(live) = &mut self.live
        {
            let Ok(next) = timeout(LIVE_PATIENCE, live.next()).await else { break };
            match next.expect("a stream goes on") {
                Ok(message) => {
                    if let Said::Refresh = self.take(message) {
                        self.live = None;
                        return self.fetch(queries).await;
                    }
                }
                Err(status) if status.code() == Code::NotFound => return false,
                Err(status) => panic!("the stream broke: {status:?}"),
            }
        }
        // What the stream did not tell must not be healed by coming back.
        if self.live.is_some() && (!is_right(&self.view) || random.one_in(2)) {
            return true;
        }
        self.live = None;
        self.come_back(queries, random).await
    }

    async fn come_back(&mut self, queries: &Queries, random: &mut Random) -> bool {
        while random.one_in(2) {
            if !self.resume(queries, random.below(6)).await {
                return false;
            }
        }
        self.resume(queries, MESSAGES_MAX).await
    }

    /// Opens the stream where it was left and reads until it has caught up, or the connection breaks after so many
    /// messages. False when it is gone.
    async fn resume(&mut self, queries: &Queries, breaks_after: usize) -> bool {
        let mut stream = match self.view.open(queries, self.resume_token.clone()).await {
            Ok(stream) => stream,
            Err(status) if status.code() == Code::NotFound => return false,
            Err(status) => panic!("the stream was refused: {status:?}"),
        };
        for _ in 0..breaks_after {
            let message = stream.next().await.expect("a stream goes on until it has caught up").expect("no error");
            match self.take(message) {
                Said::CaughtUp => {
                    self.live = Some(stream);
                    return true;
                }
                Said::Refresh => {
                    drop(stream);
                    return self.fetch(queries).await;
                }
                Said::Something => {}
            }
        }
        assert!(breaks_after < MESSAGES_MAX, "the stream never caught up");
        true
    }

    fn take(&mut self, message: V::Message) -> Said {
        let (resume_token, said) = self.view.take(message);
        self.resume_token = resume_token;
        said
    }

    async fn fetch(&mut self, queries: &Queries) -> bool {
        match self.view.fetch(queries).await {
            Some(resume_token) => {
                self.resume_token = resume_token;
                true
            }
            None => false,
        }
    }
}

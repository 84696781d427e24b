//! A stream that has a call of its own: each of its messages has the resume token of where it stands.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use shared::rpc::errors::{ErrorReason, Refused, internal};
use shared::rpc::tokens::Tokens;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_stream::Stream;
use tonic::{Code, Status};

use super::feed::{Kind, Outlet, Signal, Standing, Told, slow_after};

/// A kind of stream that can be asked for alone, and its words then.
pub trait SentAlone: Kind {
    /// What is sent.
    type Message: Send + 'static;

    /// An event as it is sent.
    fn message(resume_token: String, event: Self::Event) -> Self::Message;

    /// What every stream says, in the words of this one.
    fn signal(signal: Signal) -> Self::Event;
}

/// The words of a kind of stream whose messages are a resume token and one of these events, all signals among them.
macro_rules! sent_alone {
    ($kind:ident: $message:ident) => {
        impl $crate::streams::alone::SentAlone for $kind {
            type Message = v1::$message;

            fn message(resume_token: String, event: Event) -> Self::Message {
                v1::$message { resume_token, event: Some(event) }
            }

            fn signal(signal: $crate::streams::feed::Signal) -> Event {
                use shared::rpc::proto::common::{
                    StreamCaughtUp, StreamDraining, StreamFellBehind, StreamHeartbeat, StreamSubscribed,
                };
                use $crate::streams::feed::Signal;
                match signal {
                    Signal::Subscribed => Event::Subscribed(StreamSubscribed {}),
                    Signal::CaughtUp => Event::CaughtUp(StreamCaughtUp {}),
                    Signal::FellBehind => Event::FellBehind(StreamFellBehind {}),
                    Signal::Heartbeat => Event::Heartbeat(StreamHeartbeat {}),
                    Signal::Draining => Event::Draining(StreamDraining {}),
                }
            }
        }
    };
}
pub(super) use sent_alone;

/// The way of a stream to a client that asked for it alone.
pub struct Alone<K: SentAlone> {
    pub tokens: Tokens,
    /// What its tokens are bound to.
    pub about: String,
    pub messages: mpsc::Sender<K::Message>,
}

impl<K: SentAlone> Outlet<K::Event> for Alone<K> {
    async fn send(&mut self, standing: Standing, told: Told<K::Event>) -> Result<(), Status> {
        let event = match told {
            Told::Signal(signal) => K::signal(signal),
            Told::Event(event) => event,
        };
        let resume_token = self.tokens.seal_resume(&self.about, standing.position, standing.anchor);
        send(&self.messages, K::message(resume_token.clone(), event), &resume_token).await
    }

    async fn closed(&self) {
        self.messages.closed().await;
    }
}

/// Hands a message to the client, which must take it before it counts as too slow.
pub async fn send<M>(messages: &mpsc::Sender<M>, message: M, resume_token: &str) -> Result<(), Status> {
    match timeout(slow_after(), messages.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Status::cancelled("the client has gone away")),
        Err(_) => {
            let message = "the client took no message for too long";
            let refused = Refused::new(Code::ResourceExhausted, ErrorReason::ConsumerTooSlow, message);
            Err(refused.with("resume_token", resume_token).into())
        }
    }
}

/// The messages of one call, and the status with which it ends.
pub struct Messages<M> {
    queue: mpsc::Receiver<M>,
    ended: Option<oneshot::Receiver<Status>>,
}

impl<M> Messages<M> {
    /// What comes by this queue, and the last word of the task that fills it.
    pub fn of(queue: mpsc::Receiver<M>, ended: oneshot::Receiver<Status>) -> Self {
        Self { queue, ended: Some(ended) }
    }
}

impl<M> Stream for Messages<M> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.queue.poll_recv(context)) {
            return Poll::Ready(Some(Ok(message)));
        }
        // The task has dropped its end of the queue; its final status follows, if it has one.
        let Some(ended) = self.ended.as_mut() else { return Poll::Ready(None) };
        let last_word = ready!(Pin::new(ended).poll(context));
        self.ended = None;
        // Without a status, its client has gone away and does not ask, or its task has panicked.
        Poll::Ready(Some(Err(last_word.unwrap_or_else(|_| internal("a stream ended without a word")))))
    }
}

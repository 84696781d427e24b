//! What all clients of streams do: fetch, stream, lose the connection, resume.

use std::fmt::Debug;
use std::time::Duration;

use shared::rpc::proto::query::Consistency;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use tokio::time::timeout;
use tonic::client::GrpcService;
use tonic::codegen::{Body, Bytes, StdError};
use tonic::{Code, Status, Streaming};

use crate::random::Random;

/// A resume that takes more messages than this counts as endless.
pub const MESSAGES_MAX: usize = 10_000;
/// How long the stream of a connected client may take to send what happened.
pub const LIVE_DEADLINE: Duration = Duration::from_secs(10);

/// What a message means for the client.
pub enum Said {
    /// It was applied, or changes nothing.
    Something,
    CaughtUp,
    /// Everything must be fetched again.
    Refresh,
}

/// How a client reaches a query server: over a connection, or within the process.
pub trait Transport:
    GrpcService<
        tonic::body::Body,
        ResponseBody: Body<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
        Future: Send,
    > + Clone
    + Send
    + Sync
{
}

impl<T> Transport for T where
    T: GrpcService<
            tonic::body::Body,
            ResponseBody: Body<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
            Future: Send,
        > + Clone
        + Send
        + Sync
{
}

/// The state of one kind of client, and the rules by which it changes.
pub trait View: Sized {
    type Message;
    /// The part of the state that the stream announces.
    type Shown: PartialEq + Debug;

    /// An empty view of what has this name: an account, for example.
    fn of(name: &str) -> Self;

    /// What the client shows.
    fn shown(&self) -> Self::Shown;

    /// Fetches everything, and gives the resume token for the stream.
    fn fetch<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        consistency: Option<Consistency>,
    ) -> impl Future<Output = Result<String, Status>>;

    fn open<T: Transport>(
        &self,
        queries: &QueryServiceClient<T>,
        consistency: Option<Consistency>,
        resume_token: String,
    ) -> impl Future<Output = Result<Streaming<Self::Message>, Status>>;

    /// Applies a message, and gives its resume token.
    fn take(&mut self, message: Self::Message) -> (String, Said);
}

/// A client that disconnects and resumes, or stays connected.
pub struct Client<V: View> {
    pub view: V,
    resume_token: String,
    /// The stream, while the client is connected.
    live: Option<Streaming<V::Message>>,
}

impl<V: View> Client<V> {
    /// A client that has fetched everything; nothing when what it wants does not exist.
    pub async fn start<T: Transport>(queries: &QueryServiceClient<T>, name: &str) -> Option<Self> {
        let mut client = Self { view: V::of(name), resume_token: String::new(), live: None };
        client.fetch(queries).await.then_some(client)
    }

    /// Continues on the open stream, if there is one, until the client shows what it must or nothing more comes; else
    /// resumes over connections that break, and in the end over one that lasts. False when what it shows does not exist
    /// any more.
    pub async fn go_on<T: Transport>(
        &mut self,
        queries: &QueryServiceClient<T>,
        random: &mut Random,
        is_right: impl Fn(&V) -> bool,
    ) -> bool {
        while !is_right(&self.view)
            && let Some(live) = &mut self.live
        {
            let Ok(next) = timeout(LIVE_DEADLINE, live.message()).await else { break };
            match next {
                Ok(message) => {
                    let message = message.expect("a stream goes on");
                    if let Said::Refresh = self.take(message) {
                        self.live = None;
                        return self.fetch(queries).await;
                    }
                }
                // It was gone for a moment; a resume tells whether it still is.
                Err(status) if status.code() == Code::NotFound => self.live = None,
                Err(status) => panic!("the stream broke: {status:?}"),
            }
        }
        // A resume must not repair what the stream did not send.
        if self.live.is_some() && (!is_right(&self.view) || random.one_in(2)) {
            return true;
        }
        self.live = None;
        self.come_back(queries, random).await
    }

    async fn come_back<T: Transport>(&mut self, queries: &QueryServiceClient<T>, random: &mut Random) -> bool {
        while random.one_in(2) {
            if !self.resume(queries, random.below(6)).await {
                return false;
            }
        }
        self.resume(queries, MESSAGES_MAX).await
    }

    /// Resumes and reads until it has caught up, or the connection breaks after so many messages. False when what it
    /// shows does not exist any more.
    async fn resume<T: Transport>(&mut self, queries: &QueryServiceClient<T>, breaks_after: usize) -> bool {
        let mut stream = match self.view.open(queries, None, self.resume_token.clone()).await {
            Ok(stream) => stream,
            Err(status) if status.code() == Code::NotFound => return false,
            Err(status) => panic!("the stream was refused: {status:?}"),
        };
        for _ in 0..breaks_after {
            let message = stream.message().await.expect("no error").expect("a stream goes on until it has caught up");
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

    async fn fetch<T: Transport>(&mut self, queries: &QueryServiceClient<T>) -> bool {
        match self.view.fetch(queries, None).await {
            Ok(resume_token) => {
                self.resume_token = resume_token;
                true
            }
            Err(status) if status.code() == Code::NotFound => false,
            Err(status) => panic!("it was refused: {status:?}"),
        }
    }
}

//! How old a connection becomes, so that balancers can spread clients anew, and how its streams end before it is cut.
//!
//! Always: a connection takes no new calls from its age on; a moment later its streams are told to end, so that whoever comes back does on
//! another connection; each ends with a status, and with its own last message where it has one; what is still open after the grace is cut.
//! Never here: what a stream says, and how a connection refuses calls: tonic does that at its age, but only where tonic has no grace to
//! keep. With one, 0.14 refuses nothing and closes the connection without a word at the end of it.

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use futures_util::{Stream, TryStreamExt as _};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::service::Routes;
use tonic::transport::server::{Connected, TcpIncoming};
use tonic::{Code, Status};

use crate::rpc::auth::principal::Caller;
use crate::rpc::auth::validity::Validity;
use crate::rpc::errors::{ErrorReason, Refused};
use crate::rpc::progress::shutting_down;
use crate::runtime::tasks::Tasks;

/// How long after a connection began to refuse new calls its streams are told to end.
const STREAMS_END_AFTER: Duration = Duration::from_secs(1);
/// From the age of a connection until it is cut.
const GRACE: Duration = Duration::from_secs(30);

/// When a stream is to end though its client wants more: the server stops, or the connection has reached its age.
#[derive(Clone, Debug)]
pub struct StreamEnd {
    due: CancellationToken,
    drain: CancellationToken,
    /// Until when the caller is known to be who it is; a client can send fresh credentials.
    validity: Arc<watch::Sender<Validity>>,
}

impl StreamEnd {
    /// That of the call with these extensions, at a server that drains with this token.
    #[must_use]
    pub fn of(extensions: &Extensions, drain: &CancellationToken) -> Self {
        // The call of several streams, which end with it.
        if let Some(end) = extensions.get::<Self>() {
            return end.clone();
        }
        let validity = extensions.get::<Caller>().map(|caller| caller.validity.clone()).unwrap_or_default();
        let connection = extensions.get::<Connection>();
        // What is asked within a process comes by no connection.
        let due = connection.map_or(drain, |connection| &connection.ends).clone();
        Self { due, drain: drain.clone(), validity: Arc::new(watch::Sender::new(validity)) }
    }

    /// Completes when the stream is to end.
    pub async fn due(&self) {
        tokio::select! {
            () = self.due.cancelled() => {}
            () = self.credentials_ended() => {}
        }
    }

    async fn credentials_ended(&self) {
        let mut changes = self.validity.subscribe();
        loop {
            let validity = changes.borrow_and_update().clone();
            tokio::select! {
                () = validity.ended() => return,
                // Its sender is here.
                _ = changes.changed() => {}
            }
        }
    }

    /// The caller has sent fresh credentials.
    pub fn renew(&self, validity: Validity) {
        self.validity.send_replace(validity);
    }

    /// Whether the stream is to end.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.due.is_cancelled() || self.validity.borrow().refusal().is_some()
    }

    /// What the stream ends with, after its last message.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.drain.is_cancelled() {
            return shutting_down();
        }
        self.validity.borrow().refusal().unwrap_or_else(connection_aged)
    }
}

/// The same reason as for a server that stops: what the client does then is the same.
fn connection_aged() -> Status {
    let message = "the connection has reached its age; go on at once on another one";
    Refused::new(Code::Unavailable, ErrorReason::ShuttingDown, message).into()
}

/// What a call knows of the connection by which it came.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    /// Cancelled when the streams are to end; so it is when the server drains.
    ends: CancellationToken,
    /// Where it comes from; unknown once it is closed.
    address: Option<IpAddr>,
}

/// The address of whoever sent the call with these extensions; nothing of a call that came by no connection.
pub(super) fn caller(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Connection>()?.address
}

/// A connection, which grows old.
pub(super) struct Aging {
    stream: TcpStream,
    ends: CancellationToken,
    timer: AbortHandle,
    /// When it is cut.
    cut: Pin<Box<Sleep>>,
}

/// The connections that come in, each with its age.
pub(super) fn aging(
    incoming: TcpIncoming,
    age_max: Duration,
    tasks: &Tasks,
) -> impl Stream<Item = io::Result<Aging>> + use<> {
    let tasks = tasks.clone();
    incoming.map_ok(move |stream| {
        let ends = tasks.draining().child_token();
        let timer = tasks.spawn_for_call("age of a connection", {
            let ends = ends.clone();
            async move {
                sleep(age_max.saturating_add(STREAMS_END_AFTER)).await;
                ends.cancel();
            }
        });
        let cut = Box::pin(sleep(age_max.saturating_add(GRACE)));
        Aging { stream, ends, timer, cut }
    })
}

impl Aging {
    /// Fails once the connection is cut, and wakes whoever reads or writes then.
    fn must_be_whole(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::TimedOut, "the connection is older than it may be")),
            Poll::Pending => Ok(()),
        }
    }
}

impl Drop for Aging {
    fn drop(&mut self) {
        self.timer.abort();
    }
}

impl Connected for Aging {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        let address = self.stream.peer_addr().ok().map(|address| address.ip());
        Connection { ends: self.ends.clone(), address }
    }
}

impl AsyncRead for Aging {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.must_be_whole(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Aging {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.must_be_whole(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.must_be_whole(context)?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Lets the streams of services that know of no connection, such as those of health and reflection, end before theirs is cut.
pub(super) fn ending_with_their_connection(routes: Routes, drain: &CancellationToken) -> Routes {
    let drain = drain.clone();
    let ending = move |request: Request, next: Next| {
        let end = StreamEnd::of(request.extensions(), &drain);
        async move {
            let response: Response = next.run(request).await;
            response.map(|body| Body::new(Ending { body, due: Some(Box::pin(end.due.clone().cancelled_owned())), end }))
        }
    };
    Routes::from(routes.prepare().into_axum_router().layer(from_fn(ending)))
}

/// A body that ends with a status when it must, if it has not ended by then.
struct Ending {
    body: Body,
    due: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    end: StreamEnd,
}

impl HttpBody for Ending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(due) = self.due.as_mut() else { return Poll::Ready(None) };
        // When the server stops, these services say so in their own way, and end.
        let is_due = due.as_mut().poll(context).is_ready() && !self.end.drain.is_cancelled();
        // What is there is sent, so that nobody misses what was said just before.
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        if !is_due {
            return Poll::Pending;
        }
        self.due = None;
        let mut trailers = HeaderMap::new();
        let written = self.end.status().add_header(&mut trailers).map_err(axum::Error::new);
        Poll::Ready(Some(written.map(|()| Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.due.is_none() || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

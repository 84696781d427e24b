//! Calls that no generated client would make: bytes as messages, paths that do not exist, frames that are none.

use std::future::poll_fn;
use std::pin::Pin;

use prost::bytes::{Buf, BufMut};
use tonic::body::Body;
use tonic::client::{Grpc, GrpcService};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{Body as _, http};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// A codec that passes bytes through.
#[derive(Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length).to_vec()))
    }
}

/// Sends bytes as the message of a call. The answer of a stream is its first message.
pub async fn call(channel: &Channel, path: &str, message: Vec<u8>) -> Result<Vec<u8>, Status> {
    call_as(channel, path, message, None).await
}

/// The same with credentials.
pub async fn call_as(
    channel: &Channel,
    path: &str,
    message: Vec<u8>,
    authorization: Option<&str>,
) -> Result<Vec<u8>, Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.expect("the server can be reached");
    let path = http::uri::PathAndQuery::try_from(path).expect("a path");
    let mut request = Request::new(message);
    if let Some(authorization) = authorization {
        request.metadata_mut().insert("authorization", authorization.parse().expect("it is text"));
    }
    let answer = client.server_streaming(request, path, Bytes).await?;
    answer.into_inner().message().await?.ok_or_else(|| Status::ok("no message"))
}

/// Sends bytes as the whole body of a call, framing included. Every byte is ASCII.
pub async fn body(channel: &Channel, path: &str, headers: &[(&str, &str)], body: &str) -> Status {
    let response = send(channel, path, headers, body.as_bytes().to_vec()).await;
    let told = || Status::unknown(format!("no status in the headers of {response:?}"));
    Status::from_header_map(response.headers()).unwrap_or_else(told)
}

/// The same, with the headers of the answer and the first bytes of its body.
pub async fn exchange(
    channel: &Channel,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (http::HeaderMap, Vec<u8>) {
    let mut response = send(channel, path, headers, body).await;
    let frame = poll_fn(|context| Pin::new(response.body_mut()).poll_frame(context)).await;
    let data = frame.and_then(|frame| frame.expect("the connection stays").into_data().ok());
    (response.headers().clone(), data.unwrap_or_default().to_vec())
}

async fn send(channel: &Channel, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> http::Response<Body> {
    let mut request = http::Request::post(format!("http://localhost{path}")).header("te", "trailers");
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/grpc");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::new(axum::body::Body::from(body))).expect("a request");
    let mut channel = channel.clone();
    poll_fn(|context| GrpcService::poll_ready(&mut channel, context)).await.expect("the server can be reached");
    GrpcService::call(&mut channel, request).await.expect("the connection stays")
}

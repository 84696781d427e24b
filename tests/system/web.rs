//! A client of plain HTTP/1.1, for calls that no generated client makes.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::codegen::http::{HeaderMap, HeaderName, HeaderValue};

use crate::process::DEADLINE;

/// Flag and length.
const ENVELOPE_BYTES: usize = 5;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("it is text"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|cause| panic!("no JSON ({cause}): {self:?} {}", self.text()))
    }
}

/// Sends a request, and reads the whole answer.
pub async fn send(address: &str, verb: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut live = Live::open(address, verb, path, headers, body).await;
    while live.read().await {}
    Answer { status: live.status, headers: live.headers, body: live.body }
}

/// Calls a method with JSON.
pub async fn post(address: &str, path: &str, body: &str) -> Answer {
    send(address, "POST", path, &[("content-type", "application/json")], body.as_bytes()).await
}

/// An answer that is still coming.
pub struct Live {
    connection: TcpStream,
    pub status: u16,
    pub headers: HeaderMap,
    /// What has come of the body and was not taken.
    body: Vec<u8>,
    /// What has come, and is not decoded.
    raw: Vec<u8>,
    is_chunked: bool,
}

impl Live {
    /// Sends a request, and reads the headers of the answer.
    pub async fn open(address: &str, verb: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut connection = TcpStream::connect(address).await.expect("it listens");
        let mut request = format!("{verb} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || verb == "POST" {
            request += &format!("content-length: {}\r\n", body.len());
        }
        connection.write_all(format!("{request}\r\n").as_bytes()).await.expect("it takes a request");
        // Who is refused early may not be read to the end.
        let _ = connection.write_all(body).await;
        let mut raw = Vec::new();
        let end = loop {
            if let Some(end) = raw.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            let read = timeout(DEADLINE, connection.read_buf(&mut raw)).await.expect("it answers");
            assert!(read.expect("the connection stays") > 0, "it ended within its headers: {raw:?}");
        };
        let head = String::from_utf8(raw[..end].to_vec()).expect("headers are text");
        raw.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers: HeaderMap = lines
            .map(|line| {
                let (name, value) = line.split_once(": ").expect("NAME: VALUE");
                (HeaderName::try_from(name).expect("a name"), HeaderValue::from_str(value).expect("a value"))
            })
            .collect();
        let is_chunked = headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked");
        let mut live = Self { connection, status, headers, body: Vec::new(), raw, is_chunked };
        live.decode();
        live
    }

    /// Reads on; whether something came.
    async fn read(&mut self) -> bool {
        let read = timeout(DEADLINE, self.connection.read_buf(&mut self.raw)).await.expect("it goes on or ends");
        let came = read.is_ok_and(|count| count > 0);
        self.decode();
        came
    }

    fn decode(&mut self) {
        if !self.is_chunked {
            self.body.append(&mut self.raw);
            return;
        }
        while let Some(line) = self.raw.windows(2).position(|window| window == b"\r\n") {
            let length = std::str::from_utf8(&self.raw[..line]).ok();
            let length = length.and_then(|text| usize::from_str_radix(text, 16).ok()).expect("the length of a chunk");
            let end = line + 2 + length;
            if length == 0 || self.raw.len() < end + 2 {
                return;
            }
            self.body.extend_from_slice(&self.raw[line + 2..end]);
            self.raw.drain(..end + 2);
        }
    }

    /// The next server-sent event: its lines by their fields.
    pub async fn event(&mut self) -> std::collections::BTreeMap<String, String> {
        loop {
            if let Some(end) = self.body.windows(2).position(|window| window == b"\n\n") {
                let event = String::from_utf8(self.body.drain(..end + 2).collect()).expect("events are text");
                let field = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
                let lines = event.lines().filter(|line| !line.is_empty());
                return lines.map(|line| field(line).expect("FIELD: VALUE")).collect();
            }
            assert!(
                self.read().await,
                "the stream has ended without an event: {}",
                String::from_utf8_lossy(&self.body)
            );
        }
    }

    /// The next envelope of a stream: its flags, and its message.
    pub async fn envelope(&mut self) -> (u8, Vec<u8>) {
        loop {
            if let Some([flags, length @ ..]) = self.body.first_chunk::<ENVELOPE_BYTES>().copied() {
                let end = ENVELOPE_BYTES + u32::from_be_bytes(length) as usize;
                if self.body.len() >= end {
                    let message = self.body[ENVELOPE_BYTES..end].to_vec();
                    self.body.drain(..end);
                    return (flags, message);
                }
            }
            assert!(self.read().await, "the stream ended within an envelope: {:?}", self.body);
        }
    }

    /// The next envelope, with its message as JSON.
    pub async fn message(&mut self) -> (u8, Value) {
        let (flags, message) = self.envelope().await;
        (flags, serde_json::from_slice(&message).expect("it is JSON"))
    }
}

/// A message in an envelope.
pub fn envelope(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("it is short").to_be_bytes();
    [&[flags], &length[..], message].concat()
}

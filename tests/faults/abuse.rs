//! Clients that abuse the protocol: their connections end or stall, the memory of the server does not grow, and other clients are served.

use std::time::Duration;

use h2::Reason;
use h2::client::SendRequest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::codegen::Bytes;
use tonic::codegen::http::{Request, Version};

use crate::api::up_to_date;
use crate::process::{DEADLINE, Dev, folder};
use crate::resident_kib;

/// How much the server's memory may grow by all of it together.
const GROWTH_MAX_KIB: u64 = 50 * 1024;
const RESETS: usize = 20_000;
const STREAMS: usize = 100_000;
const PINGS: usize = 100_000;
const SLOW: usize = 200;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const PING: [u8; 17] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
/// The beginning of a header that never ends: HEADERS on stream 1, without END_HEADERS.
const HEADERS: [u8; 10] = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82];
/// Its continuation: CONTINUATION with 16 KiB of indexed fields, again without an end.
const CONTINUATION: [u8; 9] = [0, 0x40, 0, 9, 0, 0, 0, 0, 1];

async fn connect(address: &str) -> SendRequest<Bytes> {
    let connection = TcpStream::connect(address).await.expect("it listens");
    let (client, connection) = h2::client::handshake(connection).await.expect("it speaks HTTP/2");
    // How the connection ends does not matter here.
    tokio::spawn(async { drop(connection.await) });
    client
}

fn request(header: Option<&str>) -> Request<()> {
    let request = Request::post("http://localhost/chirp.query.v1.QueryService/GetPost").version(Version::HTTP_2);
    let request = request.header("content-type", "application/grpc");
    match header {
        Some(value) => request.header("x-large", value).body(()),
        None => request.body(()),
    }
    .expect("a request")
}

/// Opens streams and resets them at once (CVE-2023-44487).
async fn rapid_resets(address: &str) {
    let mut client = connect(address).await;
    for _ in 0..RESETS {
        let Ok(ready) = client.ready().await else { return };
        client = ready;
        let Ok((_, mut stream)) = client.send_request(request(None), false) else { return };
        stream.send_reset(Reason::CANCEL);
    }
}

/// Opens streams whose requests never end.
async fn endless_streams(address: &str) {
    let mut client = connect(address).await;
    let mut open = Vec::new();
    for _ in 0..STREAMS {
        // A server that takes no more makes the client wait.
        let Ok(Ok(ready)) = timeout(Duration::from_millis(200), client.ready()).await else { return };
        client = ready;
        let Ok(stream) = client.send_request(request(None), false) else { return };
        open.push(stream);
    }
    panic!("the server takes {STREAMS} streams of one connection");
}

async fn large_headers(address: &str) {
    let value = "x".repeat(15 * 1024);
    for length in [15 * 1024, 64, 15 * 1024] {
        let mut client = connect(address).await;
        for _ in 0..500 {
            let Ok(ready) = client.ready().await else { break };
            client = ready;
            let Ok((answer, _)) = client.send_request(request(Some(&value[..length])), true) else { break };
            drop(answer.await);
        }
    }
    // Then one that is larger than is allowed.
    let larger = "x".repeat(60 * 1024);
    let client = connect(address).await.ready().await;
    if let Ok((answer, _)) = client.expect("it is ready").send_request(request(Some(&larger)), true) {
        let status = timeout(DEADLINE, answer).await.expect("it is answered").map(|answer| answer.status().as_u16());
        assert!(matches!(status, Ok(431) | Err(_)), "{status:?}");
    }
}

/// Sends frames made by hand, as no library would.
async fn raw(address: &str, once: &[u8], again: &[u8], times: usize) {
    let mut connection = TcpStream::connect(address).await.expect("it listens");
    let beginning = [PREFACE, &SETTINGS, once].concat();
    connection.write_all(&beginning).await.expect("it is taken");
    let mut heard = vec![0; 64 * 1024];
    for _ in 0..times {
        let writing = async { connection.write_all(again).await };
        // A server that takes no more, or has ended the connection, has defended itself.
        if !matches!(timeout(Duration::from_secs(1), writing).await, Ok(Ok(()))) {
            return;
        }
        let _ = connection.try_read(&mut heard);
    }
}

/// Connections that send one byte now and then.
async fn slow_headers(address: &str) {
    let mut connections = Vec::new();
    for _ in 0..SLOW {
        let mut connection = TcpStream::connect(address).await.expect("it listens");
        connection.write_all(&PREFACE[..5]).await.expect("it is taken");
        connections.push(connection);
    }
    for at in 5..10 {
        for connection in &mut connections {
            let _ = connection.write_all(&PREFACE[at..=at]).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut rest = [0; 64];
    let heard = timeout(Duration::from_millis(100), connections[0].read(&mut rest)).await;
    assert!(!matches!(heard, Ok(Ok(1..))), "nothing is answered before it is asked: {heard:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abuse_of_the_protocol_costs_the_server_little_and_the_others_nothing() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    for _ in 0..50 {
        dev.api.home(&ada, up_to_date()).await;
    }
    let before = resident_kib(&dev.process);
    let endless_header = [&CONTINUATION[..], &vec![0x82; 0x4000]].concat();
    let abuses =
        ["rapid resets", "endless streams", "large headers", "a flood of pings", "endless headers", "slow headers"];
    for abuse in abuses {
        match abuse {
            "rapid resets" => rapid_resets(&dev.query).await,
            "endless streams" => endless_streams(&dev.query).await,
            "large headers" => large_headers(&dev.query).await,
            "a flood of pings" => raw(&dev.query, &[], &PING, PINGS).await,
            "endless headers" => raw(&dev.query, &HEADERS, &endless_header, 10_000).await,
            _ => slow_headers(&dev.query).await,
        }
        let grown = resident_kib(&dev.process).saturating_sub(before);
        println!("after {abuse}: {grown} KiB more");
        assert!(grown <= GROWTH_MAX_KIB, "{abuse}: {grown} KiB more");
        timeout(DEADLINE, dev.api.home(&ada, up_to_date())).await.expect("others are answered");
    }
}

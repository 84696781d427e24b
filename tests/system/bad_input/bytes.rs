//! Bytes that are no message, frames that are none, and names that are very long.

use shared::rpc::proto::admin::*;
use shared::rpc::proto::command::*;
use shared::rpc::proto::query::get_account_request::Account as Named;
use shared::rpc::proto::query::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::{Code, Status};

use super::by_id;
use crate::api::{Api, ask, channel, fresh, reason, registration};
use crate::process::{Dev, folder, verified};
use crate::raw;
use crate::refusals::PROTOS;

/// What is echoed in a refusal must fit in its headers.
#[tokio::test]
async fn a_very_long_name_is_refused_as_a_short_one_is() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let mut wrong = Vec::new();
    for length in [1_000, 5_000, 20_000, 100_000] {
        let long = "x".repeat(length);
        let named = Some(Named::Handle(long.clone()));
        let handle = RegisterAccountRequest { handle: long.clone(), display_name: long.clone(), ..registration("x") };
        let answers = [
            dev.api.queries.clone().get_account(ask!(GetAccountRequest { account: named })).await.err(),
            dev.api.queries.clone().get_account(ask!(GetAccountRequest { account: by_id(&long) })).await.err(),
            dev.api
                .queries
                .clone()
                .get_post(ask!(GetPostRequest { consistency: fresh(&long), post_id: &ada }))
                .await
                .err(),
            dev.api.admin.clone().rebuild_projection(ask!(RebuildProjectionRequest { name: &long })).await.err(),
            dev.api.commands.clone().register_account(handle).await.err(),
        ];
        for (index, refused) in answers.into_iter().enumerate() {
            let refused = refused.expect("it is refused");
            let good = matches!(refused.code(), Code::NotFound | Code::InvalidArgument) && reason(&refused).is_some();
            if !good {
                wrong.push(format!(
                    "call {index} with {length} characters: {:?} {:.200}",
                    refused.code(),
                    refused.message()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(dev.api.register("bob").await.id.len(), 36, "the server goes on");
}

fn paths() -> Vec<String> {
    let services = [("command", "CommandService"), ("query", "QueryService"), ("admin", "AdminService")];
    let mut paths = Vec::new();
    for (proto, (package, service)) in PROTOS.iter().zip(services) {
        let rpcs = proto.lines().filter_map(|line| line.strip_prefix("  rpc ")?.split('(').next());
        paths.extend(rpcs.map(|rpc| format!("/chirp.{package}.v1.{service}/{rpc}")));
    }
    assert_eq!(paths.len(), 30 + 30 + 10, "every rpc is called");
    paths
}

fn server<'a>(dev: &'a Dev, path: &str) -> &'a str {
    if path.contains("command") {
        &dev.command
    } else if path.contains("query") {
        &dev.query
    } else {
        &dev.ops
    }
}

/// Whether a refusal blames the caller, and has a reason.
fn blames_the_caller(status: &Status) -> bool {
    let faults =
        [Code::InvalidArgument, Code::NotFound, Code::Unimplemented, Code::OutOfRange, Code::ResourceExhausted];
    faults.contains(&status.code()) && reason(status).is_some()
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_and_harm_nobody() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    dev.api.register("ada").await;
    let head = dev.api.head().await;
    let malformed: [&[u8]; 8] = [
        b"\xff",                                             // no tag
        b"\x0a\xff",                                         // a length that does not end
        b"\x0a\x7fshort",                                    // longer than the message
        b"\x0a\x02\xc3\x28",                                 // not UTF-8 (field 1 of every command)
        b"\x12\x02\xc3\x28",                                 // not UTF-8 (field 2 of every query)
        b"\x08\x01\x10\x01\x18\x01\x20\x01\x28\x01\x30\x01", // numbers where texts belong, or the other way around
        b"\x0b\x0b\x0b\x0b\x0b\x0b",                         // groups that do not end
        b"\x00\x00\x00\x00",                                 // field 0
    ];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = || -> Vec<u8> {
        (0..40)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random.to_le_bytes()[3]
            })
            .collect()
    };
    let mut wrong = Vec::new();
    for path in paths() {
        let channel = channel(server(&dev, &path));
        let random = [noise(), noise(), noise()];
        for message in malformed.iter().map(|message| message.to_vec()).chain(random) {
            match raw::call(&channel, &path, message.clone()).await {
                // Bytes that happen to be a message of nothing but unknown fields.
                Ok(_) if path.contains("AdminService") => {}
                Ok(_) => wrong.push(format!("{path} {message:?} is answered")),
                Err(status) if blames_the_caller(&status) => {}
                Err(status) => wrong.push(format!("{path} {message:?}: {:?} {}", status.code(), status.message())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(dev.api.head().await, head, "nothing was appended");
}

#[tokio::test]
async fn frames_that_are_none_are_refused_and_harm_nobody() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    dev.api.register("ada").await;
    let head = dev.api.head().await;
    type Headers = &'static [(&'static str, &'static str)];
    let frames: [(&str, Headers, &str); 6] = [
        ("no frame", &[], "hi"),
        ("a frame that ends early", &[], "\0\0\0\0\x20hi"),
        ("a huge length", &[], "\0\x7f\x7f\x7f\x7fhi"),
        ("compressed with nothing", &[], "\x01\0\0\0\x05hello"),
        ("gzip that is none", &[("grpc-encoding", "gzip")], "\x01\0\0\0\x05hello"),
        ("a compression flag that does not exist", &[], "\x07\0\0\0\x05hello"),
    ];
    let mut wrong = Vec::new();
    for path in [
        "/chirp.command.v1.CommandService/RegisterAccount",
        "/chirp.query.v1.QueryService/GetPost",
        "/chirp.query.v1.QueryService/StreamHomeTimeline",
        "/chirp.admin.v1.AdminService/ReadEvents",
    ] {
        let channel = channel(server(&dev, path));
        for (what, headers, frame) in frames {
            let status = raw::body(&channel, path, headers, frame).await;
            if !blames_the_caller(&status) {
                wrong.push(format!("{path}, {what}: {:?} {:?} {}", status.code(), reason(&status), status.message()));
            }
        }
    }
    // Not even HTTP/2.
    for address in [&dev.command, &dev.query, &dev.ops] {
        for garbage in
            ["\0\0\0\0", "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nXX"]
        {
            let mut connection = tokio::net::TcpStream::connect(address).await.expect("it listens");
            connection.write_all(garbage.as_bytes()).await.expect("it takes bytes");
            connection.shutdown().await.expect("it was open");
            // How it ends does not matter, as long as it does.
            let _ = connection.read_to_end(&mut Vec::new()).await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(dev.api.head().await, head, "nothing was appended");
    dev.api.register("bob").await;
    verified(folder.path()).await;
}

#[tokio::test]
async fn an_unknown_method_and_a_message_that_is_too_large_are_refused_with_a_reason() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api: &Api = &dev.api;
    let ada = api.register("ada").await.id;
    let head = api.head().await;
    let mut wrong = Vec::new();
    let mut check = |what: String, expected: &[Code], status: Status| {
        if !expected.contains(&status.code()) || reason(&status).is_none() {
            wrong.push(format!("{what}: {:?}, reason {:?}, {:?}", status.code(), reason(&status), status.message()));
        }
    };
    for (address, path) in [
        (&dev.command, "/chirp.command.v1.CommandService/Nothing"),
        (&dev.command, "/chirp.command.v1.Nothing/RegisterAccount"),
        (&dev.command, "/chirp.query.v1.QueryService/GetPost"),
        (&dev.query, "/chirp.query.v1.QueryService/Nothing"),
        (&dev.ops, "/chirp.admin.v1.AdminService/Nothing"),
        (&dev.ops, "/"),
    ] {
        let status = raw::call(&channel(address), path, vec![]).await.expect_err("there is no such method");
        check(path.to_owned(), &[Code::Unimplemented], status);
    }
    let large = [Code::InvalidArgument, Code::OutOfRange, Code::ResourceExhausted];
    for size in [300_000, 5_000_000] {
        let text = "x".repeat(size);
        let posted = api.try_post(ask!(CreatePostRequest { author_id: &ada, text: &text })).await;
        check(format!("CreatePost with {size} bytes"), &large, posted.expect_err("it is too large"));
        let asked = api.get_post(&text, None).await;
        check(format!("GetPost with {size} bytes"), &large, asked.expect_err("it is too large"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(api.head().await, head, "nothing was appended");
}

#[tokio::test]
async fn whoever_asks_at_the_wrong_port_or_in_another_protocol_is_told_what_is_here() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let query = "/chirp.query.v1.QueryService/GetPost";
    let elsewhere = raw::call(&channel(&dev.command), query, vec![]).await.expect_err("it is served elsewhere");
    let said = "chirp.query.v1.QueryService is served on another port; this one serves chirp.command.v1.CommandService";
    assert_eq!((reason(&elsewhere).as_deref(), elsewhere.message()), (Some("METHOD_UNKNOWN"), said));
    let unknown = raw::call(&channel(&dev.query), "/chirp.query.v1.QueryService/Nothing", vec![]).await;
    assert_eq!(unknown.expect_err("there is none").message(), "this server has no such method");
    let encoded = raw::body(&channel(&dev.query), query, &[("grpc-encoding", "br")], "\x01\0\0\0\x01x").await;
    assert!(encoded.message().contains("gzip and zstd"), "{encoded:?}");

    let text = "POST /chirp.query.v1.QueryService/GetPost HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\n\
                content-length: 2\r\nconnection: close\r\n\r\n{}";
    for (request, status) in
        [(text, "HTTP/1.1 415"), ("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "HTTP/1.1 200")]
    {
        let mut connection = tokio::net::TcpStream::connect(&dev.query).await.expect("it listens");
        connection.write_all(request.as_bytes()).await.expect("it takes a request");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.expect("it answers");
        assert!(answer.starts_with(status) && answer.contains("gRPC (over HTTP/2)"), "{answer}");
        assert!(answer.contains("chirp.query.v1.QueryService") && answer.contains("/readyz"), "{answer}");
    }
}

//! Messages are compressed both ways, on every service; small answers and streams are not.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;
use shared::rpc::proto::admin::ListProjectionsRequest;
use shared::rpc::proto::admin::admin_service_client::AdminServiceClient;
use shared::rpc::proto::command::CreatePostRequest;
use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::{GetAuthorTimelineRequest, StreamHomeTimelineRequest};
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::codegen::http::HeaderMap;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::api::{ask, channel, fresh, reason, registration, request_id};
use crate::process::{Dev, folder};
use crate::raw;

const AUTHOR_TIMELINE: &str = "/chirp.query.v1.QueryService/GetAuthorTimeline";
/// What a compressed message may be at most, by the contract; see `MESSAGE_BYTES_MAX`.
const TOO_LARGE: usize = 256 * 1_024 + 1;

#[tokio::test]
async fn every_service_takes_compressed_messages() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    for encoding in [Gzip, Zstd] {
        for address in [&dev.command, &dev.query, &dev.ops] {
            let mut health = HealthClient::new(channel(address)).send_compressed(encoding).accept_compressed(encoding);
            health.check(HealthCheckRequest::default()).await.expect("the health is told");
            let mut reflection =
                ServerReflectionClient::new(channel(address)).send_compressed(encoding).accept_compressed(encoding);
            let symbol = MessageRequest::FileContainingSymbol("google.rpc.ErrorInfo".to_owned());
            let request = ServerReflectionRequest { message_request: Some(symbol), ..Default::default() };
            let answers = reflection.server_reflection_info(tokio_stream::once(request)).await;
            let answer = answers.expect("it is answered").into_inner().message().await.expect("it is answered");
            let answer = answer.and_then(|answer| answer.message_response);
            assert!(
                matches!(answer, Some(MessageResponse::FileDescriptorResponse(_))),
                "the details of errors are described: {answer:?}"
            );
        }
        let mut commands =
            CommandServiceClient::new(channel(&dev.command)).send_compressed(encoding).accept_compressed(encoding);
        let made = commands.register_account(registration(&format!("ada_{encoding:?}").to_lowercase())).await;
        let token = made.expect("it is registered").into_inner().consistency_token;
        let mut queries =
            QueryServiceClient::new(channel(&dev.query)).send_compressed(encoding).accept_compressed(encoding);
        let request = ask!(GetAuthorTimelineRequest { author_id: "nobody", consistency: fresh(&token) });
        let refused = queries.get_author_timeline(request).await.expect_err("the id is none");
        assert_eq!(reason(&refused).as_deref(), Some("ID_MALFORMED"));
        let mut admin =
            AdminServiceClient::new(channel(&dev.ops)).send_compressed(encoding).accept_compressed(encoding);
        let listed = admin.list_projections(ListProjectionsRequest::default()).await.expect("they are listed");
        assert!(!listed.into_inner().projections.is_empty());
    }
}

#[tokio::test]
async fn large_answers_are_compressed_and_small_ones_and_streams_are_not() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await;
    let small = dev.api.post(&ada.id, "short").await;
    let timeline = GetAuthorTimelineRequest {
        author_id: ada.id.clone(),
        consistency: fresh(&small.token),
        ..GetAuthorTimelineRequest::default()
    };
    for encoding in ["gzip", "zstd"] {
        let (_, frame) = asked(&dev, AUTHOR_TIMELINE, encoding, &timeline.encode_to_vec()).await;
        assert_eq!(frame[0], 0, "an answer of {} bytes is sent as it is", frame.len());
    }
    let mut token = small.token;
    for _ in 0..20 {
        token = dev.api.post(&ada.id, &"many words, ".repeat(30)).await.token;
    }
    let timeline = GetAuthorTimelineRequest { consistency: fresh(&token), ..timeline };
    let (_, plain) = asked(&dev, AUTHOR_TIMELINE, "identity", &timeline.encode_to_vec()).await;
    assert_eq!(plain[0], 0, "nobody asked for less");
    for encoding in ["gzip", "zstd"] {
        let (headers, frame) = asked(&dev, AUTHOR_TIMELINE, encoding, &timeline.encode_to_vec()).await;
        let named = headers.get("grpc-encoding").and_then(|name| name.to_str().ok());
        assert_eq!((frame[0], named), (1, Some(encoding)));
        assert!(frame.len() * 3 < plain.len(), "{encoding}: {} of {} bytes", frame.len(), plain.len());
    }
    let home = StreamHomeTimelineRequest { account_id: ada.id.clone(), ..StreamHomeTimelineRequest::default() };
    let path = "/chirp.query.v1.QueryService/StreamHomeTimeline";
    let (headers, frame) = asked(&dev, path, "gzip", &home.encode_to_vec()).await;
    assert_eq!((frame[0], headers.get("grpc-encoding")), (0, None), "the first message of a stream");
}

#[tokio::test]
async fn a_message_that_is_too_large_once_it_is_inflated_is_refused_as_any_other() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let request = ask!(CreatePostRequest { request_id: request_id(), author_id: "x", text: &"a".repeat(TOO_LARGE) });
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&request.encode_to_vec()).expect("it fits");
    let bomb = gzip.finish().expect("it ends");
    assert!(bomb.len() < 2_048, "{} bytes", bomb.len());
    let length = u32::try_from(bomb.len()).expect("it is short").to_be_bytes();
    let framed = [&[1][..], &length, &bomb].concat();
    let path = "/chirp.command.v1.CommandService/CreatePost";
    let (headers, _) = raw::exchange(&channel(&dev.command), path, &[("grpc-encoding", "gzip")], framed).await;
    let status = Status::from_header_map(&headers).expect("it is refused");
    assert_eq!((status.code(), reason(&status).as_deref()), (Code::ResourceExhausted, Some("MESSAGE_TOO_LARGE")));
    assert_eq!(headers.get("x-chirp-error-reason").and_then(|it| it.to_str().ok()), Some("MESSAGE_TOO_LARGE"));
}

/// The headers and the first frame of the answer to a client that takes this encoding.
async fn asked(dev: &Dev, path: &str, encoding: &str, message: &[u8]) -> (HeaderMap, Vec<u8>) {
    let length = u32::try_from(message.len()).expect("it is short").to_be_bytes();
    let framed = [&[0][..], &length, message].concat();
    raw::exchange(&channel(&dev.query), path, &[("grpc-accept-encoding", encoding)], framed).await
}

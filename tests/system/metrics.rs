//! Metrics: each series counts what its name says, and a client cannot make more series by calling what does not exist.

use shared::rpc::proto::command::*;
use tonic::Code;

use crate::api::{ask, channel, item, request_id, up_to_date};
use crate::process::{Dev, eventually, folder};
use crate::raw;
use crate::roles::http;

/// How many paths that do not exist are called.
const PATHS: usize = 50;

/// The sum of the series of this name that have all these labels; nothing when there is none.
pub async fn value(dev: &Dev, name: &str, labels: &[&str]) -> Option<f64> {
    let page = http(&dev.ops, "/metrics").await;
    let is_meant = |series: &str| {
        let rest = series.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('{'))
            && labels.iter().all(|label| series.contains(label))
    };
    let values = page.lines().filter_map(|line| line.rsplit_once(' ')).filter(|(series, _)| is_meant(series));
    let numbers: Vec<f64> = values.map(|(_, value)| value.parse().expect("a number")).collect();
    (!numbers.is_empty()).then(|| numbers.iter().sum())
}

/// Waits until a series has this value.
async fn becomes(dev: &Dev, name: &str, labels: &[&str], expected: f64) {
    eventually(&format!("{name} {labels:?}"), || value(dev, name, labels), |value| *value == Some(expected)).await;
}

#[tokio::test]
async fn what_happens_is_counted() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    let page = dev.api.home(&bob, up_to_date()).await;
    let mut feed = dev.api.stream(&bob, &page.resume_token).await;
    becomes(&dev, "chirp_streams_open", &[], 1.0).await;
    let request = ask!(CreatePostRequest { request_id: request_id(), author_id: &ada, text: "once" });
    let made = dev.api.try_post(request.clone()).await.expect("it is published");
    assert_eq!(dev.api.try_post(request).await.expect("it is answered again").id, made.id);
    dev.api.try_post(ask!(CreatePostRequest { author_id: &ada })).await.expect_err("there is no text");
    dev.api.home(&bob, up_to_date()).await;
    assert_eq!(feed.news().await, item("once"));

    let posts = |code| ["grpc_service=\"chirp.command.v1.CommandService\"", "grpc_method=\"CreatePost\"", code];
    becomes(&dev, "grpc_server_handled_total", &posts("grpc_code=\"Ok\""), 2.0).await;
    becomes(&dev, "grpc_server_handled_total", &posts("grpc_code=\"InvalidArgument\""), 1.0).await;
    becomes(&dev, "grpc_server_started_total", &posts("grpc_type=\"unary\""), 3.0).await;
    becomes(&dev, "grpc_server_handling_seconds_count", &posts("grpc_type=\"unary\""), 3.0).await;
    let streams = ["grpc_method=\"StreamHomeTimeline\"", "grpc_type=\"server_stream\""];
    becomes(&dev, "grpc_server_started_total", &streams, 1.0).await;
    assert_eq!(value(&dev, "grpc_server_handled_total", &streams).await, None, "it goes on");
    becomes(&dev, "chirp_idempotent_replays_total", &[], 1.0).await;
    let head = dev.api.head().await as f64;
    becomes(&dev, "chirp_log_head_position", &[], head).await;
    // Two registrations, a follow, a post, and the same request again, each in a batch of its own.
    becomes(&dev, "chirp_append_batch_size_sum", &[], 5.0).await;
    for name in ["timelines_1", "posts_1"] {
        let of = format!("projection=\"{name}\"");
        becomes(&dev, "chirp_projection_position", &[&of], head).await;
        becomes(&dev, "chirp_projection_lag_events", &[&of], 0.0).await;
        becomes(&dev, "chirp_projection_parked_events", &[&of], 0.0).await;
    }
    // To its author, and to the follower.
    becomes(&dev, "chirp_deliveries_total", &[], 2.0).await;

    drop(feed);
    becomes(&dev, "chirp_streams_open", &[], 0.0).await;
    becomes(&dev, "grpc_server_handled_total", &[streams[0], "grpc_code=\"Cancelled\""], 1.0).await;
}

#[tokio::test]
async fn what_is_not_there_is_one_series_however_many_ask_for_it() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let channel = channel(&dev.query);
    for number in 0..PATHS {
        let path = match number % 2 {
            0 => format!("/chirp.query.v1.QueryService/Get{number}"),
            _ => format!("/chirp.v{number}.Service/Get"),
        };
        let refused = raw::call(&channel, &path, vec![]).await.expect_err("there is no such method");
        assert_eq!(refused.code(), Code::Unimplemented);
    }
    let unknown = ["grpc_service=\"unknown\"", "grpc_method=\"unknown\"", "grpc_code=\"Unimplemented\""];
    becomes(&dev, "grpc_server_handled_total", &unknown, PATHS as f64).await;
    let page = http(&dev.ops, "/metrics").await;
    // Without the process's own calls of its health service.
    let is_of_calls = |line: &&str| line.starts_with("grpc_server_started_total") && !line.contains("grpc.health.");
    assert_eq!(page.lines().filter(is_of_calls).count(), 1, "{page}");
}

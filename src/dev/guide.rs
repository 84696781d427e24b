//! What `chirp dev` prints for people: calls to paste, with real addresses and ids filled in.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use shared::model::clock::{Clock as _, SystemClock};
use shared::rpc::auth::development::{Bearer, DevelopmentKey};

use super::demo::Demo;

/// Where the servers listen.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    pub command: SocketAddr,
    pub query: SocketAddr,
    /// The projector's port for operators.
    pub ops: SocketAddr,
    /// All of these services on one port, if there is one.
    pub all: Option<SocketAddr>,
}

impl Addresses {
    /// The line that scripts wait for.
    pub fn ready_line(&self) -> String {
        let all = self.all.map(|all| format!(" all={all}")).unwrap_or_default();
        format!("ready command={} query={} ops={}{all}", self.command, self.query, self.ops)
    }
}

/// One call, in words and as data.
struct Call {
    what: &'static str,
    server: SocketAddr,
    method: &'static str,
    body: Value,
    streams: bool,
    /// The id of the account that calls; empty for nobody in particular.
    caller: String,
}

/// How long the tokens in the calls to paste are good.
const TOKENS_GOOD_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The calls to paste: those of the demo, or without it those that need no ids.
pub fn calls_to_paste(addresses: Addresses, demo: Option<&Demo>, key: Option<&DevelopmentKey>) -> String {
    let calls = match demo {
        Some(demo) => calls_of_demo(addresses, demo),
        None => calls_without_ids(addresses),
    };
    let mut text = String::from("\nCalls to paste, with grpcurl, with buf or with curl:\n");
    for Call { what, server, method, body, streams, caller } in calls {
        let header = authorization(key, &caller);
        writeln!(text, "\n# {what}").expect("a String takes everything");
        writeln!(text, "grpcurl -plaintext{header} -d '{body}' {server} {method}").expect("a String takes everything");
        writeln!(text, "buf curl --protocol grpc --http2-prior-knowledge{header} -d '{body}' http://{server}/{method}")
            .expect("a String takes everything");
        if !streams {
            let server = addresses.all.unwrap_or(server);
            writeln!(text, "curl -H 'content-type: application/json'{header} -d '{body}' http://{server}/{method}")
                .expect("a String takes everything");
        }
    }
    text
}

/// The header with which an account calls, where the server asks for one.
fn authorization(key: Option<&DevelopmentKey>, caller: &str) -> String {
    let token = key.and_then(|key| {
        let bearer = Bearer::Account(caller.parse().ok()?);
        Some(key.sign(&bearer, &[], &[], SystemClock.now(), TOKENS_GOOD_FOR))
    });
    token.map(|token| format!(" -H 'authorization: Bearer {token}'")).unwrap_or_default()
}

fn calls_of_demo(addresses: Addresses, demo: &Demo) -> Vec<Call> {
    vec![
        Call {
            what: "the home timeline of grace, who follows ada",
            server: addresses.query,
            method: "chirp.query.v1.QueryService/GetHomeTimeline",
            body: json!({"account_id": demo.grace}),
            streams: false,
            caller: demo.grace.clone(),
        },
        Call {
            what: "the same, live, until Ctrl-C; post from another terminal meanwhile",
            server: addresses.query,
            method: "chirp.query.v1.QueryService/StreamHomeTimeline",
            body: json!({"account_id": demo.grace}),
            streams: true,
            caller: demo.grace.clone(),
        },
        Call {
            what: "ada posts",
            server: addresses.command,
            method: "chirp.command.v1.CommandService/CreatePost",
            body: json!({"author_id": demo.ada, "text": "Hello from the command line"}),
            streams: false,
            caller: demo.ada.clone(),
        },
    ]
}

fn calls_without_ids(addresses: Addresses) -> Vec<Call> {
    vec![
        Call {
            what: "register an account",
            server: addresses.command,
            method: "chirp.command.v1.CommandService/RegisterAccount",
            body: json!({"handle": "mary", "display_name": "Mary Shelley", "kind": "ACCOUNT_KIND_USER"}),
            streams: false,
            caller: String::new(),
        },
        Call {
            what: "find it by its handle",
            server: addresses.query,
            method: "chirp.query.v1.QueryService/GetAccount",
            body: json!({"handle": "mary"}),
            streams: false,
            caller: String::new(),
        },
    ]
}

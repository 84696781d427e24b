//! A client that carries the newest token that it saw reads its own writes everywhere, however slow the projections
//! are; and a command that waits for the read tables needs no token.

use std::path::Path;
use std::time::Duration;

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::*;
use shared::rpc::tokens::CONSISTENCY_TOKEN_HEADER;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;

use crate::api::{Api, ask, fresh, reason, registration, request_id, requiring, texts, within};
use crate::process::{Dev, Role, Roles, folder};

/// How often something is written and read; `CHIRP_READ_YOUR_WRITES` sets another number.
const ROUNDS: usize = 400;
/// Projectors that share the projections.
const PROJECTORS: usize = 3;
/// How long a projector is stopped, and works, at most.
const PAUSE_MILLIS: u64 = 12;

/// After a write, readers poll more often for less than this.
const ATTENTION_ENDED: Duration = Duration::from_millis(271);

/// An interceptor that keeps the newest token that it saw, and sends it along.
#[derive(Default)]
struct Carried(String);

impl Carried {
    fn with<T>(&self, message: T) -> Request<T> {
        let mut request = within(Duration::from_secs(30), message);
        if !self.0.is_empty() {
            let token = self.0.parse().expect("a token is ASCII");
            request.metadata_mut().insert(CONSISTENCY_TOKEN_HEADER, token);
        }
        request
    }

    fn from<T>(&mut self, answered: Result<Response<T>, Status>) -> T {
        let answer = answered.expect("it is answered");
        let token = answer.metadata().get(CONSISTENCY_TOKEN_HEADER).expect("every answer has a token");
        self.0 = token.to_str().expect("a token is ASCII").to_owned();
        answer.into_inner()
    }
}

/// Some projectors, each with a share of the projections and stopped now and then.
async fn slow_projectors(store: &Path) -> (Vec<tokio::task::JoinHandle<()>>, Vec<String>) {
    let (mut slowed, mut addresses) = (Vec::new(), Vec::new());
    let names = projector::projections::names();
    for (share, names) in names.chunks(names.len().div_ceil(PROJECTORS)).enumerate() {
        let projector = Role::start("projector", "--ops-listen", store, &["--projections", &names.join(",")]).await;
        addresses.push(projector.address.clone());
        slowed.push(tokio::spawn(async move {
            let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ share as u64;
            let mut pause = async || {
                // Xorshift (Marsaglia, 2003): any sequence will do.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                tokio::time::sleep(Duration::from_millis(1 + state % PAUSE_MILLIS)).await;
            };
            loop {
                projector.process.signal("STOP");
                pause().await;
                projector.process.signal("CONT");
                pause().await;
            }
        }));
    }
    (slowed, addresses)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_carries_tokens_sees_its_own_writes_and_never_half_of_them() {
    let rounds = std::env::var("CHIRP_READ_YOUR_WRITES").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let folder = folder();
    let commands = Role::command_server(folder.path()).await;
    let (slowed, addresses) = slow_projectors(folder.path()).await;
    let queries = Role::query_server(folder.path()).await;
    let api = Api::new(&commands.address, &queries.address, &addresses[0]);
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let (mut carried, mut commands, mut queries) = (Carried::default(), api.commands.clone(), api.queries.clone());
    for round in 0..rounds {
        let text = format!("round {round}: hello @bob, about #books");
        let post = ask!(CreatePostRequest { author_id: &ada, text: &text });
        let made = carried.from(commands.create_post(carried.with(post)).await).post_id;
        let like = ask!(LikePostRequest { account_id: &bob, post_id: &made });
        carried.from(commands.like_post(carried.with(like)).await);

        let home = ask!(GetHomeTimelineRequest { account_id: &bob, page_size: 2 });
        let home = carried.from(queries.get_home_timeline(carried.with(home)).await);
        assert_eq!(texts(&home.items).first(), Some(&text), "round {round}");
        let item = home.items.first().expect("just seen");
        let post = item.post.as_ref().expect("it is whole");
        let includes = home.includes.as_ref().expect("it is whole");
        let author = includes.accounts.iter().find(|author| author.account_id == post.author_id);
        assert_eq!(author.map(|author| author.handle.as_str()), Some("ada"), "round {round}");
        assert_eq!((post.like_count, post.liked), (1, true), "round {round}");
        let notified = ask!(ListNotificationsRequest { account_id: &bob, page_size: 1 });
        let notified = carried.from(queries.list_notifications(carried.with(notified)).await);
        let about = notified.notifications.first().and_then(|newest| newest.post.as_ref());
        assert_eq!(about.map(|post| post.post_id.as_str()), Some(made.as_str()), "round {round}");
        if round % 4 == 0 {
            let delete = ask!(DeletePostRequest { author_id: &ada, post_id: &made });
            carried.from(commands.delete_post(carried.with(delete)).await);
            let gone = queries.get_post(carried.with(ask!(GetPostRequest { post_id: &made }))).await;
            assert_eq!(gone.expect_err("it is deleted").code(), Code::NotFound, "round {round}");
        }
    }
    slowed.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_token_that_is_sent_along_gives_way_to_what_the_question_says() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await;
    dev.api.home(&ada.id, fresh(&ada.token)).await;
    let asked = async |token: &'static str, consistency: Option<Consistency>| {
        let question = ask!(GetHomeTimelineRequest { account_id: &ada.id, consistency: consistency });
        let mut request = Request::new(question);
        request.metadata_mut().insert(CONSISTENCY_TOKEN_HEADER, token.parse().expect("it is ASCII"));
        dev.api.queries.clone().get_home_timeline(request).await.err().as_ref().and_then(reason)
    };
    let not_in_a_hurry = requiring(consistency::Requirement::MinimizeLatency(true));
    assert_eq!(asked("nonsense", None).await.as_deref(), Some("TOKEN_INVALID"));
    assert_eq!(asked("nonsense", fresh(&ada.token)).await.as_deref(), Some("TOKEN_INVALID"));
    assert_eq!(asked("nonsense", not_in_a_hurry).await, None);
}

#[tokio::test]
async fn a_command_that_waits_for_the_tables_is_seen_without_a_token() {
    let folder = folder();
    let Roles { mut commands, projector, queries: _queries, api } = Roles::start(folder.path()).await;
    let projected = WaitFor::Projected;
    let register = RegisterAccountRequest { wait_for: projected.into(), ..registration("ada") };
    let ada = api.commands.clone().register_account(register).await.expect("it is registered").into_inner().account_id;
    for round in 0..50 {
        let text = format!("round {round}");
        api.try_post(ask!(CreatePostRequest { author_id: &ada, text: &text, wait_for: projected }))
            .await
            .expect("it is");
        assert_eq!(texts(&api.home(&ada, None).await.items).first(), Some(&text));
    }

    projector.process.signal("STOP");
    let post = ask!(CreatePostRequest { request_id: request_id(), author_id: &ada, text: "late", wait_for: projected });
    let mut calling = api.commands.clone();
    let refused = calling.create_post(within(Duration::from_secs(1), post.clone())).await.expect_err("nobody projects");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::DeadlineExceeded, Some("NOT_YET_PROJECTED")));
    let told = refused.get_details_error_info().expect("it has a reason").metadata;
    let token = told.get("consistency_token").expect("it has taken effect");
    // The same request without waiting is the same request, and has had its effect.
    let without = CreatePostRequest { wait_for: 0, ..post.clone() };
    assert_eq!(&api.try_post(without).await.expect("it is stored").token, token);
    projector.process.signal("CONT");
    let again = api.try_post(post).await.expect("it is stored and projected");
    assert_eq!(&again.token, token);
    let home = texts(&api.home(&ada, None).await.items);
    assert_eq!(home.iter().filter(|text| *text == "late").count(), 1, "{home:?}");

    let nonsense = CreatePostRequest { wait_for: 7, ..ask!(CreatePostRequest { author_id: &ada, text: "x" }) };
    let refused = api.try_post(nonsense).await.expect_err("there is no such thing to wait for");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::InvalidArgument, Some("FIELD_INVALID")));

    // A server that stops is no reason to retry the command, either.
    projector.process.signal("STOP");
    let last = ask!(CreatePostRequest { request_id: request_id(), author_id: &ada, text: "last", wait_for: projected });
    let without = CreatePostRequest { wait_for: 0, ..last.clone() };
    let mut waiting = std::pin::pin!(api.try_post(last));
    tokio::select! {
        biased;
        answered = &mut waiting => panic!("nobody projects, but {answered:?}"),
        // It came after the other on the same connection, so that one has arrived, too.
        stored = api.try_post(without) => assert!(stored.is_ok(), "{stored:?}"),
    }
    commands.process.signal("TERM");
    let refused = waiting.await.expect_err("nobody projects");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::DeadlineExceeded, Some("NOT_YET_PROJECTED")));
    commands.process.ended().await;
}

/// Without polling, so that what is not notified is never seen.
#[tokio::test]
async fn what_one_process_writes_wakes_the_others() {
    const NOBODY_POLLS: &str = "shared::poll=return";
    let folder = folder();
    let commands = Role::start_failing("command-server", "--listen", folder.path(), NOBODY_POLLS).await;
    let projector = Role::start_failing("projector", "--ops-listen", folder.path(), NOBODY_POLLS).await;
    let queries = Role::start_failing("query-server", "--listen", folder.path(), NOBODY_POLLS).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await.id;
    for number in 0..51 {
        // So that no reader polls often by chance.
        tokio::time::sleep(ATTENTION_ENDED * (number % 3)).await;
        let made = api.post(&ada, &format!("post {number}")).await;
        api.home(&ada, fresh(&made.token)).await;
    }
}

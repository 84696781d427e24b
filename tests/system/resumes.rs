//! Clients that resume a hundred times while every process is killed now and then: what they got adds up to what is there.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use clients::{HomeView, NotificationView, PostView, Random, Said, View};
use shared::rpc::proto::command::*;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use tokio::sync::watch;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use crate::api::{Api, ask, is_passing, request_id, up_to_date};
use crate::process::{DEADLINE, Role, Roles, folder, on_postgres, verified};

/// `CHIRP_RESUME_ROUNDS=n` sets another number.
const ROUNDS: usize = 80;
/// Fewer, since on a server the lease of the projector before must end each time.
const ROUNDS_ON_POSTGRES: usize = 20;
/// Commands of one round.
const COMMANDS: usize = 24;
const RESUMES: usize = 100;

/// Calls until it is answered. A refusal is an answer.
async fn insist<T>(what: &str, call: impl AsyncFn() -> Result<T, Status>) -> Result<T, Status> {
    let started = Instant::now();
    loop {
        match call().await {
            Err(status) if is_passing(&status) => {
                assert!(started.elapsed() < DEADLINE, "{what}: still {status:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answered => return answered,
        }
    }
}

/// A client over a connection of its own.
struct Follower<V: View> {
    name: String,
    view: V,
    token: String,
    resumes: usize,
    queries: QueryServiceClient<Channel>,
}

impl<V: View<Shown: Debug>> Follower<V> {
    async fn start(api: &Api, name: String) -> Self {
        let mut follower =
            Self { view: V::of(&name), name, token: String::new(), resumes: 0, queries: api.queries.clone() };
        follower.fetch().await;
        follower
    }

    async fn fetch(&mut self) {
        (self.view, self.token) = self.fetched().await;
    }

    /// What a client would have that just began.
    async fn fetched(&self) -> (V, String) {
        let fetch = async || {
            let mut view = V::of(&self.name);
            let token = view.fetch(&self.queries, up_to_date()).await?;
            Ok((view, token))
        };
        insist("a list", fetch).await.expect("it is there")
    }

    async fn open(&mut self) -> Streaming<V::Message> {
        self.resumes += 1;
        let open = async || self.view.open(&self.queries, up_to_date(), self.token.clone()).await;
        insist("a stream", open).await.expect("it opens")
    }

    fn take(&mut self, message: V::Message) -> Said {
        let (token, said) = self.view.take(message);
        self.token = token;
        said
    }

    /// Reads until it is told to stop, over connections that break.
    async fn follow(&mut self, random: &mut Random, stop: &mut watch::Receiver<bool>) {
        while !*stop.borrow() {
            let mut stream = self.open().await;
            for _ in 0..=random.below(12) {
                let message = tokio::select! {
                    message = stream.message() => message,
                    _ = stop.wait_for(|stop| *stop) => return,
                };
                match message {
                    Ok(Some(message)) => match self.take(message) {
                        Said::Refresh => self.fetch().await,
                        Said::Something | Said::CaughtUp => {}
                    },
                    Ok(None) => panic!("the stream of {} has ended without a word", self.name),
                    Err(status) => {
                        assert!(is_passing(&status), "{}: {status:?}", self.name);
                        break;
                    }
                }
            }
        }
    }

    /// Resumes, and must have what is there.
    async fn check(&mut self, round: usize) {
        'resumed: loop {
            let mut stream = self.open().await;
            while let Ok(Some(message)) = stream.message().await {
                match self.take(message) {
                    Said::CaughtUp => break 'resumed,
                    Said::Refresh => {
                        self.fetch().await;
                        break 'resumed;
                    }
                    Said::Something => {}
                }
            }
        }
        let (fetched, _) = self.fetched().await;
        assert_eq!(self.view.shown(), fetched.shown(), "round {round}, {}", self.name);
    }
}

/// A random command of some account.
async fn something(api: &Api, accounts: &[String], posts: &mut Vec<String>, random: &mut Random) {
    let (one, other) = (random.pick(accounts).clone(), random.pick(accounts).clone());
    let post = random.pick(posts).clone();
    let (commands, request_id) = (api.commands.clone(), request_id());
    macro_rules! call {
        ($method:ident, $request:ident { $($field:ident: $value:expr),* }) => {
            insist(stringify!($method), async || {
                let request = ask!($request { request_id: &request_id, $($field: $value),* });
                commands.clone().$method(request).await
            }).await.is_ok()
        };
    }
    match random.below(20) {
        0..6 => {
            let reply_to = if random.one_in(2) { post } else { String::new() };
            let text = format!("post {}", random.below(1_000_000));
            let create = async || {
                let request = ask!(CreatePostRequest {
                    request_id: &request_id,
                    author_id: &one,
                    text: &text,
                    reply_to_post_id: &reply_to
                });
                commands.clone().create_post(request).await
            };
            if let Ok(created) = insist("create_post", create).await {
                posts.push(created.into_inner().post_id);
            }
            true
        }
        6..9 => call!(repost_post, RepostPostRequest { account_id: &one, post_id: &post }),
        9 => call!(undo_repost, UndoRepostRequest { account_id: &one, post_id: &post }),
        10..13 => call!(like_post, LikePostRequest { account_id: &one, post_id: &post }),
        13 => call!(unlike_post, UnlikePostRequest { account_id: &one, post_id: &post }),
        // Not the first post, whose stream is open.
        14 if post != posts[0] => call!(delete_post, DeletePostRequest { author_id: &one, post_id: &post }),
        15 => call!(edit_post, EditPostRequest { author_id: &one, post_id: &post, text: "edited" }),
        16 => call!(unfollow_account, UnfollowAccountRequest { follower_id: &one, followee_id: &other }),
        17 if random.one_in(3) => {
            call!(block_account, BlockAccountRequest { account_id: &one, target_account_id: &other })
        }
        18 => call!(unblock_account, UnblockAccountRequest { account_id: &one, target_account_id: &other }),
        _ => call!(follow_account, FollowAccountRequest { follower_id: &one, followee_id: &other }),
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_a_hundred_times_has_what_is_there_whatever_was_killed() {
    let seed = std::env::var("CHIRP_RESUMES_SEED").map_or(1, |text| text.parse().expect("a seed is a number"));
    println!("CHIRP_RESUMES_SEED={seed}");
    let mut random = Random::new(seed);
    let folder = folder();
    let mut roles = Roles::start(folder.path()).await;
    let api = roles.api.clone();
    let accounts: Vec<String> = api.accounts(["ada", "bob", "eve", "joe", "zoe"]).await.into();
    let mut posts = vec![api.post(&accounts[0], "the first").await.id];
    for number in 0..80 {
        let (one, other) = (number % 5, (number * 7 + 1) % 5);
        if number < 10 && one != other {
            api.follow(&accounts[one], &accounts[other]).await;
        }
        something(&api, &accounts, &mut posts, &mut random).await;
    }
    let mut homes = Vec::new();
    let mut notifications = Vec::new();
    for account in &accounts[..3] {
        homes.push(Follower::<HomeView>::start(&api, account.clone()).await);
        notifications.push(Follower::<NotificationView>::start(&api, account.clone()).await);
    }
    let mut post = Follower::<PostView>::start(&api, PostView::name(&posts[0], &accounts[0])).await;

    let usual = if on_postgres() { ROUNDS_ON_POSTGRES } else { ROUNDS };
    let rounds = std::env::var("CHIRP_RESUME_ROUNDS").map_or(usual, |text| text.parse().expect("a number"));
    for round in 0..rounds {
        let (stop, stopped) = watch::channel(false);
        let mut killed: Vec<&mut Role> = match round % 4 {
            0 => vec![&mut roles.queries],
            1 => vec![&mut roles.projector],
            2 => vec![&mut roles.commands],
            _ => vec![&mut roles.queries, &mut roles.projector, &mut roles.commands],
        };
        let after = Duration::from_millis(u64::try_from(random.between(5, 150)).expect("it is positive"));
        let seed = random.below(1 << 30) as u64;
        let trouble = async {
            let write = async {
                let mut random = Random::new(seed);
                for _ in 0..COMMANDS {
                    something(&api, &accounts, &mut posts, &mut random).await;
                }
            };
            let kill = async {
                tokio::time::sleep(after).await;
                for role in &killed {
                    role.process.signal("KILL");
                }
                for role in &mut killed {
                    role.restart().await;
                }
            };
            tokio::join!(write, kill);
            stop.send_replace(true);
        };
        macro_rules! followed {
            ($follower:expr, $number:expr) => {
                async {
                    let (mut random, mut stopped) = (Random::new(seed + $number), stopped.clone());
                    $follower.follow(&mut random, &mut stopped).await;
                }
            };
        }
        let [one, two, three] = homes.as_mut_slice() else { panic!("there are three") };
        let [four, five, six] = notifications.as_mut_slice() else { panic!("there are three") };
        tokio::join!(
            trouble,
            followed!(one, 1),
            followed!(two, 2),
            followed!(three, 3),
            followed!(four, 4),
            followed!(five, 5),
            followed!(six, 6),
            followed!(post, 7),
        );
        for home in &mut homes {
            home.check(round).await;
        }
        for notifications in &mut notifications {
            notifications.check(round).await;
        }
        post.check(round).await;
    }
    let resumes = homes.iter().map(|home| home.resumes).sum::<usize>()
        + notifications.iter().map(|notifications| notifications.resumes).sum::<usize>()
        + post.resumes;
    assert!(resumes >= RESUMES.min(rounds), "{resumes} resumes");
    println!("{resumes} resumes");
    verified(folder.path()).await;
}

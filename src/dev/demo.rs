//! The demo of `chirp dev`: a few accounts that know each other, made through the API as any client would.
//!
//! Always: every command has a fixed request id, so a restart doubles nothing. Never here: anything that an outside client could not do.

use shared::rpc::proto::command::command_service_client::CommandServiceClient;
use shared::rpc::proto::command::{
    CreatePostRequest, FollowAccountRequest, LikePostRequest, RegisterAccountRequest, RepostPostRequest,
};
use shared::rpc::proto::common::AccountKind;
use shared::rpc::proto::query::consistency::Requirement;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::{Consistency, GetHomeTimelineRequest};
use tonic::Status;
use uuid::Uuid;

use tools::client::{Connection, DEADLINE, Failed, retrying};

/// The namespace of the demo's request ids. Texts that change need another one: a request id is bound to its payload.
const REQUESTS: Uuid = Uuid::from_u128(0x7d1c_0a52_4f0e_5c3b_9a61_2f3d_c41b_0001);

/// What the calls to paste must know of the demo.
#[derive(Debug)]
pub struct Demo {
    pub ada: String,
    /// The id of the account `grace`, which follows `ada`.
    pub grace: String,
}

/// Makes the demo, or finds it made, and returns once queries show it.
pub async fn seed(
    commands: CommandServiceClient<Connection>,
    queries: QueryServiceClient<Connection>,
) -> Result<Demo, Status> {
    let mut demo = Seeder { commands, token: String::new() };
    let ada = demo.register("ada", "Ada Lovelace", "Notes on the Analytical Engine", AccountKind::User).await?;
    let grace = demo.register("grace", "Grace Hopper", "Nanoseconds on request", AccountKind::User).await?;
    let linus = demo.register("linus", "Linus", "Just for fun", AccountKind::User).await?;
    let society =
        demo.register("compilers", "The Compiler Society", "We read your code", AccountKind::Organization).await?;
    for (follower, followee) in
        [(&grace, &ada), (&linus, &ada), (&ada, &grace), (&linus, &grace), (&ada, &society), (&grace, &society)]
    {
        demo.follow(follower, followee).await?;
    }
    let engine =
        demo.post(Draft::new(&ada, "The engine can weave algebra as the loom weaves flowers. #engines")).await?;
    let reply = Draft { reply_to: &engine, ..Draft::new(&grace, "And who writes it down for the loom, @ada?") };
    let reply = demo.post(reply).await?;
    let manual = demo.post(Draft::new(&grace, "A compiler is a librarian who reads for you. #compilers")).await?;
    let quote = Draft { quoted: &manual, ..Draft::new(&society, "Our motto for this year, thanks to @grace") };
    demo.post(quote).await?;
    demo.post(Draft::new(&linus, "It compiles, so it must be right")).await?;
    demo.repost(&linus, &engine).await?;
    demo.like(&grace, &engine).await?;
    demo.like(&linus, &engine).await?;
    demo.like(&ada, &reply).await?;
    shown(queries, &ada, &demo.token).await?;
    Ok(Demo { ada, grace })
}

/// A post that is to be published.
struct Draft<'a> {
    author: &'a str,
    text: &'a str,
    reply_to: &'a str,
    quoted: &'a str,
}

impl<'a> Draft<'a> {
    fn new(author: &'a str, text: &'a str) -> Self {
        Self { author, text, reply_to: "", quoted: "" }
    }
}

/// Sends one command after the other and keeps the newest consistency token.
struct Seeder {
    commands: CommandServiceClient<Connection>,
    token: String,
}

impl Seeder {
    async fn register(&mut self, handle: &str, name: &str, bio: &str, kind: AccountKind) -> Result<String, Status> {
        let request = RegisterAccountRequest {
            request_id: request_id(&["register", handle]),
            handle: handle.to_owned(),
            display_name: name.to_owned(),
            bio: bio.to_owned(),
            kind: kind.into(),
            ..Default::default()
        };
        let answer = self.commands.register_account(request).await?.into_inner();
        self.token = answer.consistency_token;
        Ok(answer.account_id)
    }

    async fn follow(&mut self, follower: &str, followee: &str) -> Result<(), Status> {
        let request = FollowAccountRequest {
            request_id: request_id(&["follow", follower, followee]),
            follower_id: follower.to_owned(),
            followee_id: followee.to_owned(),
            ..Default::default()
        };
        self.token = self.commands.follow_account(request).await?.into_inner().consistency_token;
        Ok(())
    }

    async fn post(&mut self, draft: Draft<'_>) -> Result<String, Status> {
        let request = CreatePostRequest {
            request_id: request_id(&["post", draft.text]),
            author_id: draft.author.to_owned(),
            text: draft.text.to_owned(),
            reply_to_post_id: draft.reply_to.to_owned(),
            quoted_post_id: draft.quoted.to_owned(),
            ..Default::default()
        };
        let answer = self.commands.create_post(request).await?.into_inner();
        self.token = answer.consistency_token;
        Ok(answer.post_id)
    }

    async fn repost(&mut self, account: &str, post: &str) -> Result<(), Status> {
        let request = RepostPostRequest {
            request_id: request_id(&["repost", account, post]),
            account_id: account.to_owned(),
            post_id: post.to_owned(),
            ..Default::default()
        };
        self.token = self.commands.repost_post(request).await?.into_inner().consistency_token;
        Ok(())
    }

    async fn like(&mut self, account: &str, post: &str) -> Result<(), Status> {
        let request = LikePostRequest {
            request_id: request_id(&["like", account, post]),
            account_id: account.to_owned(),
            post_id: post.to_owned(),
            ..Default::default()
        };
        self.token = self.commands.like_post(request).await?.into_inner().consistency_token;
        Ok(())
    }
}

/// Returns once queries show what the token stands for.
async fn shown(queries: QueryServiceClient<Connection>, account: &str, token: &str) -> Result<(), Status> {
    let request = GetHomeTimelineRequest {
        consistency: Some(Consistency { requirement: Some(Requirement::AtLeastAsFresh(token.to_owned())) }),
        account_id: account.to_owned(),
        page_size: 1,
        ..GetHomeTimelineRequest::default()
    };
    let ask = || {
        let (mut queries, request) = (queries.clone(), request.clone());
        async move { queries.get_home_timeline(request).await }
    };
    retrying(DEADLINE, ask, || {}).await.map(|_| ()).map_err(|Failed { status, .. }| status)
}

fn request_id(name: &[&str]) -> String {
    Uuid::new_v5(&REQUESTS, name.join(" ").as_bytes()).to_string()
}

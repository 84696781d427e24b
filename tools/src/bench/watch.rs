//! `chirp bench watch`: what a query server spends on pages while many watch one post whose counts change, beside what it spends while nobody
//! does; and what a repost costs each home stream that it touches when many have reposted the post, beside one that few have.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use shared::model::event::{Event, LikeEvent, RepostEvent};
use shared::model::ids::{AccountRef, Position, PostId, PostKey, PostRef};
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::{
    GetHomeTimelineRequest, StreamHomeTimelineRequest, StreamPostRequest, stream_home_timeline_response,
    stream_post_response,
};
use shared::runtime::wake::Wake;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};

use super::Rounds;
use super::load::{self, Operation};
use super::query_process::QueryServer;
use super::stage::{self, Stage, written};
use super::stats::{Figure, Findings, Threshold};

/// The most that a page may cost while a post is watched, as a multiple of what it costs while none is.
const WANTED_PAGE: f64 = 1.5;
/// The most that a repost may cost a stream when many have reposted the post, as a multiple of what it costs when few
/// have: the same, but for noise.
const WANTED_REPOST: f64 = 1.25;
/// How many pages are read at once.
const IN_FLIGHT: usize = 8;
/// Accounts that read pages, each of which follows as many of the others.
const READERS: usize = 500;
const FOLLOWEES: usize = 60;
const POSTS_EACH: usize = 10;
const STREAMS_OF_CONNECTION: usize = 250;
/// Home streams that a repost reaches.
const TOUCHED: usize = 50;
/// Accounts that have reposted the post before.
const MANY: usize = 20_000;
const FEW: usize = 10;
/// How often a post is reposted, and the repost undone, in one measurement.
const REPOSTS: usize = 20;
/// How long something may take to come on a stream before the benchmark gives up.
const ARRIVAL_DEADLINE: Duration = Duration::from_secs(60);

/// What is measured under which load.
#[derive(Clone, Copy, Debug)]
pub struct Play {
    /// Streams of the post.
    pub watchers: usize,
    /// Likes per second.
    pub likes: usize,
}

/// # Errors
/// Also when an item does not come.
pub async fn run(rounds: &Rounds, play: Play) -> anyhow::Result<Findings> {
    let folder = stage::folder(rounds.folder.as_deref())?;
    let mut stage = Stage::new(rounds.store(folder.path()).await?, READERS).await?;
    stage.follow(READERS, FOLLOWEES).await?;
    stage.post(READERS, READERS * POSTS_EACH).await?;
    stage.register(MANY).await?;
    let mut projector = stage.projector(Wake::default()).await?;
    let cast = Cast::on(&stage).await?;
    projector.catch_up().await?;
    let ends = CancellationToken::new();
    let _ends = ends.clone().drop_guard();
    tokio::spawn(projector.run(ends.clone()));
    let server = QueryServer::start(&stage.store, &[]).await?;

    let mut findings = Findings::default();
    pages(rounds, play, &stage, &cast, &server, &mut findings).await?;
    reposts(rounds, &stage, &cast, &server, &mut findings).await?;
    Ok(findings)
}

/// The posts and accounts of the benchmark.
struct Cast {
    author: AccountRef,
    watched: PostRef,
    reposted_by_many: PostRef,
    reposted_by_few: PostRef,
    /// Whom the owners of the home streams follow.
    reposter: AccountRef,
    owners: Vec<AccountRef>,
}

impl Cast {
    async fn on(stage: &Stage) -> anyhow::Result<Self> {
        let (readers, others) = stage.accounts.split_at(READERS);
        let (author, reposter) = (others[0], others[1]);
        let ids = [PostId::generate(), PostId::generate(), PostId::generate()];
        let first = stage.append(ids.iter().map(|id| written(*id, author, 0)).collect()).await?;
        let mut keys = (first.0..).map(PostKey);
        let mut post = |id| keys.next().map(|key| PostRef { id, key }).context("there is no end to positions");
        let [watched, reposted_by_many, reposted_by_few] = [post(ids[0])?, post(ids[1])?, post(ids[2])?];
        for (post, times) in [(reposted_by_many, MANY), (reposted_by_few, FEW)] {
            let reposts = others.iter().skip(2).take(times).map(|account| repost(*account, post, author));
            stage.append_all(reposts.collect()).await?;
        }
        let owners = readers[..TOUCHED].to_vec();
        stage.append(owners.iter().map(|owner| stage::followed(*owner, reposter)).collect()).await?;
        Ok(Self { author, watched, reposted_by_many, reposted_by_few, reposter, owners })
    }
}

fn repost(account: AccountRef, post: PostRef, post_author: AccountRef) -> Event {
    let added = RepostEvent::Added { account, post, post_author };
    Event::Repost(added)
}

/// The CPU time that each of so many took.
fn each(before: Duration, after: Duration, count: f64) -> f64 {
    (after.saturating_sub(before)).as_secs_f64() * 1e6 / count.max(1.0)
}

/// Reads pages while nobody watches a post, and while many do.
async fn pages(
    rounds: &Rounds,
    play: Play,
    stage: &Stage,
    cast: &Cast,
    server: &QueryServer,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let page = Page { client: client(&server.endpoint).await?, readers: stage.accounts[..READERS].to_vec(), next: 0 };
    let mut alone = Figure::new("the server's time for a page, nobody watching", "µs");
    let mut beside = Figure::new(format!("with {} watching, {} likes a second", play.watchers, play.likes), "µs");
    let mut told = Figure::new("updates that came meanwhile", "a second");
    for measured in rounds.each("watch: pages") {
        alone.note(measured, cost_of_page(server, &page, rounds.duration).await?);
        let (arrived, mut arrivals) = mpsc::unbounded_channel();
        let watching = watch(&server.endpoint, stage, cast.watched, play.watchers, &arrived).await?;
        let liking = like(stage, cast, play.likes, rounds.duration);
        let (cost, liked) = tokio::join!(cost_of_page(server, &page, rounds.duration), liking);
        liked?;
        beside.note(measured, cost?);
        let mut came = 0;
        while arrivals.try_recv().is_ok() {
            came += 1;
        }
        told.note(measured, load::per_second(came, rounds.duration));
        drop(watching);
    }
    findings.compare("pages beside watchers to pages alone", &beside, &alone, Some(Threshold::AtMost(WANTED_PAGE)));
    findings.figures.extend([alone, beside, told]);
    Ok(())
}

async fn cost_of_page(server: &QueryServer, page: &Page, duration: Duration) -> anyhow::Result<f64> {
    let (before, began) = (server.cpu()?, Instant::now());
    let rate = load::closed(page, IN_FLIGHT, duration).await?;
    Ok(each(before, server.cpu()?, rate * began.elapsed().as_secs_f64()))
}

#[derive(Clone)]
struct Page {
    client: QueryServiceClient<Channel>,
    readers: Vec<AccountRef>,
    next: usize,
}

impl Operation for Page {
    async fn once(&mut self) -> anyhow::Result<()> {
        self.next += 1;
        let account_id = self.readers[self.next % self.readers.len()].id.to_string();
        let request = GetHomeTimelineRequest { account_id, ..GetHomeTimelineRequest::default() };
        self.client.get_home_timeline(request).await?;
        Ok(())
    }
}

async fn client(endpoint: &Endpoint) -> anyhow::Result<QueryServiceClient<Channel>> {
    Ok(QueryServiceClient::new(endpoint.connect().await?))
}

/// Opens streams of a post, each for a viewer of its own, and waits until all have caught up.
async fn watch(
    endpoint: &Endpoint,
    stage: &Stage,
    post: PostRef,
    watchers: usize,
    arrived: &mpsc::UnboundedSender<()>,
) -> anyhow::Result<JoinSet<anyhow::Result<()>>> {
    let mut watching = JoinSet::new();
    let mut at = client(endpoint).await?;
    for (number, viewer) in stage.accounts.iter().cycle().take(watchers).enumerate() {
        if number % STREAMS_OF_CONNECTION == 0 {
            at = client(endpoint).await?;
        }
        let (post_id, viewer_account_id) = (post.id.to_string(), viewer.id.to_string());
        let request = StreamPostRequest { post_id, viewer_account_id, ..StreamPostRequest::default() };
        let mut stream = at.stream_post(request).await?.into_inner();
        loop {
            match stream.message().await?.and_then(|message| message.event) {
                Some(stream_post_response::Event::CaughtUp(_)) => break,
                Some(_) => {}
                None => bail!("a stream ended before it had caught up"),
            }
        }
        let arrived = arrived.clone();
        watching.spawn(async move {
            while let Some(message) = stream.message().await? {
                if let Some(stream_post_response::Event::Updated(_)) = message.event {
                    arrived.send(())?;
                }
            }
            Ok(())
        });
    }
    Ok(watching)
}

/// Likes the watched post at an even rate; the next round takes each like back.
async fn like(stage: &Stage, cast: &Cast, rate: usize, duration: Duration) -> anyhow::Result<()> {
    let (post, post_author, began) = (cast.watched, cast.author, Instant::now());
    let gap = Duration::from_secs(1) / u32::try_from(rate)?;
    for account in stage.accounts.iter().cycle() {
        if began.elapsed() >= duration {
            break;
        }
        let added = LikeEvent::Added { account: *account, post, post_author };
        let removed = LikeEvent::Removed { account: *account, post, post_author, author_seen_up_to: None };
        stage.append(vec![Event::Like(added)]).await?;
        sleep(gap).await;
        stage.append(vec![Event::Like(removed)]).await?;
        sleep(gap).await;
    }
    Ok(())
}

/// The CPU time of a repost and its undoing, for each home stream that they reach.
async fn reposts(
    rounds: &Rounds,
    stage: &Stage,
    cast: &Cast,
    server: &QueryServer,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let mut at = client(&server.endpoint).await?;
    let mut streams: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for owner in &cast.owners {
        let request = StreamHomeTimelineRequest { account_id: owner.id.to_string(), ..Default::default() };
        let mut stream = at.stream_home_timeline(request).await?.into_inner();
        let arrived = arrived.clone();
        streams.spawn(async move {
            use stream_home_timeline_response::Event::{CaughtUp, Item, Removed};
            while let Some(message) = stream.message().await? {
                if let Some(CaughtUp(_) | Item(_) | Removed(_)) = message.event {
                    arrived.send(())?;
                }
            }
            Ok(())
        });
    }
    all(&mut arrivals).await?;
    let name = |times| format!("for a stream, of a repost and its undoing, after {times} others");
    let mut of_few = Figure::new(name(FEW), "µs");
    let mut of_many = Figure::new(name(MANY), "µs");
    for measured in rounds.each("watch: reposts") {
        for (figure, post) in [(&mut of_few, cast.reposted_by_few), (&mut of_many, cast.reposted_by_many)] {
            let before = server.cpu()?;
            for _ in 0..REPOSTS {
                let added_at = stage.append(vec![repost(cast.reposter, post, cast.author)]).await?;
                all(&mut arrivals).await?;
                stage.append(vec![undo(cast, post, added_at)]).await?;
                all(&mut arrivals).await?;
            }
            let touches = u32::try_from(REPOSTS * TOUCHED)?;
            figure.note(measured, each(before, server.cpu()?, f64::from(touches)));
        }
    }
    findings.compare("after many to after few", &of_many, &of_few, Some(Threshold::AtMost(WANTED_REPOST)));
    findings.figures.extend([of_few, of_many]);
    Ok(())
}

fn undo(cast: &Cast, post: PostRef, added_at: Position) -> Event {
    let (account, post_author) = (cast.reposter, cast.author);
    let removed = RepostEvent::Removed { account, post, post_author, added_at, author_seen_up_to: None };
    Event::Repost(removed)
}

/// Waits for an item on each of the home streams.
async fn all(arrivals: &mut mpsc::UnboundedReceiver<()>) -> anyhow::Result<()> {
    for missing in (1..=TOUCHED).rev() {
        let arrived = timeout(ARRIVAL_DEADLINE, arrivals.recv()).await;
        arrived.ok().flatten().with_context(|| format!("nothing came on {missing} of {TOUCHED} streams"))?;
    }
    Ok(())
}

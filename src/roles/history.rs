//! Time travel: the projections themselves fold the log up to a moment into tables that are thrown away, and a query
//! server in this process answers from them.
//!
//! Always: one fold at a time, since each takes as much work as a rebuild. Never here: which position a moment is.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use projector::{History, Projector};
use query_server::{Queries, StreamLimits};
use shared::log::{
    Append, AppendError, Appended, EventLog, Hash, Head, LogHead, ReadError, Recorded, StoreIdentity, StoredAnswer,
};
use shared::model::clock::SystemClock;
use shared::model::ids::{Position, RequestId};
use shared::model::streams::StreamName;
use shared::rpc::auth::principal::within;
use shared::rpc::errors::{ErrorReason, Refused, internal};
use shared::rpc::proto::query::consistency::Requirement;
use shared::rpc::proto::query::query_service_server::QueryService;
use shared::rpc::proto::query::{
    Account, Consistency, GetAccountRequest, GetHomeTimelineRequest, Includes, TimelineItem, get_account_request,
};
use shared::runtime::settings::{ProjectorSettings, TimelineSettings};
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::{Listener, Wake};
use shared::store::Store;
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::DropGuard;
use tonic::{Code, Status};
use tracing::error;

/// The most folds at once.
const FOLDS_MAX: usize = 1;
/// The largest page of a query.
const PAGE: i32 = 100;
/// The prefix of the folders of these tables, by which one can be recognized that a crash left behind.
const FOLDER_PREFIX: &str = "chirp-at-";

pub struct Folded {
    log: Arc<dyn EventLog>,
    /// The parent of the folders in which the tables are made.
    folder: PathBuf,
    room: Semaphore,
    tasks: Tasks,
}

impl Folded {
    /// The past of this store's log. Tables are made in a folder within `folder`: by default the store's, which can be
    /// written as perhaps nothing else can; with a server, the system's folder for temporary files.
    pub fn of(log: Arc<dyn EventLog>, store: &Store, folder: Option<PathBuf>, tasks: Tasks) -> Self {
        let folder = folder.unwrap_or_else(|| match store {
            Store::Folder(folder) => folder.clone(),
            Store::Server(_) => std::env::temp_dir(),
        });
        Self { log, folder, room: Semaphore::new(FOLDS_MAX), tasks }
    }

    /// A query server that answers as of this position.
    async fn fold(&self, at: Position) -> Result<Then<'_>, Status> {
        let room = self.room.try_acquire().map_err(|_| {
            let message = "somebody else looks into the past; try again when that is done";
            Refused::new(Code::ResourceExhausted, ErrorReason::Overloaded, message)
        })?;
        let log = Arc::new(Until { log: self.log.clone(), end: at });
        let (queries, folder, ends) = query_server_on(log, self.thrown_away()?, self.tasks.part())
            .await
            .map_err(|cause| internal(format!("{cause:#}")))?;
        Ok(Then { queries, _folder: folder, _ends: ends, _room: room })
    }
}

impl Folded {
    /// A folder that is removed when it is dropped.
    fn thrown_away(&self) -> Result<TempDir, Status> {
        tempfile::Builder::new().prefix(FOLDER_PREFIX).tempdir_in(&self.folder).map_err(|cause| {
            let folder = self.folder.display();
            error!(%cause, "no folder can be made in {folder}: {cause}");
            let message =
                format!("no folder for the tables of then can be made in {folder}: {cause}; --tmp names another place");
            Refused::new(Code::FailedPrecondition, ErrorReason::TemporaryFolderUnusable, message).into()
        })
    }
}

struct Then<'a> {
    queries: Queries,
    _folder: TempDir,
    _ends: DropGuard,
    _room: tokio::sync::SemaphorePermit<'a>,
}

async fn query_server_on(
    log: Arc<Until>,
    folder: TempDir,
    tasks: Tasks,
) -> anyhow::Result<(Queries, TempDir, DropGuard)> {
    let ends = tasks.draining().clone().drop_guard();
    let store = Store::in_folder(folder.path())?;
    // Every reader is served by pull, so that nothing is fanned out for a single answer.
    let timelines = TimelineSettings { pull_following: 0, ..TimelineSettings::default() };
    let settings = ProjectorSettings { timelines, ..ProjectorSettings::default() };
    let end = log.end;
    let mut projector = Projector::open(&store, log.clone(), settings, Arc::new(SystemClock), Wake::default()).await?;
    projector.catch_up().await?;
    drop(projector);
    let tables = store.open_tables_to_read(&*log).await?;
    let queries = Queries::new(tables, log, &Wake::default(), StreamLimits::default(), tasks);
    tracing::info!(position = end.0, "folded the log up to {end}");
    Ok((queries, folder, ends))
}

#[async_trait]
impl History for Folded {
    async fn account(&self, at: Position, account_id: &str) -> Result<Account, Status> {
        let then = self.fold(at).await?;
        let account = Some(get_account_request::Account::AccountId(account_id.to_owned()));
        let request = GetAccountRequest { account, consistency: all_of_it(), ..GetAccountRequest::default() };
        let answer = then.queries.get_account(within(request)).await?.into_inner();
        answer.account.ok_or_else(|| internal("an answer without an account"))
    }

    async fn home_timeline(
        &self,
        at: Position,
        account_id: &str,
        limit: usize,
    ) -> Result<(Vec<TimelineItem>, Includes), Status> {
        let then = self.fold(at).await?;
        let mut request = GetHomeTimelineRequest {
            account_id: account_id.to_owned(),
            page_size: PAGE,
            consistency: all_of_it(),
            ..GetHomeTimelineRequest::default()
        };
        let (mut items, mut includes) = (Vec::new(), Includes::default());
        loop {
            let page = then.queries.get_home_timeline(within(request.clone())).await?.into_inner();
            items.extend(page.items);
            add(&mut includes, page.includes.unwrap_or_default());
            if items.len() >= limit || page.next_page_token.is_empty() {
                items.truncate(limit);
                return Ok((items, includes));
            }
            request.page_token = page.next_page_token;
        }
    }
}

/// Adds what a further page refers to, each once.
fn add(includes: &mut Includes, more: Includes) {
    add_new(&mut includes.accounts, more.accounts, |account| &account.account_id);
    add_new(&mut includes.posts, more.posts, |post| &post.post_id);
    add_new(&mut includes.unavailable_posts, more.unavailable_posts, |post| &post.post_id);
}

fn add_new<T>(there: &mut Vec<T>, more: Vec<T>, id: impl Fn(&T) -> &str) {
    for one in more {
        if there.iter().all(|other| id(other) != id(&one)) {
            there.push(one);
        }
    }
}

/// The strongest consistency, so that a projection which could not fold that far is an error and not an old answer.
fn all_of_it() -> Option<Consistency> {
    Some(Consistency { requirement: Some(Requirement::FullyConsistent(true)) })
}

/// A log that ends at a position.
struct Until {
    log: Arc<dyn EventLog>,
    end: Position,
}

#[async_trait]
impl LogHead for Until {
    fn identity(&self) -> StoreIdentity {
        self.log.identity()
    }

    async fn head(&self) -> Result<Head, ReadError> {
        let hashes = self.log.hashes_at(&[self.end]).await?;
        let hash = hashes.get(&self.end).ok_or_else(|| ReadError::Unavailable("the log lost its end".to_owned()))?;
        Ok(Head { position: self.end, hash: *hash })
    }

    async fn hashes_at(&self, positions: &[Position]) -> Result<HashMap<Position, Hash>, ReadError> {
        let mut hashes = self.log.hashes_at(positions).await?;
        hashes.retain(|position, _| *position <= self.end);
        Ok(hashes)
    }

    async fn may_lag(&self) -> Result<bool, ReadError> {
        Ok(false)
    }
}

#[async_trait]
impl EventLog for Until {
    async fn append(&self, _append: Append) -> Result<Appended, AppendError> {
        Err(AppendError::Unavailable("the past does not change".to_owned()))
    }

    async fn find_request(&self, principal: &str, request: RequestId) -> Result<Option<StoredAnswer>, ReadError> {
        let found = self.log.find_request(principal, request).await?;
        Ok(found.filter(|stored| stored.position <= self.end))
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let left = usize::try_from(self.end.0 - after.0).unwrap_or(0);
        if left == 0 { Ok(vec![]) } else { self.log.read(after, limit.min(left)).await }
    }

    async fn read_streams(&self, streams: &[StreamName]) -> Result<Vec<Vec<Recorded>>, ReadError> {
        let mut found = self.log.read_streams(streams).await?;
        found.iter_mut().for_each(|events| events.retain(|event| event.position <= self.end));
        Ok(found)
    }

    fn moved(&self) -> Listener<Position> {
        Listener::to(watch::channel(self.end).1)
    }
}

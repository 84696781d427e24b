//! One log, and a projector with tables and a query server for each batch size.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chirp::verify::{LogReader, Manner, Report, compare};
use projector::Projector;
use query_server::{Queries, StreamLimits};
use reference::Model;
use shared::clock::SystemClock;
use shared::log::{Durability, EventLog, SqliteLog};
use shared::settings::{ProjectorSettings, TimelineSettings};
use shared::store::Store;
use shared::wake::Wake;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::random::Random;

pub const BATCH_SIZES: [usize; 3] = [1, 7, 1_000];

const PROJECTIONS: [&str; 9] = [
    "profiles_1",
    "posts_1",
    "graph_1",
    "counts_1",
    "bookmarks_1",
    "hashtags_1",
    "notifications_1",
    "activity_1",
    "timelines_1",
];
/// Tables whose rows the law fixes. The form of the timelines is free; their answers are not.
const FIXED_TABLES: [&str; 17] = [
    "SELECT json_array(account, hex(account_id), handle, display_name, bio, organization, protected, active, created_at)
     FROM profiles_1 ORDER BY 1",
    "SELECT json_array(post, hex(post_id), author, text, reply_to, reply_to_author, quoted, created_at, edited_at, deleted)
     FROM posts_1 ORDER BY 1",
    "SELECT json_array(account, post, place) FROM posts_1_likes ORDER BY 1",
    "SELECT json_array(account, post, place) FROM posts_1_reposts ORDER BY 1",
    "SELECT json_array(follower, followee, place) FROM graph_1_follows ORDER BY 1",
    "SELECT json_array(follower, followee, place) FROM graph_1_requests ORDER BY 1",
    "SELECT json_array(account, target, place) FROM graph_1_blocks ORDER BY 1",
    "SELECT json_array(account, target, place) FROM graph_1_mutes ORDER BY 1",
    "SELECT json_array(account, followers, following, posts) FROM counts_1_accounts
     WHERE followers <> 0 OR following <> 0 OR posts <> 0 ORDER BY 1",
    "SELECT json_array(post, likes, reposts, replies) FROM counts_1_posts
     WHERE likes <> 0 OR reposts <> 0 OR replies <> 0 ORDER BY 1",
    "SELECT json_array(account, post, place) FROM bookmarks_1 ORDER BY 1",
    "SELECT json_array(tag, post) FROM hashtags_1 ORDER BY 1",
    "SELECT json_array(recipient, reason, post, actor, place, happened_at) FROM notifications_1 ORDER BY 1",
    "SELECT json_array(recipient, reason, post, newest) FROM notifications_1_groups ORDER BY 1",
    "SELECT json_array(recipient, up_to) FROM notifications_1_seen ORDER BY 1",
    "SELECT json_array(actor, place, kind, target, happened_at) FROM activity_1 ORDER BY 1",
    "SELECT json_array(actor, place, post) FROM timelines_1_reasons ORDER BY 1",
];

/// One projector, its tables, and who reads them.
struct Reader {
    store: Store,
    settings: ProjectorSettings,
    projector: Option<Projector>,
    tables: SqlitePool,
    queries: Queries,
    clients: BTreeMap<String, Client>,
    drain: CancellationToken,
}

pub struct World {
    folder: TempDir,
    log: Arc<SqliteLog>,
    readers: BTreeMap<usize, Reader>,
}

impl World {
    /// An empty log, and tiny limits, so that every path is taken.
    pub async fn new(random: &mut Random) -> Self {
        let folder = temporary_folder();
        let file = folder.path().join("log.db");
        let log = SqliteLog::open(&file, Durability::InMemory, Arc::new(SystemClock)).await;
        let log = Arc::new(log.expect("a new log can be made"));
        let timelines = TimelineSettings {
            celebrity_followers: random.between(1, 5),
            timeline_cap: random.between(3, 20),
            pull_following: random.between(3, 10),
            backfill_rows: random.between(1, 8),
            changes_kept: random.between(10, 200),
        };
        // Mostly so few that every resume takes several chunks, sometimes so many that one is enough.
        let few = if random.one_in(4) { 500 } else { 6 };
        let streams = StreamLimits { changes_max: 1 + random.below(few), fallbacks_max: random.below(few) };
        let mut readers = BTreeMap::new();
        for batch_events_max in BATCH_SIZES {
            let settings = ProjectorSettings { timelines: timelines.clone(), batch_events_max };
            let reader = Reader::open(folder.path(), log.clone(), settings, streams).await;
            readers.insert(batch_events_max, reader);
        }
        Self { folder, log, readers }
    }

    pub fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    /// Projects all that is in the log, sometimes after a restart of the projector.
    pub async fn catch_up(&mut self, batch_size: usize, random: &mut Random) {
        let restart = random.one_in(3);
        let log = self.log.clone();
        let reader = self.reader(batch_size);
        if restart {
            reader.projector = None;
            reader.projector = Some(reader.open_projector(log).await);
        }
        reader.projector().catch_up().await.expect("the projector projects");
    }

    /// Asks everything, and lets every client of a stream come back.
    pub async fn check_answers(&mut self, batch_size: usize, random: &mut Random, when: &str) {
        let mut report = Report::default();
        let model = self.model(&mut report).await;
        let page_size = if random.one_in(2) { 100 } else { i32::try_from(random.between(1, 7)).expect("it is small") };
        let manner = Manner { page_size, salt: random.below(100) };
        let reader = self.reader(batch_size);
        compare(&reader.queries, &model, manner, &mut report).await.expect("no question fails");
        for account in model.accounts() {
            reader.check_client(&model, account, random, &mut report).await;
        }
        assert!(report.answers > 0, "something was asked");
        assert_eq!(
            report.differences,
            0,
            "{when}, batches of {batch_size}, {:?}:\n{}",
            reader.settings.timelines,
            report.shown.join("\n")
        );
    }

    /// Batch size, restarts and rebuilds change no row.
    pub async fn check_tables_are_equal(&self, when: &str) {
        for sql in FIXED_TABLES {
            let mut seen: Option<(usize, Vec<String>)> = None;
            for (batch_size, reader) in &self.readers {
                let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&reader.tables).await.expect("it reads");
                if let Some((other, expected)) = &seen {
                    assert_eq!(&rows, expected, "{when}: batches of {batch_size} and of {other} differ in {sql}");
                }
                seen = Some((*batch_size, rows));
            }
        }
    }

    /// Fills every projection of one reader again.
    pub async fn rebuild(&mut self, batch_size: usize) {
        let projector = self.reader(batch_size).projector();
        for name in PROJECTIONS {
            projector.rebuild(name).await.expect("it rebuilds");
        }
    }

    pub async fn types_of_events(&self) -> BTreeSet<String> {
        let events = self.log.read(shared::ids::Position(0), usize::MAX).await.expect("the log reads");
        events.into_iter().map(|event| event.kind).collect()
    }

    /// The naive law at the head of the log.
    async fn model(&self, report: &mut Report) -> Model {
        let reader = LogReader::open(&self.folder.path().join("log.db")).await.expect("the log is there");
        let head = reader.head().await.expect("the log has a head");
        reader.fold(head, report).await.expect("the log reads")
    }

    fn reader(&mut self, batch_size: usize) -> &mut Reader {
        self.readers.get_mut(&batch_size).expect("it is one of BATCH_SIZES")
    }
}

impl Reader {
    async fn open(folder: &Path, log: Arc<SqliteLog>, settings: ProjectorSettings, streams: StreamLimits) -> Self {
        let name = format!("batches-of-{}", settings.batch_events_max);
        let store = Store::in_folder(&folder.join(name)).expect("the folder can be made");
        let projector = open_projector(&store, log.clone(), settings.clone()).await;
        let epoch = shared::log::LogHead::identity(&*log).epoch;
        let tables = shared::tables::open_to_read(&store.tables_file(), epoch).await.expect("they were just made");
        let drain = CancellationToken::new();
        let queries = Queries::new(tables.clone(), log, &Wake::default(), streams, drain.clone());
        Self { store, settings, projector: Some(projector), tables, queries, clients: BTreeMap::new(), drain }
    }

    async fn open_projector(&self, log: Arc<SqliteLog>) -> Projector {
        open_projector(&self.store, log, self.settings.clone()).await
    }

    fn projector(&mut self) -> &mut Projector {
        self.projector.as_mut().expect("it is only closed while it restarts")
    }

    /// What the client of an account shows after it came back is the timeline.
    async fn check_client(&mut self, model: &Model, account: &str, random: &mut Random, report: &mut Report) {
        let is_there = match self.clients.get_mut(account) {
            Some(client) => client.come_back(&self.queries, random).await,
            None => match Client::start(&self.queries, account).await {
                Some(client) => {
                    self.clients.insert(account.to_owned(), client);
                    true
                }
                None => false,
            },
        };
        if !is_there {
            self.clients.remove(account);
            let wrong = model.account(account).map(|_| "the stream says that it is not there".to_owned());
            report.check(wrong, || format!("stream of {account}"));
            return;
        }
        let client = &self.clients[account];
        let (shown, expected) = (client.shown(), model.home_timeline(account));
        let wrong = (shown != expected).then(|| format!("shows {shown:#?}, must show {expected:#?}"));
        report.check(wrong, || format!("client of {account}"));
        for (post, text) in client.texts() {
            let expected = model.post(post, Some(account)).map(|post| post.text);
            let wrong = (expected.as_deref() != Some(text)).then(|| format!("reads {text}, must read {expected:?}"));
            report.check(wrong, || format!("post {post} of the client of {account}"));
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.drain.cancel();
    }
}

async fn open_projector(store: &Store, log: Arc<SqliteLog>, settings: ProjectorSettings) -> Projector {
    Projector::open(store, log, settings, Arc::new(SystemClock), Wake::default()).await.expect("the tables open")
}

/// In memory where there is such a place: a history writes small transactions by the thousand, and none must survive.
fn temporary_folder() -> TempDir {
    let shared_memory = Path::new("/dev/shm");
    match shared_memory.is_dir() {
        true => TempDir::new_in(shared_memory).expect("a folder in memory can be made"),
        false => TempDir::new().expect("a folder can be made"),
    }
}

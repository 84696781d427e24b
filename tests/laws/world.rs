//! One log, and a projector with tables and a query server for each batch size.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use clients::{
    Client, Expected, FromComments, HomeView, Known, NotificationView, PostView, Random, Screen, Screens, Together,
    View,
};
use projector::Projector;
use query_server::{Queries, StreamLimits};
use reference::{Entry, Model};
use shared::log::EventLog;
use shared::log::sqlite::{self, Durability};
use shared::model::clock::SystemClock;
use shared::rpc::auth::authority::Authority;
use shared::rpc::auth::principal::{Caller, Principal};
use shared::rpc::auth::validity::Validity;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::query_service_server::QueryServiceServer;
use shared::runtime::settings::{ProjectorSettings, TimelineSettings};
use shared::runtime::tasks::Tasks;
use shared::runtime::wake::Wake;
use shared::sql::Statement;
use shared::sql::database::Database;
use shared::sql::postgres::Server;
use shared::store::{Store, log_file};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status};
use tools::verify::{LogReader, Manner, Report, compare};
use uuid::Uuid;

pub const BATCH_SIZES: [usize; 3] = [1, 7, 1_000];

/// Tables whose rows the law determines. The form of the timelines is free; their answers are not.
static FIXED_TABLES: [Statement; 17] = [
    Statement::new(
        "SELECT CAST({array}(account, {id account_id}, handle, display_name, bio, organization, protected, active, created_at, version, extras, suspended) AS TEXT) AS line FROM profiles_1 ORDER BY line",
    ),
    Statement::new(
        "SELECT CAST({array}(post, {id post_id}, author, text, reply_to, reply_to_author, quoted, created_at, edited_at, deleted, version, extras, taken_down) AS TEXT) AS line FROM posts_1 ORDER BY line",
    ),
    Statement::new("SELECT CAST({array}(account, post, place) AS TEXT) AS line FROM posts_1_likes ORDER BY line"),
    Statement::new("SELECT CAST({array}(account, post, place) AS TEXT) AS line FROM posts_1_reposts ORDER BY line"),
    Statement::new(
        "SELECT CAST({array}(follower, followee, place) AS TEXT) AS line FROM graph_1_follows ORDER BY line",
    ),
    Statement::new(
        "SELECT CAST({array}(follower, followee, place) AS TEXT) AS line FROM graph_1_requests ORDER BY line",
    ),
    Statement::new("SELECT CAST({array}(account, target, place) AS TEXT) AS line FROM graph_1_blocks ORDER BY line"),
    Statement::new("SELECT CAST({array}(account, target, place) AS TEXT) AS line FROM graph_1_mutes ORDER BY line"),
    Statement::new(
        "SELECT CAST({array}(account, followers, following, posts) AS TEXT) AS line FROM counts_1_accounts
     WHERE followers <> 0 OR following <> 0 OR posts <> 0 ORDER BY line",
    ),
    Statement::new(
        "SELECT CAST({array}(post, likes, reposts, replies) AS TEXT) AS line FROM counts_1_posts
     WHERE likes <> 0 OR reposts <> 0 OR replies <> 0 ORDER BY line",
    ),
    Statement::new("SELECT CAST({array}(account, post, place) AS TEXT) AS line FROM bookmarks_1 ORDER BY line"),
    Statement::new("SELECT CAST({array}(tag, post) AS TEXT) AS line FROM hashtags_1 ORDER BY line"),
    Statement::new(
        "SELECT CAST({array}(recipient, reason, post, actor, place, happened_at) AS TEXT) AS line FROM notifications_1 ORDER BY line",
    ),
    Statement::new(
        "SELECT CAST({array}(recipient, reason, post, newest) AS TEXT) AS line FROM notifications_1_groups ORDER BY line",
    ),
    Statement::new("SELECT CAST({array}(recipient, up_to) AS TEXT) AS line FROM notifications_1_seen ORDER BY line"),
    Statement::new(
        "SELECT CAST({array}(actor, place, kind, target, happened_at) AS TEXT) AS line FROM activity_1 ORDER BY line",
    ),
    Statement::new("SELECT CAST({array}(actor, place, post) AS TEXT) AS line FROM timelines_1_reasons ORDER BY line"),
];

/// Tables whose rows depend on the batches, or whose form is free.
const FREE_TABLES: [&str; 12] = [
    "changes_1",
    "changes_1_kept",
    "notifications_1_changes",
    "notifications_1_kept",
    "own_changes_1",
    "own_changes_1_kept",
    "posts_1_changes",
    "posts_1_kept",
    "timelines_1",
    "timelines_1_accounts",
    "timelines_1_edges",
    "timelines_1_sweep",
];

/// The same laws hold on each engine.
#[derive(Clone, Copy, Debug)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Where the log of a history is, and the tables of each of its readers.
struct Places {
    log: Store,
    tables: Vec<Store>,
    /// Removed with the history.
    _folder: Option<TempDir>,
}

/// Databases are reused, since making one takes longer than a history: sets of them that no history uses now. Tests of one process may run at
/// the same time, and each needs its own.
static DATABASES: Mutex<Vec<Vec<Server>>> = Mutex::new(vec![]);

async fn databases() -> Vec<Server> {
    let free = DATABASES.lock().expect("nobody panics with it").pop();
    if let Some(databases) = free {
        return databases;
    }
    let mut databases = Vec::new();
    for _ in 0..=BATCH_SIZES.len() {
        databases.push(Server::for_a_test().await);
    }
    databases
}

impl Drop for Places {
    fn drop(&mut self) {
        let stores = [&self.log].into_iter().chain(&self.tables);
        let servers = stores.filter_map(|store| match store {
            Store::Server(server) => Some(server.clone()),
            Store::Folder(_) => None,
        });
        let databases: Vec<Server> = servers.collect();
        if !databases.is_empty() {
            DATABASES.lock().expect("nobody panics with it").push(databases);
        }
    }
}

impl Places {
    /// New and empty.
    async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = temporary_folder();
                let store = |name: &str| Store::in_folder(&folder.path().join(name)).expect("the folder can be made");
                let tables = BATCH_SIZES.map(|size| store(&format!("batches-of-{size}"))).into();
                Self { log: store("log"), tables, _folder: Some(folder) }
            }
            Engine::Postgres => {
                let databases = databases().await;
                let mut epoch = None;
                for database in &databases {
                    let mut around = PgConnection::connect(&database.address()).await.expect("it answers");
                    sqlx::raw_sql(EMPTY).execute(&mut around).await.expect("the schemas can be dropped");
                    database.migrate(&projector::projections::tables()).await.expect("the schemas can be made");
                    match epoch {
                        None => epoch = Some(epoch_of(&mut around).await),
                        Some(epoch) => adopt(&mut around, epoch).await,
                    }
                }
                let mut stores = databases.into_iter().map(Store::Server);
                let log = stores.next().expect("there are several");
                Self { log, tables: stores.collect(), _folder: None }
            }
        }
    }

    async fn open_log(&self) -> Arc<dyn EventLog> {
        let clock = Arc::new(SystemClock);
        match &self.log {
            Store::Folder(folder) => {
                let log = sqlite::open(&log_file(folder), Durability::InMemory, clock).await;
                Arc::new(log.expect("a new log can be made"))
            }
            Store::Server(_) => self.log.open_log(clock).await.expect("the log opens"),
        }
    }
}

/// Limits that are so small that every path is taken.
pub fn tiny_limits(random: &mut Random) -> TimelineSettings {
    TimelineSettings {
        celebrity_followers: random.between(1, 5),
        timeline_cap: random.between(3, 20),
        pull_following: random.between(3, 10),
        backfill_rows: random.between(1, 8),
        changes_kept: random.between(10, 200),
    }
}

const EMPTY: &str =
    "SET client_min_messages = warning; DROP SCHEMA IF EXISTS chirp_log, chirp_tables, chirp_access CASCADE";

async fn epoch_of(around: &mut PgConnection) -> Uuid {
    sqlx::query_scalar("SELECT epoch FROM chirp_log.store").fetch_one(around).await.expect("there is a store")
}

/// Makes the read tables of this database those of another log.
async fn adopt(around: &mut PgConnection, epoch: Uuid) {
    let adopted = sqlx::query("UPDATE chirp_tables.store SET epoch = $1").bind(epoch).execute(around).await;
    assert_eq!(adopted.expect("there are tables").rows_affected(), 1);
}

/// A query server in this process, called as over a connection.
type InProcess = QueryServiceClient<InterceptedService<QueryServiceServer<Queries>, CalledBy>>;

/// Puts an account into a call as its caller, as a server does that has authenticated it.
#[derive(Clone)]
struct CalledBy(Caller);

impl CalledBy {
    fn account(account: &str) -> Self {
        let principal = Arc::new(Principal::account(account.parse().expect("it is an id")));
        Self(Caller { principal, validity: Validity::default(), authority: Authority::open() })
    }
}

impl Interceptor for CalledBy {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.extensions_mut().insert(self.0.clone());
        Ok(request)
    }
}

/// One projector with its tables, its query server and its clients.
struct Reader {
    store: Store,
    settings: ProjectorSettings,
    projector: Option<Projector>,
    /// Wakes the query server.
    progress: Wake,
    tables: Database,
    queries: Arc<Queries>,
    homes: BTreeMap<String, Client<HomeView>>,
    notifications: BTreeMap<String, Client<NotificationView>>,
    posts: BTreeMap<String, Client<PostView>>,
    /// With all of it by one call.
    together: BTreeMap<String, Together>,
    /// The same by somebody who has read nothing but the comments of the contract.
    from_comments: BTreeMap<String, FromComments>,
    /// Which post each account looks at.
    looked_at: BTreeMap<String, String>,
    tasks: Tasks,
}

pub struct World {
    original: Arc<dyn EventLog>,
    /// The log as the readers see it.
    log: Arc<dyn EventLog>,
    readers: BTreeMap<usize, Reader>,
    /// Dropped last: its databases may be used again from then on.
    places: Places,
}

impl World {
    /// An empty log, and tiny limits, so that every path is taken.
    pub async fn new(engine: Engine, random: &mut Random) -> Self {
        Self::reading(engine, random, |log| log).await
    }

    /// A world whose readers see the log through a wrapper.
    pub async fn reading(
        engine: Engine,
        random: &mut Random,
        through: impl FnOnce(Arc<dyn EventLog>) -> Arc<dyn EventLog>,
    ) -> Self {
        let places = Places::new(engine).await;
        let original = places.open_log().await;
        let log = through(original.clone());
        let timelines = tiny_limits(random);
        // Mostly so few that every resume takes several chunks, sometimes so many that one is enough.
        let few = if random.one_in(4) { 500 } else { 6 };
        let streams = StreamLimits { changes_max: 1 + random.below(few), removed_max: random.below(few) };
        let mut readers = BTreeMap::new();
        for (batch_events_max, store) in BATCH_SIZES.into_iter().zip(&places.tables) {
            let settings =
                ProjectorSettings { timelines: timelines.clone(), batch_events_max, ..ProjectorSettings::default() };
            let reader = Reader::open(store.clone(), log.clone(), settings, streams).await;
            readers.insert(batch_events_max, reader);
        }
        Self { places, original, log, readers }
    }

    pub fn log(&self) -> Arc<dyn EventLog> {
        self.original.clone()
    }

    /// Projects all that is in the log, sometimes after a restart of the projector.
    pub async fn catch_up(&mut self, batch_size: usize, random: &mut Random) {
        let restart = random.one_in(3);
        let log = self.log.clone();
        let reader = self.reader(batch_size);
        if restart {
            let stopped = reader.projector.take().expect("there is one").stop().await;
            stopped.expect("the projector stops");
            reader.projector = Some(reader.open_projector(log).await);
        }
        reader.projector().catch_up().await.expect("the projector projects");
    }

    /// Sends every query, and lets every client of a stream resume.
    pub async fn check_answers(&mut self, batch_size: usize, random: &mut Random, when: &str) {
        let mut report = Report::default();
        let model = self.model(&mut report).await;
        let page_size = if random.one_in(2) { 100 } else { i32::try_from(random.between(1, 7)).expect("it is small") };
        let manner = Manner { page_size, salt: random.below(100) };
        let reader = self.reader(batch_size);
        compare(&reader.queries, &model, manner, &mut report).await.expect("no question fails");
        for account in model.accounts() {
            reader.check_clients(&model, account, random, &mut report).await;
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

    /// Lets the calls of several subscriptions break, whose clients would stay connected.
    pub fn disconnect(&mut self, batch_size: usize) {
        let reader = self.reader(batch_size);
        reader.together.values_mut().for_each(Together::disconnect);
        reader.from_comments.values_mut().for_each(FromComments::disconnect);
    }

    /// Batch size, restarts and rebuilds change no row.
    pub async fn check_tables_are_equal(&self, when: &str) {
        for table in projector::projections::tables().iter().flat_map(|tables| tables.names()) {
            let is_compared =
                FIXED_TABLES.iter().any(|fixed| fixed.sqlite().split_whitespace().any(|word| word == table));
            assert!(is_compared != FREE_TABLES.contains(&table), "{table} is either in FIXED_TABLES or in FREE_TABLES");
        }
        for statement in &FIXED_TABLES {
            let mut seen: Option<(usize, Vec<String>)> = None;
            for (batch_size, reader) in &self.readers {
                let rows = reader.tables.rows(statement, &[]).await.expect("it reads");
                let rows: Vec<String> = rows.iter().map(|row| row.get("line").expect("it is text")).collect();
                if let Some((other, expected)) = &seen {
                    assert_eq!(
                        &rows, expected,
                        "{when}: batches of {batch_size} and of {other} differ in {statement:?}"
                    );
                }
                seen = Some((*batch_size, rows));
            }
        }
    }

    /// Rebuilds every projection of one reader.
    pub async fn rebuild(&mut self, batch_size: usize) {
        let projector = self.projector(batch_size);
        for name in projector::projections::names() {
            projector.rebuild(name).await.expect("it rebuilds");
        }
    }

    pub fn projector(&mut self, batch_size: usize) -> &mut Projector {
        self.reader(batch_size).projector()
    }

    pub async fn types_of_events(&self) -> BTreeSet<String> {
        let events = self.original.read(shared::model::ids::Position(0), usize::MAX).await.expect("the log reads");
        events.into_iter().map(|event| event.kind).collect()
    }

    /// The naive law at the head of the log.
    async fn model(&self, report: &mut Report) -> Model {
        let reader = LogReader::open(&self.places.log).await.expect("the log is there");
        let head = reader.head().await.expect("the log has a head");
        reader.fold(head, report).await.expect("the log reads")
    }

    fn reader(&mut self, batch_size: usize) -> &mut Reader {
        self.readers.get_mut(&batch_size).expect("it is one of BATCH_SIZES")
    }
}

impl Reader {
    async fn open(store: Store, log: Arc<dyn EventLog>, settings: ProjectorSettings, streams: StreamLimits) -> Self {
        let progress = Wake::default();
        let projector = open_projector(&store, log.clone(), settings.clone(), progress.clone()).await;
        let tables = store.open_tables_to_read(&*log).await.expect("they were just made");
        let tasks = Tasks::default();
        let queries = Arc::new(Queries::new(tables.clone(), log, &progress, streams, tasks.clone()));
        let (homes, notifications, posts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (together, from_comments) = (BTreeMap::new(), BTreeMap::new());
        let (looked_at, projector) = (BTreeMap::new(), Some(projector));
        Self {
            store,
            settings,
            projector,
            progress,
            tables,
            queries,
            homes,
            notifications,
            posts,
            together,
            from_comments,
            looked_at,
            tasks,
        }
    }

    async fn open_projector(&self, log: Arc<dyn EventLog>) -> Projector {
        open_projector(&self.store, log, self.settings.clone(), self.progress.clone()).await
    }

    fn projector(&mut self) -> &mut Projector {
        self.projector.as_mut().expect("it is only closed while it restarts")
    }

    /// How the clients of an account reach the query server: as that account, and as nobody else.
    fn client(&self, account: &str) -> InProcess {
        let service = QueryServiceServer::from_arc(self.queries.clone());
        QueryServiceClient::with_interceptor(service, CalledBy::account(account))
    }

    /// After they resume, the clients of an account must show what the model says; there are none for an account that is gone.
    async fn check_clients(&mut self, model: &Model, account: &str, random: &mut Random, report: &mut Report) {
        let own = self.client(account);
        let is_there = model.account(account).is_some();
        let entries = model.home_timeline(account);
        let text_of = |entry: &Entry| Some((entry.post_id.clone(), model.post(&entry.post_id, Some(account))?.text));
        let texts = entries.iter().filter_map(text_of).collect();
        let home = is_there.then_some((entries, texts));
        check(&mut self.homes, &own, account, home, random, report).await;
        let notifications = is_there.then(|| model.notifications(account));
        check(&mut self.notifications, &own, account, notifications, random, report).await;

        if !self.looked_at.contains_key(account) {
            let posts: Vec<&str> = model.posts().collect();
            if posts.is_empty() {
                return;
            }
            self.looked_at.insert(account.to_owned(), (*random.pick(&posts)).to_owned());
        }
        self.check_together(model, account, random, report).await;
        self.check_from_comments(model, account, random, report).await;
        let post = self.looked_at[account].as_str();
        let expected = PostView::expected(model, post, account);
        let name = PostView::name(post, account);
        if !check(&mut self.posts, &own, &name, expected, random, report).await {
            self.looked_at.remove(account);
        }
    }
}

impl Reader {
    /// The same for the client that has all of it by one call.
    async fn check_together(&mut self, model: &Model, account: &str, random: &mut Random, report: &mut Report) {
        let mut client = match self.together.remove(account) {
            Some(client) => client,
            None => Together::of(account, &self.looked_at[account]),
        };
        let known = Known {
            posts: model.posts().map(str::to_owned).collect(),
            accounts: model.accounts().filter(|other| *other != account).map(str::to_owned).collect(),
        };
        let expected = Expected::of(model, account, client.post_id());
        let is_right = |client: &Together| Some(client.shown()) == expected && client.wrong(model).is_empty();
        let is_there = client.go_on(&self.client(account), (random, &known), is_right).await;
        let shown = is_there.then(|| client.shown());
        let wrong = (shown != expected).then(|| format!("shows {shown:#?}, must show {expected:#?}"));
        report.check(wrong, || format!("everything of {account} by one call"));
        if is_there {
            let wrong = Some(client.wrong(model)).filter(|wrong| !wrong.is_empty()).map(|wrong| wrong.join("\n"));
            report.check(wrong, || format!("the own state of {account}"));
            // One whose post cannot be seen any more looks at another.
            if client.shows_a_post() {
                self.together.insert(account.to_owned(), client);
            }
        }
    }
}

impl Reader {
    /// The same for the client that was written from the comments of the contract.
    async fn check_from_comments(&mut self, model: &Model, account: &str, random: &mut Random, report: &mut Report) {
        let posts: Vec<&str> = model.posts().collect();
        let mut client = match self.from_comments.remove(account) {
            Some(mut client) => {
                let is_gone = client.shown().is_none_or(|screen| !screen.has_thread());
                if is_gone || random.one_in(6) {
                    client.look_at(random.pick::<&str>(&posts));
                }
                client
            }
            None => FromComments::of(account, random.pick::<&str>(&posts)),
        };
        let accounts = model.accounts().filter(|other| *other != account).map(str::to_owned).collect();
        let screens = Screens { posts: posts.into_iter().map(str::to_owned).collect(), accounts };
        let expected = Screen::expected(model, account, client.post_id());
        let is_right = |client: &FromComments| client.shown() == expected && client.wrong(model).is_empty();
        client.go_on(&self.client(account), random, &screens, is_right).await;
        let shown = client.shown();
        let wrong = (shown != expected).then(|| format!("shows {shown:#?}, must show {expected:#?}"));
        report.check(wrong, || format!("what a client from the comments shows {account}"));
        let wrong = Some(client.wrong(model)).filter(|wrong| !wrong.is_empty()).map(|wrong| wrong.join("\n"));
        report.check(wrong, || format!("the own state of {account} in a client from the comments"));
        // Whoever comes back after a deactivation begins anew.
        if client.is_there() {
            self.from_comments.insert(account.to_owned(), client);
        }
    }
}

/// Resumes or starts the client of this name, and checks what it shows. Whether what it shows exists; if not, the client is dropped.
async fn check<V: View>(
    clients: &mut BTreeMap<String, Client<V>>,
    queries: &InProcess,
    name: &str,
    expected: Option<V::Shown>,
    random: &mut Random,
    report: &mut Report,
) -> bool {
    let is_right = |view: &V| Some(view.shown()) == expected;
    let is_there = match clients.get_mut(name) {
        Some(client) => client.go_on(queries, random, is_right).await,
        None => match Client::start(queries, name).await {
            Some(client) => clients.insert(name.to_owned(), client).is_none(),
            None => false,
        },
    };
    let shown = clients.get(name).filter(|_| is_there).map(|client| client.view.shown());
    let wrong = (shown != expected).then(|| format!("shows {shown:#?}, must show {expected:#?}"));
    report.check(wrong, || format!("{} of {name}", std::any::type_name::<V>()));
    if !is_there {
        clients.remove(name);
    }
    is_there
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.tasks.drain();
    }
}

async fn open_projector(
    store: &Store,
    log: Arc<dyn EventLog>,
    settings: ProjectorSettings,
    progress: Wake,
) -> Projector {
    Projector::open(store, log, settings, Arc::new(SystemClock), progress).await.expect("the tables open")
}

/// In memory where possible: a history writes small transactions by the thousand, and none must survive.
fn temporary_folder() -> TempDir {
    let shared_memory = Path::new("/dev/shm");
    match shared_memory.is_dir() {
        true => TempDir::new_in(shared_memory).expect("a folder in memory can be made"),
        false => TempDir::new().expect("a folder can be made"),
    }
}

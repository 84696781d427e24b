//! The tasks of a process: what was spawned, what becomes of the process when a task fails, and how all of it ends.
//!
//! A process ends in two steps, and each has a token. *Drain* (soft): no new work is taken, and calls may end within
//! the grace period. It begins when the process is asked to stop, when its own work ends, or when a vital task fails
//! or panics; the process then ends with that cause. *Stop* (hard): the grace period has passed, or the process was
//! asked again, and every task that is left is aborted.
//!
//! Always: every task has a name and belongs to one tracker; what is spawned is waited for. A *vital* task is one
//! without which the process cannot do its work, so its failure is the failure of the process, is seen in the
//! readiness, and drains it. A task *for a call* works for one client, and its panic fails that call only. Never
//! here: what a task does, and how it notices the drain. What libraries spawn (connections of hyper, of databases) is
//! theirs; it ends with the runtime.

use std::any::Any;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::runtime::ready::Readiness;

/// The check that fails in the readiness of a process whose vital task has failed. There is no such check while none
/// has.
pub const CHECK: &str = "tasks";
/// How long aborted tasks may take to go, which they do where they wait next.
const ABORTED_WITHIN: Duration = Duration::from_secs(1);

/// The tasks of a process, or of a [part](Self::part) of it. A handle: cheap to clone, and all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    all: Arc<All>,
    part: Arc<Part>,
}

/// What a process and its parts have together.
#[derive(Debug, Default)]
struct All {
    tracker: TaskTracker,
    running: Mutex<Running>,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct Running {
    by_id: BTreeMap<u64, Task>,
    next_id: u64,
}

#[derive(Debug)]
struct Task {
    name: &'static str,
    /// Only missing for the moment in which it is spawned.
    abort: Option<AbortHandle>,
}

#[derive(Debug, Default)]
struct Part {
    drain: CancellationToken,
    /// What made it drain, if it was a task.
    failure: OnceLock<Failure>,
    readiness: Mutex<Vec<Readiness>>,
}

/// The failure of a vital task.
#[derive(Clone, Debug)]
pub struct Failure {
    task: &'static str,
    cause: Cause,
}

#[derive(Clone, Debug)]
enum Cause {
    Error(Arc<dyn Error + Send + Sync>),
    Panic(String),
}

impl Failure {
    /// The task and its cause, in one line.
    #[must_use]
    pub fn line(&self) -> String {
        match &self.cause {
            Cause::Error(cause) => format!("{self}: {cause}"),
            Cause::Panic(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Error(_) => write!(formatter, "{} failed", self.task),
            Cause::Panic(said) => write!(formatter, "{} panicked: {said}", self.task),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Error(cause) => Some(&**cause),
            Cause::Panic(_) => None,
        }
    }
}

/// How a vital task ends: for good, or with an error. One that returns nothing can only panic.
pub trait TaskEnd: Send + 'static {
    /// The error, if it is one.
    fn error(self) -> Option<Arc<dyn Error + Send + Sync>>;
}

impl TaskEnd for () {
    fn error(self) -> Option<Arc<dyn Error + Send + Sync>> {
        None
    }
}

impl<E: Error + Send + Sync + 'static> TaskEnd for Result<(), E> {
    fn error(self) -> Option<Arc<dyn Error + Send + Sync>> {
        Some(Arc::new(self.err()?))
    }
}

impl Tasks {
    /// Those of this process. Whoever serves is handed its `Tasks`, so that a test can have several in one process;
    /// this is for what a store starts while it is opened (the writer of its log, whatever listens for wake-ups): a
    /// store is opened in a hundred places, and only those of the roles have a process to drain.
    pub fn of_process() -> &'static Self {
        static OF_PROCESS: OnceLock<Tasks> = OnceLock::new();
        OF_PROCESS.get_or_init(Self::default)
    }

    /// A part that ends before the whole does, such as a query server that answers one question. It drains with the
    /// whole; the failure of one of its tasks drains the part alone.
    #[must_use]
    pub fn part(&self) -> Self {
        let part = Part { drain: self.part.drain.child_token(), ..Part::default() };
        Self { all: self.all.clone(), part: Arc::new(part) }
    }

    /// Cancelled when no new work is to be taken.
    #[must_use]
    pub fn draining(&self) -> &CancellationToken {
        &self.part.drain
    }

    /// Begins the drain.
    pub fn drain(&self) {
        self.part.drain.cancel();
    }

    /// The failure that began the drain, if it was one.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.part.failure.get()
    }

    /// The failure of a vital task is told there, too, as the check [`CHECK`].
    pub fn tell(&self, ready: Readiness) {
        let mut told = self.part.readiness.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = self.failure() {
            ready.set(CHECK, Err(failure.line()));
        }
        told.push(ready);
    }

    /// Spawns what the process cannot do without: an error or a panic drains it with that cause. Its end without an
    /// error does not; it ends by itself when there is nothing left to do for it, at the latest some time after the
    /// drain began.
    pub fn spawn_vital<T: TaskEnd>(&self, name: &'static str, task: impl Future<Output = T> + Send + 'static) {
        let tasks = self.clone();
        self.spawn(name, async move {
            let cause = match AssertUnwindSafe(task).catch_unwind().await {
                Ok(end) => end.error().map(Cause::Error),
                Err(panic) => Some(Cause::Panic(said(&*panic))),
            };
            if let Some(cause) = cause {
                tasks.fail(Failure { task: name, cause });
            }
        });
    }

    /// The same for what has nothing to finish: it is dropped as soon as the drain begins.
    pub fn spawn_until_drained(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let drain = self.part.drain.clone();
        self.spawn_vital(name, async move { drain.run_until_cancelled(task).await.unwrap_or_default() });
    }

    /// Spawns what works for one call, or one connection: its panic is logged, and fails that call only.
    pub fn spawn_for_call(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.spawn(name, task)
    }

    /// Starts a thread that the process cannot do without: its panic drains it. Nobody can stop a thread from
    /// outside, so it is not waited for, and must hold nothing that has to be given back.
    ///
    /// # Errors
    /// When the system has none.
    pub fn start_thread(&self, name: &'static str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let tasks = self.clone();
        let working = move || {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
                tasks.fail(Failure { task: name, cause: Cause::Panic(said(&*panic)) });
            }
        };
        #[expect(clippy::disallowed_methods, reason = "this is where threads are started")]
        std::thread::Builder::new().name(name.to_owned()).spawn(working).map(drop)
    }

    /// Works, and then waits until every task has ended; each time that `asked` returns, the process is asked to
    /// stop. Nothing is left running afterwards, unless it holds up a thread.
    ///
    /// # Errors
    /// What made the process end: the failure of a vital task, or else that of the work.
    pub async fn run<E: From<Failure>>(
        &self,
        grace_period: Duration,
        asked: impl AsyncFnMut() -> &'static str,
        work: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        let ending = async {
            let worked = {
                // However the work ends.
                let _ended = self.part.drain.clone().drop_guard();
                work.await
            };
            self.all.tracker.close();
            self.all.tracker.wait().await;
            worked
        };
        let worked = tokio::select! {
            worked = ending => worked,
            never = self.stop_when_asked_twice(asked) => match never {},
            () = self.stop_after(grace_period) => Ok(()),
            () = self.all.stop.cancelled() => Ok(()),
        };
        self.abort_all().await;
        match self.failure() {
            Some(failure) => Err(failure.clone().into()),
            None => worked,
        }
    }

    async fn stop_when_asked_twice(&self, mut asked: impl AsyncFnMut() -> &'static str) -> Infallible {
        let signal = asked().await;
        info!("{signal}: draining");
        self.drain();
        let signal = asked().await;
        warn!("{signal}, again: what still runs is cut: {}", self.running());
        self.all.stop.cancel();
        std::future::pending().await
    }

    async fn stop_after(&self, grace_period: Duration) {
        self.part.drain.cancelled().await;
        sleep(grace_period).await;
        warn!("the grace period has passed, and what still runs is cut: {}", self.running());
        self.all.stop.cancel();
    }

    /// Aborts what is left, and waits until it is gone.
    async fn abort_all(&self) {
        self.part.drain.cancel();
        // Whatever is spawned from here on is aborted at once.
        self.all.stop.cancel();
        self.all.lock().by_id.values().filter_map(|task| task.abort.as_ref()).for_each(AbortHandle::abort);
        self.all.tracker.close();
        if timeout(ABORTED_WITHIN, self.all.tracker.wait()).await.is_err() {
            warn!("these were aborted and still run: {}", self.running());
        }
    }

    /// The names of the tasks that run, each with how many there are.
    fn running(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for task in self.all.lock().by_id.values() {
            *counts.entry(task.name).or_default() += 1;
        }
        let named = |(name, count)| if count == 1 { String::from(name) } else { format!("{name} ({count})") };
        counts.into_iter().map(named).collect::<Vec<_>>().join(", ")
    }

    fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let entry = Entry::new(&self.all, name);
        let id = entry.id;
        #[expect(clippy::disallowed_methods, reason = "this is where tasks are spawned")]
        let spawned = self.all.tracker.spawn(async move {
            let _entry = entry;
            task.await;
        });
        let abort = spawned.abort_handle();
        // It may have ended already.
        if let Some(task) = self.all.lock().by_id.get_mut(&id) {
            task.abort = Some(abort.clone());
        }
        if self.all.stop.is_cancelled() {
            abort.abort();
        }
        abort
    }

    /// What fails while the process drains anyway is not what it ends with.
    fn fail(&self, failure: Failure) {
        let (task, line) = (failure.task, failure.line());
        if self.part.drain.is_cancelled() {
            error!(task, "while draining: {line}");
            return;
        }
        error!(task, "draining, since {line}");
        let told = self.part.readiness.lock().unwrap_or_else(PoisonError::into_inner);
        // Of two at once, the first is the cause.
        if self.part.failure.set(failure).is_ok() {
            told.iter().for_each(|ready| ready.set(CHECK, Err(line.clone())));
        }
        drop(told);
        self.drain();
    }
}

impl All {
    /// Nothing that is held here is ever half done.
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task among those that run, until it is dropped with it.
struct Entry {
    all: Arc<All>,
    id: u64,
}

impl Entry {
    fn new(all: &Arc<All>, name: &'static str) -> Self {
        let mut running = all.lock();
        running.next_id += 1;
        let id = running.next_id;
        running.by_id.insert(id, Task { name, abort: None });
        Self { all: all.clone(), id }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.all.lock().by_id.remove(&self.id);
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    panic_message(panic).unwrap_or("without a message").to_owned()
}

/// The message of a panic, if it has one.
#[must_use]
pub fn panic_message(panic: &(dyn Any + Send)) -> Option<&str> {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::sync::{mpsc, oneshot};
    use tokio::time::Instant;

    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    /// Runs these tasks beside work that goes on until the drain, and asks as often as it is told to.
    async fn run(tasks: &Tasks, mut asks: mpsc::Receiver<()>) -> Result<(), Failure> {
        let asked = async || match asks.recv().await {
            Some(()) => "SIGTERM",
            None => pending().await,
        };
        let work = async {
            tasks.draining().cancelled().await;
            Ok(())
        };
        tasks.run(GRACE, asked, work).await
    }

    async fn panics(said: &str) {
        panic!("{said}");
    }

    fn nobody_asks() -> mpsc::Receiver<()> {
        mpsc::channel(1).1
    }

    /// Sets a flag when it is dropped.
    struct Flag(Arc<AtomicBool>);

    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_error_of_a_vital_task_drains_with_that_cause_and_is_seen_in_the_readiness() {
        let (tasks, ready) = (Tasks::default(), Readiness::of("test", &[]));
        tasks.tell(ready.clone());
        assert!(ready.is_ready() && ready.listed().is_empty());
        tasks.spawn_vital("the writer", async { Err(io::Error::other("the disk is gone")) });
        let failure = run(&tasks, nobody_asks()).await.expect_err("it fails");
        assert_eq!(failure.to_string(), "the writer failed");
        assert_eq!(failure.source().expect("it has a cause").to_string(), "the disk is gone");
        assert_eq!(ready.failures(), "tasks: the writer failed: the disk is gone");
        let late = Readiness::of("test", &[]);
        tasks.tell(late.clone());
        assert!(!late.is_ready(), "whoever comes later is told, too");
    }

    #[tokio::test(start_paused = true)]
    async fn so_does_its_panic_and_that_of_a_thread() {
        let tasks = Tasks::default();
        tasks.spawn_vital("the writer", panics("no way"));
        let failure = run(&tasks, nobody_asks()).await.expect_err("it fails");
        assert_eq!(failure.to_string(), "the writer panicked: no way");
        let tasks = Tasks::default();
        tasks.start_thread("the poll", || panic!("no way")).expect("there is a thread");
        let failure = run(&tasks, nobody_asks()).await.expect_err("it fails");
        assert_eq!(failure.to_string(), "the poll panicked: no way");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_failure_is_the_cause_and_none_is_while_it_drains_anyway() {
        let tasks = Tasks::default();
        tasks.spawn_vital("the first", panics("as it is"));
        let drain = tasks.draining().clone();
        tasks.spawn_vital("the second", async move {
            drain.cancelled().await;
            panics("since the first is gone").await;
        });
        let failure = run(&tasks, nobody_asks()).await.expect_err("it fails");
        assert_eq!(failure.to_string(), "the first panicked: as it is");
        let tasks = Tasks::default();
        let drain = tasks.draining().clone();
        tasks.spawn_vital("the writer", async move {
            drain.cancelled().await;
            Err(io::Error::other("too late"))
        });
        tasks.drain();
        run(&tasks, nobody_asks()).await.expect("it was drained for another reason");
    }

    #[tokio::test(start_paused = true)]
    async fn the_failure_of_the_work_drains_what_was_spawned() {
        let tasks = Tasks::default();
        let drain = tasks.draining().clone();
        tasks.spawn_vital("the server", async move { drain.cancelled().await });
        let work = async { Err::<(), _>(Failure { task: "the work", cause: Cause::Panic("no".to_owned()) }) };
        let failure = tasks.run(GRACE, async || pending().await, work).await.expect_err("it fails");
        assert_eq!(failure.to_string(), "the work panicked: no");
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_for_a_call_and_the_end_of_a_vital_task_drain_nothing() {
        let tasks = Tasks::default();
        let (answer, answered) = oneshot::channel::<()>();
        tasks.spawn_for_call("a stream", async move {
            let _answer = answer;
            panic!("no way");
        });
        answered.await.expect_err("the call fails");
        let (done, is_done) = oneshot::channel();
        tasks.spawn_vital(
            "a writer that nobody needs any more",
            async move { done.send(()).expect("it is waited for") },
        );
        is_done.await.expect("it ends");
        sleep(GRACE).await;
        assert!(!tasks.draining().is_cancelled() && tasks.failure().is_none());
        tasks.drain();
        run(&tasks, nobody_asks()).await.expect("nothing has failed");
    }

    #[tokio::test(start_paused = true)]
    async fn the_failure_of_a_part_drains_that_part_only_and_the_whole_drains_its_parts() {
        let tasks = Tasks::default();
        let part = tasks.part();
        part.spawn_vital("a dispatch", panics("no way"));
        part.draining().cancelled().await;
        assert_eq!(part.failure().expect("it has failed").to_string(), "a dispatch panicked: no way");
        assert!(!tasks.draining().is_cancelled());
        let part = tasks.part();
        part.spawn_until_drained("a dispatch", pending());
        tasks.drain();
        run(&tasks, nobody_asks()).await.expect("it is no failure of the whole");
        assert!(part.draining().is_cancelled() && part.all.tracker.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_drained_may_end_within_the_grace_period_and_then_it_is_stopped() {
        let (tasks, began) = (Tasks::default(), Instant::now());
        let (ended, cut) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (drain, told) = (tasks.draining().clone(), ended.clone());
        tasks.spawn_vital("a call that ends", async move {
            drain.cancelled().await;
            sleep(GRACE / 2).await;
            told.store(true, Ordering::SeqCst);
        });
        let dropped = Flag(cut.clone());
        tasks.spawn_for_call("a call that does not", async move {
            let _dropped = dropped;
            pending::<()>().await;
        });
        tasks.drain();
        assert!(!tasks.all.stop.is_cancelled(), "soft comes first");
        run(&tasks, nobody_asks()).await.expect("nothing has failed");
        assert!(tasks.all.stop.is_cancelled(), "and then hard");
        assert!(ended.load(Ordering::SeqCst) && cut.load(Ordering::SeqCst));
        assert!(began.elapsed() >= GRACE && began.elapsed() < GRACE + ABORTED_WITHIN, "{:?}", began.elapsed());
        assert!(tasks.all.tracker.is_empty() && tasks.running().is_empty(), "nothing is left");
        let late = Arc::new(AtomicBool::new(false));
        let dropped = Flag(late.clone());
        tasks.spawn_vital("a latecomer", async move {
            let _dropped = dropped;
            pending::<()>().await;
        });
        tasks.all.tracker.wait().await;
        assert!(late.load(Ordering::SeqCst), "nothing begins after the end");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_twice_does_not_wait_for_the_grace_period() {
        let (tasks, began) = (Tasks::default(), Instant::now());
        tasks.spawn_for_call("a stream", pending());
        tasks.spawn_for_call("a stream", pending());
        tasks.spawn_vital("the server", pending::<()>());
        assert_eq!(tasks.running(), "a stream (2), the server");
        let (ask, asks) = mpsc::channel(2);
        let asking = async {
            ask.send(()).await.expect("it is heard");
            tasks.draining().cancelled().await;
            sleep(GRACE / 10).await;
            assert!(!tasks.all.stop.is_cancelled());
            ask.send(()).await.expect("it is heard");
            pending::<()>().await;
        };
        tokio::select! {
            ran = run(&tasks, asks) => ran.expect("nothing has failed"),
            () = asking => {}
        }
        assert_eq!(began.elapsed(), GRACE / 10);
        assert!(tasks.all.tracker.is_empty(), "nothing is left");
    }
}

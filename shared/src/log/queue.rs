//! Group commit: one task takes all appends that are waiting and commits them at once.
//!
//! Always: every append is answered once; a batch that could not be committed is answered so to each of its appends; the
//! task ends, after what is waiting, when the log is dropped. Never here: how a batch is committed.

use ::metrics::{counter, gauge, histogram};
use async_trait::async_trait;
use fail::fail_point;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{debug, error, info, warn};

use super::{APPEND_EVENTS_MAX, Anchor, Append, AppendError, Appended};
use crate::model::ids::Position;
use crate::runtime::gather::gather;
use crate::runtime::metrics;
use crate::runtime::ready;
use crate::runtime::tasks::Tasks;

/// The most appends that one transaction takes.
const BATCH_APPENDS_MAX: usize = 1_024;
/// The most events that one transaction takes, unless a single append has more: a batch is one statement, and must fit.
const BATCH_EVENTS_MAX: usize = 4_096;
/// The most appends that may wait; one more is refused as overload.
const WAITING_APPENDS_MAX: usize = 8_192;
/// The most that may wait to hear whether a batch could be committed.
const WAITING_CHECKS_MAX: usize = 4;

/// How one append ended.
pub(super) type Outcome = Result<Appended, AppendError>;

/// Why a batch was not committed.
#[derive(Debug)]
pub(super) enum Uncommitted {
    /// The store refuses what one of the appends says, whichever it is.
    Values(String),
    /// For a reason that has nothing to do with what the appends say.
    Store(AppendError),
}

/// What commits batches to one kind of store.
#[async_trait]
pub(super) trait Commit: Send + 'static {
    /// How many of the waiting appends fit into one batch, at least one; the others come with the next.
    fn choose(&mut self, waiting: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>);

    /// Commits every append of the batch that is still valid. The outcomes are in the order of the appends; with them comes the
    /// head.
    async fn commit(&mut self, appends: &[Append]) -> Result<(Vec<Outcome>, Position), Uncommitted>;

    /// Whether a batch could be committed now, as far as that can be known without one.
    async fn check(&mut self) -> ready::Outcome;
}

/// An append in the queue, and where its answer goes.
pub(super) struct Waiting {
    pub append: Append,
    answer: oneshot::Sender<Outcome>,
}

/// The way into the queue.
#[derive(Debug)]
pub(super) struct Queue {
    appends: mpsc::Sender<Waiting>,
    checks: mpsc::Sender<oneshot::Sender<ready::Outcome>>,
}

impl Queue {
    /// Starts the task that commits.
    pub fn start(commit: impl Commit, moved: watch::Sender<Position>) -> Self {
        let (appends, queue) = mpsc::channel(WAITING_APPENDS_MAX);
        let (checks, asked) = mpsc::channel(WAITING_CHECKS_MAX);
        Tasks::of_process().spawn_vital("log writer", run(commit, queue, asked, moved));
        Self { appends, checks }
    }

    /// Asks the task itself, which answers between two batches.
    pub async fn check(&self) -> ready::Outcome {
        let stopped = || "the writer has stopped".to_owned();
        let (answer, answered) = oneshot::channel();
        self.checks.send(answer).await.map_err(|_| stopped())?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Waits until this append is committed or refused.
    pub async fn append(&self, append: Append) -> Outcome {
        if append.events.len() > APPEND_EVENTS_MAX {
            return Err(AppendError::TooManyEvents);
        }
        let (answer, answered) = oneshot::channel();
        self.appends.try_send(Waiting { append, answer }).map_err(|full| match full {
            mpsc::error::TrySendError::Full(_) => AppendError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => AppendError::Unavailable("the writer has stopped".to_owned()),
        })?;
        answered.await.unwrap_or_else(|_| Err(AppendError::Unavailable("the writer has stopped".to_owned())))
    }
}

/// The newest event that anybody may have known who decided one of these.
pub(super) fn newest_known(appends: &[Append]) -> Anchor {
    appends.iter().map(|append| append.rests_on).max_by_key(|anchor| anchor.position).unwrap_or(Anchor::ORIGIN)
}

/// How many of the waiting appends have no more events together than a batch may have: at least one.
pub(super) fn fitting(waiting: &[Waiting]) -> usize {
    let mut events = 0;
    let fits = |waiting: &&Waiting| {
        events += waiting.append.events.len();
        events <= BATCH_EVENTS_MAX
    };
    waiting.iter().take_while(fits).count().max(1)
}

async fn run(
    mut commit: impl Commit,
    mut queue: mpsc::Receiver<Waiting>,
    mut checks: mpsc::Receiver<oneshot::Sender<ready::Outcome>>,
    moved: watch::Sender<Position>,
) {
    let (mut waiting, mut is_failing) = (Vec::new(), false);
    loop {
        tokio::select! {
            biased;
            any = gather(&mut queue, &mut waiting, BATCH_APPENDS_MAX) => if !any { break },
            // What was gathered until then is committed at once.
            Some(answer) = checks.recv() => {
                // Whoever asked may have gone away.
                let _ = answer.send(commit.check().await);
            }
        }
        while !waiting.is_empty() {
            let (batch, rest) = commit.choose(waiting);
            waiting = rest;
            may_panic();
            commit_and_answer(&mut commit, batch, &moved, &mut is_failing).await;
        }
    }
    // As it does whenever a log is closed, also by those who only made sure that it is there.
    debug!("the log is closed, and its writer ends");
}

/// Lets a test make the writer panic.
fn may_panic() {
    fail_point!("shared::log::writer");
}

/// Says once that nothing can be committed, and once that it can again: a full disk is not filled with that, too.
async fn commit_and_answer(
    commit: &mut impl Commit,
    batch: Vec<Waiting>,
    moved: &watch::Sender<Position>,
    is_failing: &mut bool,
) {
    let (appends, answers): (Vec<Append>, Vec<_>) =
        batch.into_iter().map(|waiting| (waiting.append, waiting.answer)).unzip();
    let outcomes = match commit_whole_or_singly(commit, &appends).await {
        Ok((outcomes, head)) => {
            if std::mem::take(is_failing) {
                info!("batches are committed again");
            }
            moved.send_modify(|last| *last = head.max(*last));
            // A batch of which nothing was appended does not say where the log ends.
            if head > Position(0) {
                gauge!(metrics::LOG_HEAD_POSITION).set(head.0 as f64);
            }
            outcomes
        }
        Err(cause) => {
            match std::mem::replace(is_failing, true) {
                false => error!(%cause, appends = appends.len(), "a batch was not committed: {cause}"),
                true => debug!(%cause, appends = appends.len(), "a batch was not committed either: {cause}"),
            }
            vec![Err(cause); appends.len()]
        }
    };
    count(&outcomes);
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // The caller may have gone away; what was committed stays committed.
        let _ = answer.send(outcome);
    }
}

/// Commits a batch; where the store refuses what is in it, each append by itself, so that one does not fail its neighbours.
async fn commit_whole_or_singly(
    commit: &mut impl Commit,
    appends: &[Append],
) -> Result<(Vec<Outcome>, Position), AppendError> {
    let cause = match commit.commit(appends).await {
        Ok(committed) => return Ok(committed),
        Err(Uncommitted::Store(cause)) => return Err(cause),
        Err(Uncommitted::Values(cause)) => cause,
    };
    warn!(cause, appends = appends.len(), "the store refuses what is in a batch, so each is tried by itself: {cause}");
    let (mut outcomes, mut head) = (Vec::with_capacity(appends.len()), Position(0));
    for append in appends {
        match commit.commit(std::slice::from_ref(append)).await {
            Ok((outcome, reached)) => {
                outcomes.extend(outcome);
                head = head.max(reached);
            }
            Err(Uncommitted::Store(cause)) => outcomes.push(Err(cause)),
            Err(Uncommitted::Values(cause)) => outcomes.push(Err(AppendError::Unstorable(cause))),
        }
    }
    Ok((outcomes, head))
}

fn count(outcomes: &[Outcome]) {
    histogram!(metrics::APPEND_BATCH_SIZE).record(outcomes.len() as f64);
    for outcome in outcomes {
        if let Err(AppendError::Conflict(_)) = outcome {
            counter!(metrics::APPEND_CONFLICTS).increment(1);
        }
    }
}

//! Shared reads: what many streams ask of the tables at the same time is read once for all of them.
//!
//! Always: those who ask while a read is under way are answered together by the next one, from one snapshot and by one statement for each step,
//! however many they are, as the log's writer does with appends. Never here: what is asked, and what happened.

use metrics::counter;
use shared::rpc::progress::shutting_down;
use shared::runtime::gather::gather;
use shared::runtime::metrics::STREAM_READS;
use shared::runtime::tasks::Tasks;
use shared::sql::database::Database;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use crate::snapshot::{Projections, Snapshot};

/// Questions that are answered together.
const TOGETHER_MAX: usize = 1_024;

/// A kind of question that is answered for many at once.
pub trait SharedRead: Send + 'static {
    /// What one stream asks.
    type Question: Send + Sync;
    /// What it is answered.
    type Answer: Send;

    /// The projections whose tables are read.
    const READS: Projections;
    /// What it is called in metrics.
    const NAME: &'static str;

    /// The answers, in the order of the questions.
    ///
    /// # Errors
    /// When the tables fail, which is then the answer to all of them.
    fn answer(
        snapshot: &mut Snapshot,
        questions: &[Self::Question],
    ) -> impl Future<Output = Result<Vec<Result<Self::Answer, Status>>, Status>> + Send;
}

type Asked<R> = (<R as SharedRead>::Question, oneshot::Sender<Result<<R as SharedRead>::Answer, Status>>);

/// The way to the task that reads.
pub struct Reader<R: SharedRead>(mpsc::Sender<Asked<R>>);

impl<R: SharedRead> Clone for Reader<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R: SharedRead> Reader<R> {
    /// Starts the task that reads, until nobody can ask any more.
    pub fn start(tables: Database, tasks: &Tasks) -> Self {
        let (asking, queue) = mpsc::channel(TOGETHER_MAX);
        tasks.spawn_vital("shared reads", run::<R>(tables, queue));
        Self(asking)
    }

    /// The answer to a question, with all who ask at the same time.
    ///
    /// # Errors
    /// When the tables fail, or as the question has it.
    pub async fn ask(&self, question: R::Question) -> Result<R::Answer, Status> {
        let (answer, answered) = oneshot::channel();
        self.0.send((question, answer)).await.map_err(|_| shutting_down())?;
        answered.await.map_err(|_| shutting_down())?
    }
}

async fn run<R: SharedRead>(tables: Database, mut queue: mpsc::Receiver<Asked<R>>) {
    let mut asked = Vec::new();
    while gather(&mut queue, &mut asked, TOGETHER_MAX).await {
        let (questions, waiting): (Vec<_>, Vec<_>) = asked.drain(..).unzip();
        counter!(STREAM_READS, "of" => R::NAME).increment(1);
        let answers = match read::<R>(&tables, &questions).await {
            Ok(answers) => answers,
            Err(status) => questions.iter().map(|_| Err(status.clone())).collect(),
        };
        for (waiting, answer) in waiting.into_iter().zip(answers) {
            // The stream may have ended meanwhile.
            let _ = waiting.send(answer);
        }
    }
}

async fn read<R: SharedRead>(
    tables: &Database,
    questions: &[R::Question],
) -> Result<Vec<Result<R::Answer, Status>>, Status> {
    let mut snapshot = Snapshot::take(tables, R::READS).await?;
    R::answer(&mut snapshot, questions).await
}

//! The judge: how owners see posts now, for all home streams that ask at the same time.
//!
//! Always: those who come while a question is answered are answered together by the next one, from one snapshot and by one
//! statement for each step, however many they are, as the log's writer does with appends. Never here: what happened, and whom it
//! concerns.

use std::collections::BTreeMap;

use shared::database::Database;
use shared::gather::gather;
use shared::ids::{AccountKey, Position, PostKey};
use shared::progress::shutting_down;
use shared::proto::query::TimelineItem;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use crate::hydrate;
use crate::questions::home_timeline::{READS, Wanted, seen_now};
use crate::snapshot::Snapshot;

/// Questions that are answered together.
const TOGETHER_MAX: usize = 1_024;

/// What an owner sees, by the posts.
pub type Items = BTreeMap<PostKey, TimelineItem>;

struct Question {
    owner: AccountKey,
    posts: Vec<PostKey>,
    up_to: Position,
    answer: oneshot::Sender<Result<Items, Status>>,
}

/// The way to the judge.
#[derive(Clone)]
pub struct Judge(mpsc::Sender<Question>);

impl Judge {
    /// Starts the task that answers, until nobody can ask any more.
    pub fn start(tables: Database) -> Self {
        let (questions, queue) = mpsc::channel(TOGETHER_MAX);
        tokio::spawn(run(tables, queue));
        Self(questions)
    }

    /// Those of these posts that the owner sees, each at its newest visible reason up to a position that the tables have reached.
    ///
    /// # Errors
    /// When the tables fail.
    pub async fn items(&self, owner: AccountKey, posts: Vec<PostKey>, up_to: Position) -> Result<Items, Status> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Question { owner, posts, up_to, answer }).await.map_err(|_| shutting_down())?;
        answered.await.map_err(|_| shutting_down())?
    }
}

async fn run(tables: Database, mut queue: mpsc::Receiver<Question>) {
    let mut questions = Vec::new();
    while gather(&mut queue, &mut questions, TOGETHER_MAX).await {
        let answers = match answer(&tables, &questions).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(status) => vec![Err(status); questions.len()],
        };
        for (question, answer) in questions.drain(..).zip(answers) {
            // The stream may have ended meanwhile.
            let _ = question.answer.send(answer);
        }
    }
}

/// The answers, in the order of the questions.
async fn answer(tables: &Database, questions: &[Question]) -> Result<Vec<Items>, Status> {
    let mut snapshot = Snapshot::take(tables, READS).await?;
    let (mut asked_by, mut wanted) = (Vec::new(), Vec::new());
    for (number, Question { owner, posts, up_to, .. }) in questions.iter().enumerate() {
        asked_by.extend(posts.iter().map(|_| number));
        wanted.extend(posts.iter().map(|post| Wanted { owner: *owner, post: *post, up_to: *up_to }));
    }
    let seen = seen_now(&mut snapshot, &wanted).await?;
    let entries: Vec<_> = seen.iter().map(|(number, entry)| (wanted[*number].owner, *entry)).collect();
    let items = hydrate::items_of_viewers(&mut snapshot, &entries).await?;
    let mut answers: Vec<Items> = questions.iter().map(|_| Items::new()).collect();
    for ((number, entry), item) in seen.iter().zip(items) {
        answers[asked_by[*number]].extend(item.map(|item| (entry.post, item)));
    }
    Ok(answers)
}

//! Every question that the query server answers, asked of it and of the reference.

use std::fmt::Debug;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use query_server::Queries;
use reference::{Account, Model, Post};
use tonic::Status;

use super::answers::{self, List, Timeline};

/// Differences that are shown; the rest is counted.
const SHOWN_MAX: usize = 50;
const PROGRESS: Duration = Duration::from_secs(1);

/// What was compared, and what differed.
#[derive(Debug, Default)]
pub struct Report {
    /// Answers, and facts of the log, that were compared.
    pub answers: u64,
    /// Those that differed.
    pub differences: u64,
    /// The first of them, for people.
    pub shown: Vec<String>,
}

impl Report {
    /// Notes the outcome of one check.
    pub fn check(&mut self, wrong: Option<String>, what: impl FnOnce() -> String) {
        self.answers += 1;
        let Some(wrong) = wrong else { return };
        self.differences += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(format!("{}: {wrong}", what()));
        }
    }

    fn equal<T: PartialEq + Debug>(&mut self, found: &T, expected: &T, what: impl FnOnce() -> String) {
        let wrong = (found != expected).then(|| format!("is {found:?}, must be {expected:?}"));
        self.check(wrong, what);
    }
}

/// How to ask.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The size of every page.
    pub page_size: i32,
    /// Chooses with whose eyes, beside everybody's own.
    pub salt: usize,
}

/// Asks everything about every account and every post.
///
/// # Errors
/// When the query server fails, other than by saying that something is not there.
pub async fn compare(queries: &Queries, model: &Model, manner: Manner, report: &mut Report) -> Result<(), Status> {
    let accounts: Vec<&str> = model.accounts().collect();
    let posts: Vec<&str> = model.posts().collect();
    let mut progress = Progress::new(accounts.len() + posts.len());
    for (index, account) in accounts.iter().enumerate() {
        let others = neighbours(model, &accounts, index, manner.salt);
        compare_account(queries, model, account, &others, manner.page_size, report).await?;
        progress.step();
    }
    for (index, post) in posts.iter().enumerate() {
        let viewers = [None, accounts.get((index + manner.salt) % accounts.len().max(1)).copied()];
        for viewer in viewers.into_iter().filter(|viewer| viewer.is_none_or(|id| model.account(id).is_some())) {
            let found = answers::post(queries, post, viewer).await?;
            report.equal(&found, &model.post(post, viewer), || format!("post {post} seen by {viewer:?}"));
        }
        progress.step();
    }
    Ok(())
}

async fn compare_account(
    queries: &Queries,
    model: &Model,
    account: &str,
    others: &[String],
    page_size: i32,
    report: &mut Report,
) -> Result<(), Status> {
    let expected = model.account(account);
    report.equal(&answers::account(queries, account).await?, &expected, || format!("account {account}"));
    let Some(there) = expected else {
        let timeline = answers::home_timeline(queries, account, page_size).await?;
        let shown = timeline.map(|_| "a deactivated account has a timeline".to_owned());
        report.check(shown, || format!("home timeline of {account}"));
        return Ok(());
    };
    let by_handle = answers::account_by_handle(queries, &there.handle).await?;
    report.equal(&by_handle, &model.account_by_handle(&there.handle), || format!("handle {}", there.handle));
    compare_home(queries, model, account, page_size, report).await?;

    let viewers = std::iter::once(None).chain(others.iter().map(|other| Some(other.as_str())));
    for viewer in viewers.filter(|viewer| viewer.is_none_or(|id| model.account(id).is_some())) {
        let found = answers::author_timeline(queries, account, viewer, page_size).await?;
        let Timeline { entries, posts } = found.unwrap_or_default();
        let expected = model.author_timeline(account, viewer);
        report.equal(&entries, &expected, || format!("author timeline of {account} seen by {viewer:?}"));
        compare_posts(posts, model, viewer, report);
        for list in [List::Followers, List::Following] {
            let found = answers::list(queries, list, account, viewer, page_size).await?;
            let expected = match list {
                List::Followers => model.followers(account, viewer),
                List::Following | List::Requests => model.following(account, viewer),
            };
            report.equal(&found, &Some(expected), || format!("{list:?} of {account} seen by {viewer:?}"));
        }
    }
    let found = answers::list(queries, List::Requests, account, None, page_size).await?;
    report.equal(&found, &Some(model.follow_requests(account)), || format!("follow requests of {account}"));
    for other in others.iter().filter(|other| model.account(other).is_some()) {
        let found = answers::relationship(queries, account, other).await?;
        let expected = Some(model.relationship(account, other));
        report.equal(&found, &expected, || format!("relationship of {account} to {other}"));
    }
    Ok(())
}

/// The home timeline, paged to its end, and each post on it as its owner sees it.
pub async fn compare_home(
    queries: &Queries,
    model: &Model,
    owner: &str,
    page_size: i32,
    report: &mut Report,
) -> Result<(), Status> {
    let Timeline { entries, posts } = answers::home_timeline(queries, owner, page_size).await?.unwrap_or_default();
    report.equal(&entries, &model.home_timeline(owner), || format!("home timeline of {owner}"));
    compare_posts(posts, model, Some(owner), report);
    Ok(())
}

/// The posts of a timeline, and their authors, as its viewer sees them.
fn compare_posts(posts: Vec<(Post, Option<Account>)>, model: &Model, viewer: Option<&str>, report: &mut Report) {
    for (post, author) in posts {
        let expected = (model.post(&post.post_id, viewer), model.account(&post.author_id));
        let id = post.post_id.clone();
        report.equal(&(Some(post), author), &expected, || format!("post {id} in a timeline seen by {viewer:?}"));
    }
}

/// Others to look at an account with: one that it follows, one that follows it, and one that is somewhere.
fn neighbours(model: &Model, accounts: &[&str], index: usize, salt: usize) -> Vec<String> {
    let account = accounts[index];
    let (following, followers) = (model.following(account, None), model.followers(account, None));
    let somewhere = accounts[(index + 1 + salt % accounts.len()) % accounts.len()];
    let one_of = |all: &[String]| all.get(salt % all.len().max(1)).cloned();
    let mut others = vec![somewhere.to_owned()];
    others.extend(one_of(&following));
    others.extend(one_of(&followers));
    others.sort_unstable();
    others.dedup();
    others.retain(|other| other != account);
    others
}

/// How far the comparison is, on a terminal.
struct Progress {
    total: usize,
    done: usize,
    told_at: Instant,
}

impl Progress {
    fn new(total: usize) -> Self {
        Self { total, done: 0, told_at: Instant::now() }
    }

    fn step(&mut self) {
        self.done += 1;
        if self.told_at.elapsed() < PROGRESS || !std::io::stderr().is_terminal() {
            return;
        }
        self.told_at = Instant::now();
        let mut stderr = std::io::stderr();
        // Progress that cannot be shown is not worth failing for.
        let _ = write!(stderr, "\rverify: {} of {} ", self.done, self.total);
        let _ = stderr.flush();
    }
}

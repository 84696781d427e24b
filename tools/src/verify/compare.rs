//! Compares every answer of the query server with that of the reference.

use std::cell::Cell;
use std::fmt::Debug;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use query_server::Queries;
use reference::{Account, Entry, Model, Post};
use tonic::Status;

use super::answers::{self, Included, List, Page, Timeline};

/// How many differences are shown; all are counted.
const SHOWN_MAX: usize = 50;
const PROGRESS: Duration = Duration::from_secs(1);

/// What was compared, and what differed.
#[derive(Debug, Default)]
pub struct Report {
    /// How many answers, and facts of the log, were compared.
    pub answers: u64,
    /// How many of them differed.
    pub differences: u64,
    /// The first differences, for people.
    pub shown: Vec<String>,
}

impl Report {
    /// Records the outcome of one check.
    pub fn check(&mut self, wrong: Option<String>, what: impl FnOnce() -> String) {
        self.answers += 1;
        let Some(wrong) = wrong else { return };
        self.differences += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(format!("{}: {wrong}", what()));
        }
    }

    fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.differences += other.differences;
        let room = SHOWN_MAX - self.shown.len();
        self.shown.extend(other.shown.into_iter().take(room));
    }

    fn equal<T: PartialEq + Debug>(&mut self, found: &T, expected: &T, what: impl FnOnce() -> String) {
        let wrong = (found != expected).then(|| format!("is {found:?}, must be {expected:?}"));
        self.check(wrong, what);
    }
}

/// How queries are asked.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The size of every page.
    pub page_size: i32,
    /// Chooses the viewers, besides each account itself.
    pub salt: usize,
}

/// Asks everything about every account, every post and every hashtag.
///
/// # Errors
/// When the query server fails, other than by saying that something does not exist.
pub async fn compare(queries: &Queries, model: &Model, manner: Manner, report: &mut Report) -> Result<(), Status> {
    let accounts: Vec<&str> = model.accounts().collect();
    let posts: Vec<&str> = model.posts().collect();
    let tags: Vec<&str> = model.hashtags().collect();
    let progress = Progress::new(accounts.len() + posts.len() + tags.len());
    let asker = Asker { queries, model, manner, accounts: &accounts, progress: &progress };
    // The query server answers several queries at once, so several are asked at once.
    let (one, two, three, four) = tokio::try_join!(
        asker.share(&posts, &tags, 0),
        asker.share(&posts, &tags, 1),
        asker.share(&posts, &tags, 2),
        asker.share(&posts, &tags, 3)
    )?;
    for share in [one, two, three, four] {
        report.add(share);
    }
    Ok(())
}

/// How many activities of each account are compared: the newest. There are as many as the accounts that it follows have
/// done together, which in a dense graph is the square of its size.
const ACTIVITIES_MAX: usize = 1_000;
/// Into how many shares the accounts, posts and hashtags are divided.
const SHARES: usize = 4;
const BATCH: usize = 100;

/// Asks the query server and the reference the same.
struct Asker<'a> {
    queries: &'a Queries,
    model: &'a Model,
    manner: Manner,
    accounts: &'a [&'a str],
    progress: &'a Progress,
}

impl Asker<'_> {
    /// Compares every account, post and hashtag of one share.
    async fn share<T: AsRef<str>>(&self, posts: &[&str], tags: &[T], share: usize) -> Result<Report, Status> {
        let mut report = Report::default();
        let somebody = |index: usize| {
            let viewer = self.accounts.get((index + self.manner.salt) % self.accounts.len().max(1)).copied();
            viewer.filter(|id| self.model.account(id).is_some())
        };
        for index in (share..self.accounts.len()).step_by(SHARES) {
            self.account(index, &mut report).await?;
            self.progress.step();
        }
        for index in (share..posts.len()).step_by(SHARES) {
            self.post(posts[index], None, &mut report).await?;
            if let Some(viewer) = somebody(index) {
                self.post(posts[index], Some(viewer), &mut report).await?;
            }
            self.progress.step();
        }
        for index in (share..tags.len()).step_by(SHARES) {
            self.hashtag(tags[index].as_ref(), None, &mut report).await?;
            if let Some(viewer) = somebody(index) {
                self.hashtag(tags[index].as_ref(), Some(viewer), &mut report).await?;
            }
            self.progress.step();
        }
        for (index, ids) in posts.chunks(BATCH).enumerate().filter(|(index, _)| index % SHARES == share) {
            self.batch_of_posts(ids, somebody(index), &mut report).await?;
        }
        for (_, ids) in self.accounts.chunks(BATCH).enumerate().filter(|(index, _)| index % SHARES == share) {
            self.batch_of_accounts(ids, &mut report).await?;
        }
        Ok(report)
    }

    async fn account(&self, index: usize, report: &mut Report) -> Result<(), Status> {
        let Self { queries, model, .. } = *self;
        let (account, page_size) = (self.accounts[index], self.manner.page_size);
        let expected = model.account(account);
        report.equal(&answers::account(queries, account).await?, &expected, || format!("account {account}"));
        let Some(there) = expected else {
            let timeline = answers::home_timeline(queries, account, page_size).await?;
            let shown = timeline.map(|_| "an account that is gone has a timeline".to_owned());
            report.check(shown, || format!("home timeline of {account}"));
            return Ok(());
        };
        let by_handle = answers::account_by_handle(queries, &there.handle).await?;
        report.equal(&by_handle, &model.account_by_handle(&there.handle), || format!("handle {}", there.handle));
        compare_home(queries, model, account, page_size, report).await?;
        self.what_only_the_owner_sees(account, report).await?;

        let others = neighbours(model, self.accounts, index, self.manner.salt);
        let is_there = |viewer: &Option<&str>| viewer.is_none_or(|id| model.account(id).is_some());
        let viewers: Vec<Option<&str>> =
            [None, Some(account)].into_iter().chain(others.iter().map(|other| Some(other.as_str()))).collect();
        for viewer in viewers.iter().copied().filter(is_there) {
            let found = answers::author_timeline(queries, account, viewer, page_size).await?;
            let expected = Some(model.author_timeline(account, viewer));
            self.timeline(found, expected, viewer, report, || format!("author timeline of {account}"));
            for (list, expected) in [
                (List::Followers, model.followers(account, viewer)),
                (List::Following, model.following(account, viewer)),
            ] {
                let found = answers::list(queries, list, account, viewer, page_size).await?;
                report.equal(&found, &Some(expected), || format!("{list:?} of {account} seen by {viewer:?}"));
            }
        }
        for other in others.iter().filter(|other| model.account(other).is_some()) {
            for viewer in viewers.iter().copied().filter(is_there) {
                let found = answers::relationship(queries, account, other, viewer).await?;
                let expected = Some(model.relationship(account, other, viewer));
                let what = || format!("relationship of {account} to {other} seen by {viewer:?}");
                report.equal(&found, &expected, what);
            }
        }
        let is_known = |other: &&String| model.account(other).is_some();
        for viewer in viewers.iter().copied().filter(is_there).filter(|_| !others.is_empty()) {
            let found = answers::relationships(queries, account, &others, viewer).await?;
            let to = |other: &String| (other.clone(), model.relationship(account, other, viewer));
            let missing: Vec<String> = others.iter().filter(|other| !is_known(other)).cloned().collect();
            let expected = (others.iter().filter(is_known).map(to).collect(), missing);
            report.equal(&found, &expected, || format!("relationships of {account} to {others:?} seen by {viewer:?}"));
        }
        Ok(())
    }

    async fn what_only_the_owner_sees(&self, owner: &str, report: &mut Report) -> Result<(), Status> {
        let Self { queries, model, .. } = *self;
        let page_size = self.manner.page_size;
        for (list, expected) in [
            (List::Requests, model.follow_requests(owner)),
            (List::Blocked, model.blocked(owner)),
            (List::Muted, model.muted(owner)),
        ] {
            let found = answers::list(queries, list, owner, None, page_size).await?;
            report.equal(&found, &Some(expected), || format!("{list:?} of {owner}"));
        }
        let bookmarks = answers::bookmarks(queries, owner, page_size).await?;
        self.timeline(bookmarks, Some(model.bookmarks(owner)), Some(owner), report, || format!("bookmarks of {owner}"));

        let expected = model.notifications(owner);
        let found = answers::notifications(queries, owner, page_size).await?;
        let (groups, pages) = found.unwrap_or_default();
        report.equal(&groups, &expected, || format!("notifications of {owner}"));
        compare_pages(pages, model, Some(owner), report);
        let unread = answers::unread_notification_count(queries, owner).await?;
        let expected = Some(model.unread_notification_count(owner));
        report.equal(&unread, &expected, || format!("unread notifications of {owner}"));
        let mut expected = model.activities(owner);
        expected.truncate(ACTIVITIES_MAX);
        let activities = answers::activities(queries, owner, page_size, ACTIVITIES_MAX).await?;
        let (activities, pages) = activities.unzip();
        report.equal(&activities, &Some(expected), || format!("activities for {owner}"));
        compare_pages(pages.unwrap_or_default(), model, Some(owner), report);
        Ok(())
    }

    async fn post(&self, post: &str, viewer: Option<&str>, report: &mut Report) -> Result<(), Status> {
        let Self { queries, model, .. } = *self;
        let page_size = self.manner.page_size;
        let found = answers::post(queries, post, viewer).await?;
        report.equal(&found, &model.post_by_id(post, viewer), || format!("post {post} seen by {viewer:?}"));
        for (list, expected) in
            [(List::Likers, model.likers(post, viewer)), (List::Reposters, model.reposters(post, viewer))]
        {
            let found = answers::list(queries, list, post, viewer, page_size).await?;
            report.equal(&found, &expected, || format!("{list:?} of {post} seen by {viewer:?}"));
        }
        let quotes = answers::quotes(queries, post, viewer, page_size).await?;
        self.timeline(quotes, model.quotes(post, viewer), viewer, report, || format!("quotes of {post}"));
        let (thread, pages) = answers::thread(queries, post, viewer, page_size).await?.unzip();
        report.equal(&thread, &model.thread(post, viewer), || format!("thread of {post} seen by {viewer:?}"));
        compare_pages(pages.unwrap_or_default(), model, viewer, report);
        Ok(())
    }

    async fn hashtag(&self, tag: &str, viewer: Option<&str>, report: &mut Report) -> Result<(), Status> {
        let found = answers::hashtag_timeline(self.queries, tag, viewer, self.manner.page_size).await?;
        let expected = Some(self.model.hashtag_timeline(tag, viewer));
        self.timeline(found, expected, viewer, report, || format!("timeline of #{tag}"));
        Ok(())
    }

    async fn batch_of_posts(&self, ids: &[&str], viewer: Option<&str>, report: &mut Report) -> Result<(), Status> {
        let expected: Vec<Option<Post>> = ids.iter().map(|id| self.model.post_by_id(id, viewer)).collect();
        let missing = ids.iter().zip(&expected).filter(|(_, post)| post.is_none()).map(|(id, _)| (*id).to_owned());
        let missing: Vec<String> = missing.collect();
        let found = answers::posts(self.queries, ids, viewer).await?;
        let expected = (expected.into_iter().flatten().collect(), missing);
        report.equal(&found, &expected, || format!("batch of posts seen by {viewer:?}"));
        Ok(())
    }

    async fn batch_of_accounts(&self, ids: &[&str], report: &mut Report) -> Result<(), Status> {
        let expected: Vec<Option<Account>> = ids.iter().map(|id| self.model.account(id)).collect();
        let missing = ids.iter().zip(&expected).filter(|(_, account)| account.is_none());
        let missing: Vec<String> = missing.map(|(id, _)| (*id).to_owned()).collect();
        let found = answers::accounts(self.queries, ids).await?;
        report.equal(&found, &(expected.into_iter().flatten().collect(), missing), || "batch of accounts".to_owned());
        Ok(())
    }

    /// Compares a timeline, and the posts on it as the viewer sees them.
    fn timeline(
        &self,
        found: Option<Timeline>,
        expected: Option<Vec<Entry>>,
        viewer: Option<&str>,
        report: &mut Report,
        what: impl Fn() -> String,
    ) {
        let (entries, pages) = found.map(|found| (found.entries, found.pages)).unzip();
        report.equal(&entries, &expected, || format!("{} seen by {viewer:?}", what()));
        compare_pages(pages.unwrap_or_default(), self.model, viewer, report);
    }
}

/// Compares the home timeline, paged to its end, and each post on it as its owner sees it.
pub async fn compare_home(
    queries: &Queries,
    model: &Model,
    owner: &str,
    page_size: i32,
    report: &mut Report,
) -> Result<(), Status> {
    let Timeline { entries, pages } = answers::home_timeline(queries, owner, page_size).await?.unwrap_or_default();
    report.equal(&entries, &model.home_timeline(owner), || format!("home timeline of {owner}"));
    compare_pages(pages, model, Some(owner), report);
    Ok(())
}

/// Compares the posts of each page of a timeline, and what is included with them, as its viewer sees them.
fn compare_pages(pages: Vec<Page>, model: &Model, viewer: Option<&str>, report: &mut Report) {
    for page in pages {
        let expected = included(&page, model, viewer);
        let on_it: Vec<String> = page.posts.iter().map(|post| post.post_id.clone()).collect();
        report.equal(&page.included, &expected, || format!("what is included with {on_it:?} seen by {viewer:?}"));
        for post in page.posts {
            let id = post.post_id.clone();
            let expected = model.post(&id, viewer);
            report.equal(&Some(post), &expected, || format!("post {id} in a timeline seen by {viewer:?}"));
        }
    }
}

/// What the posts of a page refer to: the posts that they quote and answer, and all whose names stand beside them.
fn included(page: &Page, model: &Model, viewer: Option<&str>) -> Included {
    let mut included = Included::default();
    let mut people = page.people.clone();
    for post in &page.posts {
        people.insert(post.author_id.clone());
        people.extend(post.reply_to_account_id.clone());
        for other in [&post.quoted_post_id, &post.reply_to_post_id].into_iter().flatten() {
            if page.posts.iter().any(|there| there.post_id == *other) {
                continue;
            }
            match model.post(other, viewer) {
                Some(shown) => {
                    people.insert(shown.author_id.clone());
                    included.posts.insert(other.clone(), shown);
                }
                None => {
                    included.unavailable.insert(other.clone(), model.may_know_deletion_of(other, viewer));
                }
            }
        }
    }
    for id in people {
        let Some(account) = model.account(&id) else { continue };
        let other = viewer.filter(|viewer| *viewer != id);
        let standing = other.map(|viewer| model.relationship(viewer, &id, Some(viewer)));
        included.accounts.insert(id, (account, standing));
    }
    included
}

/// Other accounts that look at this one: one that it follows, one that follows it, and any other.
fn neighbours(model: &Model, accounts: &[&str], index: usize, salt: usize) -> Vec<String> {
    let account = accounts[index];
    let (following, followers) = (model.following(account, Some(account)), model.followers(account, Some(account)));
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

/// The progress of the comparison, on a terminal.
struct Progress {
    total: usize,
    done: Cell<usize>,
    told_at: Cell<Instant>,
}

impl Progress {
    fn new(total: usize) -> Self {
        Self { total, done: Cell::new(0), told_at: Cell::new(Instant::now()) }
    }

    fn step(&self) {
        self.done.set(self.done.get() + 1);
        if self.told_at.get().elapsed() < PROGRESS || !std::io::stderr().is_terminal() {
            return;
        }
        self.told_at.set(Instant::now());
        let mut stderr = std::io::stderr();
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(stderr, "\rverify: {} of {} ", self.done.get(), self.total);
        let _ = stderr.flush();
    }
}

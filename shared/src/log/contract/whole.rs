//! What a log is for those who back it up, copy it, or fill it from elsewhere.

use super::*;
use crate::log::{Import, ImportError, StoredRequest, WholeLog};

/// A store that can be read whole, and into which can be imported.
pub(super) trait WholeStoreUnderTest: StoreUnderTest {
    /// Opens the store to read all of it.
    async fn open_whole(&self) -> Arc<dyn WholeLog>;

    /// Opens the store to import; it was opened before, and is made.
    async fn open_to_import(&self) -> Arc<dyn WholeLog>;
}

/// A log with events of several streams, several causes, and requests of two principals, one of which appended nothing.
async fn filled(store: &impl WholeStoreUnderTest) -> Arc<dyn WholeLog> {
    let log = store.open().await;
    for number in 0..20 {
        let of_alice = asked(&request(), b"alice", append(&[], &[&stream("a"), &stream("ящик")]));
        let of_bob = Append { cause: cause(BOB), ..asked(&request(), &[number, 0], append(&[], &[])) };
        for append in [of_alice, of_bob] {
            log.append(append).await.expect("it is valid");
        }
    }
    store.open_whole().await
}

async fn all_requests(log: &dyn WholeLog, page_size: usize) -> Vec<StoredRequest> {
    let mut requests: Vec<StoredRequest> = Vec::new();
    loop {
        let page = log.requests_after(requests.last(), page_size).await.expect("they can be read");
        assert!(page.len() <= page_size, "{} on a page of {page_size}", page.len());
        if page.is_empty() {
            return requests;
        }
        requests.extend(page);
    }
}

pub(super) async fn every_request_is_listed_once_page_by_page(store: impl WholeStoreUnderTest) {
    let log = filled(&store).await;
    let whole = all_requests(&*log, 1_000).await;
    assert_eq!(whole.len(), 40);
    for stored in &whole {
        let found = log.find_request(&stored.principal, stored.request_id).await.expect("it can be read");
        assert_eq!(found.as_ref(), Some(&stored.stored));
    }
    assert_eq!(all_requests(&*log, 7).await, whole);
    assert_eq!(all_requests(&*log, 1).await, whole);
}

pub(super) async fn what_was_imported_is_the_log_that_it_came_from<S: WholeStoreUnderTest>(source: S) {
    let (source, target) = (filled(&source).await, S::create().await);
    drop(target.open().await);
    let importing = target.open_to_import().await;
    for request in all_requests(&*source, 9).await {
        importing.import(Import { events: vec![], requests: vec![request] }).await.expect("it is new");
    }
    let events = whole_log(&*source).await;
    for events in events.chunks(7) {
        importing.import(Import { events: events.to_vec(), requests: vec![] }).await.expect("it is next");
    }
    drop(importing);

    let log = target.open_whole().await;
    assert_eq!(whole_log(&*log).await, events);
    assert_eq!(all_requests(&*log, 1_000).await, all_requests(&*source, 1_000).await);
    assert_eq!(log.head().await, source.head().await);
    // Whoever appends goes on from there: versions, requests and the chain are those of the source.
    let log = target.open().await;
    check(&*log, write(&stream("a"), 19), conflict(&stream("a"))).await;
    check(&*log, write(&stream("a"), 20), now(41)).await;
    assert_eq!(first_broken_link(&whole_log(&*log).await), None);
}

pub(super) async fn an_import_that_does_not_go_on_where_the_log_ends_changes_nothing<S: WholeStoreUnderTest>(
    source: S,
) {
    let (source, target) = (filled(&source).await, S::create().await);
    drop(target.open().await);
    let importing = target.open_to_import().await;
    let (events, requests) = (whole_log(&*source).await, all_requests(&*source, 1_000).await);
    importing.import(Import { events: events[..3].to_vec(), requests: vec![] }).await.expect("it is next");

    let not_next = |expected, found| ImportError::NotNext { expected: Position(expected), found: Position(found) };
    let with = |index: usize, change: &dyn Fn(&mut Recorded)| {
        let mut changed = events[3..6].to_vec();
        change(&mut changed[index]);
        changed
    };
    let refused = [
        (events[2..6].to_vec(), not_next(4, 3)),
        (events[4..6].to_vec(), not_next(4, 5)),
        ([&events[3..5], &events[6..7]].concat(), not_next(6, 7)),
        (with(0, &|event| event.payload.push(' ')), ImportError::Broken(Position(4))),
        (with(2, &|event| event.version = Version(9)), ImportError::Broken(Position(6))),
        (with(1, &|event| event.hash = [0; 32]), ImportError::Broken(Position(5))),
    ];
    for (events, cause) in refused {
        let import = Import { events, requests: requests.clone() };
        assert_eq!(importing.import(import).await, Err(cause));
    }
    assert_eq!(whole_log(&*importing).await, events[..3]);
    assert_eq!(all_requests(&*importing, 1_000).await, []);
}

pub(super) async fn a_request_that_is_there_is_not_imported_over(store: impl WholeStoreUnderTest) {
    let log = filled(&store).await;
    let requests = all_requests(&*log, 1_000).await;
    let mut changed = requests.clone();
    changed.iter_mut().for_each(|request| request.stored.answer = b"another answer".to_vec());
    let importing = store.open_to_import().await;
    importing.import(Import { events: vec![], requests: changed }).await.expect("it goes on where the log ends");
    assert_eq!(all_requests(&*importing, 1_000).await, requests);
}

pub(super) async fn a_log_opened_for_something_else_does_not_import(store: impl WholeStoreUnderTest) {
    let log = filled(&store).await;
    let import = Import { events: vec![], requests: all_requests(&*log, 1_000).await };
    assert_eq!(log.import(import).await, Err(ImportError::NotOpened));
}

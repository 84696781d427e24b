//! Order: positions, versions, the head.

use super::*;

pub(super) async fn positions_are_dense_and_in_commit_order(store: impl StoreUnderTest) {
    let logs = [store.open().await, store.open().await, store.open().await];
    let appended = append_from_many(&logs).await;

    let events = whole_log(&*store.open().await).await;
    assert_eq!(events.len(), appended);
    assert_dense(&events);
}

pub(super) async fn versions_of_a_stream_are_one_to_n(store: impl StoreUnderTest) {
    let logs = [store.open().await, store.open().await];
    append_from_many(&logs).await;

    let mut versions: HashMap<StreamName, Version> = HashMap::new();
    for event in whole_log(&*logs[0]).await {
        let version = versions.entry(event.stream).or_default();
        *version = version.next();
        assert_eq!(event.version, *version, "at position {}", event.position);
    }
    assert_eq!(versions.len(), APPENDERS + 1, "one stream each, and one that all share");
}

pub(super) async fn a_reader_that_polls_while_others_append_never_sees_a_gap(store: impl StoreUnderTest) {
    let logs = [store.open().await, store.open().await];
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(poll_until(done.clone(), store.open_read_only().await));

    append_from_many(&logs).await;
    done.store(true, Ordering::SeqCst);

    let seen = reader.await.expect("the reader saw no gap");
    println!("{} events, {APPENDERS} appenders", seen.len());
    assert_dense(&seen);
    assert_eq!(seen, whole_log(&*logs[0]).await, "what was read once never changes");
}

/// Reads page after page, as a projection does, and ends at the first empty page after `done`.
pub(super) async fn poll_until(done: Arc<AtomicBool>, log: Log) -> Vec<Recorded> {
    let mut seen: Vec<Recorded> = Vec::new();
    loop {
        let was_done = done.load(Ordering::SeqCst);
        let head = log.head().await.expect("the head can be read").position;
        let page = log.read(last_position(&seen), 100).await.expect("there is no gap");
        if was_done && page.is_empty() {
            return seen;
        }
        let is_full = page.len() == 100;
        seen.extend(page);
        assert_dense(&seen[seen.len().saturating_sub(101)..]);
        assert!(is_full || last_position(&seen) >= head, "the head {head} was shown before it could be read");
    }
}

pub(super) async fn the_head_is_what_can_be_read(store: impl StoreUnderTest) {
    let (log, other) = (store.open().await, store.open().await);
    assert_eq!(head(&*log).await, Position(0));
    for version in 0..5 {
        check(&*log, write(&stream("a"), version), now(version + 1)).await;
        assert_eq!(head(&*log).await, Position(version + 1));
        assert_eq!(head(&*other).await, Position(version + 1));
        assert_eq!(last_position(&whole_log(&*other).await), Position(version + 1));
    }
}

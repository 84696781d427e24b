//! Reading.

use super::*;

/// How many states of a store a reader sees while somebody writes.
const SNAPSHOTS: usize = 20;

pub(super) async fn read_gives_nothing_at_the_head_or_beyond(store: impl StoreUnderTest) {
    let log = store.open().await;
    assert_eq!(log.read(Position(0), 10).await, Ok(vec![]));
    check(&*log, write(&stream("a"), 0), now(1)).await;
    for after in [1, 2, 1_000_000, i64::MAX - 1] {
        assert_eq!(log.read(Position(after), 10).await, Ok(vec![]), "after {after}");
    }
}

pub(super) async fn read_gives_at_most_as_many_as_asked(store: impl StoreUnderTest) {
    let log = store.open().await;
    check(&*log, append(&[], &[&stream("a"); 10]), now(10)).await;
    for (after, limit, positions) in [(0, 3, 1..4), (3, 3, 4..7), (9, 3, 10..11), (0, 10, 1..11), (4, 0, 5..5)] {
        let page = log.read(Position(after), limit).await.expect("there is no gap");
        let found: Vec<i64> = page.iter().map(|event| event.position.0).collect();
        assert_eq!(found, positions.collect::<Vec<i64>>());
    }
}

pub(super) async fn read_gives_at_most_its_maximum(store: impl StoreUnderTest) {
    let log = store.open().await;
    let full =
        Append { events: vec![NewEvent::new(stream("a"), event().encode()); APPEND_EVENTS_MAX], ..append(&[], &[]) };
    let appends = READ_EVENTS_MAX / APPEND_EVENTS_MAX + 1;
    for _ in 0..appends {
        log.append(full.clone()).await.expect("it is valid");
    }
    let page = log.read(Position(0), usize::MAX).await.expect("there is no gap");
    assert_eq!(page.len(), READ_EVENTS_MAX);
}

pub(super) async fn read_streams_gives_each_stream_in_the_order_asked(store: impl StoreUnderTest) {
    let log = store.open().await;
    let (a, b, unknown) = (stream("a"), stream("b"), stream("unknown"));
    check(&*log, append(&[], &[&a, &b, &a, &b, &b]), now(5)).await;

    let read = streams_of(&*log, &[&b, &unknown, &a]).await;
    let positions: Vec<Vec<i64>> =
        read.iter().map(|stream| stream.iter().map(|event| event.position.0).collect()).collect();
    assert_eq!(positions, [vec![2, 4, 5], vec![], vec![1, 3]]);
    assert_eq!(read[2], [whole_log(&*log).await[0].clone(), whole_log(&*log).await[2].clone()]);
    assert!(streams_of(&*log, &[]).await.is_empty());
}

pub(super) async fn read_streams_gives_a_stream_asked_for_twice_twice(store: impl StoreUnderTest) {
    let log = store.open().await;
    let (a, b) = (stream("a"), stream("b"));
    check(&*log, append(&[], &[&a, &b, &a]), now(3)).await;

    let read = streams_of(&*log, &[&a, &b, &a]).await;
    let versions: Vec<Vec<i64>> =
        read.iter().map(|stream| stream.iter().map(|event| event.version.0).collect()).collect();
    assert_eq!(versions, [vec![1, 2], vec![1], vec![1, 2]]);
}

pub(super) async fn read_streams_sees_one_snapshot(store: impl StoreUnderTest) {
    let (log, reader) = (store.open().await, store.open_read_only().await);
    let (a, b) = (stream("a"), stream("b"));
    let enough = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (both, enough) = (append(&[], &[&a, &b]), enough.clone());
        async move {
            while !enough.load(Ordering::SeqCst) {
                log.append(both.clone()).await.expect("it is valid");
                tokio::task::yield_now().await;
            }
        }
    });
    // The reader must have read while the writer wrote.
    let mut lengths_seen = HashSet::new();
    while lengths_seen.len() < SNAPSHOTS {
        let read = streams_of(&*reader, &[&a, &b]).await;
        assert_eq!(read[0].len(), read[1].len(), "one append was seen by halves");
        lengths_seen.insert(read[0].len());
    }
    enough.store(true, Ordering::SeqCst);
    writer.await.expect("the writer ends well");
}

pub(super) async fn one_append_takes_its_maximum_of_events_and_no_more(store: impl StoreUnderTest) {
    let log = store.open().await;
    let streams: Vec<StreamName> = (0..=APPEND_EVENTS_MAX).map(|number| stream(&format!("s-{number}"))).collect();
    let writing = |streams: &[StreamName]| Append {
        expected: streams.iter().map(|stream| (stream.clone(), Version(0))).collect(),
        events: streams.iter().map(|stream| NewEvent::new(stream.clone(), event().encode())).collect(),
        ..append(&[], &[])
    };
    check(&*log, writing(&streams), Err(AppendError::TooManyEvents)).await;
    assert_eq!(head(&*log).await, Position(0));

    let maximum = i64::try_from(APPEND_EVENTS_MAX).expect("it is small");
    check(&*log, writing(&streams[1..]), now(maximum)).await;
    assert_eq!(whole_log(&*log).await.len(), APPEND_EVENTS_MAX);
}

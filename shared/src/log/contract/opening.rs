//! Opening, and what is there afterwards.

use super::*;

/// How many stores are made by several processes at once, since one race alone may be won by luck.
const NEW_STORES: usize = 4;
/// How long a hint may take before it counts as lost.
const HINT_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn a_store_keeps_its_identity_and_shares_it_with_no_other<S: StoreUnderTest>(store: S) {
    let identity = store.open().await.identity();
    assert!(store.open().await.identity() == identity);
    assert!(store.open_read_only().await.identity() == identity);

    let other = S::create().await.open().await.identity();
    assert_ne!(other.epoch, identity.epoch);
    assert!(other.token_key != identity.token_key);
    assert!(identity.epoch != Uuid::nil() && identity.token_key != [0; 32]);
}

pub(super) async fn a_new_store_may_be_opened_many_times_at_once<S: StoreUnderTest>(_: S) {
    for _ in 0..NEW_STORES {
        let store = S::create().await;
        let (one, two, three, four) = tokio::join!(store.open(), store.open(), store.open(), store.open());
        for (number, log) in (1..).zip([&one, &two, &three, &four]) {
            assert!(log.identity() == one.identity());
            check(&**log, append(&[], &[&stream("a")]), now(number)).await;
        }
    }
}

pub(super) async fn a_log_opened_to_read_cannot_append(store: impl StoreUnderTest) {
    let log = store.open().await;
    let reader = store.open_read_only().await;
    let refused = reader.append(write(&stream("a"), 0)).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    assert_eq!(head(&*log).await, Position(0));

    let request = request();
    check(&*log, asked(&request, b"answer", write(&stream("a"), 0)), now(1)).await;
    assert_eq!(head(&*reader).await, Position(1));
    assert_eq!(whole_log(&*reader).await, whole_log(&*log).await);
    assert_eq!(find(&*reader, ALICE, &request).await, Some(answer_to(&request, 1, b"answer")));
}

pub(super) async fn what_was_acknowledged_is_there_after_reopening(store: impl StoreUnderTest) {
    let own = |number: usize| stream(&format!("own-{number}"));
    let log = store.open().await;
    let outcomes = append_at_once(&[log], (0..200).map(|number| write(&own(number), 0)).collect()).await;

    let reopened = store.open().await;
    let events = whole_log(&*reopened).await;
    assert_eq!(events.len(), outcomes.len());
    assert_eq!(head(&*reopened).await, Position(200));
    for (number, outcome) in outcomes.iter().enumerate() {
        let event = &streams_of(&*reopened, &[&own(number)]).await[0][0];
        assert_eq!(*outcome, now(event.position.0));
    }
    check(&*reopened, write(&own(0), 1), now(201)).await;
    assert_eq!(first_broken_link(&whole_log(&*reopened).await), None);
}

pub(super) async fn what_was_refused_as_overload_is_not_there(store: impl StoreUnderTest) {
    let log = store.open().await;
    let own = |number: usize| stream(&format!("own-{number}"));
    let flood = (0..12_000).map(|number| append(&[], &[&own(number)])).collect();
    let outcomes = append_at_once(std::slice::from_ref(&log), flood).await;

    let written: HashSet<StreamName> = whole_log(&*log).await.into_iter().map(|event| event.stream).collect();
    for (number, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(_) => assert!(written.contains(&own(number)), "an acknowledged append is gone"),
            Err(AppendError::Overloaded) => assert!(!written.contains(&own(number)), "a refused append is there"),
            other => panic!("neither stored nor refused: {other:?}"),
        }
    }
}

pub(super) async fn moved_wakes_after_an_append(store: impl StoreUnderTest) {
    let log = store.open().await;
    let mut moved = log.moved();
    for version in 0..3 {
        check(&*log, write(&stream("a"), version), now(version + 1)).await;
        let hinted = async {
            while *moved.hints().borrow() < Position(version + 1) {
                moved.wait().await;
            }
        };
        tokio::time::timeout(HINT_TIMEOUT, hinted).await.expect("the hint came");
    }
    let reopened = store.open().await;
    assert_eq!(*reopened.moved().hints().borrow(), Position(3), "a new process starts from the head");
}

//! Requests: asked again, they are answered again.

use super::*;

pub(super) async fn a_request_sent_again_gets_the_first_answer(store: impl StoreUnderTest) {
    let (log, other) = (store.open().await, store.open().await);
    let (a, request) = (stream("a"), request());
    assert_eq!(find(&*log, ALICE, &request).await, None);
    check(&*log, asked(&request, b"first", append(&[(&a, 0)], &[&a, &a])), now(2)).await;
    check(&*log, write(&a, 2), now(3)).await;

    let stored = answer_to(&request, 2, b"first");
    check(&*log, asked(&request, b"second", write(&a, 0)), before(stored.clone())).await;
    check(&*other, asked(&request, b"third", write(&a, 3)), before(stored.clone())).await;
    assert_eq!(find(&*other, ALICE, &request).await, Some(stored));
    assert_eq!(head(&*log).await, Position(3));
}

pub(super) async fn a_request_sent_at_once_from_two_processes_has_one_effect(store: impl StoreUnderTest) {
    let logs = [store.open().await, store.open().await];
    for round in 1..=4 {
        let request = request();
        let answer = |rival: usize| format!("answer {rival}").into_bytes();
        let rivals = (0..RIVALS).map(|rival| asked(&request, &answer(rival), append(&[], &[&stream("a")])));
        let outcomes = append_at_once(&logs, rivals.collect()).await;

        let winner = outcomes.iter().position(|outcome| *outcome == now(round)).expect("one was first");
        let stored = answer_to(&request, round, &answer(winner));
        for (rival, outcome) in outcomes.into_iter().enumerate() {
            assert!(rival == winner || outcome == before(stored.clone()), "{outcome:?}");
        }
        assert_eq!(find(&*logs[1], ALICE, &request).await, Some(stored));
        assert_eq!(head(&*logs[0]).await, Position(round), "one event per round");
    }
}

pub(super) async fn a_request_id_belongs_to_its_principal(store: impl StoreUnderTest) {
    let log = store.open().await;
    let (a, alices) = (stream("a"), request());
    let bobs = Request { digest: [9; 32], ..alices };
    let of_bob = |append: Append| Append { cause: cause(BOB), ..append };
    check(&*log, asked(&alices, b"to alice", append(&[], &[&a])), now(1)).await;
    assert_eq!(find(&*log, BOB, &bobs).await, None);

    check(&*log, of_bob(asked(&bobs, b"to bob", append(&[], &[&a]))), now(2)).await;

    assert_eq!(find(&*log, ALICE, &alices).await, Some(answer_to(&alices, 1, b"to alice")));
    assert_eq!(find(&*log, BOB, &bobs).await, Some(answer_to(&bobs, 2, b"to bob")));
    check(&*log, of_bob(asked(&bobs, b"", append(&[], &[&a]))), before(answer_to(&bobs, 2, b"to bob"))).await;

    let shared_ids: Vec<Request> = (0..RIVALS).map(|_| request()).collect();
    let both = shared_ids.iter().flat_map(|shared| {
        let of_alice = asked(shared, b"", append(&[], &[&a]));
        [of_alice.clone(), of_bob(of_alice)]
    });
    let outcomes = append_at_once(std::slice::from_ref(&log), both.collect()).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(Appended::Now(_)))), "{outcomes:?}");
}

pub(super) async fn a_request_id_with_another_digest_is_refused(store: impl StoreUnderTest) {
    let log = store.open().await;
    let (a, request) = (stream("a"), request());
    let other = Request { digest: [9; 32], ..request };
    check(&*log, asked(&request, b"first", write(&a, 0)), now(1)).await;

    check(&*log, asked(&other, b"second", write(&a, 1)), Err(AppendError::RequestIdReused)).await;
    check(&*log, asked(&other, b"second", write(&a, 0)), Err(AppendError::RequestIdReused)).await;
    check(&*log, asked(&other, b"second", append(&[], &[])), Err(AppendError::RequestIdReused)).await;

    assert_eq!(find(&*log, ALICE, &request).await, Some(answer_to(&request, 1, b"first")));
    assert_eq!(head(&*log).await, Position(1));
}

pub(super) async fn a_request_is_known_after_reopening(store: impl StoreUnderTest) {
    let (a, request) = (stream("a"), request());
    check(&*store.open().await, asked(&request, b"first", write(&a, 0)), now(1)).await;

    let log = store.open().await;
    let stored = answer_to(&request, 1, b"first");
    assert_eq!(find(&*log, ALICE, &request).await, Some(stored.clone()));
    check(&*log, asked(&request, b"", write(&a, 0)), before(stored)).await;
    let reused = asked(&Request { digest: [9; 32], ..request }, b"", write(&a, 1));
    check(&*log, reused, Err(AppendError::RequestIdReused)).await;
}

pub(super) async fn a_refused_append_stores_no_request(store: impl StoreUnderTest) {
    let log = store.open().await;
    let (a, request) = (stream("a"), request());
    let too_many =
        Append { events: vec![NewEvent::new(a.clone(), event().encode()); APPEND_EVENTS_MAX + 1], ..append(&[], &[]) };
    check(&*log, asked(&request, b"too many", too_many), Err(AppendError::TooManyEvents)).await;
    check(&*log, asked(&request, b"conflict", write(&a, 7)), conflict(&a)).await;
    let twins = vec![asked(&request, b"conflict", write(&a, 7)); RIVALS];
    for outcome in append_at_once(std::slice::from_ref(&log), twins).await {
        assert_eq!(outcome, conflict(&a));
    }
    assert_eq!(find(&*log, ALICE, &request).await, None);

    check(&*log, asked(&request, b"stored", write(&a, 0)), now(1)).await;
    assert_eq!(find(&*log, ALICE, &request).await, Some(answer_to(&request, 1, b"stored")));
}

pub(super) async fn an_answer_is_kept_byte_for_byte(store: impl StoreUnderTest) {
    let log = store.open().await;
    for answer in [vec![], vec![0], (0..=255).collect(), vec![b'\''; 100_000]] {
        let request = request();
        check(&*log, asked(&request, &answer, append(&[], &[])), now(0)).await;
        assert_eq!(find(&*log, ALICE, &request).await, Some(answer_to(&request, 0, &answer)));
    }
}

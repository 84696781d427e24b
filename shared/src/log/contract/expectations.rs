//! Expectations: of appends that cannot all be right, one wins.

use super::*;

pub(super) async fn of_appends_with_the_same_expectation_exactly_one_wins(store: impl StoreUnderTest) {
    let logs = [store.open().await, store.open().await];
    let contested = stream("contested");
    for round in 0..4 {
        let own = |rival: usize| stream(&format!("round-{round}-rival-{rival}"));
        let rivals = (0..RIVALS).map(|rival| append(&[(&contested, round)], &[&own(rival), &contested, &own(rival)]));
        let outcomes = append_at_once(&logs, rivals.collect()).await;

        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        for (rival, outcome) in outcomes.iter().enumerate() {
            let has_won = outcome.is_ok();
            assert_eq!(stream_length(&*logs[0], &own(rival)).await, if has_won { 2 } else { 0 });
            assert!(has_won || *outcome == conflict(&contested), "{outcome:?}");
        }
        assert_eq!(head(&*logs[1]).await, Position(3 * (round + 1)), "three events of each winner");
    }
}

pub(super) async fn an_append_over_several_streams_is_all_or_nothing(store: impl StoreUnderTest) {
    let log = store.open().await;
    let (a, b, c) = (stream("a"), stream("b"), stream("c"));
    check(&*log, write(&b, 0), now(1)).await;

    check(&*log, append(&[(&a, 0), (&b, 0), (&c, 0)], &[&a, &b, &c]), conflict(&b)).await;
    assert_eq!(written_streams(&*log).await, ["b"]);

    check(&*log, append(&[(&a, 0), (&b, 1), (&c, 0)], &[&c, &a, &b, &a]), now(5)).await;
    assert_eq!(written_streams(&*log).await, ["b", "c", "a", "b", "a"]);
}

pub(super) async fn a_stream_that_was_only_read_and_has_moved_is_a_conflict(store: impl StoreUnderTest) {
    let (log, other) = (store.open().await, store.open().await);
    let (parent, reply) = (stream("parent"), stream("reply"));
    check(&*log, write(&parent, 0), now(1)).await;
    check(&*other, write(&parent, 1), now(2)).await;

    check(&*log, append(&[(&parent, 1), (&reply, 0)], &[&reply]), conflict(&parent)).await;
    check(&*log, append(&[(&parent, 3), (&reply, 0)], &[&reply]), conflict(&parent)).await;
    check(&*log, append(&[(&parent, 0), (&reply, 0)], &[&reply]), conflict(&parent)).await;
    assert_eq!(stream_length(&*log, &reply).await, 0);
}

pub(super) async fn a_stream_that_was_only_read_and_has_not_moved_stays_as_it_is(store: impl StoreUnderTest) {
    let log = store.open().await;
    let (parent, block, reply) = (stream("parent"), stream("block"), stream("reply"));
    check(&*log, write(&parent, 0), now(1)).await;

    check(&*log, append(&[(&parent, 1), (&block, 0), (&reply, 0)], &[&reply]), now(2)).await;
    assert_eq!(written_streams(&*log).await, ["parent", "reply"]);
    check(&*log, write(&block, 0), now(3)).await;
}

pub(super) async fn a_conflict_does_not_fail_its_neighbours(store: impl StoreUnderTest) {
    let log = store.open().await;
    let taken = stream("taken");
    check(&*log, write(&taken, 0), now(1)).await;

    let is_stale = |number: usize| number % 3 == 1;
    let own = |number: usize| stream(&format!("own-{number}"));
    let appends = (0..300).map(|number| {
        let seen = if is_stale(number) { 0 } else { 1 };
        Append { request: Some(request()), ..append(&[(&taken, seen), (&own(number), 0)], &[&own(number)]) }
    });
    let outcomes = append_at_once(std::slice::from_ref(&log), appends.collect()).await;

    for (number, outcome) in outcomes.iter().enumerate() {
        assert_eq!(stream_length(&*log, &own(number)).await, if is_stale(number) { 0 } else { 1 });
        match is_stale(number) {
            true => assert_eq!(*outcome, conflict(&taken)),
            false => assert!(outcome.is_ok(), "{outcome:?}"),
        }
    }
    let events = whole_log(&*log).await;
    assert_eq!(events.len(), 1 + 200);
    assert_dense(&events);
}

pub(super) async fn an_empty_append_with_a_request_is_stored_and_answers_the_head(store: impl StoreUnderTest) {
    let log = store.open().await;
    let (first, second) = (request(), request());
    check(&*log, asked(&first, b"nothing yet", append(&[], &[])), now(0)).await;
    check(&*log, append(&[], &[&stream("a"), &stream("b")]), now(2)).await;
    check(&*log, asked(&second, b"nothing to do", append(&[], &[])), now(2)).await;

    assert_eq!(find(&*log, ALICE, &first).await, Some(answer_to(&first, 0, b"nothing yet")));
    assert_eq!(find(&*log, ALICE, &second).await, Some(answer_to(&second, 2, b"nothing to do")));
    assert_eq!(head(&*log).await, Position(2));
    check(&*log, asked(&second, b"", append(&[], &[])), before(answer_to(&second, 2, b"nothing to do"))).await;
}

pub(super) async fn an_empty_append_without_a_request_writes_nothing(store: impl StoreUnderTest) {
    let log = store.open().await;
    check(&*log, write(&stream("a"), 0), now(1)).await;
    let stored = whole_log(&*log).await;

    check(&*log, append(&[], &[]), now(1)).await;
    check(&*log, append(&[(&stream("a"), 1), (&stream("b"), 0)], &[]), now(1)).await;

    assert_eq!(head(&*log).await, Position(1));
    assert_eq!(whole_log(&*log).await, stored);
}

pub(super) async fn an_empty_append_still_proves_its_expectation(store: impl StoreUnderTest) {
    let log = store.open().await;
    let (a, request) = (stream("a"), request());
    check(&*log, write(&a, 0), now(1)).await;
    check(&*log, append(&[(&a, 0)], &[]), conflict(&a)).await;
    check(&*log, asked(&request, b"", append(&[(&a, 0)], &[])), conflict(&a)).await;
    assert_eq!(find(&*log, ALICE, &request).await, None);
}

pub(super) async fn an_append_that_rests_on_another_history_is_refused(store: impl StoreUnderTest) {
    let (log, other) = (store.open().await, store.open().await);
    let a = stream("a");
    check(&*log, write(&a, 0), now(1)).await;
    check(&*log, write(&a, 1), now(2)).await;
    let anchor =
        async |position| log.anchor_at(Position(position)).await.expect("it can be read").expect("it is there");
    let (first, second) = (anchor(1).await, anchor(2).await);
    let another = Anchor { fingerprint: first.fingerprint, ..second };
    let beyond = Anchor { position: Position(3), ..second };
    for rests_on in [another, beyond, Anchor { position: Position(1), ..second }] {
        let append = Append { rests_on, ..asked(&request(), b"", write(&a, 2)) };
        assert_eq!(other.append(append).await, Err(AppendError::HistoryLost), "on {rests_on:?}");
    }
    assert_eq!(head(&*log).await, Position(2), "nothing was appended");
    for (rests_on, version) in (2..).zip([Anchor::ORIGIN, first, second]).map(|(version, on)| (on, version)) {
        check(&*other, Append { rests_on, ..write(&a, version) }, now(version + 1)).await;
    }
}

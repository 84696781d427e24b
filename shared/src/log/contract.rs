//! What every adapter of [`EventLog`] must keep: one check per sentence, and every adapter passes them all.
//!
//! Always: a check has a store of its own, knows nothing of it but the port, and takes two handles on one store for two
//! processes. Never here: how an adapter keeps anything, except in the last module of each adapter, which damages the
//! store in ways that the port does not offer.
//!
//! A new adapter implements [`Subject`] and adds one line.

mod naive;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::memory::MemoryStore;
use super::sqlite::Durability;
use super::{
    APPEND_EVENTS_MAX, Append, AppendError, Appended, Cause, EventLog, READ_EVENTS_MAX, Recorded, Request,
    StoredAnswer, StreamName, postgres as postgres_log, sqlite as sqlite_log,
};
use crate::clock::{ManualClock, Timestamp};
use crate::event::{Envelope, Event, HandleEvent, PostEvent, PostText};
use crate::ids::{AccountId, AccountKey, AccountRef, CommandId, EventId, Position, PostId, RequestId, Version};
use crate::postgres::Server;

/// Appenders that write at once in the checks about concurrency.
const APPENDERS: usize = 64;
/// How many appends each of them sends, one after the other; `CHIRP_APPENDS=n` for another number.
const APPENDS_EACH: usize = 25;
/// Appends with one and the same expectation or request id.
const RIVALS: usize = 32;
/// How many states of a store a reader sees while somebody writes.
const SNAPSHOTS: usize = 20;
/// How many stores are made by several processes at once, since one race alone may be won by luck.
const NEW_STORES: usize = 4;
/// How long a hint may take before it counts as lost.
const HINT_TIMEOUT: Duration = Duration::from_secs(5);
/// The principal that appends when a check does not say who.
const ALICE: &str = "account:alice";
/// Another principal.
const BOB: &str = "account:bob";

type Log = Arc<dyn EventLog>;
type Outcome = Result<Appended, AppendError>;

/// A store under test. Each handle stands for a process, with nothing in common with the others but the store.
trait Subject: Sized {
    /// A new and empty store.
    async fn create() -> Self;

    /// Opens the store.
    async fn open(&self) -> Log;

    /// Opens the store to read.
    async fn open_read_only(&self) -> Log;

    /// The clock of every handle.
    fn clock(&self) -> &ManualClock;
}

macro_rules! every_check_holds_for {
    ($adapter:ident, $subject:ty) => {
        every_check_holds_for! { $adapter, $subject:
            positions_are_dense_and_in_commit_order,
            versions_of_a_stream_are_one_to_n,
            a_reader_that_polls_while_others_append_never_sees_a_gap,
            the_head_is_what_can_be_read,
            of_appends_with_the_same_expectation_exactly_one_wins,
            an_append_over_several_streams_is_all_or_nothing,
            a_stream_that_was_only_read_and_has_moved_is_a_conflict,
            a_stream_that_was_only_read_and_has_not_moved_stays_as_it_is,
            a_conflict_does_not_fail_its_neighbours,
            an_empty_append_with_a_request_is_stored_and_answers_the_head,
            an_empty_append_without_a_request_writes_nothing,
            an_empty_append_still_proves_its_expectation,
            a_request_sent_again_gets_the_first_answer,
            a_request_sent_at_once_from_two_processes_has_one_effect,
            a_request_id_belongs_to_its_principal,
            a_request_id_with_another_digest_is_refused,
            a_request_is_known_after_reopening,
            a_refused_append_stores_no_request,
            an_answer_is_kept_byte_for_byte,
            the_recorded_time_never_decreases,
            payloads_are_kept_byte_for_byte,
            headers_are_kept_as_they_were_given,
            event_ids_are_unique,
            the_hash_chain_links_the_whole_log,
            read_gives_nothing_at_the_head_or_beyond,
            read_gives_at_most_as_many_as_asked,
            read_gives_at_most_its_maximum,
            read_streams_gives_each_stream_in_the_order_asked,
            read_streams_gives_a_stream_asked_for_twice_twice,
            read_streams_sees_one_snapshot,
            one_append_takes_its_maximum_of_events_and_no_more,
            a_store_keeps_its_identity_and_shares_it_with_no_other,
            a_new_store_may_be_opened_many_times_at_once,
            a_log_opened_to_read_cannot_append,
            what_was_acknowledged_is_there_after_reopening,
            what_was_refused_as_overload_is_not_there,
            moved_wakes_after_an_append,
        }
    };
    ($adapter:ident, $subject:ty: $($check:ident),+ $(,)?) => {
        mod $adapter {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $check() {
                    super::$check(<$subject>::create().await).await;
                }
            )+
        }
    };
}

every_check_holds_for!(sqlite, SqliteSubject);
every_check_holds_for!(postgres, PostgresSubject);
every_check_holds_for!(memory, MemorySubject);

// Order: positions, versions, the head.

async fn positions_are_dense_and_in_commit_order(store: impl Subject) {
    let logs = [store.open().await, store.open().await, store.open().await];
    let appended = append_from_many(&logs).await;

    let events = whole_log(&*store.open().await).await;
    assert_eq!(events.len(), appended);
    assert_dense(&events);
}

async fn versions_of_a_stream_are_one_to_n(store: impl Subject) {
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

async fn a_reader_that_polls_while_others_append_never_sees_a_gap(store: impl Subject) {
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
async fn poll_until(done: Arc<AtomicBool>, log: Log) -> Vec<Recorded> {
    let mut seen: Vec<Recorded> = Vec::new();
    loop {
        let was_done = done.load(Ordering::SeqCst);
        let head = log.head().await.expect("the head can be read");
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

async fn the_head_is_what_can_be_read(store: impl Subject) {
    let (log, other) = (store.open().await, store.open().await);
    assert_eq!(head(&*log).await, Position(0));
    for version in 0..5 {
        check(&*log, write(&stream("a"), version), now(version + 1)).await;
        assert_eq!(head(&*log).await, Position(version + 1));
        assert_eq!(head(&*other).await, Position(version + 1));
        assert_eq!(last_position(&whole_log(&*other).await), Position(version + 1));
    }
}

// Expectations.

async fn of_appends_with_the_same_expectation_exactly_one_wins(store: impl Subject) {
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

async fn an_append_over_several_streams_is_all_or_nothing(store: impl Subject) {
    let log = store.open().await;
    let (a, b, c) = (stream("a"), stream("b"), stream("c"));
    check(&*log, write(&b, 0), now(1)).await;

    check(&*log, append(&[(&a, 0), (&b, 0), (&c, 0)], &[&a, &b, &c]), conflict(&b)).await;
    assert_eq!(written_streams(&*log).await, ["b"]);

    check(&*log, append(&[(&a, 0), (&b, 1), (&c, 0)], &[&c, &a, &b, &a]), now(5)).await;
    assert_eq!(written_streams(&*log).await, ["b", "c", "a", "b", "a"]);
}

async fn a_stream_that_was_only_read_and_has_moved_is_a_conflict(store: impl Subject) {
    let (log, other) = (store.open().await, store.open().await);
    let (parent, reply) = (stream("parent"), stream("reply"));
    check(&*log, write(&parent, 0), now(1)).await;
    check(&*other, write(&parent, 1), now(2)).await;

    check(&*log, append(&[(&parent, 1), (&reply, 0)], &[&reply]), conflict(&parent)).await;
    check(&*log, append(&[(&parent, 3), (&reply, 0)], &[&reply]), conflict(&parent)).await;
    check(&*log, append(&[(&parent, 0), (&reply, 0)], &[&reply]), conflict(&parent)).await;
    assert_eq!(stream_length(&*log, &reply).await, 0);
}

async fn a_stream_that_was_only_read_and_has_not_moved_stays_as_it_is(store: impl Subject) {
    let log = store.open().await;
    let (parent, block, reply) = (stream("parent"), stream("block"), stream("reply"));
    check(&*log, write(&parent, 0), now(1)).await;

    check(&*log, append(&[(&parent, 1), (&block, 0), (&reply, 0)], &[&reply]), now(2)).await;
    assert_eq!(written_streams(&*log).await, ["parent", "reply"]);
    check(&*log, write(&block, 0), now(3)).await;
}

async fn a_conflict_does_not_fail_its_neighbours(store: impl Subject) {
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

async fn an_empty_append_with_a_request_is_stored_and_answers_the_head(store: impl Subject) {
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

async fn an_empty_append_without_a_request_writes_nothing(store: impl Subject) {
    let log = store.open().await;
    check(&*log, write(&stream("a"), 0), now(1)).await;
    let stored = whole_log(&*log).await;

    check(&*log, append(&[], &[]), now(1)).await;
    check(&*log, append(&[(&stream("a"), 1), (&stream("b"), 0)], &[]), now(1)).await;

    assert_eq!(head(&*log).await, Position(1));
    assert_eq!(whole_log(&*log).await, stored);
}

async fn an_empty_append_still_proves_its_expectation(store: impl Subject) {
    let log = store.open().await;
    let (a, request) = (stream("a"), request());
    check(&*log, write(&a, 0), now(1)).await;
    check(&*log, append(&[(&a, 0)], &[]), conflict(&a)).await;
    check(&*log, asked(&request, b"", append(&[(&a, 0)], &[])), conflict(&a)).await;
    assert_eq!(find(&*log, ALICE, &request).await, None);
}

// Requests.

async fn a_request_sent_again_gets_the_first_answer(store: impl Subject) {
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

async fn a_request_sent_at_once_from_two_processes_has_one_effect(store: impl Subject) {
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

async fn a_request_id_belongs_to_its_principal(store: impl Subject) {
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

async fn a_request_id_with_another_digest_is_refused(store: impl Subject) {
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

async fn a_request_is_known_after_reopening(store: impl Subject) {
    let (a, request) = (stream("a"), request());
    check(&*store.open().await, asked(&request, b"first", write(&a, 0)), now(1)).await;

    let log = store.open().await;
    let stored = answer_to(&request, 1, b"first");
    assert_eq!(find(&*log, ALICE, &request).await, Some(stored.clone()));
    check(&*log, asked(&request, b"", write(&a, 0)), before(stored)).await;
    let reused = asked(&Request { digest: [9; 32], ..request }, b"", write(&a, 1));
    check(&*log, reused, Err(AppendError::RequestIdReused)).await;
}

async fn a_refused_append_stores_no_request(store: impl Subject) {
    let log = store.open().await;
    let (a, request) = (stream("a"), request());
    let too_many = Append { events: vec![(a.clone(), event()); APPEND_EVENTS_MAX + 1], ..append(&[], &[]) };
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

async fn an_answer_is_kept_byte_for_byte(store: impl Subject) {
    let log = store.open().await;
    for answer in [vec![], vec![0], (0..=255).collect(), vec![b'\''; 100_000]] {
        let request = request();
        check(&*log, asked(&request, &answer, append(&[], &[])), now(0)).await;
        assert_eq!(find(&*log, ALICE, &request).await, Some(answer_to(&request, 0, &answer)));
    }
}

// What is kept of an event.

async fn the_recorded_time_never_decreases(store: impl Subject) {
    let mut recorded_at = Vec::new();
    for (version, micros) in (0..).zip([2_000, 1_000, 3_000, 2_999, 0, 4_000]) {
        store.clock().set(Timestamp(micros));
        let log = store.open().await; // each one a process with a clock of its own
        check(&*log, write(&stream("a"), version), now(version + 1)).await;
        recorded_at = whole_log(&*log).await.iter().map(|event| event.recorded_at.0).collect();
    }
    assert_eq!(recorded_at, [2_000, 2_000, 3_000, 3_000, 3_000, 4_000]);
}

async fn payloads_are_kept_byte_for_byte(store: impl Subject) {
    let log = store.open().await;
    let post = stream("post");
    let events: Vec<Event> = golden_events().into_iter().chain(odd_texts().iter().map(|text| saying(text))).collect();
    let written = events.iter().map(|event| (post.clone(), event.clone())).collect();
    log.append(Append { events: written, ..append(&[(&post, 0)], &[]) }).await.expect("it is valid");

    let read = whole_log(&*store.open().await).await;
    assert_eq!(streams_of(&*log, &[&post]).await[0], read);
    assert_eq!(read.len(), events.len());
    for (recorded, event) in read.iter().zip(&events) {
        let encoded = event.encode();
        assert_eq!(recorded.payload.as_bytes(), encoded.payload.as_bytes());
        assert_eq!((&recorded.kind, recorded.schema_version), (&encoded.kind, encoded.schema_version));
        assert_eq!(recorded.payload_digest, sha256(encoded.payload.as_bytes()));
        assert_eq!(recorded.event().expect("it was written by this code"), *event);
    }
}

/// Texts that a store might bend. The last is 500 characters of four bytes each.
fn odd_texts() -> Vec<String> {
    let texts = [
        "",
        r#""quoted" 'twice' \"and back\" \"#,
        "nul \0 bell \u{7} escape \u{1b} delete \u{7f}",
        r"an escape that is text: \u0000 \n \ud83d",
        "lines\r\nand\ttabs\u{2028}\u{2029}",
        "👩‍👩‍👧‍👦 🐦 e\u{301} \u{feff}\u{fffd}\u{10ffff}",
        "عربى עברית 日本語 \u{202e}reversed",
        "$1 ? :name %s '; DROP TABLE events; --",
        " 1e999 00 -0 null true {} [] ",
    ];
    texts.into_iter().map(str::to_owned).chain(["\u{1f989}".repeat(500)]).collect()
}

async fn headers_are_kept_as_they_were_given(store: impl Subject) {
    let (log, other) = (store.open().await, store.open().await);
    let odd = r#"o'"dd" \u0041 ☂ {"a":[1]}"#;
    let full = Cause {
        causation_id: Some(EventId::generate()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        ..cause(odd)
    };
    let bare = Cause { principal: "7".to_owned(), correlation_id: Uuid::nil(), ..cause(ALICE) };
    let (named_oddly, named_as_number) = (stream(odd), stream("12"));
    check(&*log, Append { cause: full.clone(), ..write(&named_oddly, 0) }, now(1)).await;
    check(&*log, Append { cause: bare.clone(), ..append(&[], &[&named_as_number, &named_oddly]) }, now(3)).await;
    check(&*log, write(&named_oddly, 2), now(4)).await;

    let read = whole_log(&*other).await;
    assert_eq!((&read[0].stream, &read[0].cause), (&named_oddly, &full));
    assert_eq!((&read[1].stream, &read[1].cause), (&named_as_number, &bare));
    assert_eq!((&read[2].stream, &read[2].cause), (&named_oddly, &bare));
    assert_eq!(stream_length(&*other, &named_oddly).await, 3);
    assert_eq!(stream_length(&*other, &named_as_number).await, 1);
}

async fn event_ids_are_unique(store: impl Subject) {
    let logs = [store.open().await, store.open().await];
    append_at_once(&logs, vec![append(&[], &[&stream("a"), &stream("b")]); 200]).await;
    let events = whole_log(&*logs[0]).await;
    assert_eq!(events.len(), 400);
    let ids: HashSet<EventId> = events.iter().map(|event| event.event_id).collect();
    assert_eq!(ids.len(), events.len());
}

async fn the_hash_chain_links_the_whole_log(store: impl Subject) {
    let logs = [store.open().await, store.open().await];
    append_at_once(&logs, vec![append(&[], &[&stream("a"), &stream("b")]); 200]).await;
    let traced = Cause {
        causation_id: Some(EventId::generate()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        ..cause("служба")
    };
    logs[0].append(Append { cause: traced, ..write(&stream("ящик"), 0) }).await.expect("it is valid");
    logs[1].append(append(&[], &[&stream("after")])).await.expect("it is valid");
    assert_eq!(first_broken_link(&whole_log(&*logs[0]).await), None);
}

// Reading.

async fn read_gives_nothing_at_the_head_or_beyond(store: impl Subject) {
    let log = store.open().await;
    assert_eq!(log.read(Position(0), 10).await, Ok(vec![]));
    check(&*log, write(&stream("a"), 0), now(1)).await;
    for after in [1, 2, 1_000_000, i64::MAX - 1] {
        assert_eq!(log.read(Position(after), 10).await, Ok(vec![]), "after {after}");
    }
}

async fn read_gives_at_most_as_many_as_asked(store: impl Subject) {
    let log = store.open().await;
    check(&*log, append(&[], &[&stream("a"); 10]), now(10)).await;
    for (after, limit, positions) in [(0, 3, 1..4), (3, 3, 4..7), (9, 3, 10..11), (0, 10, 1..11), (4, 0, 5..5)] {
        let page = log.read(Position(after), limit).await.expect("there is no gap");
        let found: Vec<i64> = page.iter().map(|event| event.position.0).collect();
        assert_eq!(found, positions.collect::<Vec<i64>>());
    }
}

async fn read_gives_at_most_its_maximum(store: impl Subject) {
    let log = store.open().await;
    let full = Append { events: vec![(stream("a"), event()); APPEND_EVENTS_MAX], ..append(&[], &[]) };
    let appends = READ_EVENTS_MAX / APPEND_EVENTS_MAX + 1;
    for _ in 0..appends {
        log.append(full.clone()).await.expect("it is valid");
    }
    let page = log.read(Position(0), usize::MAX).await.expect("there is no gap");
    assert_eq!(page.len(), READ_EVENTS_MAX);
}

async fn read_streams_gives_each_stream_in_the_order_asked(store: impl Subject) {
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

async fn read_streams_gives_a_stream_asked_for_twice_twice(store: impl Subject) {
    let log = store.open().await;
    let (a, b) = (stream("a"), stream("b"));
    check(&*log, append(&[], &[&a, &b, &a]), now(3)).await;

    let read = streams_of(&*log, &[&a, &b, &a]).await;
    let versions: Vec<Vec<i64>> =
        read.iter().map(|stream| stream.iter().map(|event| event.version.0).collect()).collect();
    assert_eq!(versions, [vec![1, 2], vec![1], vec![1, 2]]);
}

async fn read_streams_sees_one_snapshot(store: impl Subject) {
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

async fn one_append_takes_its_maximum_of_events_and_no_more(store: impl Subject) {
    let log = store.open().await;
    let streams: Vec<StreamName> = (0..=APPEND_EVENTS_MAX).map(|number| stream(&format!("s-{number}"))).collect();
    let writing = |streams: &[StreamName]| Append {
        expected: streams.iter().map(|stream| (stream.clone(), Version(0))).collect(),
        events: streams.iter().map(|stream| (stream.clone(), event())).collect(),
        ..append(&[], &[])
    };
    check(&*log, writing(&streams), Err(AppendError::TooManyEvents)).await;
    assert_eq!(head(&*log).await, Position(0));

    let maximum = i64::try_from(APPEND_EVENTS_MAX).expect("it is small");
    check(&*log, writing(&streams[1..]), now(maximum)).await;
    assert_eq!(whole_log(&*log).await.len(), APPEND_EVENTS_MAX);
}

// Opening.

async fn a_store_keeps_its_identity_and_shares_it_with_no_other<S: Subject>(store: S) {
    let identity = store.open().await.identity();
    assert!(store.open().await.identity() == identity);
    assert!(store.open_read_only().await.identity() == identity);

    let other = S::create().await.open().await.identity();
    assert_ne!(other.epoch, identity.epoch);
    assert!(other.token_key != identity.token_key);
    assert!(identity.epoch != Uuid::nil() && identity.token_key != [0; 32]);
}

async fn a_new_store_may_be_opened_many_times_at_once<S: Subject>(_: S) {
    for _ in 0..NEW_STORES {
        let store = S::create().await;
        let (one, two, three, four) = tokio::join!(store.open(), store.open(), store.open(), store.open());
        for (number, log) in (1..).zip([&one, &two, &three, &four]) {
            assert!(log.identity() == one.identity());
            check(&**log, append(&[], &[&stream("a")]), now(number)).await;
        }
    }
}

async fn a_log_opened_to_read_cannot_append(store: impl Subject) {
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

async fn what_was_acknowledged_is_there_after_reopening(store: impl Subject) {
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

async fn what_was_refused_as_overload_is_not_there(store: impl Subject) {
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

async fn moved_wakes_after_an_append(store: impl Subject) {
    let log = store.open().await;
    let mut moved = log.moved();
    for version in 0..3 {
        check(&*log, write(&stream("a"), version), now(version + 1)).await;
        tokio::time::timeout(HINT_TIMEOUT, moved.changed())
            .await
            .expect("the hint came")
            .expect("the log is still open");
        assert_eq!(*moved.borrow_and_update(), Position(version + 1));
    }
    let reopened = store.open().await;
    assert_eq!(*reopened.moved().borrow(), Position(3), "a new process starts from the head");
}

// How the checks append, and what they expect.

/// Appends and expects this outcome.
#[track_caller]
fn check(log: &dyn EventLog, append: Append, expected: Outcome) -> impl Future<Output = ()> {
    let line = std::panic::Location::caller().line();
    async move { assert_eq!(log.append(append).await, expected, "the append of line {line}") }
}

/// Sends all appends at once, in turn through the handles. The outcomes are in the order of the appends. Every writer
/// is given something to store first that no check sees, so that the appends wait for it and then share a batch.
async fn append_at_once(logs: &[Log], appends: Vec<Append>) -> Vec<Outcome> {
    for log in logs {
        let log = log.clone();
        let first = asked(&request(), b"", append(&[], &[]));
        tokio::spawn(async move { log.append(first).await });
    }
    let mut sent = Vec::with_capacity(appends.len());
    for (append, log) in appends.into_iter().zip(logs.iter().cycle().cloned()) {
        sent.push(tokio::spawn(async move { log.append(append).await }));
    }
    let mut outcomes = Vec::with_capacity(sent.len());
    for append in sent {
        outcomes.push(append.await.expect("an append does not panic"));
    }
    outcomes
}

/// Lets [`APPENDERS`] append at once, each in turn through the handles, and gives the number of events. An append that
/// began after another was acknowledged must come behind it, whichever handles the two went through.
async fn append_from_many(logs: &[Log]) -> usize {
    let acknowledged = Arc::new(AtomicI64::new(0));
    let appends = std::env::var("CHIRP_APPENDS").map_or(APPENDS_EACH, |text| text.parse().expect("a number"));
    let mut appenders = JoinSet::new();
    for appender in 0..APPENDERS {
        let (logs, acknowledged) = (logs.to_vec(), acknowledged.clone());
        let (own, shared) = (stream(&format!("own-{appender}")), stream("shared"));
        appenders.spawn(async move {
            let (mut version, mut events) = (0, 0);
            for number in 0..appends {
                let written = match number % 3 {
                    0 => vec![&own],
                    1 => vec![&own, &shared],
                    _ => vec![&shared, &own, &own],
                };
                let before = acknowledged.load(Ordering::SeqCst);
                let log = &logs[(appender + number) % logs.len()];
                let outcome = log.append(append(&[(&own, version)], &written)).await;
                let Ok(Appended::Now(position)) = outcome else { panic!("a valid append ended with {outcome:?}") };
                assert!(position.0 > before, "position {position} was committed after {before} was acknowledged");
                acknowledged.fetch_max(position.0, Ordering::SeqCst);
                version += if number % 3 == 2 { 2 } else { 1 };
                events += written.len();
            }
            events
        });
    }
    appenders.join_all().await.into_iter().sum()
}

/// An append of one event to each written stream, without a request.
fn append(expected: &[(&StreamName, i64)], written: &[&StreamName]) -> Append {
    Append {
        expected: expected.iter().map(|(stream, version)| ((*stream).clone(), Version(*version))).collect(),
        events: written.iter().map(|stream| ((*stream).clone(), event())).collect(),
        cause: cause(ALICE),
        request: None,
        answer: vec![],
    }
}

/// An append of one event to a stream that is at this version.
fn write(stream: &StreamName, version: i64) -> Append {
    append(&[(stream, version)], &[stream])
}

/// The append as a request asked for it.
fn asked(request: &Request, answer: &[u8], append: Append) -> Append {
    Append { request: Some(request.clone()), answer: answer.to_vec(), ..append }
}

fn now(position: i64) -> Outcome {
    Ok(Appended::Now(Position(position)))
}

fn before(stored: StoredAnswer) -> Outcome {
    Ok(Appended::Before(stored))
}

fn conflict(stream: &StreamName) -> Outcome {
    Err(AppendError::Conflict(stream.clone()))
}

fn answer_to(request: &Request, position: i64, answer: &[u8]) -> StoredAnswer {
    StoredAnswer { digest: request.digest, position: Position(position), answer: answer.to_vec() }
}

fn stream(name: &str) -> StreamName {
    StreamName::from_text(name.to_owned())
}

fn request() -> Request {
    let request_id = RequestId::generate();
    Request { digest: sha256(request_id.0.as_bytes()), request_id }
}

fn cause(principal: &str) -> Cause {
    Cause {
        command_id: CommandId::generate(),
        correlation_id: Uuid::now_v7(),
        causation_id: None,
        principal: principal.to_owned(),
        traceparent: None,
    }
}

fn event() -> Event {
    Event::Handle(HandleEvent::Claimed { handle: "ada".to_owned(), account_id: AccountId(Uuid::nil()) })
}

fn saying(text: &str) -> Event {
    Event::Post(PostEvent::Created {
        post_id: PostId::generate(),
        author: AccountRef { id: AccountId::generate(), key: AccountKey(1) },
        reply_to: None,
        quoted: None,
        mentions: vec![],
        hashtags: vec![text.to_owned()],
        personal: Envelope::Plain(PostText { text: text.to_owned() }),
    })
}

fn golden_events() -> Vec<Event> {
    #[derive(serde::Deserialize)]
    struct Golden {
        #[serde(rename = "type")]
        kind: String,
        schema_version: u32,
        payload: Box<serde_json::value::RawValue>,
    }
    let lines = include_str!("../../golden/events_v1.jsonl").lines();
    let golden = lines.map(|line| serde_json::from_str(line).expect("a golden line is JSON"));
    golden
        .map(|golden: Golden| Event::decode(&golden.kind, golden.schema_version, golden.payload.get()))
        .map(|event| event.expect("a golden event loads"))
        .collect()
}

// How the checks read.

async fn whole_log(log: &dyn EventLog) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = Vec::new();
    loop {
        let page = log.read(last_position(&events), 1_000).await.expect("the log can be read");
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

async fn streams_of(log: &dyn EventLog, streams: &[&StreamName]) -> Vec<Vec<Recorded>> {
    let names: Vec<StreamName> = streams.iter().map(|stream| (*stream).clone()).collect();
    log.read_streams(&names).await.expect("streams can be read")
}

async fn stream_length(log: &dyn EventLog, stream: &StreamName) -> usize {
    streams_of(log, &[stream]).await[0].len()
}

/// The stream of every event, in the order of the log.
async fn written_streams(log: &dyn EventLog) -> Vec<String> {
    whole_log(log).await.iter().map(|event| event.stream.to_string()).collect()
}

async fn head(log: &dyn EventLog) -> Position {
    log.head().await.expect("the head can be read")
}

async fn find(log: &dyn EventLog, principal: &str, request: &Request) -> Option<StoredAnswer> {
    log.find_request(principal, request.request_id).await.expect("requests can be read")
}

fn last_position(events: &[Recorded]) -> Position {
    events.last().map_or(Position(0), |event| event.position)
}

/// Each position is one more than that before it.
fn assert_dense(events: &[Recorded]) {
    for pair in events.windows(2) {
        assert_eq!(pair[1].position.0, pair[0].position.0 + 1, "a gap or a step back");
    }
}

/// Computes the hash chain from its documented format, without the code under test, and gives the first position
/// whose payload or header is not what was chained.
fn first_broken_link(events: &[Recorded]) -> Option<Position> {
    let mut previous = [0; 32];
    for event in events {
        let mut chained = previous.to_vec();
        for field in header(event) {
            let length = u32::try_from(field.len()).expect("it is short");
            chained.extend_from_slice(&length.to_be_bytes());
            chained.extend_from_slice(&field);
        }
        let payload_digest = sha256(event.payload.as_bytes());
        chained.extend_from_slice(&payload_digest);
        previous = sha256(&chained);
        if event.payload_digest != payload_digest || event.hash != previous {
            return Some(event.position);
        }
    }
    None
}

fn header(event: &Recorded) -> [Vec<u8>; 12] {
    [
        event.position.0.to_string().into_bytes(),
        event.event_id.0.into_bytes().to_vec(),
        event.stream.to_string().into_bytes(),
        event.version.0.to_string().into_bytes(),
        event.kind.clone().into_bytes(),
        event.schema_version.to_string().into_bytes(),
        event.cause.command_id.0.into_bytes().to_vec(),
        event.cause.correlation_id.into_bytes().to_vec(),
        event.cause.causation_id.map(|id| id.0.into_bytes().to_vec()).unwrap_or_default(),
        event.cause.principal.clone().into_bytes(),
        event.cause.traceparent.clone().unwrap_or_default().into_bytes(),
        event.recorded_at.0.to_string().into_bytes(),
    ]
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A SQLite file in a directory that is removed with it.
struct SqliteSubject {
    directory: TempDir,
    clock: Arc<ManualClock>,
}

impl SqliteSubject {
    fn file(&self) -> std::path::PathBuf {
        self.directory.path().join("log.db")
    }
}

impl Subject for SqliteSubject {
    async fn create() -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(Timestamp(1_700_000_000_000_000));
        Self { directory: TempDir::new().expect("there is room for a directory"), clock }
    }

    async fn open(&self) -> Log {
        let log = sqlite_log::open(&self.file(), Durability::OnDisk, self.clock.clone()).await;
        Arc::new(log.expect("the file can be opened"))
    }

    async fn open_read_only(&self) -> Log {
        Arc::new(sqlite_log::open_to_read(&self.file()).await.expect("the file can be opened to read"))
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

/// A database of its own on the server that the tests have.
struct PostgresSubject {
    server: Server,
    clock: Arc<ManualClock>,
}

impl Subject for PostgresSubject {
    async fn create() -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(Timestamp(1_700_000_000_000_000));
        Self { server: Server::for_a_test().await, clock }
    }

    async fn open(&self) -> Log {
        self.server.migrate().await.expect("the schemas can be made");
        Arc::new(postgres_log::open(&self.server, self.clock.clone()).await.expect("the log can be opened"))
    }

    async fn open_read_only(&self) -> Log {
        Arc::new(postgres_log::open_to_read(&self.server).await.expect("the log can be opened to read"))
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

/// A store in memory.
struct MemorySubject {
    store: MemoryStore,
    clock: Arc<ManualClock>,
}

impl Subject for MemorySubject {
    async fn create() -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(Timestamp(1_700_000_000_000_000));
        Self { store: MemoryStore::new(clock.clone()), clock }
    }

    async fn open(&self) -> Log {
        Arc::new(self.store.open())
    }

    async fn open_read_only(&self) -> Log {
        Arc::new(self.store.open_to_read())
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

/// What the contract asks of a damaged SQLite file.
mod sqlite_damage {
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, SqliteConnection};

    use super::*;
    use crate::log::ReadError;

    /// One change of each column of the second event that enters the chain.
    const CHANGES: [&str; 14] = [
        "UPDATE events SET event_id = randomblob(16) WHERE position = 2",
        "UPDATE events SET stream = 'B' WHERE position = 2",
        "UPDATE events SET version = 7 WHERE position = 2",
        "UPDATE events SET type = 'handle.released' WHERE position = 2",
        "UPDATE events SET schema_version = 2 WHERE position = 2",
        "UPDATE events SET command_id = randomblob(16) WHERE position = 2",
        "UPDATE events SET correlation_id = randomblob(16) WHERE position = 2",
        "UPDATE events SET causation_id = randomblob(16) WHERE position = 2",
        "UPDATE events SET principal = 'account:bob' WHERE position = 2",
        "UPDATE events SET traceparent = '00' WHERE position = 2",
        "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 2",
        "UPDATE events SET payload = payload || ' ' WHERE position = 2",
        "UPDATE events SET payload_digest = randomblob(32) WHERE position = 2",
        "UPDATE events SET hash = randomblob(32) WHERE position = 2",
    ];
    const FLIP_PAYLOAD_BYTE: &str = "
UPDATE events SET payload = substr(payload, 1, $1) ||
    char(unicode(substr(payload, $1 + 1, 1)) + 1 - 2 * (unicode(substr(payload, $1 + 1, 1)) & 1)) ||
    substr(payload, $1 + 2)
WHERE position = 2";
    const KEEP: &str = "CREATE TABLE kept AS SELECT * FROM events";
    const RESTORE: &str = "DELETE FROM events; INSERT INTO events SELECT * FROM kept";
    const BREAK_REQUESTS: &str = "
CREATE TRIGGER broken BEFORE INSERT ON requests BEGIN SELECT RAISE(ABORT, 'broken by the test'); END";
    const HEAL_REQUESTS: &str = "DROP TRIGGER broken";

    /// Three events, the store they are in, and a way around the port.
    async fn three_events() -> (SqliteSubject, Log, SqliteConnection) {
        let store = SqliteSubject::create().await;
        let log = store.open().await;
        check(&*log, append(&[], &[&stream("a"), &stream("b"), &stream("c")]), now(3)).await;
        let around = SqliteConnectOptions::new().filename(store.file()).connect().await.expect("the file is there");
        (store, log, around)
    }

    async fn run(around: &mut SqliteConnection, sql: &'static str) {
        sqlx::raw_sql(sql).execute(around).await.expect("the test's SQL is valid");
    }

    #[tokio::test]
    async fn every_changed_column_breaks_the_chain() {
        let (_store, log, mut around) = three_events().await;
        run(&mut around, KEEP).await;
        for change in CHANGES {
            run(&mut around, change).await;
            assert_eq!(first_broken_link(&whole_log(&*log).await), Some(Position(2)), "{change}");
            run(&mut around, RESTORE).await;
            assert_eq!(first_broken_link(&whole_log(&*log).await), None);
        }
    }

    #[tokio::test]
    async fn every_flipped_byte_of_a_payload_breaks_the_chain() {
        let (_store, log, mut around) = three_events().await;
        run(&mut around, KEEP).await;
        let length = i64::try_from(event().encode().payload.len()).expect("it is short");
        for index in 0..length {
            sqlx::query(FLIP_PAYLOAD_BYTE).bind(index).execute(&mut around).await.expect("the test's SQL is valid");
            assert_eq!(first_broken_link(&whole_log(&*log).await), Some(Position(2)), "byte {index}");
            run(&mut around, RESTORE).await;
        }
        assert_eq!(first_broken_link(&whole_log(&*log).await), None);
    }

    #[tokio::test]
    async fn a_removed_event_is_a_gap_and_a_removed_end_is_behind_the_head() {
        let (_store, log, mut around) = three_events().await;
        run(&mut around, "DELETE FROM events WHERE position = 3").await;
        assert!(last_position(&whole_log(&*log).await) < head(&*log).await);
        run(&mut around, "DELETE FROM events WHERE position = 1").await;
        let gap = ReadError::Gap { expected: Position(1), found: Position(2) };
        assert_eq!(log.read(Position(0), 10).await, Err(gap));
    }

    #[tokio::test]
    async fn the_head_keeps_the_hash_of_the_last_event() {
        let (_store, log, mut around) = three_events().await;
        let hash: Vec<u8> = sqlx::query_scalar("SELECT hash FROM head").fetch_one(&mut around).await.expect("a head");
        assert_eq!(hash, whole_log(&*log).await[2].hash);
    }

    #[tokio::test]
    async fn a_batch_that_fails_half_way_leaves_nothing_and_the_log_recovers() {
        let (_store, log, mut around) = three_events().await;
        let request = request();
        let command = asked(&request, b"answer", write(&stream("d"), 0));
        run(&mut around, BREAK_REQUESTS).await;
        let outcome = log.append(command.clone()).await;
        assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
        assert_eq!((head(&*log).await, whole_log(&*log).await.len()), (Position(3), 3));

        run(&mut around, HEAL_REQUESTS).await;
        check(&*log, command, now(4)).await;
        assert_eq!(first_broken_link(&whole_log(&*log).await), None);
    }

    #[tokio::test]
    async fn opening_waits_for_another_process_that_is_making_the_store() {
        let store = SqliteSubject::create().await;
        let maker = SqliteConnectOptions::new().filename(store.file()).create_if_missing(true).connect().await;
        let mut maker = maker.expect("the directory is there");
        run(&mut maker, "BEGIN IMMEDIATE").await;
        let release = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            run(&mut maker, "COMMIT").await;
        };
        let (log, ()) = tokio::join!(store.open(), release);
        check(&*log, write(&stream("a"), 0), now(1)).await;
    }

    #[tokio::test]
    async fn a_writer_that_waits_for_another_process_refuses_more_than_it_can_hold() {
        let (_store, log, mut around) = three_events().await;
        run(&mut around, "BEGIN IMMEDIATE").await;
        let flood = append_at_once(std::slice::from_ref(&log), vec![append(&[], &[&stream("d")]); 10_000]);
        let release = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            run(&mut around, "COMMIT").await;
        };
        let (outcomes, ()) = tokio::join!(flood, release);

        let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let refused = outcomes.iter().filter(|outcome| **outcome == Err(AppendError::Overloaded)).count();
        assert!(refused > 0 && stored + refused == outcomes.len(), "{stored} stored, {refused} refused");
        assert_eq!(whole_log(&*log).await.len(), 3 + stored);
    }
}

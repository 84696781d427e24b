//! What is kept of an event.

use super::*;

pub(super) async fn the_recorded_time_is_that_of_the_clock_also_when_it_goes_back(store: impl StoreUnderTest) {
    let mut recorded_at = Vec::new();
    for (version, micros) in (0..).zip([2_000, 1_000, 3_000, 2_999, 0, 4_000]) {
        store.clock().set(Timestamp(micros));
        let log = store.open().await; // each one a process with a clock of its own
        check(&*log, write(&stream("a"), version), now(version + 1)).await;
        recorded_at = whole_log(&*log).await.iter().map(|event| event.recorded_at.0).collect();
    }
    assert_eq!(recorded_at, [2_000, 1_000, 3_000, 2_999, 0, 4_000]);
}

pub(super) async fn the_first_event_after_a_time_is_found_by_position(store: impl StoreUnderTest) {
    let log = store.open().await;
    let first_after = async |micros| log.first_recorded_after(Timestamp(micros)).await.expect("it can be read");
    assert_eq!(first_after(0).await, None, "the log is empty");
    for (version, micros) in (0..).zip([2_000, 1_000, 3_000, 2_999, 4_000]) {
        store.clock().set(Timestamp(micros));
        check(&*log, write(&stream("a"), version), now(version + 1)).await;
    }
    let found = [(0, Some(1)), (1_999, Some(1)), (2_000, Some(3)), (2_999, Some(3)), (3_000, Some(5)), (4_000, None)];
    for (micros, position) in found {
        assert_eq!(first_after(micros).await, position.map(Position), "after {micros}");
    }
}

pub(super) async fn hashes_are_given_by_position(store: impl StoreUnderTest) {
    let (log, other) = (store.open().await, store.open_read_only().await);
    assert_eq!(other.head().await, Ok(Head::ORIGIN));
    append_at_once(std::slice::from_ref(&log), vec![append(&[], &[&stream("a"), &stream("b")]); 20]).await;
    let events = whole_log(&*other).await;
    let last = events.last().expect("there are some");
    assert_eq!(other.head().await, Ok(Head { position: last.position, hash: last.hash }));
    let asked = [Position(7), Position(0), Position(41), Position(40), Position(i64::MAX), Position(7)];
    let found = other.hashes_at(&asked).await.expect("they can be read");
    let expected = [(Position(0), [0; 32]), (Position(7), events[6].hash), (Position(40), events[39].hash)];
    assert_eq!(found, HashMap::from(expected));
    assert_eq!(other.anchor_at(Position(41)).await, Ok(None));
    assert_eq!(other.may_lag().await, Ok(false));
}

pub(super) async fn payloads_are_kept_byte_for_byte(store: impl StoreUnderTest) {
    let log = store.open().await;
    let post = stream("post");
    let events: Vec<Event> =
        samples().iter().map(Golden::event).chain(odd_texts().iter().map(|text| saying(text))).collect();
    let written = events.iter().map(|event| NewEvent::new(post.clone(), event.encode())).collect();
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
pub(super) fn odd_texts() -> Vec<String> {
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

pub(super) async fn headers_are_kept_as_they_were_given(store: impl StoreUnderTest) {
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

pub(super) async fn event_ids_are_unique(store: impl StoreUnderTest) {
    let logs = [store.open().await, store.open().await];
    append_at_once(&logs, vec![append(&[], &[&stream("a"), &stream("b")]); 200]).await;
    let events = whole_log(&*logs[0]).await;
    assert_eq!(events.len(), 400);
    let ids: HashSet<EventId> = events.iter().map(|event| event.event_id).collect();
    assert_eq!(ids.len(), events.len());
}

pub(super) async fn the_hash_chain_links_the_whole_log(store: impl StoreUnderTest) {
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

//! How the checks append and read, and what they expect.

use sha2::{Digest, Sha256};

use super::*;

/// Appends and expects this outcome.
#[track_caller]
pub(super) fn check(log: &dyn EventLog, append: Append, expected: Outcome) -> impl Future<Output = ()> {
    let line = std::panic::Location::caller().line();
    async move {
        let outcome = log.append(append).await;
        if let Ok(Appended::Now(anchor)) = outcome {
            let found = log.anchor_at(anchor.position).await.expect("hashes can be read");
            assert_eq!(found, Some(anchor), "the append of line {line}");
        }
        assert_eq!(by_position(outcome), expected, "the append of line {line}");
    }
}

/// An outcome as [`now`] gives it: hashes depend on ids, which nobody knows before.
pub(super) fn by_position(outcome: Outcome) -> Outcome {
    outcome.map(|appended| match appended {
        Appended::Now(Anchor { position, .. }) => Appended::Now(Anchor { position, ..Anchor::ORIGIN }),
        before @ Appended::Before(_) => before,
    })
}

/// Sends all appends at once, in turn through the handles. The outcomes are in the order of the appends. Every writer
/// is given something to store first that no check sees, so that the appends wait for it and then share a batch.
pub(super) async fn append_at_once(logs: &[Log], appends: Vec<Append>) -> Vec<Outcome> {
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
        outcomes.push(by_position(append.await.expect("an append does not panic")));
    }
    outcomes
}

/// Lets [`APPENDERS`] append at once, each in turn through the handles, and gives the number of events. An append that
/// began after another was acknowledged must come behind it, whichever handles the two went through.
pub(super) async fn append_from_many(logs: &[Log]) -> usize {
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
                let Ok(Appended::Now(Anchor { position, .. })) = outcome else {
                    panic!("a valid append ended with {outcome:?}")
                };
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
pub(super) fn append(expected: &[(&StreamName, i64)], written: &[&StreamName]) -> Append {
    Append {
        expected: expected.iter().map(|(stream, version)| ((*stream).clone(), Version(*version))).collect(),
        events: written.iter().map(|stream| NewEvent::new((*stream).clone(), event().encode())).collect(),
        cause: cause(ALICE),
        rests_on: Anchor::ORIGIN,
        request: None,
        answer: vec![],
    }
}

/// An append of one event to a stream that is at this version.
pub(super) fn write(stream: &StreamName, version: i64) -> Append {
    append(&[(stream, version)], &[stream])
}

/// The append as a request asked for it.
pub(super) fn asked(request: &Request, answer: &[u8], append: Append) -> Append {
    Append { request: Some(request.clone()), answer: answer.to_vec(), ..append }
}

pub(super) fn now(position: i64) -> Outcome {
    Ok(Appended::Now(Anchor { position: Position(position), ..Anchor::ORIGIN }))
}

pub(super) fn before(stored: StoredAnswer) -> Outcome {
    Ok(Appended::Before(stored))
}

pub(super) fn conflict(stream: &StreamName) -> Outcome {
    Err(AppendError::Conflict(stream.clone()))
}

pub(super) fn answer_to(request: &Request, position: i64, answer: &[u8]) -> StoredAnswer {
    StoredAnswer { digest: request.digest, position: Position(position), answer: answer.to_vec() }
}

pub(super) fn stream(name: &str) -> StreamName {
    StreamName::from_text(name.to_owned())
}

pub(super) fn request() -> Request {
    let request_id = RequestId::generate();
    Request { digest: sha256(request_id.0.as_bytes()), request_id }
}

pub(super) fn cause(principal: &str) -> Cause {
    Cause {
        command_id: CommandId::generate(),
        correlation_id: Uuid::now_v7(),
        causation_id: None,
        principal: principal.to_owned(),
        traceparent: None,
    }
}

pub(super) fn event() -> Event {
    Event::Handle(HandleEvent::Claimed { handle: "ada".to_owned(), account_id: AccountId(Uuid::nil()) })
}

pub(super) fn saying(text: &str) -> Event {
    Event::Post(PostEvent::Created {
        post_id: PostId::generate(),
        author: AccountRef { id: AccountId::generate(), key: AccountKey(1) },
        reply_to: None,
        quoted: None,
        mentions: vec![],
        hashtags: vec![text.to_owned()],
        personal: Envelope::Plain(PostText::plain(text)),
    })
}

// How the checks read.

pub(super) async fn whole_log(log: &dyn EventLog) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = Vec::new();
    loop {
        let page = log.read(last_position(&events), 1_000).await.expect("the log can be read");
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

pub(super) async fn streams_of(log: &dyn EventLog, streams: &[&StreamName]) -> Vec<Vec<Recorded>> {
    let names: Vec<StreamName> = streams.iter().map(|stream| (*stream).clone()).collect();
    log.read_streams(&names).await.expect("streams can be read")
}

pub(super) async fn stream_length(log: &dyn EventLog, stream: &StreamName) -> usize {
    streams_of(log, &[stream]).await[0].len()
}

/// The stream of every event, in the order of the log.
pub(super) async fn written_streams(log: &dyn EventLog) -> Vec<String> {
    whole_log(log).await.iter().map(|event| event.stream.to_string()).collect()
}

pub(super) async fn head(log: &dyn EventLog) -> Position {
    log.head().await.expect("the head can be read").position
}

pub(super) async fn find(log: &dyn EventLog, principal: &str, request: &Request) -> Option<StoredAnswer> {
    log.find_request(principal, request.request_id).await.expect("requests can be read")
}

pub(super) fn last_position(events: &[Recorded]) -> Position {
    events.last().map_or(Position(0), |event| event.position)
}

/// Each position is one more than that before it.
pub(super) fn assert_dense(events: &[Recorded]) {
    for pair in events.windows(2) {
        assert_eq!(pair[1].position.0, pair[0].position.0 + 1, "a gap or a step back");
    }
}

/// Computes the hash chain from its documented format, without the code under test, and gives the first position
/// whose payload or header is not what was chained.
pub(super) fn first_broken_link(events: &[Recorded]) -> Option<Position> {
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

pub(super) fn header(event: &Recorded) -> [Vec<u8>; 12] {
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

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

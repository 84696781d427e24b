//! `chirp events tail` and `chirp events show`.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use serde_json::{Value, json};
use shared::rpc::proto::admin::{ReadEventsRequest, RecordedEvent};
use tokio::time::sleep;

use super::{Operator, named};
use crate::cli::{EventsShowArgs, EventsTailArgs};
use tools::args::Output;
use tools::client::{DEADLINE, Failed, retrying};
use tools::out;

/// How often `--follow` asks for more.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);
const PAGE_SIZE: usize = 200;

/// Prints events in the order of the log.
pub async fn tail(args: EventsTailArgs) -> anyhow::Result<ExitCode> {
    let operator = Operator::at(&args.ops.ops)?;
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut request = ReadEventsRequest {
        after_position: args.after,
        stream: args.stream.unwrap_or_default(),
        r#type: args.kind.unwrap_or_default(),
        correlation_id: args.correlation_id.unwrap_or_default(),
        ..ReadEventsRequest::default()
    };
    let mut newest: Option<RecordedEvent> = None;
    loop {
        request.page_size = i32::try_from(left.min(PAGE_SIZE)).expect("a page size is small");
        let page = read(&operator, &request, args.follow).await?;
        for event in page.events.iter().take(left) {
            print_line(event, args.output.output)?;
        }
        left = left.saturating_sub(page.events.len());
        newest = page.events.last().cloned().or(newest);
        let at_end = page.next_page_token.is_empty();
        if left == 0 || at_end && !args.follow {
            return Ok(ExitCode::SUCCESS);
        }
        if at_end {
            sleep(FOLLOW_INTERVAL).await;
            if out::has_no_reader() {
                return Ok(ExitCode::SUCCESS);
            }
            if let Some(newest) = &newest {
                must_be_there(&operator, newest).await?;
                request.after_position = newest.position;
            }
        }
        request.page_token = page.next_page_token;
    }
}

/// Fails if the log does not have any more what was printed last, since what follows would not continue it.
async fn must_be_there(operator: &Operator, event: &RecordedEvent) -> anyhow::Result<()> {
    let position = event.position;
    let request = ReadEventsRequest { after_position: position - 1, page_size: 1, ..ReadEventsRequest::default() };
    // `--follow` survives a restart of the projector.
    let found = read(operator, &request, true).await?.events;
    if found.first().is_some_and(|found| found.hash == event.hash) {
        return Ok(());
    }
    bail!("the log lost events that were printed: position {position} is another event now, or none")
}

/// Prints one event whole.
pub async fn show(args: EventsShowArgs) -> anyhow::Result<ExitCode> {
    let event = at(&Operator::at(&args.ops.ops)?, args.position).await?;
    let text = match args.output.output {
        Output::Text => whole(&event),
        Output::Json => format!("{:#}\n", as_json(&event)),
    };
    out::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The event at a position; an error if there is none.
pub(super) async fn at(operator: &Operator, position: u64) -> anyhow::Result<RecordedEvent> {
    let request = ReadEventsRequest { after_position: position - 1, page_size: 1, ..ReadEventsRequest::default() };
    let page = read(operator, &request, false).await?;
    match page.events.into_iter().find(|event| event.position == position) {
        Some(event) => Ok(event),
        None => bail!("there is no event at position {position}"),
    }
}

/// Reads a page. `--follow` survives a restart of the projector.
async fn read(
    operator: &Operator,
    request: &ReadEventsRequest,
    persistent: bool,
) -> anyhow::Result<shared::rpc::proto::admin::ReadEventsResponse> {
    let ask = || {
        let (mut client, request) = (operator.client.clone(), request.clone());
        async move { client.read_events(request).await }
    };
    let answered = match persistent {
        true => retrying(DEADLINE, ask, || {}).await.map_err(|Failed { status, .. }| status),
        false => ask().await,
    };
    operator.answer(answered)
}

fn print_line(event: &RecordedEvent, output: Output) -> io::Result<()> {
    let line = match output {
        Output::Text => {
            let RecordedEvent { position, r#type, stream, version, .. } = event;
            format!("{position:>8}  {:<27}  {type:<20}  {stream}  {version}", time(event))
        }
        Output::Json => as_json(event).to_string(),
    };
    out::print(&format!("{}\n", out::in_one_line(&line)))
}

pub(super) fn whole(event: &RecordedEvent) -> String {
    let fields = [
        ("position", event.position.to_string()),
        ("recorded at", time(event)),
        ("type", format!("{} (schema {})", event.r#type, event.schema_version)),
        ("stream", event.stream.clone()),
        ("version", event.version.to_string()),
        ("event id", event.event_id.clone()),
        ("command id", event.command_id.clone()),
        ("correlation id", event.correlation_id.clone()),
        ("causation id", event.causation_id.clone()),
        ("principal", event.principal.clone()),
        ("traceparent", event.traceparent.clone()),
        ("payload digest", hex::encode(&event.payload_digest)),
        ("hash", hex::encode(&event.hash)),
        ("payload", event.payload_json.clone()),
    ];
    named(&fields)
}

pub(super) fn as_json(event: &RecordedEvent) -> Value {
    // The payload is null where retention has dropped it.
    let payload: Value = serde_json::from_str(&event.payload_json).unwrap_or_default();
    json!({
        "position": event.position,
        "event_id": event.event_id,
        "stream": event.stream,
        "version": event.version,
        "type": event.r#type,
        "schema_version": event.schema_version,
        "command_id": event.command_id,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "principal": event.principal,
        "traceparent": event.traceparent,
        "recorded_at": time(event),
        "payload": payload,
        "payload_digest": hex::encode(&event.payload_digest),
        "hash": hex::encode(&event.hash),
    })
}

fn time(event: &RecordedEvent) -> String {
    event.recorded_at.map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_printed_with_its_payload_as_json_and_its_hashes_as_hex() {
        let event = RecordedEvent {
            position: 7,
            payload_json: r#"{"a":1}"#.to_owned(),
            hash: vec![0, 255],
            recorded_at: Some(prost_types::Timestamp { seconds: 0, nanos: 1_000 }),
            ..RecordedEvent::default()
        };
        let printed = as_json(&event);
        assert_eq!(printed["payload"]["a"], 1);
        assert_eq!(printed["hash"], "00ff");
        assert_eq!(printed["recorded_at"], "1970-01-01T00:00:00.000001Z");
        assert!(whole(&event).contains("hash            00ff\n"));
        assert_eq!(as_json(&RecordedEvent::default())["payload"], Value::Null);
    }
}

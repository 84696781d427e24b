//! `chirp parked list`, `show`, `retry` and `discard`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use shared::rpc::proto::admin::{
    DiscardParkedEventRequest, ListParkedEventsRequest, ParkedEvent, RetryParkedEventsRequest,
};

use super::{Operator, events, named, table};
use crate::cli::{ParkedDiscardArgs, ParkedListArgs, ParkedRetryArgs, ParkedShowArgs};
use tools::args::Output;
use tools::out;

const HEADINGS: [&str; 6] = ["POSITION", "PROJECTION", "TYPE", "ATTEMPTS", "STREAM", "CAUSE"];

pub async fn list(args: ParkedListArgs) -> anyhow::Result<ExitCode> {
    let mut operator = Operator::at(&args.ops.ops)?;
    let mut parked = Vec::new();
    let mut request = ListParkedEventsRequest {
        projection: args.projection.unwrap_or_default(),
        include_discarded: args.discarded,
        ..ListParkedEventsRequest::default()
    };
    loop {
        let answered = operator.client.list_parked_events(request.clone()).await;
        let page = operator.answer(answered)?;
        parked.extend(page.parked_events);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let text = match args.output.output {
        Output::Text => table(HEADINGS, parked.iter().map(row).collect()),
        Output::Json => {
            let all: Vec<Value> = parked.iter().map(as_json).collect();
            format!("{:#}\n", json!({"parked_events": all}))
        }
    };
    out::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints one parked event, with what the log has of it.
pub async fn show(args: ParkedShowArgs) -> anyhow::Result<ExitCode> {
    let mut operator = Operator::at(&args.ops.ops)?;
    let request = ListParkedEventsRequest {
        projection: args.projection.clone(),
        position: args.position,
        include_discarded: true,
        ..ListParkedEventsRequest::default()
    };
    let answered = operator.client.list_parked_events(request).await;
    let Some(parked) = operator.answer(answered)?.parked_events.pop() else {
        bail!("{} has parked no event at position {}", args.projection, args.position);
    };
    let event = events::at(&operator, args.position).await?;
    let text = match args.output.output {
        Output::Text => whole(&parked) + &events::whole(&event),
        Output::Json => format!("{:#}\n", json!({"parked": as_json(&parked), "event": events::as_json(&event)})),
    };
    out::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Retries parked events. Exit code 1 when the projection still has any.
pub async fn retry(args: ParkedRetryArgs) -> anyhow::Result<ExitCode> {
    let mut operator = Operator::at(&args.ops.ops)?;
    let request = RetryParkedEventsRequest { projection: args.projection, positions: args.positions };
    let answer = operator.ask_owner(async |mut client| client.retry_parked_events(request.clone()).await).await?;
    out::print(&format!("{} applied, {} still parked\n", answer.applied_count, answer.remaining_count))?;
    Ok(if answer.remaining_count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub async fn discard(args: ParkedDiscardArgs) -> anyhow::Result<ExitCode> {
    let mut operator = Operator::at(&args.ops.ops)?;
    let request =
        DiscardParkedEventRequest { projection: args.projection, position: args.position, reason: args.reason };
    let answer = operator.ask_owner(async |mut client| client.discard_parked_event(request.clone()).await).await?;
    let parked = answer.parked_event.context("the answer has no event")?;
    let ParkedEvent { projection, position, discard_reason, .. } = parked;
    out::print(&format!("{projection} goes on without position {position}: {}\n", out::in_one_line(&discard_reason)))?;
    out::print(&format!("{} that waited for it applied\n", answer.applied_count))?;
    Ok(ExitCode::SUCCESS)
}

fn row(parked: &ParkedEvent) -> [String; 6] {
    let cause = match parked.discard_reason.as_str() {
        "" => parked.cause.clone(),
        reason => format!("discarded: {reason}"),
    };
    [
        parked.position.to_string(),
        parked.projection.clone(),
        parked.r#type.clone(),
        parked.attempts.to_string(),
        parked.stream.clone(),
        cause,
    ]
}

fn whole(parked: &ParkedEvent) -> String {
    let behind = if parked.behind_position == 0 { String::new() } else { parked.behind_position.to_string() };
    let fields = [
        ("projection", parked.projection.clone()),
        ("cause", parked.cause.clone()),
        ("attempts", parked.attempts.to_string()),
        ("waits for", behind),
        ("parked at", parked.parked_at.map(|time| time.to_string()).unwrap_or_default()),
        ("discarded at", parked.discarded_at.map(|time| time.to_string()).unwrap_or_default()),
        ("reason", parked.discard_reason.clone()),
    ];
    named(&fields)
}

fn as_json(parked: &ParkedEvent) -> Value {
    json!({
        "projection": parked.projection,
        "position": parked.position,
        "stream": parked.stream,
        "type": parked.r#type,
        "cause": parked.cause,
        "attempts": parked.attempts,
        "behind_position": parked.behind_position,
        "parked_at": parked.parked_at.map(|time| time.to_string()),
        "discarded_at": parked.discarded_at.map(|time| time.to_string()),
        "discard_reason": parked.discard_reason,
    })
}

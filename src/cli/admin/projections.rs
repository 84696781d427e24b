//! `chirp projection list`, `rebuild`, `cancel-rebuild` and `release`.

use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use shared::rpc::proto::admin::{
    CancelRebuildRequest, ListProjectionsRequest, Projection, ProjectionState, RebuildProjectionRequest,
    ReleaseSetAsideRequest, SetAside,
};

use tokio::time::timeout;

use super::Operator;
use crate::cli::{ProjectionListArgs, ProjectionRebuildArgs};
use tools::args::Output;
use tools::out;

const HEADINGS: [&str; 7] = ["NAME", "STATE", "CHECKPOINT", "HEAD", "LAG (EVENTS)", "LAG (SECONDS)", "PARKED"];

/// How often the progress of a rebuild is printed.
const PROGRESS: Duration = Duration::from_secs(2);

pub async fn list(args: ProjectionListArgs) -> anyhow::Result<ExitCode> {
    let projections = all(&mut Operator::at(&args.ops.ops)?).await?;
    print(&projections, args.output.output)?;
    Ok(ExitCode::SUCCESS)
}

async fn all(operator: &mut Operator) -> anyhow::Result<Vec<Projection>> {
    let mut projections = Vec::new();
    let mut request = ListProjectionsRequest::default();
    loop {
        let answered = operator.client.list_projections(request.clone()).await;
        let page = operator.answer(answered)?;
        projections.extend(page.projections);
        if page.next_page_token.is_empty() {
            return Ok(projections);
        }
        request.page_token = page.next_page_token;
    }
}

/// Rebuilds a projection and waits for the end.
pub async fn rebuild(args: ProjectionRebuildArgs) -> anyhow::Result<ExitCode> {
    let mut operator = Operator::at(&args.ops.ops)?;
    // The projector refuses an unknown name in its own words, and nothing is announced before.
    if all(&mut operator).await?.iter().any(|projection| projection.name == args.name) {
        out::note(&format!("rebuilding {} from the log; the old rows serve until it is done", args.name));
    }
    let (mut asked, request) = (Operator::at(&args.ops.ops)?, RebuildProjectionRequest { name: args.name.clone() });
    let asking = asked.ask_owner(async |mut client| client.rebuild_projection(request.clone()).await);
    let mut asking = pin!(asking);
    let answered = loop {
        match timeout(PROGRESS, &mut asking).await {
            Ok(answered) => break answered?,
            // A projector that stands by knows the progress from the tables.
            Err(_) => tell_progress(&all(&mut operator).await?, &args.name),
        }
    };
    let rebuilt = answered.projection.context("the answer has no projection")?;
    print(&[rebuilt], args.output.output)?;
    Ok(ExitCode::SUCCESS)
}

fn tell_progress(projections: &[Projection], name: &str) {
    let Some(projection) = projections.iter().find(|projection| projection.name == name) else { return };
    let Projection { rebuild_checkpoint, head, rebuild_time_left, .. } = projection;
    let left = rebuild_time_left.map(|left| format!(", {} s left", left.seconds)).unwrap_or_default();
    out::note(&format!("rebuilding {name}: at position {rebuild_checkpoint} of {head}{left}"));
}

/// Cancels the rebuild of a projection.
pub async fn cancel_rebuild(args: ProjectionRebuildArgs) -> anyhow::Result<ExitCode> {
    let mut operator = Operator::at(&args.ops.ops)?;
    let request = CancelRebuildRequest { name: args.name };
    let answered = operator.ask_owner(async |mut client| client.cancel_rebuild(request.clone()).await).await?;
    let projection = answered.projection.context("the answer has no projection")?;
    print(&[projection], args.output.output)?;
    Ok(ExitCode::SUCCESS)
}

/// Drops the tables of a projection that were set aside.
pub async fn release(args: ProjectionRebuildArgs) -> anyhow::Result<ExitCode> {
    let mut operator = Operator::at(&args.ops.ops)?;
    let request = ReleaseSetAsideRequest { name: args.name.clone() };
    let answer = operator.ask_owner(async |mut client| client.release_set_aside(request.clone()).await).await?;
    out::note(&format!("{}: {} sets of tables released", args.name, answer.released_count));
    print(&[answer.projection.context("the answer has no projection")?], args.output.output)?;
    Ok(ExitCode::SUCCESS)
}

fn print(projections: &[Projection], output: Output) -> io::Result<()> {
    let text = match output {
        Output::Text => table(projections),
        Output::Json => {
            let all: Vec<Value> = projections.iter().map(as_json).collect();
            format!("{:#}\n", json!({"projections": all}))
        }
    };
    out::print(&text)
}

fn table(projections: &[Projection]) -> String {
    let mut text = super::table(HEADINGS, projections.iter().map(row).collect());
    for projection in projections.iter().filter(|projection| !projection.failure.is_empty()) {
        text.push_str(&format!("\n{} stopped: {}\n", projection.name, out::in_one_line(&projection.failure)));
    }
    for projection in projections {
        for SetAside { number, checkpoint, log_head, .. } in &projection.set_aside {
            let name = &projection.name;
            text.push_str(&format!(
                "\n{name}: the log lost events that were applied: the tables had come to position {checkpoint}, the log to {log_head}. They \
                 are kept as aside{number}_{name}… until you release them by `chirp projection release {name}`\n"
            ));
        }
    }
    text
}

fn row(projection: &Projection) -> [String; 7] {
    [
        projection.name.clone(),
        state(projection).to_lowercase().replace('_', " "),
        projection.checkpoint.to_string(),
        projection.head.to_string(),
        projection.lag_events.to_string(),
        format!("{:.1}", lag_seconds(projection)),
        projection.parked_count.to_string(),
    ]
}

fn as_json(projection: &Projection) -> Value {
    json!({
        "name": projection.name,
        "state": state(projection),
        "checkpoint": projection.checkpoint,
        "head": projection.head,
        "lag_events": projection.lag_events,
        "lag_seconds": lag_seconds(projection),
        "failure": projection.failure,
        "parked": projection.parked_count,
        "rebuild_checkpoint": projection.rebuild_checkpoint,
        "set_aside": projection.set_aside.iter().map(set_aside_as_json).collect::<Vec<_>>(),
    })
}

fn set_aside_as_json(set: &SetAside) -> Value {
    json!({"number": set.number, "checkpoint": set.checkpoint, "log_head": set.log_head})
}

fn state(projection: &Projection) -> &'static str {
    let name = projection.state().as_str_name();
    match projection.state() {
        ProjectionState::Unspecified => "UNKNOWN",
        _ => name.strip_prefix("PROJECTION_STATE_").unwrap_or(name),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a lag of more than 2^53 seconds is lag enough")]
fn lag_seconds(projection: &Projection) -> f64 {
    projection.lag.map_or(0.0, |lag| lag.seconds as f64 + f64::from(lag.nanos) / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_failures_are_told() {
        let mut behind =
            Projection { name: "timelines_1".into(), checkpoint: 10, head: 1_000, ..Projection::default() };
        behind.set_state(ProjectionState::Stopped);
        behind.failure = "disk full".into();
        let mut fine = Projection { name: "posts_1".into(), checkpoint: 1_000, head: 1_000, ..Projection::default() };
        fine.set_state(ProjectionState::CaughtUp);
        let text = table(&[fine, behind]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].find("HEAD"), lines[1].rfind("1000"));
        assert!(lines[1].starts_with("posts_1      caught up  1000"), "{text}");
        assert_eq!(lines[4], "timelines_1 stopped: disk full");
    }
}

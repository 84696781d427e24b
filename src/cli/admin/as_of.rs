//! `chirp at`.

use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};
use shared::rpc::proto::admin::get_as_of_request::{self, Subject};
use shared::rpc::proto::admin::get_as_of_response::Answer;
use shared::rpc::proto::admin::{GetAsOfRequest, StreamAsOf};
use shared::rpc::proto::query::{Account, Includes, TimelineItem};

use super::{Operator, events};
use crate::cli::{AtArgs, Moment};
use tools::out;

/// Shows something as it was at a moment, as JSON.
pub async fn at(args: AtArgs) -> anyhow::Result<ExitCode> {
    let mut operator = Operator::at(&args.ops.ops)?;
    let moment = match args.moment {
        Moment::Position(position) => get_as_of_request::Moment::Position(position),
        Moment::Time(time) => get_as_of_request::Moment::Time(time),
    };
    let stream = args.stream.map(Subject::Stream);
    let account = args.account.map(Subject::AccountId);
    let subject = stream.or(account).or(args.home.map(Subject::HomeTimelineAccountId));
    let request = GetAsOfRequest { moment: Some(moment), subject, page_size: args.limit };
    let answered = operator.client.get_as_of(request).await;
    let answer = operator.answer(answered)?;
    let what = match answer.answer.context("the answer has nothing in it")? {
        Answer::Stream(StreamAsOf { version, events }) => {
            let events: Vec<Value> = events.iter().map(events::as_json).collect();
            json!({"version": version, "events": events})
        }
        Answer::Account(account) => of_account(&account),
        Answer::HomeTimeline(timeline) => {
            let includes = timeline.includes.unwrap_or_default();
            let items: Vec<Value> = timeline.items.iter().map(|item| of_item(item, &includes)).collect();
            json!({"items": items})
        }
    };
    let recorded_at = answer.recorded_at.map(|time| time.to_string());
    let text = json!({"position": answer.position, "recorded_at": recorded_at, "was": what});
    out::print(&format!("{text:#}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn of_account(account: &Account) -> Value {
    json!({
        "account_id": account.account_id,
        "handle": account.handle,
        "display_name": account.display_name,
        "bio": account.bio,
        "protected": account.protected,
        "follower_count": account.follower_count,
        "following_count": account.following_count,
        "post_count": account.post_count,
    })
}

fn of_item(item: &TimelineItem, includes: &Includes) -> Value {
    let post = item.post.as_ref();
    let author = post.and_then(|post| includes.accounts.iter().find(|there| there.account_id == post.author_id));
    json!({
        "place": item.place,
        "post_id": post.map(|post| &post.post_id),
        "author": author.map(|author| &author.handle),
        "text": post.map(|post| &post.text),
        "reposted_by_account_id": item.reposted_by_account_id,
    })
}

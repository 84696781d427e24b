//! Time travel: what a log stream, an account or a home timeline was at a moment in the past.
//!
//! Always: folded from the log, so that what was projected wrongly or is gone from the read tables does not matter.
//! Never here: how an account or a timeline is read (see [`History`]).

use std::sync::Arc;

use async_trait::async_trait;
use shared::model::clock::Timestamp;
use shared::model::ids::Position;
use shared::model::streams::StreamName;
use shared::rpc::errors::{ErrorReason, Refused, Violations, internal};
use shared::rpc::paging::PageSizes;
use shared::rpc::proto::admin as v1;
use shared::rpc::proto::admin::get_as_of_request::{Moment, Subject};
use shared::rpc::proto::admin::get_as_of_response::Answer;
use shared::rpc::proto::query;
use shared::rpc::tokens::must_be_in_the_log;
use tonic::{Code, Status};

use super::{Admin, present};

const PAGE_SIZES: PageSizes = PageSizes { default: 20, max: 800 };

/// Answers what a query server would have answered at a position. The process that composes the roles provides it,
/// since a projector knows no queries.
#[async_trait]
pub trait History: Send + Sync {
    async fn account(&self, at: Position, account_id: &str) -> Result<query::Account, Status>;

    /// The newest entries, and what they refer to.
    async fn home_timeline(
        &self,
        at: Position,
        account_id: &str,
        limit: usize,
    ) -> Result<(Vec<query::TimelineItem>, query::Includes), Status>;
}

impl Admin {
    pub(super) async fn as_of(&self, asked: &v1::GetAsOfRequest) -> Result<v1::GetAsOfResponse, Status> {
        let mut violations = Violations::default();
        let limit = PAGE_SIZES.read(asked.page_size, &mut violations);
        match &asked.subject {
            Some(Subject::Stream(stream)) => violations.must_not_be_empty("stream", stream),
            Some(Subject::AccountId(id)) => drop(violations.account("account_id", id)),
            Some(Subject::HomeTimelineAccountId(id)) => drop(violations.account("home_timeline_account_id", id)),
            None => drop(violations.account("account_id", "")),
        }
        violations.check()?;
        let at = self.moment(asked.moment.as_ref()).await?;
        let answer = match asked.subject.as_ref().ok_or_else(|| internal("it was checked"))? {
            Subject::Stream(stream) => Answer::Stream(self.stream_as_of(at, stream, limit).await?),
            Subject::AccountId(id) => Answer::Account(self.history()?.account(at, id).await?),
            Subject::HomeTimelineAccountId(id) => {
                let (items, includes) = self.history()?.home_timeline(at, id, limit).await?;
                Answer::HomeTimeline(v1::HomeTimelineAsOf { items, includes: Some(includes) })
            }
        };
        let recorded_at = self.recorded_at(at).await?.map(Timestamp::to_proto);
        Ok(v1::GetAsOfResponse { position: at.unsigned(), recorded_at, answer: Some(answer) })
    }

    fn history(&self) -> Result<&Arc<dyn History>, Status> {
        self.history.as_ref().ok_or_else(|| {
            Refused::new(Code::Unimplemented, ErrorReason::MethodUnknown, "this server knows no queries").into()
        })
    }

    /// The last position that counts; the head if no moment is given.
    async fn moment(&self, moment: Option<&Moment>) -> Result<Position, Status> {
        let head = self.log.head().await?.position;
        match moment {
            None => Ok(head),
            Some(Moment::Position(position)) => {
                let position = Position(i64::try_from(*position).unwrap_or(i64::MAX));
                must_be_in_the_log(position, head)?;
                Ok(position)
            }
            Some(Moment::Time(time)) => {
                let micros = time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos) / 1_000);
                self.last_at(Timestamp(micros), head).await
            }
        }
    }

    /// The position before the first event that was recorded later. Times may go back in the log, as clocks do; so the
    /// time of a position is the latest of all times up to it, which never goes back.
    async fn last_at(&self, time: Timestamp, head: Position) -> Result<Position, Status> {
        let later = self.log.first_recorded_after(time).await?;
        Ok(later.map_or(head, |later| Position(later.0 - 1).min(head)))
    }

    async fn recorded_at(&self, position: Position) -> Result<Option<Timestamp>, Status> {
        Ok(self.log.at(position).await?.map(|event| event.recorded_at))
    }

    async fn stream_as_of(&self, at: Position, stream: &str, limit: usize) -> Result<v1::StreamAsOf, Status> {
        let found = self.log.read_streams(&[StreamName::from_text(stream.to_owned())]).await?;
        let events = found.into_iter().flatten().filter(|event| event.position <= at).collect::<Vec<_>>();
        let version = events.last().map_or(0, |last| Position(last.version.0).unsigned());
        Ok(v1::StreamAsOf { version, events: events.iter().rev().take(limit).map(present).collect() })
    }
}

//! Queries about timelines, notifications and activities.

use shared::model::clock::Timestamp;
use shared::rpc::proto::query as v1;
use tonic::{Request, Status};

use super::{Answer, asked_by_owner, open};
use crate::hydrate::{self, Hydrated};
use crate::pages::{OfAccount, OfOwner, Page, Question, TIMELINE_PAGES};
use crate::questions::account::{Named, find};
use crate::questions::activities::{Deed, Target};
use crate::questions::{activities, author_timeline, home_timeline, notifications};
use crate::service::Queries;
use crate::streams::about_notifications;

impl Answer for v1::GetHomeTimelineRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let question = Question("HomeTimeline", home_timeline::READS, TIMELINE_PAGES);
        let mut page = open!(queries, request, question, OfOwner(&request.get_ref().account_id));
        let owner = page.key;
        let (items, next) = home_timeline::page(&mut page.snapshot, owner, page.start, page.size).await?;
        let (next_page_token, read_at) = page.tokens(&queries.tokens, next);
        let resume_token = queries.tokens.seal_resume(page.about(), page.snapshot.checkpoint, page.snapshot.anchor);
        Ok(v1::GetHomeTimelineResponse { items, next_page_token, read_at, resume_token })
    }
}

impl Answer for v1::GetAuthorTimelineRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let question = Question("AuthorTimeline", author_timeline::READS, TIMELINE_PAGES);
        let mut page = open!(queries, request, question, OfAccount("author_id", &request.get_ref().author_id));
        let (viewer, start, size) = (page.viewer, page.start, page.size);
        let (entries, next) = author_timeline::page(&mut page.snapshot, page.key, viewer, start, size).await?;
        let items = hydrate::items(&mut page.snapshot, &entries, viewer).await?;
        let (next_page_token, read_at) = page.tokens(&queries.tokens, next);
        Ok(v1::GetAuthorTimelineResponse { items, next_page_token, read_at })
    }
}

impl Answer for v1::ListNotificationsRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let question = Question("Notifications", notifications::READS, TIMELINE_PAGES);
        let mut page = open!(queries, request, question, OfOwner(&request.get_ref().account_id));
        let owner = page.key;
        let (groups, next) = notifications::page(&mut page.snapshot, owner, page.start, page.size).await?;
        let about = page.about().to_owned();
        let notifications =
            notifications::present(&mut page.snapshot, (&queries.freshness, &queries.tokens), (&about, owner), &groups)
                .await?;
        let (next_page_token, read_at) = page.tokens(&queries.tokens, next);
        let resume_token =
            queries.tokens.seal_resume(&about_notifications(&about), page.snapshot.checkpoint, page.snapshot.anchor);
        Ok(v1::ListNotificationsResponse { notifications, next_page_token, read_at, resume_token })
    }
}

impl Answer for v1::GetUnreadNotificationCountRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let asked = request.get_ref();
        let owner = asked_by_owner(&asked.account_id, &asked.viewer_account_id)?;

        let consistency = asked.consistency.as_ref();
        let reads = notifications::READS_TO_COUNT;
        let mut snapshot = queries.freshness.snapshot(request.metadata(), consistency, reads).await?;
        let owner = find(&mut snapshot, &Named::Id(owner)).await?;
        let unread_count = notifications::count_unread(&mut snapshot, owner).await?;
        let read_at = queries.tokens.seal(snapshot.anchor);
        Ok(v1::GetUnreadNotificationCountResponse { unread_count, read_at })
    }
}

impl Answer for v1::ListActivitiesRequest {
    async fn answer(request: &Request<Self>, queries: &Queries) -> Result<Self::Response, Status> {
        let question = Question("Activities", activities::READS, TIMELINE_PAGES);
        let mut page = open!(queries, request, question, OfOwner(&request.get_ref().account_id));
        let (owner, snapshot) = (page.key, &mut page.snapshot);
        let (deeds, next) = activities::page(snapshot, owner, page.start, page.size).await?;
        let hydrated = activities::hydrate(snapshot, owner, &deeds).await?;
        let activities = deeds.iter().map(|deed| activity(&hydrated, deed)).collect();
        let (next_page_token, read_at) = page.tokens(&queries.tokens, next);
        Ok(v1::ListActivitiesResponse { activities, next_page_token, read_at })
    }
}

fn activity(hydrated: &Hydrated, deed: &Deed) -> v1::Activity {
    let (post, target) = match deed.target {
        Target::Account(account) => (None, hydrated.account(account)),
        Target::Post(post) => (hydrated.post(post), hydrated.author_of(post)),
    };
    v1::Activity {
        kind: deed.kind,
        actor: hydrated.account(deed.actor),
        post,
        target,
        place: deed.place.unsigned(),
        happened_at: Some(Timestamp(deed.happened_at).to_proto()),
    }
}

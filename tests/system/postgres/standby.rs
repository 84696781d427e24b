//! A query server on a PostgreSQL standby, which has what it has replayed of the primary's log so far.

use std::time::Duration;

use shared::rpc::proto::query::{Consistency, GetPostRequest};
use tonic::{Code, Status};

use super::{command_server, execute, projector, query_server};
use crate::api::{Api, Made, ask, fresh, reason, up_to_date, within};
use crate::cluster::Cluster;
use crate::process::eventually;

/// The deadline of a call that waits in vain.
const DEADLINE: Duration = Duration::from_millis(1_500);

async fn shown(api: &Api, made: &Made, consistency: Option<Consistency>) -> Result<String, Status> {
    let request = ask!(GetPostRequest { post_id: &made.id, consistency: consistency });
    let answer = api.queries.clone().get_post(within(DEADLINE, request)).await?;
    Ok(answer.into_inner().post.expect("always set").text)
}

/// Asserts the answer for a standby that lacks what was asked for.
fn assert_is_behind(answer: Result<String, Status>) {
    let status = answer.expect_err("it does not have it");
    assert_eq!((status.code(), reason(&status).as_deref()), (Code::Unavailable, Some("PROJECTION_BEHIND")), "{status}");
}

#[tokio::test]
async fn a_query_server_on_a_standby_waits_for_what_it_lacks_and_says_that_it_is_behind() {
    let primary = Cluster::start("-c wal_level=replica").await;
    let standby = primary.standby().await;
    let (commands, projector) = (command_server(&primary.store()).await, projector(&primary.store(), &[]).await);
    let queries = query_server(&standby.store()).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await.id;
    let before = api.post(&ada, "before").await;
    for consistency in [fresh(&before.token), up_to_date()] {
        let show = async || shown(&api, &before, consistency.clone()).await;
        eventually("it is replayed", show, Result::is_ok).await.expect("just seen");
    }

    execute(&standby.store(), "SELECT pg_wal_replay_pause()").await;
    let after = api.post(&ada, "after").await;
    assert_is_behind(shown(&api, &after, fresh(&after.token)).await);
    assert_is_behind(shown(&api, &before, up_to_date()).await);
    assert_eq!(shown(&api, &before, None).await.expect("it needs nothing new"), "before");
    assert_eq!(shown(&api, &before, fresh(&before.token)).await.expect("it has that"), "before");

    let waiting = tokio::spawn({
        let (api, after) = (api.clone(), after.clone());
        async move { shown(&api, &after, fresh(&after.token)).await }
    });
    execute(&standby.store(), "SELECT pg_wal_replay_resume()").await;
    // It may have asked before the standby went on or after it; either way it gets an answer.
    assert_eq!(waiting.await.expect("it does not panic").expect("the standby goes on"), "after");
    let show = async || shown(&api, &after, up_to_date()).await;
    eventually("it has everything again", show, Result::is_ok).await.expect("just seen");
}

#[tokio::test]
async fn a_standby_without_a_primary_does_not_claim_to_have_everything() {
    let mut primary = Cluster::start("-c wal_level=replica").await;
    let standby = primary.standby().await;
    let (commands, projector) = (command_server(&primary.store()).await, projector(&primary.store(), &[]).await);
    let queries = query_server(&standby.store()).await;
    let api = Api::new(&commands.address, &queries.address, &projector.address);
    let ada = api.register("ada").await.id;
    let made = api.post(&ada, "before").await;
    let show = async || shown(&api, &made, fresh(&made.token)).await;
    eventually("it is replayed", show, Result::is_ok).await.expect("just seen");
    primary.kill().await;
    let ask_all = async || shown(&api, &made, up_to_date()).await;
    assert_is_behind(eventually("the standby notices", ask_all, Result::is_err).await);
    assert_eq!(shown(&api, &made, fresh(&made.token)).await.expect("it has that"), "before");
}

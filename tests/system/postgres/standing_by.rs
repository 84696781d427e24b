//! A projector that stands by names the owner's address, and the clocks of machines do not decide who is alive.

use shared::rpc::proto::admin::{ProjectionState, RebuildProjectionRequest};
use tonic::Code;
use tonic_types::StatusExt;

use super::{database, projector};
use crate::api::{Api, fresh, reason};
use crate::process::{Role, Roles, Surroundings, chirp, eventually, faketime};

#[tokio::test]
async fn an_order_to_a_projector_that_stands_by_names_the_owner_and_the_command_line_follows() {
    let server = database().await;
    let store = server.address();
    let Roles { commands, queries, projector: owner, .. } = Roles::start_at(&store, &[]).await;
    let standby = projector(&store, &["--advertise", "127.0.0.1:9"]).await;
    let api = Api::new(&commands.address, &queries.address, &standby.address);
    let made = api.register("ada").await;
    api.home(&made.id, fresh(&made.token)).await;

    let request = RebuildProjectionRequest { name: "timelines_1".to_owned() };
    let refused = api.admin.clone().rebuild_projection(request).await.expect_err("it stands by");
    assert_eq!(
        (refused.code(), reason(&refused).as_deref()),
        (Code::FailedPrecondition, Some("PROJECTION_OWNED_ELSEWHERE"))
    );
    let details = refused.get_details_error_info().expect("it has details");
    assert_eq!(details.metadata.get("owner_address"), Some(&owner.address), "{refused:?}");

    let named = format!("asking the owner, {}", owner.address);
    for order in [
        &["projection", "rebuild", "timelines_1"][..],
        &["projection", "cancel-rebuild", "timelines_1"],
        &["projection", "release", "timelines_1"],
        &["parked", "retry", "timelines_1"],
    ] {
        let finished = chirp(&[order, &["--ops", &standby.address]].concat()).await.with(0);
        assert!(finished.stderr.contains(&named), "{order:?}: {finished:#?}");
    }

    // From then on the new owner is called, at the address that it has stored.
    drop(owner);
    let address = async || {
        let request = RebuildProjectionRequest { name: "timelines_1".to_owned() };
        api.admin.clone().rebuild_projection(request).await.map(drop).map_err(|status| status.code())
    };
    eventually("the other takes over", address, Result::is_ok).await.expect("just seen");
}

#[tokio::test]
async fn a_clock_that_is_ahead_shows_nobody_as_stopped_and_takes_nothing_over() {
    let server = database().await;
    let store = server.address();
    let Roles { commands, queries, projector: owner, .. } = Roles::start_at(&store, &[]).await;
    let environment =
        [("LD_PRELOAD", faketime()), ("FAKETIME", "+90s".to_owned()), ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned())];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let ahead = Surroundings { environment, ..Surroundings::default() };
    let ahead = Role::start_in(ahead, "projector", "--ops-listen", &store, &[]).await;
    for (one, other) in [(&owner, &ahead), (&ahead, &owner)] {
        let api = Api::new(&commands.address, &queries.address, &one.address);
        let running = async || api.projections().await;
        let all_run = |projections: &Vec<_>| {
            projections.iter().all(|projection: &shared::rpc::proto::admin::Projection| {
                projection.state() == ProjectionState::CaughtUp
            })
        };
        let projections = eventually("all are shown as running", running, all_run).await;
        assert!(!projections.is_empty(), "at {}, beside {}", one.address, other.address);
    }
    // The one whose clock is ahead owns nothing, so it refuses.
    let api = Api::new(&commands.address, &queries.address, &ahead.address);
    let request = RebuildProjectionRequest { name: "posts_1".to_owned() };
    let refused = api.admin.clone().rebuild_projection(request).await.expect_err("it stands by");
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
}

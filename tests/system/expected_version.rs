//! Versions of accounts and posts: what was read can be expected by the command that changes it, and who comes second is told.

use shared::rpc::proto::command::*;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::api::{Api, ask, fresh, reason, request_id};
use crate::process::{Dev, Role, folder, verified};

/// The versions that a refusal names: the present one, and the one that was expected.
fn versions(refused: &Status) -> (String, String) {
    assert_eq!((refused.code(), reason(refused).as_deref()), (Code::Aborted, Some("VERSION_MISMATCH")), "{refused:?}");
    let metadata = refused.get_details_error_info().expect("an ErrorInfo").metadata;
    (metadata["present_version"].clone(), metadata["expected_version"].clone())
}

fn edit(author: &str, post: &str, text: &str, expected: i64) -> EditPostRequest {
    ask!(EditPostRequest { author_id: author, post_id: post, text: text, expected_version: expected })
}

#[tokio::test]
async fn an_edit_expects_the_version_that_was_read_and_who_comes_second_is_told_the_present_one() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c) = (&dev.api, dev.api.commands.clone());
    let ada = api.register("ada").await.id;
    let created = c.create_post(ask!(CreatePostRequest { author_id: &ada, text: "one" })).await.expect("published");
    let CreatePostResponse { post_id: post, version, consistency_token: token } = created.into_inner();
    assert_eq!(version, 1);
    assert_eq!(api.get_post(&post, fresh(&token)).await.expect("it is there").version, 1);

    let phone = c.edit_post(edit(&ada, &post, "two", 1)).await.expect("it is version 1").into_inner();
    assert_eq!(phone.version, 2);
    let head = api.head().await;
    let tablet = c.edit_post(edit(&ada, &post, "three", 1)).await.expect_err("it is version 2 by now");
    assert_eq!(versions(&tablet), ("2".to_owned(), "1".to_owned()));
    let delete = ask!(DeletePostRequest { author_id: &ada, post_id: &post, expected_version: 1 });
    let refused = c.delete_post(delete).await.expect_err("it is version 2 by now");
    assert_eq!(versions(&refused), ("2".to_owned(), "1".to_owned()));
    assert_eq!(api.head().await, head, "nothing was written");

    let shown = api.get_post(&post, fresh(&phone.consistency_token)).await.expect("it is there");
    assert_eq!((&*shown.text, shown.version), ("two", 2));
    // What others do to a post is no change of it, and neither is an edit without a change.
    let liked =
        c.like_post(ask!(LikePostRequest { account_id: &ada, post_id: &post })).await.expect("liked").into_inner();
    assert_eq!(api.get_post(&post, fresh(&liked.consistency_token)).await.expect("it is there").version, 2);
    assert_eq!(c.edit_post(edit(&ada, &post, "two", 2)).await.expect("nothing changes").into_inner().version, 2);
    assert_eq!(c.edit_post(edit(&ada, &post, "four", 0)).await.expect("nothing is expected").into_inner().version, 3);

    let delete =
        |expected: i64| ask!(DeletePostRequest { author_id: &ada, post_id: &post, expected_version: expected });
    c.delete_post(delete(3)).await.expect("it is version 3");
    c.delete_post(delete(3)).await.expect("deleting twice is fine");
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_profile_and_a_handle_share_the_version_of_their_account() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c) = (&dev.api, dev.api.commands.clone());
    let ada = api.register("ada").await.id;
    let bob = api.register("bob").await.id;
    api.follow(&bob, &ada).await;
    api.post(&ada, "posts are not the account").await;
    let update = |bio: &str, expected: i64| {
        ask!(UpdateProfileRequest { account_id: &ada, display_name: "Ada", bio: bio, expected_version: expected })
    };
    let rename = |handle: &str, expected: i64| {
        ask!(ChangeHandleRequest { account_id: &ada, handle: handle, expected_version: expected })
    };
    assert_eq!(c.update_profile(update("x", 1)).await.expect("it is version 1").into_inner().version, 2);
    let refused = c.change_handle(rename("ada2", 1)).await.expect_err("the profile has changed");
    assert_eq!(versions(&refused), ("2".to_owned(), "1".to_owned()));
    let refused = c.change_handle(rename("bob", 1)).await.expect_err("the version is looked at first");
    assert_eq!(versions(&refused), ("2".to_owned(), "1".to_owned()));
    assert_eq!(c.change_handle(rename("ada2", 2)).await.expect("it is version 2").into_inner().version, 3);
    assert_eq!(c.change_handle(rename("ada2", 3)).await.expect("nothing changes").into_inner().version, 3);
    c.protect_account(ask!(ProtectAccountRequest { account_id: &ada })).await.expect("protected");
    c.unprotect_account(ask!(UnprotectAccountRequest { account_id: &ada })).await.expect("public");
    api.deactivate(&ada).await;
    let back =
        c.reactivate_account(ask!(ReactivateAccountRequest { account_id: &ada })).await.expect("back").into_inner();
    let shown = api.account(&ada, fresh(&back.consistency_token)).await.expect("it is there");
    assert_eq!((&*shown.handle, shown.version), ("ada2", 7));
    let refused = c.update_profile(update("y", 3)).await.expect_err("it was away meanwhile");
    assert_eq!(versions(&refused), ("7".to_owned(), "3".to_owned()));
    verified(folder.path()).await;
}

#[tokio::test]
async fn of_many_edits_at_once_that_expect_the_same_version_one_is_made_through_whichever_server() {
    const AT_ONCE: usize = 16;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let second = Role::command_server(folder.path()).await;
    let other = Api::new(&second.address, &dev.query, &dev.ops);
    let ada = dev.api.register("ada").await.id;
    let post = dev.api.post(&ada, "zero").await.id;
    for round in 1..=6_i64 {
        let mut editing = JoinSet::new();
        for number in 0..AT_ONCE {
            let mut commands = [&dev.api, &other][number % 2].commands.clone();
            let request = edit(&ada, &post, &format!("{round} {number}"), round);
            editing.spawn(async move { commands.edit_post(request).await });
        }
        let (made, refused): (Vec<_>, Vec<_>) = editing.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 1, "round {round}: {refused:?}");
        assert_eq!(made[0].as_ref().expect("it was made").get_ref().version, round + 1);
        for status in refused.iter().filter_map(|refused| refused.as_ref().err()) {
            assert_eq!(versions(status), ((round + 1).to_string(), round.to_string()));
        }
    }
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_retry_gives_the_first_answer_with_its_version_also_after_a_restart() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let post = dev.api.post(&ada, "one").await.id;
    let first = EditPostRequest { request_id: request_id(), ..edit(&ada, &post, "two", 1) };
    let nothing = EditPostRequest { request_id: request_id(), ..edit(&ada, &post, "two", 2) };
    let rename =
        ask!(ChangeHandleRequest { account_id: &ada, handle: "ada2", request_id: request_id(), expected_version: 1 });
    let answers = async |api: Api| {
        let mut c = api.commands.clone();
        [
            format!("{:?}", c.edit_post(first.clone()).await.expect("it is made once").into_inner()),
            format!("{:?}", c.edit_post(nothing.clone()).await.expect("it changes nothing").into_inner()),
            format!("{:?}", c.change_handle(rename.clone()).await.expect("it is made once").into_inner()),
        ]
    };
    let before = answers(dev.api.clone()).await;
    assert!(before.iter().all(|answer| answer.contains("version: 2")), "{before:?}");
    dev.api.commands.clone().edit_post(edit(&ada, &post, "three", 2)).await.expect("it is version 2");
    assert_eq!(answers(dev.api.clone()).await, before);
    dev.process.kill().await;
    let dev = Dev::start(folder.path()).await;
    assert_eq!(answers(dev.api.clone()).await, before);
    // With the expectation changed it is another payload.
    let mut c = dev.api.commands.clone();
    let refused =
        c.edit_post(EditPostRequest { expected_version: 3, ..first }).await.expect_err("it is another request");
    assert_eq!(reason(&refused).as_deref(), Some("REQUEST_ID_REUSED"));
    verified(folder.path()).await;
}

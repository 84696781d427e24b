//! A page is drawn from its answer alone: everything that its posts refer to comes with it, as its viewer may see it.

use shared::rpc::proto::command::{
    BlockAccountRequest, CreatePostRequest, DeletePostRequest, MuteAccountRequest, ProtectAccountRequest,
};
use shared::rpc::proto::query::text_entity::Entity;
use shared::rpc::proto::query::{BatchGetPostsRequest, GetHashtagTimelineRequest, Includes, UnavailableReason};

use crate::api::{Api, Made, ask, fresh, up_to_date};
use crate::process::{Dev, folder, verified};

async fn quote(api: &Api, author: &str, text: &str, quoted: &Made) -> Made {
    let request = ask!(CreatePostRequest { author_id: author, text: text, quoted_post_id: &quoted.id });
    api.try_post(request).await.expect("it is published")
}

fn handles(includes: &Includes) -> Vec<&str> {
    let mut handles: Vec<&str> = includes.accounts.iter().map(|account| account.handle.as_str()).collect();
    handles.sort_unstable();
    handles
}

#[tokio::test]
async fn a_page_comes_with_all_that_its_posts_refer_to_as_the_viewer_may_see_it() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob, eve, fan, zoe] = api.accounts(["ada", "bob", "eve", "fan", "zoe"]).await;
    api.follow(&bob, &ada).await;
    let shown = api.post(&zoe, "quoted by @ada #engines").await;
    let deleted = api.post(&eve, "to be deleted").await;
    let hidden = api.post(&fan, "of somebody who blocks").await;
    let answered = api.post(&eve, "answered").await;
    quote(api, &ada, "quotes what is there", &shown).await;
    quote(api, &ada, "quotes what is deleted", &deleted).await;
    quote(api, &ada, "quotes what is hidden", &hidden).await;
    let answer = ask!(CreatePostRequest { author_id: &zoe, text: "an answer", reply_to_post_id: &answered.id });
    let answer = api.try_post(answer).await.expect("it is published");
    api.repost(&ada, &answer.id).await;
    let own = api.post(&ada, "quoted on the page").await;
    quote(api, &ada, "quotes what is on the page", &own).await;
    let mut commands = api.commands.clone();
    commands.delete_post(ask!(DeletePostRequest { author_id: &eve, post_id: &deleted.id })).await.expect("it is hers");
    commands.block_account(ask!(BlockAccountRequest { account_id: &fan, target_account_id: &bob })).await.expect("bob");
    commands.mute_account(ask!(MuteAccountRequest { account_id: &bob, target_account_id: &zoe })).await.expect("zoe");

    let page = api.home(&bob, up_to_date()).await;
    let includes = page.includes.expect("always set");
    assert_eq!(page.items.len(), 5, "zoe is muted, so that her answer is not there");
    assert_eq!(handles(&includes), ["ada", "zoe"], "the authors of what is shown");
    let posts: Vec<&str> = includes.posts.iter().map(|post| post.text.as_str()).collect();
    assert_eq!(posts, ["quoted by @ada #engines"], "what is on the page is not repeated");
    let mut unavailable: Vec<_> =
        includes.unavailable_posts.iter().map(|post| (post.post_id.clone(), post.reason())).collect();
    unavailable.sort();
    let mut expected =
        [(deleted.id.clone(), UnavailableReason::Deleted), (hidden.id.clone(), UnavailableReason::Unspecified)];
    expected.sort();
    assert_eq!(unavailable, expected);
    let of = |handle: &str| {
        let account = includes.accounts.iter().find(|account| account.handle == handle);
        account.and_then(|account| account.viewer).expect("bob looks")
    };
    assert!(of("ada").following && !of("ada").muting && of("zoe").muting && !of("zoe").following);
    let entities: Vec<_> = includes.posts[0].entities.iter().filter_map(|one| one.entity.clone()).collect();
    assert_eq!(entities, [Entity::Mention("ada".to_owned()), Entity::Hashtag("engines".to_owned())]);

    let of_ada = api.home(&ada, up_to_date()).await;
    let includes = of_ada.includes.expect("always set");
    let texts: Vec<&str> = includes.posts.iter().map(|post| post.text.as_str()).collect();
    assert_eq!(texts.len(), 3, "fan does not block ada, and the answer has its parent: {texts:?}");
    assert_eq!(handles(&includes), ["ada", "eve", "fan", "zoe"]);
    let own = includes.accounts.iter().find(|account| account.handle == "ada").expect("she wrote them");
    assert_eq!(own.viewer, None, "an account is nothing to itself");

    // The other lists, for nobody in particular.
    let request = ask!(GetHashtagTimelineRequest { tag: "engines", consistency: up_to_date() });
    let listed = api.queries.clone().get_hashtag_timeline(request).await.expect("it is a tag").into_inner();
    let includes = listed.includes.expect("always set");
    assert_eq!((handles(&includes), includes.accounts[0].viewer), (vec!["zoe"], None));
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_post_that_is_asked_for_comes_with_its_author_and_what_is_protected_is_not_told() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, eve] = api.accounts(["ada", "eve"]).await;
    let first = api.post(&eve, "before she is protected").await;
    let quoting = quote(api, &ada, "quotes it", &first).await;
    let mut commands = api.commands.clone();
    commands.delete_post(ask!(DeletePostRequest { author_id: &eve, post_id: &first.id })).await.expect("it is hers");
    let protected = commands.protect_account(ask!(ProtectAccountRequest { account_id: &eve })).await;
    let token = protected.expect("she may").into_inner().consistency_token;
    for (viewer, reason) in [
        ("", UnavailableReason::Unspecified),
        (&ada, UnavailableReason::Unspecified),
        (&eve, UnavailableReason::Deleted),
    ] {
        let request = ask!(BatchGetPostsRequest {
            post_ids: vec![quoting.id.clone()],
            viewer_account_id: viewer,
            consistency: fresh(&token),
        });
        let answer = api.queries.clone().batch_get_posts(request).await.expect("it is there").into_inner();
        let includes = answer.includes.expect("always set");
        assert_eq!(handles(&includes), ["ada"]);
        let unavailable: Vec<_> =
            includes.unavailable_posts.iter().map(|post| (post.post_id.as_str(), post.reason())).collect();
        assert_eq!(unavailable, [(first.id.as_str(), reason)], "for {viewer:?}");
    }
    verified(folder.path()).await;
}

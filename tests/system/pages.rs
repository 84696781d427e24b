//! Pages of lists of which much is hidden: full while there is something, and short no more than twice in a row.

use shared::rpc::proto::command::{LikePostRequest, MuteAccountRequest};
use shared::rpc::proto::query::{ListNotificationsRequest, NotificationReason};

use crate::api::{Api, ask, up_to_date};
use crate::process::{Dev, folder};

/// More than fit into several pages.
const POSTS: usize = 150;
const PAGE: i32 = 10;

async fn like(api: &Api, account: &str, post: &str) {
    let like = ask!(LikePostRequest { account_id: account, post_id: post });
    api.commands.clone().like_post(like).await.expect("it is liked");
}

/// The sizes of the pages of an account's notifications, and what is on them: how many posts each was about, in order.
async fn pages(api: &Api, owner: &str) -> (Vec<usize>, Vec<(String, i32)>) {
    let (mut sizes, mut shown, mut page_token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let request = ask!(ListNotificationsRequest {
            account_id: owner,
            page_size: PAGE,
            page_token: page_token.clone(),
            consistency: up_to_date(),
        });
        let page = api.queries.clone().list_notifications(request).await.expect("a page").into_inner();
        sizes.push(page.notifications.len());
        for notification in page.notifications {
            assert_eq!(notification.reason(), NotificationReason::Liked);
            shown.push((notification.post.expect("it is about a post").text, notification.causer_count));
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return (sizes, shown);
        }
    }
}

#[tokio::test]
async fn pages_of_notifications_are_full_whoever_is_muted_behind_them() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    let mut posts = Vec::with_capacity(POSTS);
    for number in 0..POSTS {
        posts.push(api.post(&ada, &number.to_string()).await.id);
    }
    // Bob likes some first, and eve all after him, so that hers is the newest cause of each.
    for post in posts.iter().step_by(2) {
        like(api, &bob, post).await;
    }
    for post in &posts {
        like(api, &eve, post).await;
    }
    let (sizes, shown) = pages(api, &ada).await;
    let every: Vec<(String, i32)> =
        (0..POSTS).rev().map(|number| (number.to_string(), if number % 2 == 0 { 2 } else { 1 })).collect();
    assert_eq!(shown, every);
    assert!(sizes[..POSTS / 10].iter().all(|size| *size == 10), "{sizes:?}");

    // Once eve is muted, half of them are gone, and the others are where bob's likes were: more than a token carries.
    let mute = ask!(MuteAccountRequest { account_id: &ada, target_account_id: &eve });
    api.commands.clone().mute_account(mute).await.expect("she is muted");
    let (sizes, shown) = pages(api, &ada).await;
    let of_bob: Vec<(String, i32)> = (0..POSTS).step_by(2).rev().map(|number| (number.to_string(), 1)).collect();
    assert_eq!(shown, of_bob);
    let (last, full) = sizes.split_last().expect("there are pages");
    assert!(full.iter().all(|size| *size == 10) && *last <= 10, "{sizes:?}");

    // And with those of bob above some of kim, few enough to carry.
    let kim = api.register("kim").await.id;
    for post in posts.iter().skip(1).step_by(4) {
        like(api, &kim, post).await;
    }
    for post in posts.iter().skip(1).step_by(8) {
        like(api, &bob, post).await;
    }
    let mute = ask!(MuteAccountRequest { account_id: &ada, target_account_id: &bob });
    api.commands.clone().mute_account(mute).await.expect("he is muted");
    let (sizes, shown) = pages(api, &ada).await;
    let of_kim: Vec<(String, i32)> = (1..POSTS).step_by(4).rev().map(|number| (number.to_string(), 1)).collect();
    assert_eq!(shown, of_kim);
    let (_, full) = sizes.split_last().expect("there are pages");
    assert!(full.iter().all(|size| *size == 10), "{sizes:?}");
}

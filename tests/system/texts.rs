//! Handles, mentions, hashtags and names in the scripts of the world, from the command to the list and back.

use shared::rpc::proto::command::{CreatePostRequest, EditPostRequest, RegisterAccountRequest, UpdateProfileRequest};
use shared::rpc::proto::query::get_account_request::Account;
use shared::rpc::proto::query::{GetAccountRequest, GetHashtagTimelineRequest, ListNotificationsRequest};
use tonic::Code;

use crate::api::{Api, ask, fresh, reason, registration, request_id, up_to_date};
use crate::process::{Dev, folder, verified};

/// A tag as somebody writes it, and spellings by which others look for it.
const SPELLINGS: [(&str, &[&str]); 8] = [
    ("#İstanbul", &["İstanbul", "#i\u{307}STANBUL"]),
    ("#ΟΔΟΣ", &["οδος", "ΟΔΟΣ", "#οδοσ"]),
    ("#cafe\u{301}", &["caf\u{e9}", "CAF\u{c9}"]),
    ("＃ｔａｇ", &["＃ＴＡＧ", "ｔａｇ"]),
    ("#हिन्दी", &["हिन्दी"]),
    ("#ข่าว", &["#ข่าว"]),
    ("#தமிழ்", &["தமிழ்"]),
    ("#二〇二六年", &["二〇二六年"]),
];

fn handle_of(handle: &str) -> Option<Account> {
    Some(Account::Handle(handle.to_owned()))
}

async fn posts_with(api: &Api, tag: &str, token: &str) -> Vec<String> {
    let request = ask!(GetHashtagTimelineRequest { tag: tag, consistency: fresh(token) });
    let page = api.queries.clone().get_hashtag_timeline(request).await.expect("it is a tag").into_inner();
    page.items.into_iter().filter_map(|item| Some(item.post?.post_id)).collect()
}

#[tokio::test]
async fn a_hashtag_is_found_by_every_spelling_of_it() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let mut wrong = Vec::new();
    for (written, spellings) in SPELLINGS {
        let made = dev.api.post(&ada, &format!("about {written}, and https://example.com/{written}x")).await;
        for spelling in spellings {
            if posts_with(&dev.api, spelling, &made.token).await != [made.id.as_str()] {
                wrong.push(format!("{spelling} does not find {written}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_handle_is_mentioned_beside_any_script_and_looked_up_in_any_case() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    for handle in ["ada", "@ada", "Ada", "＠ADA"] {
        let request = ask!(GetAccountRequest { account: handle_of(handle), consistency: up_to_date() });
        let found = dev.api.queries.clone().get_account(request).await.expect("it is found").into_inner();
        assert_eq!(found.account.expect("always set").account_id, ada, "{handle}");
    }
    for nobody in ["", "@", "@@ada", "ada@", "äda", " ada"] {
        let request = ask!(GetAccountRequest { account: handle_of(nobody), consistency: up_to_date() });
        let refused = dev.api.queries.clone().get_account(request).await.expect_err("it is nobody");
        assert_eq!(
            (refused.code(), reason(&refused).as_deref()),
            (Code::NotFound, Some("ACCOUNT_NOT_FOUND")),
            "{nobody:?}"
        );
    }
    let mut mentions = 0;
    for (text, is_mention) in [
        ("の@adaに", true),
        ("＠Ada!", true),
        ("@ada@other.example", false),
        ("ada@ada.example", false),
        ("https://example.com/@ada", false),
        ("@adaé", false),
    ] {
        let token = dev.api.post(&bob, text).await.token;
        mentions += usize::from(is_mention);
        let request = ask!(ListNotificationsRequest { account_id: &ada, consistency: fresh(&token) });
        let page = dev.api.queries.clone().list_notifications(request).await.expect("they are listed").into_inner();
        assert_eq!(page.notifications.len(), mentions, "after {text}");
    }
}

#[tokio::test]
async fn what_shows_nothing_or_loses_a_hashtag_is_refused_and_what_turns_text_is_closed() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let made = dev.api.post(&ada, "as it was").await;
    let mut commands = dev.api.commands.clone();
    for nothing in ["\u{3164}", "\u{2060}\u{200b}", "\u{202e}\u{2066}", "\0\u{1}\u{7f}", "\u{301}", "\u{2800}"] {
        let register = RegisterAccountRequest { display_name: nothing.to_owned(), ..registration("nobody") };
        let refusals = [
            commands.register_account(register).await.expect_err("it shows nothing"),
            dev.api
                .try_post(ask!(CreatePostRequest { author_id: &ada, text: nothing }))
                .await
                .expect_err("it shows nothing"),
        ];
        for refused in refusals {
            assert_eq!(
                (refused.code(), reason(&refused).as_deref()),
                (Code::InvalidArgument, Some("TEXT_EMPTY")),
                "{nothing:?}"
            );
        }
    }
    let long = format!("a tag #{}", "x".repeat(101));
    let edit = ask!(EditPostRequest { request_id: request_id(), author_id: &ada, post_id: &made.id, text: &long });
    let refused = commands.edit_post(edit).await.expect_err("the tag would be lost");
    assert_eq!(reason(&refused).as_deref(), Some("HASHTAG_MALFORMED"));
    assert_eq!(refused.metadata().get("x-chirp-error-reason").expect("it is in a trailer"), "HASHTAG_MALFORMED");

    let families = "👩‍👩‍👧‍👦".repeat(40);
    let update = ask!(UpdateProfileRequest { account_id: &ada, display_name: &families, bio: "\u{202e}turned" });
    let token = commands.update_profile(update).await.expect("40 characters").into_inner().consistency_token;
    let account = dev.api.account(&ada, fresh(&token)).await.expect("it is there");
    assert_eq!((account.display_name, account.bio), (families, "\u{202e}turned\u{202c}".to_owned()));
    verified(folder.path()).await;
}

//! What posts and profiles have beside their texts: references to media, link cards, languages and content warnings, from the command to every
//! answer and back.

use prost_types::FieldMask;
use shared::rpc::proto::admin::event::Details;
use shared::rpc::proto::admin::stream_events_response::Message;
use shared::rpc::proto::admin::{Event, StreamEventsRequest};
use shared::rpc::proto::command::*;
use shared::rpc::proto::common::{LinkCard, Media, MediaKind};
use shared::rpc::proto::query::{GetPostRequest, ListBlockedRequest, Post};
use tokio::time::timeout;

use crate::api::{Api, ask, fresh, reason, registration, up_to_date};
use crate::process::{DEADLINE, Dev, chirp, folder, verified};

fn media(name: &str, kind: MediaKind) -> Media {
    let url = format!("https://media.example/{name}");
    Media { url, kind: kind.into(), width: 640, height: 480, alt: format!("the {name}") }
}

fn image(name: &str) -> Media {
    media(name, MediaKind::Image)
}

fn card() -> LinkCard {
    LinkCard {
        url: "https://page.example/".to_owned(),
        title: "A page".to_owned(),
        description: "What it says".to_owned(),
        image: Some(image("page.png")),
    }
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() })
}

async fn edited(api: &Api, request: EditPostRequest) -> Post {
    let post = request.post_id.clone();
    let answer = api.commands.clone().edit_post(request).await.expect("it is edited").into_inner();
    api.get_post(&post, fresh(&answer.consistency_token)).await.expect("it is there")
}

#[tokio::test]
async fn what_a_post_has_beside_its_text_is_stored_shown_edited_and_gone_with_it() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    api.follow(&bob, &ada).await;
    let all = [
        image("a.png"),
        media("b.mp4", MediaKind::Video),
        media("c.gif", MediaKind::Animation),
        Media { width: 0, height: 0, alt: String::new(), ..media("d.ogg", MediaKind::Audio) },
    ];
    let made = api
        .try_post(ask!(CreatePostRequest {
            author_id: &ada,
            media: all.to_vec(),
            link_card: card(),
            languages: vec!["PT-br".to_owned(), "de".to_owned(), "DE".to_owned()],
            content_warning: " spiders ",
        }))
        .await
        .expect("four media need no text");
    let shown = api.get_post(&made.id, fresh(&made.token)).await.expect("it is there");
    assert_eq!((&*shown.text, &shown.media[..], shown.link_card.clone()), ("", &all[..], Some(card())));
    assert_eq!(
        (&shown.languages[..], &*shown.content_warning),
        (&["pt-BR".to_owned(), "de".to_owned()][..], "spiders")
    );
    let page = api.home(&bob, up_to_date()).await;
    assert_eq!(page.items[0].post.as_ref().expect("always set").media, all, "a page has it, too");

    let request = |paths: &[&str]| {
        let update_mask = mask(paths);
        ask!(EditPostRequest { author_id: &ada, post_id: &made.id, update_mask: update_mask })
    };
    // Without a mask the text, and what is given.
    let said = edited(api, EditPostRequest { text: "words #tag".to_owned(), ..request(&[]) }).await;
    assert_eq!((&*said.text, said.media.len(), said.version), ("words #tag", 4, 2));
    assert_eq!((said.link_card.is_some(), &*said.content_warning), (true, "spiders"));
    let fewer = edited(api, EditPostRequest { media: vec![image("e.png")], ..request(&["media", "link_card"]) }).await;
    assert_eq!((&*fewer.text, &fewer.media[..], fewer.link_card), ("words #tag", &[image("e.png")][..], None));
    let head = api.head().await;
    let same =
        EditPostRequest { media: vec![image("e.png")], languages: said.languages, ..request(&["media", "languages"]) };
    assert_eq!(edited(api, same).await.version, 3);
    assert_eq!(api.head().await, head, "an edit without a change writes nothing");
    let silent = edited(api, request(&["text", "content_warning"])).await;
    assert_eq!((&*silent.text, &*silent.content_warning, silent.media.len()), ("", "", 1));
    for nothing in [&["media"][..], &["media", "text"], &["*"]] {
        let refused = api.commands.clone().edit_post(request(nothing)).await.expect_err("nothing would be left");
        assert_eq!(reason(&refused).as_deref(), Some("TEXT_EMPTY"), "{nothing:?}");
    }

    let quote = ask!(CreatePostRequest { author_id: &bob, text: "see", quoted_post_id: &made.id });
    let quote = api.try_post(quote).await.expect("published").id;
    let included = async || {
        let request = ask!(GetPostRequest { post_id: &quote, consistency: up_to_date() });
        api.queries
            .clone()
            .get_post(request)
            .await
            .expect("it is there")
            .into_inner()
            .includes
            .expect("always set")
            .posts
    };
    assert_eq!(included().await[0].media, [image("e.png")]);
    api.delete(&ada, &made.id).await;
    assert_eq!(included().await, []);
    verified(folder.path()).await;
}

#[tokio::test]
async fn the_pictures_of_a_profile_are_set_kept_and_removed_and_a_deactivated_account_shows_none() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let (api, mut c) = (&dev.api, dev.api.commands.clone());
    let request = RegisterAccountRequest { avatar: Some(image("ada.png")), ..registration("ada") };
    let RegisterAccountResponse { account_id: ada, consistency_token, .. } =
        c.register_account(request).await.expect("registered").into_inner();
    let shown = api.account(&ada, fresh(&consistency_token)).await.expect("it is there");
    assert_eq!((shown.avatar, shown.banner), (Some(image("ada.png")), None));

    let mut pictures = async |request: UpdateProfileRequest| {
        let token = c.update_profile(request).await.expect("it is updated").into_inner().consistency_token;
        let shown = api.account(&ada, fresh(&token)).await.expect("it is there");
        let name =
            |picture: Option<Media>| picture.map(|picture| picture.url.rsplit('/').next().unwrap_or("").to_owned());
        (shown.display_name, name(shown.avatar), name(shown.banner))
    };
    let texts = ask!(UpdateProfileRequest { account_id: &ada, display_name: "Ada" });
    let png = |name: &str| Some(format!("{name}.png"));
    // A client that knows nothing of pictures removes none.
    assert_eq!(pictures(texts.clone()).await, ("Ada".to_owned(), png("ada"), None));
    let wide = UpdateProfileRequest { banner: Some(image("wide.png")), ..texts.clone() };
    assert_eq!(pictures(wide).await, ("Ada".to_owned(), png("ada"), png("wide")));
    let other =
        ask!(UpdateProfileRequest { account_id: &ada, avatar: image("new.png"), update_mask: mask(&["avatar"]) });
    assert_eq!(pictures(other).await, ("Ada".to_owned(), png("new"), png("wide")));
    let removed = UpdateProfileRequest { update_mask: mask(&["avatar"]), ..texts };
    assert_eq!(pictures(removed).await, ("Ada".to_owned(), None, png("wide")));

    let bob = api.register("bob").await.id;
    let block = ask!(BlockAccountRequest { account_id: &bob, target_account_id: &ada });
    api.commands.clone().block_account(block).await.expect("blocked");
    api.deactivate(&ada).await;
    let list = ask!(ListBlockedRequest { account_id: &bob, consistency: up_to_date() });
    let listed = api.queries.clone().list_blocked(list).await.expect("hers").into_inner().accounts;
    assert_eq!((&*listed[0].account_id, listed[0].deactivated), (&*ada, true));
    assert_eq!((listed[0].banner.clone(), listed[0].version), (None, 0), "no more than which one it is");
    verified(folder.path()).await;
}

#[tokio::test]
async fn where_hosts_are_configured_media_come_from_them_alone_and_a_link_card_may_lead_anywhere() {
    let folder = folder();
    let dev = Dev::start_with(folder.path(), &["--media-hosts", "media.example,*.CDN.example"]).await;
    let ada = dev.api.register("ada").await.id;
    let post = async |url: &str, card: Option<LinkCard>| {
        let media = Media { url: url.to_owned(), ..image("x") };
        dev.api.try_post(ask!(CreatePostRequest { author_id: &ada, media: vec![media], link_card: card })).await
    };
    for url in ["https://media.example/a", "https://eu.cdn.example/a"] {
        post(url, Some(card())).await.expect("it is allowed");
    }
    for url in ["https://evil.example/a", "https://cdn.example/a", r"https://evil.example\@media.example/a"] {
        let refused = post(url, None).await.expect_err("it leads elsewhere");
        assert_eq!(reason(&refused).as_deref(), Some("MEDIA_HOST_NOT_ALLOWED"), "{url}");
    }
    let picture = LinkCard { image: Some(Media { url: "https://evil.example/a".to_owned(), ..image("x") }), ..card() };
    let refused = post("https://media.example/a", Some(picture)).await.expect_err("the picture leads elsewhere");
    assert_eq!(reason(&refused).as_deref(), Some("MEDIA_HOST_NOT_ALLOWED"));
    let avatar = Media { url: "https://evil.example/a".to_owned(), ..image("x") };
    let update = ask!(UpdateProfileRequest { account_id: &ada, display_name: "Ada", avatar: avatar });
    let refused = dev.api.commands.clone().update_profile(update).await.expect_err("it leads elsewhere");
    assert_eq!(reason(&refused).as_deref(), Some("MEDIA_HOST_NOT_ALLOWED"));
    drop(dev);
    for wrong in
        ["https://media.example", "media.example:443", "media.example/a", "*", "*.", "a..b", "m\u{f6}we.example"]
    {
        let refused = chirp(&["dev", "--data", "unused", "--media-hosts", wrong]).await.with(2);
        assert!(refused.stderr.contains("must be a host such as"), "{wrong}: {}", refused.stderr);
    }
}

#[tokio::test]
async fn the_stream_of_events_tells_what_was_said_beside_the_texts() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let register = RegisterAccountRequest { avatar: Some(image("ada.png")), ..registration("ada") };
    let ada = dev.api.commands.clone().register_account(register).await.expect("registered").into_inner().account_id;
    let create =
        ask!(CreatePostRequest { author_id: &ada, media: vec![image("a.png")], languages: vec!["de".to_owned()] });
    let post = dev.api.try_post(create).await.expect("published").id;
    let edit =
        ask!(EditPostRequest { author_id: &ada, post_id: &post, text: "x", link_card: card(), content_warning: "w" });
    dev.api.commands.clone().edit_post(edit).await.expect("edited");
    let update = ask!(UpdateProfileRequest { account_id: &ada, display_name: "Ada", banner: image("wide.png") });
    dev.api.commands.clone().update_profile(update).await.expect("updated");

    let mut stream =
        dev.api.admin.clone().stream_events(StreamEventsRequest::default()).await.expect("it opens").into_inner();
    let mut told = Vec::new();
    loop {
        let message = timeout(DEADLINE, stream.message()).await.expect("it says something").expect("no error");
        match message.expect("it goes on").message.expect("exactly one is set") {
            Message::Event(Event { details, .. }) => told.push(details.expect("exactly one is set")),
            Message::CaughtUp(_) => break,
            _ => {}
        }
    }
    let [
        Details::AccountRegistered(registered),
        Details::PostCreated(created),
        Details::PostEdited(edited),
        Details::AccountProfileUpdated(updated),
    ] = &told[..]
    else {
        panic!("{told:#?}")
    };
    assert_eq!((&registered.avatar, &registered.banner), (&Some(image("ada.png")), &None));
    assert_eq!((&created.media[..], &created.languages[..]), (&[image("a.png")][..], &["de".to_owned()][..]));
    assert_eq!((edited.media.len(), &edited.link_card, &*edited.content_warning), (1, &Some(card()), "w"));
    assert_eq!((&updated.avatar, &updated.banner), (&Some(image("ada.png")), &Some(image("wide.png"))));
}

//! The way of a client through a feed, from registration to the stream, and what it finds again after a crash.

use std::sync::Arc;

use shared::rpc::proto::command::*;
use shared::rpc::proto::query::{RefreshCause, RemovalCause};
use tokio::sync::watch;
use tonic::Code;

use crate::api::{Api, Feed, Made, Told, ask, fresh, item, registration, request_id, text, texts, up_to_date};
use crate::process::{Dev, folder, verified};

/// The next messages of a stream that change the list.
async fn news(feed: &mut Feed, count: usize) -> Vec<Told> {
    let mut told = Vec::new();
    while told.len() < count {
        told.push(feed.news().await);
    }
    told
}

#[tokio::test]
async fn a_post_is_in_the_timeline_of_a_follower_and_on_their_stream() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let [ada, bob, eve] = api.accounts(["ada", "bob", "eve"]).await;
    api.follow(&bob, &ada).await;
    let first = api.post(&ada, "first").await;
    let hidden = api.post(&eve, "of nobody that bob follows").await;

    let page = api.home(&bob, fresh(&hidden.token)).await;
    assert_eq!(texts(&page.items), ["first"]);
    let shown = &page.items[0];
    let post = shown.post.clone().expect("always set");
    let includes = page.includes.clone().expect("always set");
    let author =
        includes.accounts.iter().find(|one| one.account_id == post.author_id).expect("always included").clone();
    assert!(author.viewer.is_some_and(|viewer| viewer.following && !viewer.followed_by), "{author:?}");
    assert_eq!((post.post_id, post.author_id, author.handle.as_str()), (first.id.clone(), ada.clone(), "ada"));
    assert_eq!((author.follower_count, author.post_count, shown.reposted_by_account_id.as_str()), (1, 1, ""));
    assert_eq!(page.next_page_token, "");

    let mut feed = api.stream(&bob, &page.resume_token).await;
    assert_eq!(feed.next().await, Told::CaughtUp);
    api.post(&ada, "second").await;
    assert_eq!(feed.next().await, item("second"));
    api.post(&eve, "still of nobody").await;
    api.post(&bob, "one's own").await;
    assert_eq!(feed.news().await, item("one's own"));
    api.repost(&ada, &hidden.id).await;
    assert_eq!(feed.news().await, Told::Item("of nobody that bob follows".into(), Some(ada.clone())));

    let reply = ask!(CreatePostRequest { author_id: &bob, text: "an answer", reply_to_post_id: &first.id });
    let reply = api.try_post(reply).await.expect("it is published");
    let like = ask!(LikePostRequest { account_id: &bob, post_id: &first.id });
    let liked = api.commands.clone().like_post(like).await.expect("it is liked").into_inner();
    assert_eq!(feed.news().await, item("an answer"));
    let answered = api.get_post(&first.id, fresh(&liked.consistency_token)).await.expect("it is there");
    assert_eq!((answered.reply_count, answered.like_count, answered.repost_count), (1, 1, 0));
    let answer = api.get_post(&reply.id, None).await.expect("it is there");
    assert_eq!((answer.reply_to_post_id, answer.reply_to_account_id), (first.id, ada));

    let shown = texts(&api.home(&bob, up_to_date()).await.items);
    assert_eq!(shown, ["an answer", "of nobody that bob follows", "one's own", "second", "first"]);
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_page_and_the_stream_from_its_resume_token_have_every_post_once() {
    const POSTS: usize = 80;
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = dev.api.clone();
    let [ada, bob] = api.accounts(["ada", "bob"]).await;
    let followed = api.follow(&bob, &ada).await;
    let all: Vec<String> = (0..POSTS).map(|number| format!("post {number}")).collect();

    let (written, progress) = watch::channel(0);
    let writing = tokio::spawn({
        let (api, all) = (api.clone(), all.clone());
        async move {
            for text in &all {
                api.post(&ada, text).await;
                written.send_modify(|count| *count += 1);
            }
        }
    });
    // Readers join at different moments of the writing, and each combines its page with its stream.
    let mut readers = Vec::new();
    for begin in [0, 1, 7, 20, 33, 50, 64, 79] {
        let (api, bob, mut progress, last) = (api.clone(), bob.clone(), progress.clone(), all[POSTS - 1].clone());
        let followed = followed.clone();
        readers.push(tokio::spawn(async move {
            progress.wait_for(|count| *count >= begin).await.expect("the writer goes on");
            let page = api.home(&bob, fresh(&followed)).await;
            let mut seen = texts(&page.items);
            seen.reverse();
            let mut feed = api.stream(&bob, &page.resume_token).await;
            let mut tokens = vec![(seen.len(), page.resume_token)];
            while seen.last() != Some(&last) {
                if let Told::Item(text, _) = feed.next().await {
                    seen.push(text);
                }
                tokens.push((seen.len(), feed.token.clone()));
            }
            (seen, tokens)
        }));
    }
    writing.await.expect("every post is published");
    let mut resumable = Vec::new();
    for reader in readers {
        let (seen, tokens) = reader.await.expect("the reader sees the last post");
        assert_eq!(seen, all);
        resumable.extend(tokens.into_iter().step_by(9));
    }
    // Whichever message was the last that a client applied, it gets the rest and nothing else.
    for (applied, token) in resumable {
        let mut feed = api.stream(&bob, &token).await;
        let rest: Vec<Told> = all[applied..].iter().map(|text| item(text)).collect();
        assert_eq!(news(&mut feed, rest.len()).await, rest, "after {applied} posts");
        assert_eq!(feed.next().await, Told::CaughtUp, "after {applied} posts");
    }
}

#[tokio::test]
async fn an_edit_a_deletion_an_undone_repost_a_mute_an_unfollow_and_a_block_are_told_on_the_stream() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let api = &dev.api;
    let mut commands = api.commands.clone();
    let [ada, bob, eve, dan] = api.accounts(["ada", "bob", "eve", "dan"]).await;
    for followee in [&ada, &eve, &dan] {
        api.follow(&bob, followee).await;
    }
    let kept = api.post(&ada, "kept").await;
    let deleted = api.post(&ada, "deleted").await;
    let by_stranger = api.register("stranger").await.id;
    let reposted = api.post(&by_stranger, "reposted").await;
    api.repost(&ada, &reposted.id).await;
    let of_eve = api.post(&eve, "of eve").await.id;
    let newest = api.post(&dan, "of dan").await;
    let page = api.home(&bob, fresh(&newest.token)).await;
    assert_eq!(texts(&page.items), ["of dan", "of eve", "reposted", "deleted", "kept"]);
    let before = page.items.iter().find(|item| text(item) == "kept").expect("it is shown").place;
    let mut feed = api.stream(&bob, &page.resume_token).await;

    let edit = ask!(EditPostRequest { author_id: &ada, post_id: &kept.id, text: "edited" });
    commands.edit_post(edit).await.expect("it is edited");
    assert_eq!(feed.news().await, Told::Updated("edited".into()));
    api.delete(&ada, &deleted.id).await;
    assert_eq!(feed.news().await, Told::Removed(vec![deleted.id], RemovalCause::Deleted));
    let undo = ask!(UndoRepostRequest { account_id: &ada, post_id: &reposted.id });
    commands.undo_repost(undo.clone()).await.expect("it is undone");
    assert_eq!(feed.news().await, Told::Removed(vec![reposted.id.clone()], RemovalCause::Undone));
    api.repost(&ada, &reposted.id).await;
    assert_eq!(feed.news().await, Told::Item("reposted".into(), Some(ada.clone())));

    let mute = ask!(MuteAccountRequest { account_id: &bob, target_account_id: &eve });
    commands.mute_account(mute).await.expect("it is muted");
    assert_eq!(feed.news().await, Told::Removed(vec![of_eve.clone()], RemovalCause::Muted));
    let unmute = ask!(UnmuteAccountRequest { account_id: &bob, target_account_id: &eve });
    commands.unmute_account(unmute).await.expect("it is unmuted");
    assert_eq!(feed.news().await, Told::Refresh(RefreshCause::Unmuted));
    let unfollow = ask!(UnfollowAccountRequest { follower_id: &bob, followee_id: &dan });
    commands.unfollow_account(unfollow).await.expect("it is unfollowed");
    assert_eq!(feed.news().await, Told::Removed(vec![newest.id.clone()], RemovalCause::Unfollowed));
    api.follow(&bob, &dan).await;
    assert_eq!(feed.news().await, Told::Refresh(RefreshCause::Followed));
    api.deactivate(&dan).await;
    assert_eq!(feed.news().await, Told::Removed(vec![newest.id.clone()], RemovalCause::Deactivated));
    let block = ask!(BlockAccountRequest { account_id: &eve, target_account_id: &bob });
    let blocked = commands.block_account(block).await.expect("it is blocked").into_inner().consistency_token;
    assert_eq!(feed.news().await, Told::Removed(vec![of_eve], RemovalCause::Blocked));

    let page = api.home(&bob, fresh(&blocked)).await;
    assert_eq!(texts(&page.items), ["reposted", "edited"]);
    assert_eq!(page.items[1].place, before, "an edit keeps its place");
    verified(folder.path()).await;
}

#[tokio::test]
async fn a_stream_resumes_after_kill_9_with_what_was_missed_and_nothing_else() {
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    dev.api.follow(&bob, &ada).await;
    let mut feed = dev.api.stream(&bob, &dev.api.home(&bob, up_to_date()).await.resume_token).await;
    let mut number = 0;
    for _ in 0..3 {
        let api = dev.api.clone();
        let post = async |texts: std::ops::Range<usize>| {
            for number in texts {
                api.post(&ada, &format!("post {number}")).await;
            }
        };
        post(number..number + 2).await;
        assert_eq!(news(&mut feed, 2).await, [item(&format!("post {number}")), item(&format!("post {}", number + 1))]);
        let token = feed.token.clone();
        // The client does not get these, or does not store them before it ends.
        post(number + 2..number + 5).await;
        dev.process.kill().await;
        feed.next_to_the_end().await;

        dev = Dev::start(folder.path()).await;
        dev.api.post(&ada, &format!("post {}", number + 5)).await;
        feed = dev.api.stream(&bob, &token).await;
        let missed: Vec<Told> = (number + 2..number + 6).map(|number| item(&format!("post {number}"))).collect();
        assert_eq!(news(&mut feed, 4).await, missed);
        number += 6;
    }
    verified(folder.path()).await;
}

#[tokio::test]
async fn every_acknowledged_command_is_there_after_kill_9_and_none_twice() {
    const WRITERS: usize = 8;
    const KILLS: usize = 3;
    const ACKNOWLEDGED_BEFORE_KILL: usize = 60;
    let folder = folder();
    let mut dev = Dev::start(folder.path()).await;
    let authors = dev.api.accounts(["w_0", "w_1", "w_2", "w_3", "w_4", "w_5", "w_6", "w_7"]).await;
    let mut acknowledged: Vec<(String, Made)> = Vec::new();
    let mut unknown: Vec<CreatePostRequest> = Vec::new();
    for kill in 0..KILLS {
        let count = Arc::new(watch::channel(0).0);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write(dev.api.clone(), authors[writer].clone(), kill, count.clone())))
            .collect();
        let mut progress = count.subscribe();
        progress.wait_for(|count| *count >= ACKNOWLEDGED_BEFORE_KILL).await.expect("the writers write");
        dev.process.kill().await;
        for writer in writers {
            let (done, interrupted) = writer.await.expect("a writer ends");
            acknowledged.extend(done);
            unknown.push(interrupted);
        }
        dev = Dev::start(folder.path()).await;
    }
    assert!(acknowledged.len() >= KILLS * ACKNOWLEDGED_BEFORE_KILL);
    // The outcome of interrupted commands is unknown, so they are retried.
    for request in unknown {
        let made = dev.api.try_post(request.clone()).await.expect("it is published, now or before");
        acknowledged.push((request.text, made));
    }
    for (text, made) in &acknowledged {
        let post = dev.api.get_post(&made.id, fresh(&made.token)).await;
        assert_eq!(&post.unwrap_or_else(|status| panic!("{text} is lost: {status:?}")).text, text);
    }
    let mut stored = Vec::new();
    for author in &authors {
        stored.extend(dev.api.texts_of(author).await);
    }
    let mut expected: Vec<String> = acknowledged.into_iter().map(|(text, _)| text).collect();
    stored.sort_unstable();
    expected.sort_unstable();
    assert_eq!(stored, expected, "each text once");
    verified(folder.path()).await;
}

/// Posts until the server is gone. Gives what was acknowledged, and what was in flight.
async fn write(
    api: Api,
    author: String,
    kill: usize,
    count: Arc<watch::Sender<usize>>,
) -> (Vec<(String, Made)>, CreatePostRequest) {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let text = format!("{author} {kill} {number}");
        let request = ask!(CreatePostRequest { author_id: &author, text: &text, request_id: request_id() });
        match api.try_post(request.clone()).await {
            Ok(made) => acknowledged.push((text, made)),
            Err(status) if matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled) => {
                return (acknowledged, request);
            }
            Err(status) => panic!("{text} is refused: {status:?}"),
        }
        count.send_modify(|count| *count += 1);
    }
    unreachable!("the server is killed")
}

#[tokio::test]
async fn a_text_comes_back_as_it_was_sent() {
    let longest = "🐦".repeat(500);
    let texts = [
        "a quote \" and another ' and a \\ backslash",
        "a line\nand a tab\tand a return\r\nhere",
        "nul \0 in the middle",
        "control \u{1}\u{7f}\u{85} characters",
        "{\"json\": [null, 1e400]} and \\u0000 and %s and $1",
        "right to left: שלום, and \u{202e}turned\u{202c}",
        "\u{feff}zero width\u{200b}\u{200d} and \u{2028} separators",
        "combined: e\u{301} 👩‍👩‍👧‍👦 \u{10ffff}",
        "'); DROP TABLE posts_1; --",
        &longest,
    ];
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let mut wrong = Vec::new();
    for text in texts {
        let made = dev.api.post(&ada, text).await;
        let found = dev.api.get_post(&made.id, fresh(&made.token)).await;
        match found {
            Ok(post) if post.text == text => {}
            other => wrong.push(format!("the text {text:?} comes back as {:?}", other.map(|post| post.text))),
        }
    }
    let request = RegisterAccountRequest {
        display_name: "nul \0 and \" and 🐦".to_owned(),
        bio: "a \0 b\\u0000".to_owned(),
        ..registration("odd")
    };
    let made = dev.api.commands.clone().register_account(request.clone()).await.expect("it is legal").into_inner();
    let found = dev.api.account(&made.account_id, fresh(&made.consistency_token)).await.expect("it is there");
    if (&found.display_name, &found.bio) != (&request.display_name, &request.bio) {
        wrong.push(format!("the profile {request:?} comes back as {found:?}"));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    verified(folder.path()).await;
}

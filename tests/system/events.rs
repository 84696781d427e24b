//! Server-sent events: several subscriptions at an address with a ticket.

use serde_json::{Value, json};

use crate::process::{Dev, folder};
use crate::web::{Live, post, send};

const TICKET: &str = "/chirp.query.v1.QueryService/CreateSubscribeTicket";
const SUBSCRIBE: &str = "/chirp.query.v1.QueryService/Subscribe";

async fn ticket(dev: &Dev, account: &str) -> String {
    let request = json!({
        "viewerAccountId": account,
        "consistency": { "fullyConsistent": true },
        "subscriptions": [{ "subscriptionId": "home", "homeTimeline": {} }],
    });
    let made = post(&dev.query, TICKET, &request.to_string()).await;
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()["ticket"].as_str().expect("a ticket").to_owned()
}

/// The next event that has this key: its id, and what stands under the key.
async fn next(stream: &mut Live, key: &str) -> (String, Value) {
    loop {
        let event = stream.event().await;
        let mut data: Value = serde_json::from_str(&event["data"]).expect("its data is JSON");
        assert_eq!(data["resumeToken"].as_str(), event.get("id").map(String::as_str), "{event:?}");
        if let Some(found) = data.get_mut(key) {
            return (event["id"].clone(), found.take());
        }
    }
}

#[tokio::test]
async fn an_address_with_a_ticket_answers_with_events_once_and_goes_on_after_the_last_one() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let bob = dev.api.register("bob").await.id;
    let spent = ticket(&dev, &bob).await;
    let address = format!("{SUBSCRIBE}?ticket={spent}");
    let accept = [("accept", "text/event-stream")];
    let mut stream = Live::open(&dev.query, "GET", &address, &accept, b"").await;
    assert_eq!(stream.status, 200);
    let header = |name: &str| stream.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
    assert_eq!(header("cache-control").as_deref(), Some("private, no-store"));
    next(&mut stream, "subscribed").await;
    assert_eq!(next(&mut stream, "refresh").await.1["cause"], "SUBSCRIPTION_REFRESH_CAUSE_BEGINS_NOW");
    next(&mut stream, "caughtUp").await;
    dev.api.post(&bob, "first\nwith two lines").await;
    let (last, item) = next(&mut stream, "homeTimelineItem").await;
    assert_eq!(item["item"]["post"]["text"], "first\nwith two lines");
    drop(stream);

    // What an EventSource does by itself is refused for good; with another ticket, it goes on after the last event.
    let again = send(&dev.query, "GET", &address, &accept, b"").await;
    assert_eq!((again.status, again.header("x-chirp-error-reason")), (400, Some("TICKET_SPENT")), "{}", again.text());
    dev.api.post(&bob, "second").await;
    let address = format!("{SUBSCRIBE}?ticket={}", ticket(&dev, &bob).await);
    let headers = [accept[0], ("last-event-id", last.as_str())];
    let mut stream = Live::open(&dev.query, "GET", &address, &headers, b"").await;
    next(&mut stream, "subscribed").await;
    let event = stream.event().await;
    let data: Value = serde_json::from_str(&event["data"]).expect("its data is JSON");
    assert_eq!(data["homeTimelineItem"]["item"]["post"]["text"], "second", "nothing was fetched again");

    // A server that stops says so in both ways.
    dev.process.signal("TERM");
    next(&mut stream, "draining").await;
    let end = stream.event().await;
    assert_eq!(end["event"], "error");
    assert_eq!(serde_json::from_str::<Value>(&end["data"]).expect("JSON")["code"], "unavailable");
}

#[tokio::test]
async fn an_address_without_a_good_ticket_is_refused_by_http() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    for (query, status) in
        [("", 400), ("?ticket=", 400), ("?ticket=nonsense", 400), ("?message=%7B%7D&encoding=json", 400)]
    {
        let refused = send(&dev.query, "GET", &format!("{SUBSCRIBE}{query}"), &[], b"").await;
        assert_eq!(refused.status, status, "{query}: {}", refused.text());
    }
    // Other streams have no address of their own, and one that takes a stream is no call of HTTP/1.1.
    let other = send(&dev.query, "GET", "/chirp.query.v1.QueryService/StreamPost?ticket=x", &[], b"").await;
    assert_eq!((other.status, other.header("allow")), (405, Some("POST")));
    let kind = [("content-type", "application/connect+json")];
    let both_ways = send(&dev.query, "POST", "/chirp.query.v1.QueryService/Stream", &kind, b"").await;
    assert_eq!(both_ways.status, 415);
    assert!(both_ways.text().contains("Subscribe takes one message"), "{}", both_ways.text());
    // A port without the service names the one that it has.
    let elsewhere = send(&dev.command, "GET", &format!("{SUBSCRIBE}?ticket=x"), &[], b"").await;
    assert_eq!(elsewhere.status, 404, "{}", elsewhere.text());
}

#[tokio::test]
async fn a_ticket_is_made_only_for_what_a_call_would_take() {
    let folder = folder();
    let dev = Dev::start(folder.path()).await;
    let ada = dev.api.register("ada").await.id;
    let watch = json!({"subscriptionId": "a", "post": {"postId": ada}});
    for (subscriptions, field) in [
        (json!([watch, watch]), "subscriptions[1].subscription_id"),
        (json!([{"post": {"postId": ada}}]), "subscriptions[0].subscription_id"),
        (json!([{"subscriptionId": "a".repeat(65), "post": {"postId": ada}}]), "subscriptions[0].subscription_id"),
        (json!([{"subscriptionId": "a"}]), "subscriptions[0].topic"),
    ] {
        let body = json!({"subscriptions": subscriptions}).to_string();
        let answer = post(&dev.all, "/chirp.query.v1.QueryService/CreateSubscribeTicket", &body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains(field), "{field} in {}", answer.text());
    }
}

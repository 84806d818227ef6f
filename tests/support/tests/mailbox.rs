//! The mailbox shows the engine's outbox, and says so when there is none.

use axum::{Json, Router, routing::get};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use support::{
    mailbox::{self, Outbox},
    server,
};

async fn engine_with(messages: Value) -> server::Running {
    let kept = json!({ "messages": messages });
    let answer = get(move || async move { Json(kept) });
    let app = Router::new().route("/_ministack/ses/messages", answer);
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    server::start(listener, url, app)
}

async fn mailbox_of(engine_url: &str) -> server::Running {
    let outbox = Outbox::of(engine_url).expect("a client");
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    server::start(listener, url, mailbox::router(outbox))
}

fn letter(id: &str, to: &str, at_s: f64) -> Value {
    json!({
        "MessageId": id, "Source": "hello@1mins.in", "To": [to], "CC": [], "BCC": [],
        "Subject": "Confirm <your> address", "BodyText": format!("https://a.test/confirm#token={id}"),
        "BodyHtml": "", "Timestamp": at_s, "Type": "v2.SendEmail",
    })
}

async fn get_text(url: &str) -> (StatusCode, String) {
    let response = Client::new().get(url).send().await.expect("an answer");
    (response.status(), response.text().await.expect("text"))
}

#[tokio::test]
async fn letters_are_listed_newest_first_and_by_address() {
    let engine = engine_with(json!({ "000000000000": [
        letter("one@ses", "ada@example.com", 1_763_700_000.5),
        letter("two@ses", "bob@example.com", 1_763_700_001.0),
        letter("three@ses", "Ada@example.com", 1_763_700_002.0),
    ]}))
    .await;
    let mailbox = mailbox_of(&engine.url).await;
    let (_, text) = get_text(&format!("{}/api/messages?to=ada@example.com", mailbox.url)).await;
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["messages"].as_array().unwrap().len(), 2);
    assert_eq!(found["messages"][0]["text"], "https://a.test/confirm#token=three@ses");

    let (_, list) = get_text(&mailbox.url).await;
    assert!(list.contains("Confirm &lt;your&gt; address") && list.contains("bob@example.com"));
    let (_, page) = get_text(&format!("{}/messages/one@ses", mailbox.url)).await;
    assert!(page.contains("<a href=\"https://a.test/confirm#token=one@ses\">"), "{page}");
}

#[tokio::test]
async fn an_empty_mailbox_says_what_to_do() {
    let engine = engine_with(json!({})).await;
    let mailbox = mailbox_of(&engine.url).await;
    let (status, page) = get_text(&mailbox.url).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Nothing was mailed yet"), "{page}");
}

#[tokio::test]
async fn without_the_engine_it_says_so() {
    let mailbox = mailbox_of("http://127.0.0.1:9").await;
    let (status, page) = get_text(&mailbox.url).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(page.contains("does not answer at"), "{page}");
    let (status, _) = get_text(&format!("{}/api/messages", mailbox.url)).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
}

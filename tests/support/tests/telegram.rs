//! What the Bot API tells a bot, and what it refuses.

use reqwest::Client;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use support::{clock, server, telegram::Telegram};

const TOKEN: &str = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct Api {
    running: server::Running,
    telegram: Arc<Telegram>,
    client: Client,
}

async fn api() -> Api {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let telegram = Telegram::open();
    telegram.put_bot(TOKEN, "mybot");
    let running = server::start(listener, url, telegram.router());
    Api { running, telegram, client: Client::new() }
}

impl Api {
    async fn ask(&self, token: &str, method: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/bot{token}/{method}", self.running.url);
        let answer = self.client.post(url).json(body).send().await.expect("answers");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn bot(&self, method: &str, body: &Value) -> (u16, Value) {
        self.ask(TOKEN, method, body).await
    }

    async fn texts(&self, body: &Value) -> Vec<String> {
        let (status, answer) = self.bot("getUpdates", body).await;
        assert_eq!(status, 200, "{answer}");
        let updates = answer["result"].as_array().expect("a list");
        updates
            .iter()
            .map(|it| it["message"]["text"].as_str().expect("a text").to_owned())
            .collect()
    }
}

#[tokio::test]
async fn an_update_stays_until_a_later_offset_confirms_it() {
    let api = api().await;
    for text in ["one", "two", "three"] {
        api.telegram.write_to(TOKEN, text);
    }
    assert_eq!(api.texts(&json!({})).await, ["one", "two", "three"]);
    assert_eq!(api.texts(&json!({ "limit": 1 })).await, ["one"]);
    assert_eq!(api.bot("getWebhookInfo", &json!({})).await.1["result"]["pending_update_count"], 3);
    assert_eq!(api.texts(&json!({ "offset": 2 })).await, ["two", "three"]);
    assert_eq!(api.texts(&json!({ "offset": -1 })).await, ["three"]);
    assert_eq!(api.texts(&json!({})).await, ["three"], "those before were forgotten");
    assert_eq!(api.telegram.pending(TOKEN), 1);
}

#[tokio::test]
async fn who_waits_is_told_of_the_next_message_and_who_waits_in_vain_of_none() {
    let api = api().await;
    let wait = json!({ "timeout": 20 });
    let (texts, ()) = tokio::join!(api.texts(&wait), async {
        clock::pause(Duration::from_millis(50)).await;
        api.telegram.write_to(TOKEN, "hello");
    });
    assert_eq!(texts, ["hello"]);
    assert_eq!(api.texts(&json!({ "offset": 2, "timeout": 1 })).await, [""; 0]);
}

#[tokio::test]
async fn one_polls_a_bot_and_the_later_one_wins() {
    let api = api().await;
    let wait = json!({ "timeout": 20 });
    let (earlier, later) = tokio::join!(api.bot("getUpdates", &wait), async {
        clock::pause(Duration::from_millis(50)).await;
        api.bot("getUpdates", &json!({})).await
    });
    assert_eq!((earlier.0, later.0), (409, 200));
    assert!(earlier.1["description"].as_str().expect("a text").contains("other getUpdates"));
}

#[tokio::test]
async fn nobody_polls_a_bot_that_has_a_webhook() {
    let api = api().await;
    api.telegram.write_to(TOKEN, "hello");
    assert_eq!(api.bot("setWebhook", &json!({ "url": "https://a.test" })).await.0, 200);
    let (status, refusal) = api.bot("getUpdates", &json!({})).await;
    assert_eq!((status, &refusal["ok"]), (409, &json!(false)));
    let info = api.bot("getWebhookInfo", &json!({})).await.1;
    assert_eq!(info["result"]["url"], "https://a.test");
    assert_eq!(info["result"]["pending_update_count"], 1);
    assert_eq!(api.bot("deleteWebhook", &json!({ "drop_pending_updates": true })).await.0, 200);
    assert_eq!(api.texts(&json!({})).await, [""; 0]);
}

#[tokio::test]
async fn a_token_opens_its_own_bot_and_no_other() {
    let api = api().await;
    let (status, me) = api.bot("getMe", &json!({})).await;
    assert_eq!((status, &me["result"]["username"]), (200, &json!("mybot")));
    let other = "987654321:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
    assert_eq!(api.ask(other, "getMe", &json!({})).await.0, 401);
    assert_eq!(api.ask("nonsense", "getMe", &json!({})).await.0, 404);
    assert_eq!(api.bot("getMoon", &json!({})).await.0, 404);
    let said = api.bot("sendMessage", &json!({ "chat_id": 4711, "text": "hi" })).await;
    assert_eq!((said.0, &said.1["result"]["text"]), (200, &json!("hi")));
}

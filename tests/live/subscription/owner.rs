//! What an owner does with an instance: stops it, starts it, restarts it, and goes back to a backup.

use super::life::Life;
use e2e::wire::State;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What the owner wants to be rid of.
const MISTAKE: &str = "/home/node/.openclaw/workspace/mistake.txt";

#[tokio::test]
#[ignore = "needs a running stack"]
async fn what_an_owner_stops_starts_and_restarts_remembers_and_goes_back_when_told() {
    let mut life = Life::begins().await;
    asks(&life, "stop", &Value::Null).await;
    life.is_stopped().await;
    asks(&life, "start", &Value::Null).await;
    life.goes_on().await;
    let first = backups(&life).await.pop().expect("the stop has kept one");
    restarts(&life).await;
    life.container().await.runs(&["touch", MISTAKE]).expect("the agent's home can be written to");
    asks(&life, "restore", &json!({ "backup_id": first["id"] })).await;
    life.until("it goes back", async || (life.state().await != State::Running).then_some(())).await;
    life.goes_on().await;
    assert_eq!(life.container().await.runs(&["cat", MISTAKE]), None, "it has not gone back");
    assert_eq!(backups(&life).await.len(), 2, "what it went back from is kept");
    life.balances().await;
    life.ada.leaves().await;
}

/// In the same container.
async fn restarts(life: &Life) {
    let before = life.container().await;
    let since = before.started_at();
    asks(life, "restart", &Value::Null).await;
    life.until("it restarts", async || (before.started_at() != since).then_some(())).await;
    let chats = async || life.shows_an_instance().await.then_some(());
    life.until("it answers again", chats).await;
    assert_eq!(life.container().await.id, before.id, "it stays where it is");
    life.remembers().await;
}

/// What has only just arrived is busy for some seconds.
async fn asks(life: &Life, act: &str, body: &Value) {
    let path = format!("/api/projects/{}/{act}", life.project.id);
    let accepted = async || {
        let request = life.ada.asks(Method::POST, &path);
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = request.send().await.expect("the API answers");
        (answer.status() == StatusCode::ACCEPTED).then_some(())
    };
    life.until(&format!("`{act}` is accepted"), accepted).await;
}

/// Newest first.
async fn backups(life: &Life) -> Vec<Value> {
    let path = format!("/api/projects/{}/backups", life.project.id);
    let answer = life.ada.asks(Method::GET, &path).send().await.expect("the API answers");
    answer.json().await.expect("a list")
}

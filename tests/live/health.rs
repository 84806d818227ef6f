//! A gateway dies, and then hangs: both are found, it is started again, and it has forgotten nothing.

use crate::{
    customer::{Customer, PROVISIONED_WITHIN},
    machine::{container_of, docker},
};
use adapters::clock::SystemClock;
use e2e::{executions::machine_of, wire::Project};
use jiff::SignedDuration;
use ports::clock::Clock;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

/// What the stand-in for the model answers with the beginning of the conversation.
const RECALL: &str = "What did I say first?";

/// How long it took until somebody saw it, and until it was well.
struct Spell {
    found: SignedDuration,
    over: SignedDuration,
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn a_gateway_that_dies_or_hangs_is_found_and_goes_on_where_it_was() {
    let ada = Customer::arrives().await;
    let project = ada.buys("falls-ill").await;
    let project = ada.waits_until_running(&project).await;
    let word = format!("zebra-{}", project.id);
    ada.chats(&project, &format!("My animal is a {word}.")).await;
    let machine = machine_of(ada.journey.environment(), &project.id, 1).await;
    let machine = container_of(&machine.expect("the execution says where it is"));
    until(&ada, &project, "ok").await;

    for (what, signal) in [("killed", "KILL"), ("hung", "STOP")] {
        strike(&machine, &project, signal);
        let spell = live_through(&ada, &project).await;
        let Spell { found, over } = spell;
        eprintln!("{what}: found after {found:.0?}, well again after {over:.0?}");
        let answer = ada.chats(&project, RECALL).await;
        assert!(answer.contains(&word), "{what}: the conversation is another one: {answer}");
    }
    ada.leaves().await;
}

/// Sends `signal` to everything in the instance but its init.
fn strike(machine: &str, project: &Project, signal: &str) {
    let script = format!(
        "docker top openclaw-{} -eo pid,comm | awk 'NR > 1 && $2 !~ /init|tini/ {{ print $1 }}' | \
         xargs kill -{signal}",
        project.id
    );
    docker(&["exec", machine, "sh", "-c", &script]).expect("the worker obeys");
}

async fn live_through(ada: &Customer, project: &Project) -> Spell {
    let began = SystemClock.now();
    until(ada, project, "restarting").await;
    let found = SystemClock.now().duration_since(began);
    until(ada, project, "ok").await;
    Spell { found, over: SystemClock.now().duration_since(began) }
}

/// Until its owner is shown that it is `standing`. An instance that starts was restarted.
async fn until(ada: &Customer, project: &Project, standing: &str) {
    let deadline = SystemClock.now() + PROVISIONED_WITHIN;
    while SystemClock.now() < deadline {
        let shown = shown(ada, project).await;
        if shown == standing || (standing == "restarting" && shown == "starting") {
            return;
        }
        SystemClock.sleep(Duration::from_millis(500)).await;
    }
    panic!("`{}` is not {standing} after {PROVISIONED_WITHIN:?}", project.id);
}

async fn shown(ada: &Customer, project: &Project) -> String {
    let asked = ada.asks(Method::GET, &format!("/api/projects/{}", project.id)).send().await;
    let answer: Value = asked.expect("the API answers").json().await.expect("in JSON");
    answer["health"]["standing"].as_str().unwrap_or_default().to_owned()
}

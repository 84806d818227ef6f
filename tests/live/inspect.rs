//! What an instance has printed, for its owner; and a command in it, for operators.

use crate::{
    customer::Customer,
    operator::{ops, try_ops},
};
use adapters::clock::SystemClock;
use ports::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;
use support::clock::stopwatch;

/// A worker answers within seconds; the rest is for a busy machine.
const READ_WITHIN: Duration = Duration::from_mins(1);

#[tokio::test]
#[ignore = "needs a running stack"]
async fn an_instance_says_what_it_printed_and_runs_what_an_operator_wants() {
    let ada = Customer::arrives().await;
    let project = ada.buys("talkative").await;
    let project = ada.waits_until_running(&project).await;
    let token = ada.journey.gateway_token(&project.id).await.expect("the owner's own token");

    let lines = logs(&ada, &project.id).await;
    assert!(lines.lines().count() > 1, "a gateway says how it starts: {lines}");
    assert!(!lines.contains(&token), "and tells no token");
    let by_operator = ops(&["logs", &project.id, "--tail", "5"]);
    assert!((1..=6).contains(&by_operator.lines().count()), "{by_operator}");

    let why = "to see whether it can";
    let said =
        ops(&["exec", &project.id, "--reason", why, "--", "sh", "-c", "echo $((6 * 7)); id -u"]);
    assert_eq!(said, "42\n1000\n");
    let config = "/home/node/.openclaw/openclaw.json";
    let said = ops(&["exec", &project.id, "--reason", why, "--", "cat", config]);
    assert!(said.contains("gateway") && !said.contains(&token), "its keys are blanked");

    let began = stopwatch();
    let hangs =
        ["exec", &project.id, "--reason", why, "--wait", "2", "--", "sh", "-c", "sleep 600; :"];
    let said = try_ops(&hangs);
    assert!(!said.status.success(), "{said:?}");
    assert!(began.elapsed() < READ_WITHIN, "it ends");
    let audit = ops(&["audit", &project.id]);
    assert!(
        audit.contains(why) && audit.contains("timed out") && audit.contains("with 0"),
        "{audit}"
    );
    ada.leaves().await;
}

/// Asks for them, and waits.
async fn logs(ada: &Customer, project: &str) -> String {
    let path = format!("/api/projects/{project}/logs");
    let asked = ada.asks(Method::POST, &path).send().await.expect("is answered");
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
    let ticket: Value = asked.json().await.expect("is JSON");
    let path = format!("{path}/{}", ticket["id"].as_str().expect("an id"));
    let began = stopwatch();
    while began.elapsed() < READ_WITHIN {
        let shown = ada.asks(Method::GET, &path).send().await.expect("is answered");
        if shown.status() != StatusCode::ACCEPTED {
            assert_eq!(shown.status(), StatusCode::OK);
            return shown.text().await.expect("is text");
        }
        SystemClock.sleep(Duration::from_millis(500)).await;
    }
    panic!("nothing was read within {READ_WITHIN:?}");
}

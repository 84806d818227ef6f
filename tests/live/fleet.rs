//! Workers of two clouds, and what operators ask about them.

use crate::{customer::Customer, operator::ops};
use e2e::{environment::Environment, executions::landing};
use serde_json::{Value, json};

#[tokio::test]
#[ignore = "needs a running stack"]
async fn who_wants_a_worker_alone_gets_a_server_of_hetzner_while_that_is_the_cheapest() {
    let ada = Customer::arrives().await;
    let environment = ada.journey.environment();
    sell_servers(environment, &json!({})).await;
    let project = ada.journey.create_project("aloof", "dedicated").await.expect("the name is good");
    let project = ada.pays_for(project).await;
    let project = ada.waits_until_running(&project).await;
    sell_servers(environment, &json!({ "quota": 0 })).await;

    let landing = landing(environment, &project.id, 1).await.expect("the execution says where");
    // Machines that AWS did not sell join under names of this form.
    assert!(landing.node_id.starts_with("mi-"), "{landing:?}");
    assert!(!ada.chats(&project, "Where do you live?").await.is_empty());

    let explained = ops(&["explain-placement", &project.id]);
    assert!(explained.contains("one was bought for it"), "{explained}");
    let listed = ops(&["workers"]);
    assert!(listed.contains(&landing.worker_id), "{listed}");
    ada.leaves().await;
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn nothing_new_goes_to_a_worker_that_an_operator_has_cordoned() {
    let ada = Customer::arrives().await;
    let first = ada.buys("stays").await;
    let first = ada.waits_until_running(&first).await;
    let there = landing(ada.journey.environment(), &first.id, 1).await.expect("it says where");
    ops(&["cordon", &there.worker_id]);
    let second = ada.buys("goes-elsewhere").await;
    let second = ada.waits_until_running(&second).await;
    let elsewhere = landing(ada.journey.environment(), &second.id, 1).await.expect("it says where");
    assert_ne!(elsewhere.worker_id, there.worker_id);
    assert!(!ada.chats(&first, "Are you still there?").await.is_empty());
    ops(&["uncordon", &there.worker_id]);
    ada.leaves().await;
}

/// Tells the stand-in what there is to sell.
async fn sell_servers(environment: &Environment, modes: &Value) {
    let url = format!("{}/_standin/modes", environment.hetzner_url);
    let told = reqwest::Client::new().put(url).json(modes).send().await;
    assert!(told.expect("the stand-in answers").status().is_success());
}

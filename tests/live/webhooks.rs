//! The door that webhooks come in by, from the attacker's side: everybody can reach it.

use crate::customer::{Customer, environment};
use adapters::clock::SystemClock;
use e2e::{
    dodo::StandIn,
    executions::landing,
    wire::{Project, State},
};
use ports::clock::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;

/// Time for a delivery to go through the queue, several times over.
const APPLIED_WITHIN: Duration = Duration::from_secs(20);
/// More than one visitor has, and less than would be a flood.
const SILENT_CONNECTIONS: usize = 200;
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

async fn assert_unpaid(customer: &Customer, project: &Project) {
    let now = customer.journey.project(&project.id).await.expect("the project is there");
    assert_eq!(now.state, State::PendingPayment);
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn whatever_strangers_send_is_refused_without_a_fault() {
    let mallory = Customer::arrives().await;
    let project = mallory.creates("for-free").await;
    let deep = format!(r#"{{"data":{}1{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    let cases: [(&str, &str, Option<&str>, Vec<u8>); 9] = [
        ("a web page", "text/html", None, b"<html></html>".to_vec()),
        ("a form", "application/x-www-form-urlencoded", None, b"type=subscription.active".to_vec()),
        ("parts", "multipart/form-data; boundary=x", None, b"--x--".to_vec()),
        ("packed", "application/json", Some("gzip"), vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
        ("cut short", "application/json", None, br#"{"type":"subscrip"#.to_vec()),
        ("lists in lists", "application/json", None, deep.into_bytes()),
        ("a huge number", "application/json", None, br#"{"data":{"total_amount":1e999}}"#.to_vec()),
        ("null bytes", "application/json", None, vec![0; 4096]),
        ("ten megabytes", "application/json", None, vec![b' '; 10 * 1024 * 1024]),
    ];
    for (case, kind, encoding, body) in cases {
        let mut request = mallory
            .asks(Method::POST, "/webhooks/dodo")
            .header("content-type", kind)
            .header("webhook-id", "msg_stranger")
            .header("webhook-timestamp", SystemClock.now().as_second())
            .header("webhook-signature", "v1,AAAA")
            .body(body);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        let answer = request.send().await.expect("the door answers");
        assert!(answer.status().is_client_error(), "{case}: {}", answer.status());
    }
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = mallory.asks(method.clone(), "/webhooks/dodo").send().await;
        let status = answer.expect("the door answers").status();
        assert!(status.is_client_error(), "{method}: {status}");
    }
    assert_unpaid(&mallory, &project).await;
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn those_who_connect_and_say_nothing_keep_nobody_out() {
    let ada = Customer::arrives().await;
    let environment = environment();
    let address = reqwest::Url::parse(&environment.app_url).expect("an address");
    let port = address.port_or_known_default().expect("a port");
    let mut silent = Vec::new();
    for _ in 0..SILENT_CONNECTIONS {
        let connection = TcpStream::connect((environment.edge_address, port)).await;
        silent.push(connection.expect("the edge listens"));
    }
    let request = ada.asks(Method::POST, "/webhooks/dodo").timeout(ANSWERED_WITHIN).body("{}");
    let answer = request.send().await.expect("the door answers meanwhile");
    // It says of no delivery what it is.
    assert!(answer.status().is_client_error(), "{}", answer.status());
    drop(silent);
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn what_is_delivered_again_and_again_has_its_effect_once() {
    let ada = Customer::arrives().await;
    let project = ada.creates("replayed").await;
    let checkout = ada.journey.checkout(&project.id).await.expect("a page to pay on");
    let paid = ada.journey.pay(&checkout).await.expect("the card is good");
    let project = ada.waits_until_running(&project).await;

    let dodo = StandIn::of(&environment()).expect("a client can be built");
    let deliveries = dodo.deliveries().await.expect("the stand-in answers");
    let about_it = deliveries.iter().filter(|it| it["about"] == paid.subscription_id.as_str());
    for delivery in about_it {
        let path = format!("deliveries/{}/redeliver", delivery["id"].as_str().expect("an id"));
        for _ in 0..3 {
            let again = dodo.ask(Method::POST, &path, &Value::Null).await.expect("it is sent");
            assert_eq!(again["attempt"]["status"], 200, "a repeat is acknowledged too");
        }
    }
    let emission = json!({
        "type": "subscription.active", "about": paid.subscription_id, "copies": 10,
    });
    dodo.ask(Method::POST, "emit", &emission).await.expect("it is sent");
    SystemClock.sleep(APPLIED_WITHIN).await;
    let after = ada.journey.project(&project.id).await.expect("the project is there");
    assert_eq!(after.state, State::Running);
    assert_eq!(landing(ada.journey.environment(), &project.id, 2).await, None, "one provisioning");
    ada.leaves().await;
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn a_subscription_of_ones_own_pays_for_nobody_elses_project() {
    let (ada, mallory) = (Customer::arrives().await, Customer::arrives().await);
    let coveted = ada.creates("coveted").await;
    let own = mallory.creates("her-own").await;
    let checkout = mallory.journey.checkout(&own.id).await.expect("a page to pay on");
    let paid = mallory.journey.pay(&checkout).await.expect("the card is good");
    // Genuine, signed, and about a subscription that is paid for; only the metadata lies.
    let dodo = StandIn::of(&environment()).expect("a client can be built");
    let lie = json!({ "metadata": { "project_id": coveted.id, "tenant_id": ada.tenant_id } });
    let emitted = dodo.emit("subscription.active", &paid.subscription_id, &lie).await;
    emitted.expect("it is sent");
    SystemClock.sleep(APPLIED_WITHIN).await;
    assert_unpaid(&ada, &coveted).await;
}

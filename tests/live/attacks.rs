//! From the attacker's side.

use crate::customer::Customer;
use adapters::clock::SystemClock;
use e2e::wire::State;
use ports::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
#[ignore = "needs a running stack"]
async fn another_tenant_cannot_tell_a_project_from_none() {
    let (ada, mallory) = (Customer::arrives().await, Customer::arrives().await);
    let project = ada.creates("private").await;
    let calls = [
        (Method::GET, ""),
        (Method::POST, "/checkout"),
        (Method::POST, "/retry"),
        (Method::POST, "/gateway-token"),
    ];
    for (method, action) in calls {
        let at = |id: &str| mallory.asks(method.clone(), &format!("/api/projects/{id}{action}"));
        let theirs = at(&project.id).send().await.expect("the API answers");
        let nobodys = at("prj_zzzzzzzzzz").send().await.expect("the API answers");
        assert_eq!(theirs.status(), StatusCode::NOT_FOUND, "{action}");
        assert_eq!(nobodys.status(), StatusCode::NOT_FOUND, "{action}");
        let theirs = theirs.text().await.expect("a body").replace(&project.id, "");
        let nobodys = nobodys.text().await.expect("a body").replace("prj_zzzzzzzzzz", "");
        assert_eq!(theirs, nobodys, "{action}");
    }
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn a_forged_webhook_is_refused_and_provisions_nothing() {
    let mallory = Customer::arrives().await;
    let project = mallory.creates("for-free").await;
    let body = json!({
        "type": "subscription.active",
        "data": {
            "payload_type": "Subscription",
            "status": "active",
            "subscription_id": "sub_forged",
            "metadata": { "project_id": project.id, "tenant_id": "ten_mallory" },
        },
    })
    .to_string();
    let now = SystemClock.now().as_second();
    let good = ("msg_forged", now.to_string(), "v1,AAAA");
    let cases = [
        ("a made-up signature", Some(&good), body.clone(), StatusCode::UNAUTHORIZED),
        ("no headers", None, body.clone(), StatusCode::BAD_REQUEST),
        (
            "an old time",
            Some(&("msg_old", "1".to_owned(), "v1,AAAA")),
            body,
            StatusCode::UNAUTHORIZED,
        ),
        ("too large", Some(&good), "x".repeat(300_000), StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (case, headers, body, status) in cases {
        let mut request = mallory
            .asks(Method::POST, "/webhooks/dodo")
            .header("content-type", "application/json")
            .body(body);
        if let Some((id, at, signature)) = headers {
            request = request
                .header("webhook-id", *id)
                .header("webhook-timestamp", at)
                .header("webhook-signature", *signature);
        }
        let answer = request.send().await.expect("the intake answers");
        assert_eq!(answer.status(), status, "{case}");
    }
    let project = mallory.journey.project(&project.id).await.expect("the project is there");
    assert_eq!(project.state, State::PendingPayment);
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn an_instance_opens_to_its_own_token_only_and_its_admin_interface_to_nobody() {
    let ada = Customer::arrives().await;
    let project = ada.buys("guarded").await;
    let project = ada.waits_until_running(&project).await;
    let token = ada.journey.gateway_token(&project.id).await.expect("the owner's own token");
    ada.journey.wait_for_instance(&project.url).await.expect("the edge serves it");
    let wrong = ada.journey.chat(&project.url, &"0".repeat(64), "Hello?").await;
    assert!(wrong.is_err(), "a wrong token opened the instance");

    let http = e2e::client::build(ada.journey.environment()).expect("a client can be built");
    for path in ["/api/v1/admin/rpc", "/.well-known/openclaw/browser-bootstrap"] {
        let url = format!("{}{path}", project.url);
        let answer = http.post(&url).bearer_auth(&token).json(&json!({ "method": "status" }));
        let answer = answer.send().await.expect("the edge answers");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let body: Value = answer.json().await.unwrap_or_default();
        assert!(body["result"].is_null(), "{path} answered {body}");
    }
    ada.leaves().await;
}

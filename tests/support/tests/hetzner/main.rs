//! The Hetzner stand-in keeps to what Hetzner documents, where it is unkind too.

mod customer;

use customer::{Customer, TOKEN, order};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use support::hetzner::{Docker, Hetzner, Metal, Settings};

#[tokio::test]
async fn nobody_comes_in_without_the_token() {
    let customer = Customer::new().await;
    let url = format!("{}/v1/servers", customer.hetzner.url);
    for request in [customer.http.get(&url), customer.http.get(&url).bearer_auth("another")] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], "unauthorized");
    }
}

#[tokio::test]
async fn a_server_is_made_as_ordered_and_runs_its_user_data() {
    let customer = Customer::new().await;
    let id = customer.server("wrk-a-1").await;
    let server = customer.get(&format!("/servers/{id}")).await["server"].clone();
    assert_eq!(server["status"], "running");
    assert_eq!(server["public_net"]["ipv4"]["ip"], "192.0.2.1");
    assert_eq!(server["labels"], json!({ "stage": "test", "worker": "wrk_a-1" }));
    assert_eq!(server["server_type"]["name"], "cpx22");
    assert_eq!(server["location"]["name"], "fsn1");
    assert_eq!(server["protection"], json!({ "delete": false, "rebuild": false }));
    let plans = customer.metal.plans();
    assert_eq!((plans[0].name.as_str(), plans[0].user_data.as_str()), ("wrk-a-1", "#!/bin/sh\n"));
}

#[tokio::test]
async fn a_name_is_taken_once_and_free_again_after_the_server() {
    let customer = Customer::new().await;
    let id = customer.server("wrk-a-1").await;
    let refused = customer.refused(Method::POST, "/servers", &order("wrk-a-1")).await;
    assert_eq!(refused, (409, "uniqueness_error".to_owned()));
    let deleted = customer.send(Method::DELETE, &format!("/servers/{id}"), &Value::Null).await;
    assert_eq!(deleted.status(), StatusCode::OK);
    assert!(customer.metal.plans().is_empty());
    assert_ne!(customer.server("wrk-a-1").await, id);
}

#[tokio::test]
async fn what_is_not_to_be_had_is_refused_as_documented() {
    let customer = Customer::new().await;
    let changed = |field: &str, value: Value| {
        let mut order = order("wrk-a-1");
        order[field] = value;
        order
    };
    customer.wish(&json!({ "sold_out": [{ "server_type": "cpx22", "location": "fsn1" }] })).await;
    let cases = [
        ("sold out here", order("wrk-a-1"), 412, "resource_unavailable"),
        ("a withdrawn type", changed("server_type", "cx22".into()), 422, "invalid_input"),
        ("an odd name", changed("name", "wrk_a-1".into()), 422, "invalid_input"),
        (
            "too much user data",
            changed("user_data", "x".repeat(32769).into()),
            422,
            "invalid_input",
        ),
    ];
    for (case, order, status, code) in cases {
        let refused = customer.refused(Method::POST, "/servers", &order).await;
        assert_eq!(refused, (status, code.to_owned()), "{case}");
    }
    let elsewhere = changed("location", "hel1".into());
    let taken = customer.send(Method::POST, "/servers", &elsewhere).await;
    assert_eq!(taken.status(), StatusCode::CREATED);
    customer.wish(&json!({ "quota": 1 })).await;
    let refused = customer.refused(Method::POST, "/servers", &order("wrk-b-1")).await;
    assert_eq!(refused, (403, "resource_limit_exceeded".to_owned()));
    assert_eq!(customer.metal.plans().len(), 1, "what was refused was not made");
}

#[tokio::test]
async fn what_is_for_sale_says_where_it_is_to_be_had() {
    let customer = Customer::new().await;
    customer.wish(&json!({ "sold_out": [{ "server_type": "cx23" }] })).await;
    let types = customer.get("/server_types").await;
    let of = |name: &str| {
        let all = types["server_types"].as_array().unwrap().iter();
        all.clone().find(|it| it["name"] == name).unwrap()["locations"][0].clone()
    };
    assert_eq!(of("cx23"), json!({ "name": "fsn1", "available": false, "deprecation": null }));
    assert_eq!(of("cpx22")["available"], true);
    let first = types["server_types"][0]["id"].as_u64().unwrap();
    let one = customer.get(&format!("/server_types/{first}")).await;
    assert_eq!(one["server_type"]["name"], types["server_types"][0]["name"]);
    assert_eq!(customer.get("/locations").await["locations"][2]["name"], "hel1");
    let gone = customer.refused(Method::GET, "/datacenters", &Value::Null).await;
    assert_eq!(gone, (410, "deprecated_api_endpoint".to_owned()));
}

#[tokio::test]
async fn servers_are_listed_by_name_and_label_and_page_by_page() {
    let customer = Customer::new().await;
    for name in ["wrk-a-1", "wrk-b-1", "wrk-c-1"] {
        customer.server(name).await;
    }
    let names = |list: &Value| {
        let all = list["servers"].as_array().unwrap().iter();
        all.map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&customer.get("/servers?name=wrk-b-1").await), ["wrk-b-1"]);
    assert_eq!(names(&customer.get("/servers?label_selector=stage%3Dother").await).len(), 0);
    let first = customer.get("/servers?label_selector=stage%3Dtest&per_page=2").await;
    assert_eq!(names(&first), ["wrk-a-1", "wrk-b-1"]);
    assert_eq!(first["meta"]["pagination"]["next_page"], 2);
    let second = customer.get("/servers?per_page=2&page=2").await;
    assert_eq!(names(&second), ["wrk-c-1"]);
    assert_eq!(second["meta"]["pagination"]["next_page"], Value::Null);
}

#[tokio::test]
async fn a_protected_server_is_not_deleted() {
    let customer = Customer::new().await;
    let id = customer.server("wrk-a-1").await;
    let protection = |on: bool| json!({ "delete": on, "rebuild": on });
    let half = json!({ "delete": true, "rebuild": false });
    let path = format!("/servers/{id}/actions/change_protection");
    assert_eq!(customer.refused(Method::POST, &path, &half).await.0, 422);
    customer.act(id, "change_protection", &protection(true)).await;
    let refused = customer.refused(Method::DELETE, &format!("/servers/{id}"), &Value::Null).await;
    assert_eq!(refused, (423, "protected".to_owned()));
    customer.act(id, "change_protection", &protection(false)).await;
    let deleted = customer.send(Method::DELETE, &format!("/servers/{id}"), &Value::Null).await;
    assert_eq!(deleted.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_server_is_switched_off_and_on_unless_it_is_deaf_or_its_place_is_gone() {
    let customer = Customer::new().await;
    let id = customer.server("wrk-a-1").await;
    customer.wish(&json!({ "deaf": true })).await;
    customer.act(id, "shutdown", &Value::Null).await;
    assert_eq!(customer.status(id).await, "running");
    customer.act(id, "poweroff", &Value::Null).await;
    assert_eq!(customer.status(id).await, "off");
    assert_eq!(customer.metal.is_on("wrk-a-1"), Some(false));
    customer.wish(&json!({ "sold_out": [{ "server_type": "cpx22" }] })).await;
    let path = format!("/servers/{id}/actions/poweron");
    assert_eq!(customer.refused(Method::POST, &path, &Value::Null).await.0, 412);
    customer.wish(&json!({})).await;
    customer.act(id, "poweron", &Value::Null).await;
    assert_eq!(customer.status(id).await, "running");
}

#[tokio::test]
async fn a_slow_action_locks_its_server_until_it_was_asked_for_often_enough() {
    let customer = Customer::new().await;
    customer.wish(&json!({ "slow_actions": 2 })).await;
    let id = customer.server("wrk-a-1").await;
    assert_eq!(customer.status(id).await, "initializing");
    let path = format!("/servers/{id}");
    let refused = customer.refused(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(refused, (423, "locked".to_owned()));
    let action = "/actions/9100002";
    assert_eq!(customer.get(action).await["action"]["status"], "running");
    assert_eq!(customer.get(action).await["action"]["status"], "success");
    assert_eq!(customer.status(id).await, "running");
}

#[tokio::test]
async fn an_action_may_fail_after_it_was_accepted() {
    let customer = Customer::new().await;
    let failing = json!({ "command": "create_server", "code": "server_error" });
    customer.wish(&json!({ "fail_action": failing })).await;
    customer.server("wrk-a-1").await;
    let action = customer.get("/actions/9100002").await["action"].clone();
    assert_eq!(
        (&action["status"], &action["error"]["code"]),
        (&"error".into(), &"server_error".into())
    );
    assert!(customer.metal.plans().is_empty());
}

#[tokio::test]
async fn a_lost_answer_was_an_order_all_the_same() {
    let customer = Customer::new().await;
    customer.wish(&json!({ "lose_answers": 1 })).await;
    let lost = customer.try_send(Method::POST, "/servers", &order("wrk-a-1")).await;
    let heard = match lost {
        Ok(response) => response.bytes().await.is_ok(),
        Err(_) => false,
    };
    assert!(!heard, "the answer was to be lost");
    assert_eq!(customer.metal.plans().len(), 1);
    assert_eq!(customer.get("/servers").await["servers"][0]["name"], "wrk-a-1");
}

#[tokio::test]
async fn outages_and_refusals_come_when_they_are_wished_for() {
    let customer = Customer::new().await;
    customer.wish(&json!({ "outage": true })).await;
    let refused = customer.refused(Method::GET, "/servers", &Value::Null).await;
    assert_eq!(refused, (503, "unavailable".to_owned()));
    customer.wish(&json!({ "refuse": { "status": 409, "code": "conflict" } })).await;
    let refused = customer.refused(Method::GET, "/servers", &Value::Null).await;
    assert_eq!(refused, (409, "conflict".to_owned()));
    customer.get("/servers").await;
}

#[tokio::test]
async fn requests_are_counted_and_refused_when_none_is_left() {
    let customer = Customer::new().await;
    customer.put("/_standin/requests-left", &json!({ "requests": 1 })).await;
    let last = customer.send(Method::GET, "/locations", &Value::Null).await;
    assert_eq!(last.headers()["ratelimit-limit"], "3600");
    assert_eq!(last.headers()["ratelimit-remaining"], "0");
    let mut refused = 0;
    for _ in 0..20 {
        let response = customer.send(Method::GET, "/locations", &Value::Null).await;
        refused += u32::from(response.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    // One comes back each second.
    assert!(refused >= 15, "{refused} of 20 were refused");
}

#[tokio::test]
async fn servers_outlive_the_stand_in_and_lost_ones_do_not() {
    let folder = std::env::temp_dir().join(format!("hetzner-standin-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let state_file = Some(folder.join("state.json"));
    let settings = Settings { state_file, ..Settings::for_tests(TOKEN) };
    let first = Customer::with(settings.clone(), Arc::default()).await;
    let (kept, lost) = (first.server("wrk-a-1").await, first.server("wrk-b-1").await);
    first.metal.scrap("wrk-b-1".to_owned()).await.unwrap();
    let second = Customer::with(settings, first.metal.clone()).await;
    assert_eq!(second.status(kept).await, "running");
    let path = format!("/servers/{lost}");
    assert_eq!(second.refused(Method::GET, &path, &Value::Null).await.0, 404);
    assert!(second.server("wrk-c-1").await > lost, "no number is given twice");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Needs a Docker and an image with a shell: `HETZNER_TEST_IMAGE`.
#[tokio::test]
#[ignore = "starts a container"]
async fn a_server_of_docker_runs_its_user_data_and_is_purged() {
    #[expect(clippy::disallowed_methods, reason = "the test is configured by its environment")]
    let image = std::env::var("HETZNER_TEST_IMAGE").expect("an image in HETZNER_TEST_IMAGE");
    let realm = format!("test-{}", std::process::id());
    let docker = Docker { image, run_flags: Vec::new(), realm };
    let settings = Settings::for_tests(TOKEN);
    let hetzner = Hetzner::open(settings, Arc::new(docker.clone())).await.unwrap();
    let (listener, url) = support::server::bind_free_port().await.unwrap();
    let running = support::server::start(listener, url, hetzner.router());
    let customer =
        Customer { http: reqwest::Client::new(), hetzner: running, metal: Arc::default() };
    let id = customer.server("wrk-live-1").await;
    let server = customer.get(&format!("/servers/{id}")).await["server"].clone();
    assert!(server["public_net"]["ipv4"]["ip"].is_string(), "{server}");
    customer.act(id, "poweroff", &Value::Null).await;
    assert_eq!(docker.names().await.unwrap().len(), 1);
    assert_eq!(docker.purge().await.unwrap(), 1);
    assert!(docker.names().await.unwrap().is_empty());
}

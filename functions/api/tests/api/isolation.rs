//! What another tenant's customer can do to a project: nothing, not even learn that it exists.

use crate::bench::{Bench, Customer, request};
use http::StatusCode;
use ports::projects::Projects;
use serde_json::json;

/// Every way to reach a project.
const DOORS: [(&str, &str); 13] = [
    ("GET", ""),
    ("POST", "/chat"),
    ("POST", "/checkout"),
    ("GET", "/subscription"),
    ("POST", "/cancellation"),
    ("DELETE", "/cancellation"),
    ("POST", "/retry"),
    ("POST", "/gateway-token"),
    ("POST", "/logs"),
    ("GET", "/logs/log_a"),
    ("GET", "/model"),
    ("GET", "/telegram"),
    ("DELETE", "/telegram"),
];

async fn two(bench: &Bench) -> (Customer, Customer) {
    (bench.customer("ada@example.com").await, bench.customer("eve@example.com").await)
}

#[tokio::test]
async fn somebody_elses_project_is_answered_like_one_that_nobody_has() {
    let bench = Bench::new();
    let (ada, eve) = two(&bench).await;
    let unpaid = bench.project(&ada).await;
    let paid = bench.paid_project(&ada).await;
    for (method, door) in DOORS {
        let seen = async |id: &str| {
            let path = format!("/api/projects/{id}{door}");
            let answer = bench.send(request(method, &path, Some(&eve.token), "")).await;
            (answer.status, format!("{:?}", answer.headers), answer.body)
        };
        let nobodys = seen("prj_0000000000").await;
        assert_eq!(nobodys.0, StatusCode::NOT_FOUND, "{method} {door}");
        assert_eq!(seen(&unpaid).await, nobodys, "{method} {door}, unpaid");
        assert_eq!(seen(&paid).await, nobodys, "{method} {door}, paid");
        for malformed in ["x", "ten_1", "prj_", "prj_UPPER", "prj_%2e%2e", "prj_%ff", "%00"] {
            assert_eq!(seen(malformed).await, nobodys, "{method} {door}, {malformed}");
        }
    }
    assert!(bench.api.payments.orders().is_empty(), "no checkout was opened");
    assert!(bench.api.sagas.started().is_empty(), "nothing was started");
    assert!(bench.api.readings.started().is_empty(), "nothing was read");
}

#[tokio::test]
async fn no_project_can_be_reached_without_a_session() {
    let bench = Bench::new();
    let (ada, _) = two(&bench).await;
    let id = bench.project(&ada).await;
    for (method, door) in DOORS {
        let path = format!("/api/projects/{id}{door}");
        let answer = bench.send(request(method, &path, None, "")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {door}");
    }
    for method in ["GET", "POST"] {
        let answer = bench.send(request(method, "/api/projects", None, "")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method}");
    }
}

#[tokio::test]
async fn a_list_holds_ones_own_projects() {
    let bench = Bench::new();
    let (ada, eve) = two(&bench).await;
    let id = bench.project(&ada).await;
    let hers = bench.get("/api/projects", Some(&ada.token)).await;
    assert_eq!(hers.body[0]["id"], id);
    let others = bench.get("/api/projects", Some(&eve.token)).await;
    assert_eq!(others.body, json!([]));
}

#[tokio::test]
async fn the_same_key_of_another_tenant_is_another_key() {
    let bench = Bench::new();
    let (ada, eve) = two(&bench).await;
    let create = async |customer: &Customer| {
        let body = "{\"name\":\"bot\",\"plan\":\"pro\"}";
        let mut asked = request("POST", "/api/projects", Some(&customer.token), body);
        asked.headers_mut().insert("idempotency-key", "1".parse().unwrap());
        bench.send(asked).await
    };
    let (hers, others) = (create(&ada).await, create(&eve).await);
    assert_eq!((hers.status, others.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_ne!(hers.text("id"), others.text("id"));
}

#[tokio::test]
async fn secrets_are_sealed_for_their_tenant_and_kind() {
    let bench = Bench::new();
    let (ada, _) = two(&bench).await;
    let id = bench.project(&ada).await;
    let secrets = bench.api.projects.secrets(&id.parse().unwrap()).await.unwrap().unwrap();
    let sealed = |it: Vec<u8>| String::from_utf8(it).unwrap();
    let token = format!("sealed|{}|gateway_token|", ada.tenant);
    assert!(sealed(secrets.gateway_token).starts_with(&token));
    let key = format!("sealed|{}|model_key|sk-1mins-", ada.tenant);
    assert!(sealed(secrets.model_key).starts_with(&key));
}

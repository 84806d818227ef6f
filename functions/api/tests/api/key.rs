//! A customer's own keys: kept, checked, replaced, used, forgotten; and nobody else's.

use crate::bench::{Answer, Bench, Customer, request};
use contracts::configure::Saga;
use domain::model::ModelProvider;
use http::StatusCode;
use ports::keys::ProviderKeys;
use serde_json::{Value, json};

const KEY: &str = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789";
const OTHER_KEY: &str = "sk-ant-api03-zyxwvutsrqponmlkjihgfedcba9876543210";

fn new_key() -> Value {
    json!({ "provider": "anthropic", "label": "mine", "key": KEY })
}

async fn send(bench: &Bench, who: &Customer, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    bench.send(request(method, path, Some(&who.token), &body)).await
}

pub(crate) async fn keep(bench: &Bench, who: &Customer) -> String {
    let answer = send(bench, who, "POST", "/api/keys", &new_key()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.text("id")
}

async fn start() -> (Bench, Customer) {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    (bench, ada)
}

#[tokio::test]
async fn a_key_goes_in_and_its_end_comes_out() {
    let (bench, ada) = start().await;
    let made = send(&bench, &ada, "POST", "/api/keys", &new_key()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let expected = json!({
        "id": made.text("id"), "provider": "anthropic", "label": "mine", "last4": "6789",
        "created_at": made.text("created_at"), "projects": [],
    });
    assert_eq!(made.body, expected);
    let list = bench.get("/api/keys", Some(&ada.token)).await;
    assert_eq!(list.body, json!([expected]));
    assert!(!list.body.to_string().contains(KEY));
    let tenant = ada.tenant.parse().unwrap();
    let [stored] = bench.api.provider_keys.list(&tenant).await.unwrap().try_into().unwrap();
    let sealed = String::from_utf8(stored.sealed).unwrap();
    assert_eq!(sealed, format!("sealed|{}|provider_key|{KEY}", ada.tenant));
    assert!(bench.api.provider_check.asked().is_empty(), "nobody asked to");
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_said_beside_its_field() {
    let (bench, ada) = start().await;
    let cases = [
        (json!({ "provider": "anthropic", "label": "a", "key": "sk-ant-x" }), vec!["key"]),
        (json!({ "provider": "openai", "label": "a", "key": KEY }), vec!["key"]),
        (json!({ "provider": "platform", "label": "a", "key": KEY }), vec!["key"]),
        (json!({ "provider": "acme", "label": "", "key": KEY }), vec!["provider", "label"]),
        (json!({ "provider": "anthropic", "label": "a\nb", "key": KEY }), vec!["label"]),
        (
            json!({ "provider": "anthropic", "label": "a", "key": KEY, "check": "yes" }),
            vec!["check"],
        ),
        (json!({}), vec!["provider", "label", "key"]),
    ];
    for (body, fields) in cases {
        let answer = send(&bench, &ada, "POST", "/api/keys", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.fields(), fields, "{body}");
        assert!(!answer.body.to_string().contains(KEY), "{body}");
    }
}

#[tokio::test]
async fn a_check_asks_the_provider_and_what_it_refuses_is_not_kept() {
    let (bench, ada) = start().await;
    let mut body = new_key();
    body["check"] = json!(true);
    bench.api.provider_check.refuse(KEY);
    let refused = send(&bench, &ada, "POST", "/api/keys", &body).await;
    assert_eq!((refused.status, refused.fields()), (StatusCode::BAD_REQUEST, vec!["key"]));
    bench.api.provider_check.outage.begin(1);
    body["key"] = json!(OTHER_KEY);
    let away = send(&bench, &ada, "POST", "/api/keys", &body).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(away.body["type"], "urn:1mins:problem:provider-unavailable");
    assert_eq!(bench.get("/api/keys", Some(&ada.token)).await.body, json!([]));
    let kept = send(&bench, &ada, "POST", "/api/keys", &body).await;
    assert_eq!(kept.status, StatusCode::CREATED);
    let asked = bench.api.provider_check.asked();
    assert_eq!(asked, [ModelProvider::Anthropic, ModelProvider::Anthropic]);
}

#[tokio::test]
async fn we_are_no_place_to_try_keys_at() {
    let (bench, ada) = start().await;
    bench.api.provider_check.refuse(KEY);
    let mut body = new_key();
    body["check"] = json!(true);
    for _ in 0..20 {
        let answer = send(&bench, &ada, "POST", "/api/keys", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    let answer = send(&bench, &ada, "POST", "/api/keys", &body).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(bench.api.provider_check.asked().len(), 20);
}

#[tokio::test]
async fn a_repeated_request_keeps_no_second_key() {
    let (bench, ada) = start().await;
    let create = async |body: &Value| {
        let mut asked = request("POST", "/api/keys", Some(&ada.token), &body.to_string());
        asked.headers_mut().insert("idempotency-key", "k1".parse().unwrap());
        bench.send(asked).await
    };
    let (first, again) = (create(&new_key()).await, create(&new_key()).await);
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.body, again.body);
    let mut other = new_key();
    other["label"] = json!("another");
    assert_eq!(create(&other).await.status, StatusCode::CONFLICT);
    let list = bench.get("/api/keys", Some(&ada.token)).await;
    assert_eq!(list.body.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_key_that_is_used_is_not_forgotten_and_names_who_uses_it() {
    let (bench, ada) = start().await;
    let (key, project) = (keep(&bench, &ada).await, bench.project(&ada).await);
    let apply = json!({ "projects": [project], "model": "claude-sonnet-4-6" });
    let applied = send(&bench, &ada, "POST", &format!("/api/keys/{key}/apply"), &apply).await;
    assert_eq!(applied.status, StatusCode::ACCEPTED);
    assert_eq!(applied.body, json!([{ "project_id": project, "version": 1 }]));
    let list = bench.get("/api/keys", Some(&ada.token)).await;
    assert_eq!(list.body[0]["projects"], json!([project]));

    let path = format!("/api/keys/{key}");
    let kept = send(&bench, &ada, "DELETE", &path, &Value::Null).await;
    assert_eq!(kept.status, StatusCode::CONFLICT);
    assert_eq!(kept.body["type"], "urn:1mins:problem:in-use");
    assert!(kept.text("detail").contains(&project), "{kept:?}");

    let ours = json!({ "provider": "platform", "model": "auto" });
    let model = format!("/api/projects/{project}/model");
    assert_eq!(send(&bench, &ada, "PUT", &model, &ours).await.status, StatusCode::ACCEPTED);
    let rounds = [("once", StatusCode::NO_CONTENT), ("twice", StatusCode::NOT_FOUND)];
    for (round, expected) in rounds {
        let gone = send(&bench, &ada, "DELETE", &path, &Value::Null).await;
        assert_eq!(gone.status, expected, "{round}");
    }
    assert_eq!(bench.get("/api/keys", Some(&ada.token)).await.body, json!([]));
}

#[tokio::test]
async fn a_replaced_key_comes_to_every_project_that_uses_it_and_to_no_other() {
    let (bench, ada) = start().await;
    let key = keep(&bench, &ada).await;
    let (running, waiting, other) =
        (bench.running_project(&ada).await, bench.project(&ada).await, bench.project(&ada).await);
    let apply = json!({ "projects": [running, waiting], "model": "claude-sonnet-4-6" });
    send(&bench, &ada, "POST", &format!("/api/keys/{key}/apply"), &apply).await;

    let path = format!("/api/keys/{key}");
    let malformed = send(&bench, &ada, "PUT", &path, &json!({ "key": "sk-ant-x" })).await;
    assert_eq!(malformed.fields(), ["key"]);
    let replaced = send(&bench, &ada, "PUT", &path, &json!({ "key": OTHER_KEY })).await;
    assert_eq!((replaced.status, replaced.text("last4").as_str()), (StatusCode::OK, "3210"));
    for (project, version) in [(&running, 2), (&waiting, 2), (&other, 0)] {
        let shown = bench.get(&format!("/api/projects/{project}/model"), Some(&ada.token)).await;
        assert_eq!(shown.body["version"], version, "{project}");
    }
    let started: Vec<_> = bench.api.configures.started().into_iter().map(|(it, _)| it).collect();
    assert_eq!(started, [format!("configure-{running}-1"), format!("configure-{running}-2")]);
}

#[tokio::test]
async fn a_key_is_applied_to_all_projects_of_the_tenant() {
    let (bench, ada) = start().await;
    let key = keep(&bench, &ada).await;
    let (one, two) = (bench.project(&ada).await, bench.running_project(&ada).await);
    let eve = bench.customer("eve@example.com").await;
    let hers = bench.project(&eve).await;
    let path = format!("/api/keys/{key}/apply");
    let body = json!({ "projects": "all", "model": "claude-opus-4-6" });
    let applied = send(&bench, &ada, "POST", &path, &body).await;
    let mut ids: Vec<_> =
        applied.body.as_array().unwrap().iter().map(|it| it["project_id"].clone()).collect();
    ids.sort_by_key(Value::to_string);
    let mut expected = vec![json!(one), json!(two)];
    expected.sort_by_key(Value::to_string);
    assert_eq!(ids, expected);
    let [(_, input)] = bench.api.configures.started().try_into().unwrap();
    let saga: Saga = serde_json::from_str(&input).unwrap();
    assert_eq!((saga.project_id.as_str(), saga.version), (two.as_str(), 1));

    let foreign = json!({ "projects": [one, hers], "model": "claude-opus-4-6" });
    let refused = send(&bench, &ada, "POST", &path, &foreign).await;
    assert_eq!((refused.status, refused.fields()), (StatusCode::BAD_REQUEST, vec!["projects"]));
    for nonsense in [json!("some"), json!([1]), json!(["ten_1"]), Value::Null] {
        let body = json!({ "projects": nonsense, "model": "m" });
        assert_eq!(send(&bench, &ada, "POST", &path, &body).await.fields(), ["projects"]);
    }
}

#[tokio::test]
async fn somebody_elses_key_is_answered_like_one_that_nobody_has() {
    let (bench, ada) = start().await;
    let key = keep(&bench, &ada).await;
    let eve = bench.customer("eve@example.com").await;
    let secret = json!({ "key": OTHER_KEY });
    let apply = json!({ "projects": "all", "model": "m" });
    let doors = [("PUT", "", &secret), ("POST", "/apply", &apply)];
    for (method, door, body) in doors {
        for id in [key.as_str(), "key_0000000000", "key_%2e", "prj_1"] {
            let path = format!("/api/keys/{id}{door}");
            let answer = send(&bench, &eve, method, &path, body).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    let path = format!("/api/keys/{key}");
    let gone = send(&bench, &eve, "DELETE", &path, &Value::Null).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "in her tenant there is none");
    assert_eq!(bench.get("/api/keys", Some(&eve.token)).await.body, json!([]));
    let list = bench.get("/api/keys", Some(&ada.token)).await;
    assert_eq!(list.body[0]["id"], key, "it is still there");

    let project = bench.project(&eve).await;
    let choice = json!({ "provider": "anthropic", "model": "m", "key_id": key });
    let path = format!("/api/projects/{project}/model");
    let refused = send(&bench, &eve, "PUT", &path, &choice).await;
    assert_eq!((refused.status, refused.fields()), (StatusCode::BAD_REQUEST, vec!["key_id"]));
}

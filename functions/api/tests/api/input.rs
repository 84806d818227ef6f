//! What is wrong with a request is said by its field.

use crate::bench::{Bench, request};
use http::{StatusCode, header};
use serde_json::json;

const CONFIRM: &str = "/api/confirm";
const CREATE: &str = "/api/projects";
const INTENTS: &str = "/api/intents";
const SIGN_IN: &str = "/api/sign-in";
const SIGN_UP: &str = "/api/sign-up";

#[tokio::test]
async fn every_mistake_is_named_by_its_field() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let (email, password) = ("ada@example.com", "long enough");
    let long = "x".repeat(1025);
    let cases = [
        ("nothing", SIGN_UP, json!({}), vec!["email", "password"]),
        ("no password", SIGN_UP, json!({ "email": email }), vec!["password"]),
        ("a number", SIGN_UP, json!({ "email": 1, "password": password }), vec!["email"]),
        ("null", SIGN_UP, json!({ "email": null, "password": password }), vec!["email"]),
        ("no address", SIGN_UP, json!({ "email": "ada", "password": password }), vec!["email"]),
        (
            "a second header",
            SIGN_UP,
            json!({ "email": "a@b.c\r\nBcc: x@y.z", "password": password }),
            vec!["email"],
        ),
        ("short", SIGN_UP, json!({ "email": email, "password": "123456789" }), vec!["password"]),
        ("endless", SIGN_UP, json!({ "email": email, "password": long }), vec!["password"]),
        (
            "unknown fields",
            SIGN_UP,
            json!({ "email": email, "password": password, "admin": true, "role": "owner" }),
            vec!["admin", "role"],
        ),
        (
            "all at once",
            SIGN_UP,
            json!({ "email": "x", "extra": 1 }),
            vec!["email", "password", "extra"],
        ),
        ("no address", SIGN_IN, json!({ "email": "", "password": "x" }), vec!["email"]),
        ("endless", SIGN_IN, json!({ "email": email, "password": long }), vec!["password"]),
        (
            "an object",
            SIGN_IN,
            json!({ "email": email, "password": { "$ne": 1 } }),
            vec!["password"],
        ),
        ("nothing", CONFIRM, json!({}), vec!["token"]),
        ("a list", CONFIRM, json!({ "token": ["x"] }), vec!["token"]),
        ("an unknown token", CONFIRM, json!({ "token": "x" }), vec!["token"]),
        ("not an object", CONFIRM, json!(["token"]), vec![""]),
        ("nothing", CREATE, json!({}), vec!["name", "plan"]),
        ("upper case", CREATE, json!({ "name": "MyBot", "plan": "pro" }), vec!["name"]),
        ("a dot", CREATE, json!({ "name": "a.b", "plan": "pro" }), vec!["name"]),
        ("long", CREATE, json!({ "name": "a".repeat(31), "plan": "pro" }), vec!["name"]),
        ("no such plan", CREATE, json!({ "name": "bot", "plan": "free" }), vec!["plan"]),
        ("a plan's other case", CREATE, json!({ "name": "bot", "plan": "Pro" }), vec!["plan"]),
        ("nothing", INTENTS, json!({}), vec!["plan"]),
        ("no such plan", INTENTS, json!({ "plan": "free" }), vec!["plan"]),
        ("a number", INTENTS, json!({ "plan": 1, "until": 2 }), vec!["plan", "until"]),
        (
            "what is not the customer's to choose",
            CREATE,
            json!({ "name": "bot", "plan": "pro", "tenant_id": "ten_2", "state": "running" }),
            vec!["state", "tenant_id"],
        ),
    ];
    for (case, path, body, fields) in cases {
        let answer = bench.post(path, Some(&customer.token), &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {case}");
        assert_eq!(answer.fields(), fields, "{path}: {case}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json", "{case}");
        assert_eq!(answer.body["status"], 400, "{case}");
        assert_eq!(answer.body["type"], "urn:1mins:problem:invalid", "{case}");
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_by_kind() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let huge = format!("{{\"token\":\"{}\"}}", "x".repeat(64 * 1024));
    let deep = "[".repeat(10_000);
    let json = Some("application/json");
    let cases = [
        ("broken", "{\"token\":", json, StatusCode::BAD_REQUEST),
        ("not UTF-8 once decoded", "{\"token\":\"\\ud800\"}", json, StatusCode::BAD_REQUEST),
        ("deep", &deep, json, StatusCode::BAD_REQUEST),
        ("empty", "", json, StatusCode::BAD_REQUEST),
        ("no type", "{}", None, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (
            "a form",
            "token=x",
            Some("application/x-www-form-urlencoded"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("what a form can forge", "{}", Some("text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("huge", &huge, json, StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for path in [SIGN_UP, CONFIRM, SIGN_IN, CREATE] {
        for (case, body, kind, status) in cases {
            let mut asked = request("POST", path, Some(&customer.token), body);
            asked.headers_mut().remove(header::CONTENT_TYPE);
            if let Some(kind) = kind {
                asked.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
            }
            let answer = bench.send(asked).await;
            assert_eq!(answer.status, status, "{path}: {case}");
            assert_eq!(answer.body["status"], status.as_u16(), "{path}: {case}");
        }
    }
    let mut asked = request("POST", SIGN_UP, None, "{}");
    let kind = "Application/JSON; charset=utf-8".parse().unwrap();
    asked.headers_mut().insert(header::CONTENT_TYPE, kind);
    assert_eq!(bench.send(asked).await.fields(), ["email", "password"]);
}

#[tokio::test]
async fn a_key_that_is_none_is_named() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let long = "x".repeat(256);
    for key in ["", &long, "ключ"] {
        let body = "{\"name\":\"bot\",\"plan\":\"pro\"}";
        let mut asked = request("POST", CREATE, Some(&customer.token), body);
        let key = http::HeaderValue::from_bytes(key.as_bytes()).unwrap();
        asked.headers_mut().insert("idempotency-key", key);
        let answer = bench.send(asked).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.fields(), ["Idempotency-Key"]);
    }
}

#[tokio::test]
async fn every_answer_is_hardened_and_a_problem_if_it_is_none() {
    let bench = Bench::new();
    let cases = [
        ("GET", "/api/health", StatusCode::OK),
        ("GET", "/api/nothing", StatusCode::NOT_FOUND),
        ("GET", "/", StatusCode::NOT_FOUND),
        ("DELETE", "/api/health", StatusCode::METHOD_NOT_ALLOWED),
        ("GET", "/api/sign-in", StatusCode::METHOD_NOT_ALLOWED),
        ("GET", "/api/projects", StatusCode::UNAUTHORIZED),
    ];
    for (method, path, status) in cases {
        let answer = bench.send(request(method, path, None, "")).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{method} {path}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{method} {path}");
        if status != StatusCode::OK {
            let kind = answer.header(header::CONTENT_TYPE);
            assert_eq!(kind, "application/problem+json", "{method} {path}");
            assert_eq!(answer.body["status"], status.as_u16(), "{method} {path}");
        }
    }
}

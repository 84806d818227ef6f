//! Somebody who uses the stand-in as the product does, and may look behind it.

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use support::{
    hetzner::{Hetzner, Recorded, Settings},
    server,
};

pub(crate) const TOKEN: &str = "hetzner-test-token";

pub(crate) struct Customer {
    pub(crate) http: Client,
    pub(crate) hetzner: server::Running,
    pub(crate) metal: Arc<Recorded>,
}

impl Customer {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::for_tests(TOKEN), Arc::default()).await
    }

    pub(crate) async fn with(settings: Settings, metal: Arc<Recorded>) -> Self {
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        let hetzner = Hetzner::open(settings, metal.clone()).await.expect("the stand-in opens");
        let hetzner = server::start(listener, url, hetzner.router());
        Self { http: Client::new(), hetzner, metal }
    }

    /// Sends a request under `/v1`, and fails if there is no answer.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Response {
        self.try_send(method, path, body).await.expect("the stand-in answers")
    }

    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> reqwest::Result<Response> {
        let url = format!("{}/v1{path}", self.hetzner.url);
        self.http.request(method, url).bearer_auth(TOKEN).json(body).send().await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.send(Method::GET, path, &Value::Null).await;
        assert_eq!(response.status(), StatusCode::OK, "GET {path}");
        response.json().await.expect("JSON")
    }

    /// What is refused, as its status and its code.
    pub(crate) async fn refused(&self, method: Method, path: &str, body: &Value) -> (u16, String) {
        let response = self.send(method, path, body).await;
        let status = response.status().as_u16();
        let body: Value = response.json().await.expect("JSON");
        (status, body["error"]["code"].as_str().expect("a code").to_owned())
    }

    /// A server called `name`, by its number.
    pub(crate) async fn server(&self, name: &str) -> u64 {
        let response = self.send(Method::POST, "/servers", &order(name)).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let created: Value = response.json().await.expect("JSON");
        created["server"]["id"].as_u64().expect("a number")
    }

    pub(crate) async fn act(&self, server: u64, action: &str, body: &Value) -> Value {
        let path = format!("/servers/{server}/actions/{action}");
        let response = self.send(Method::POST, &path, body).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{action}");
        let begun: Value = response.json().await.expect("JSON");
        begun["action"].clone()
    }

    pub(crate) async fn status(&self, server: u64) -> String {
        let found = self.get(&format!("/servers/{server}")).await;
        found["server"]["status"].as_str().expect("a status").to_owned()
    }

    /// Makes things go wrong.
    pub(crate) async fn wish(&self, modes: &Value) {
        self.put("/_standin/modes", modes).await;
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) {
        let url = format!("{}{path}", self.hetzner.url);
        let response = self.http.put(url).json(body).send().await.expect("an answer");
        assert!(response.status().is_success(), "{path}: {}", response.status());
    }
}

pub(crate) fn order(name: &str) -> Value {
    json!({
        "name": name, "server_type": "cpx22", "location": "fsn1", "image": "debian-12",
        "labels": { "stage": "test", "worker": "wrk_a-1" }, "user_data": "#!/bin/sh\n",
    })
}

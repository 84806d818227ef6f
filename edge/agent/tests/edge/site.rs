//! The platform's own host: the site, the API behind it, and what browsers are told of both.

use crate::support::{APP_HOST, Edge, FRONT_SECRET, Instance};
use reqwest::header;
use serde_json::Value;
use std::collections::BTreeMap;

#[tokio::test]
async fn the_platforms_own_host_serves_its_site_and_its_api() {
    let api = Instance::start("api").await;
    let prefix = format!("http://127.0.0.1:{}/_aws/execute-api/abc/$default", api.port);
    let edge = Edge::with_api(&prefix).await;
    let client = Edge::client(APP_HOST);
    let get = async |path: &str| {
        let answer = client.get(edge.url(APP_HOST, path)).send().await.expect("answers");
        answer.text().await.expect("a body")
    };
    assert!(get("/confirm").await.starts_with("the site: index.html\n"));
    let seen = get("/api/projects?a=b%20c").await;
    let wanted = "api\nGET /_aws/execute-api/abc/$default/api/projects?a=b%20c HTTP/1.1\r\n";
    assert!(seen.starts_with(wanted), "{seen}");
    assert!(seen.contains(&format!("\nHost: 127.0.0.1:{}\r\n", api.port)), "{seen}");
    assert!(seen.contains("\nX-Forwarded-For: 203.0.113.1\r\n"), "{seen}");
    let described = get("/api/openapi.json").await;
    assert!(described.starts_with("api\nGET "), "a dot makes no file of it: {described}");
    let hook = client.post(edge.url(APP_HOST, "/webhooks/dodo")).body("{}").send();
    let hook = hook.await.expect("answers").text().await.expect("a body");
    assert!(hook.contains("POST /_aws/execute-api/abc/$default/webhooks/dodo "), "{hook}");
}

#[tokio::test]
async fn the_api_is_told_who_calls_by_its_front_door_alone() {
    let api = Instance::start("api").await;
    let edge = Edge::with_api(&format!("http://127.0.0.1:{}", api.port)).await;
    let forged = Edge::client(APP_HOST)
        .get(edge.url(APP_HOST, "/api/projects"))
        .header("X-Client-Address", "198.51.100.1")
        .header("X-Front-Secret", "guessed");
    let seen = forged.send().await.expect("answers").text().await.expect("a body");
    let said: Vec<_> = seen
        .lines()
        .filter(|it| it.starts_with("X-Client-") || it.starts_with("X-Front-"))
        .map(str::trim_end)
        .collect();
    let secret = format!("X-Front-Secret: {FRONT_SECRET}");
    assert_eq!(said, ["X-Client-Address: 127.0.0.1", secret.as_str()]);
}

/// What every path of the site stands for, and how long a browser may keep it.
#[tokio::test]
async fn paths_of_the_site_lead_to_its_page_or_to_its_files() {
    let edge = Edge::start().await;
    let client = Edge::client(APP_HOST);
    let paths: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../../../site/paths.json")).expect("a table");
    let site = edge.state_dir.join("site");
    for (path, stands_for) in paths {
        let answer = client.get(edge.url(APP_HOST, &path)).send().await.expect("answers");
        let Ok(file) = std::fs::read_to_string(site.join(&stands_for[1..])) else {
            assert_eq!(answer.status(), 404, "{path}");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{path}");
            continue;
        };
        let kept = if path.starts_with("/assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        assert_eq!(answer.headers()[header::CACHE_CONTROL], kept, "{path}");
        assert_eq!(answer.text().await.expect("a body"), file, "{path}");
    }
}

#[tokio::test]
async fn a_browser_is_told_what_the_site_may_do() {
    let edge = Edge::start().await;
    let page = Edge::client(APP_HOST).get(edge.url(APP_HOST, "/projects")).send().await;
    let told = page.expect("answers").headers().clone();
    let file: Value =
        serde_json::from_str(include_str!("../../../site/headers.json")).expect("headers");
    for (name, value) in file["pages"].as_object().expect("headers") {
        let expected = value
            .as_str()
            .expect("text")
            .replace("{domain}{port}", &format!("{APP_HOST}:{}", edge.https_port));
        let values: Vec<_> = told.get_all(name.as_str()).iter().collect();
        assert_eq!(values, [expected.as_str()], "{name}, once");
    }
    let policy = told[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
    assert!(policy.contains(&format!(" https://*.{APP_HOST}:{};", edge.https_port)), "{policy}");
}

#[tokio::test]
async fn the_site_is_compressed_and_what_the_api_says_is_not() {
    let api = Instance::start("api").await;
    let edge = Edge::with_api(&format!("http://127.0.0.1:{}", api.port)).await;
    let encoding = async |path: &str| {
        let request = Edge::client(APP_HOST).get(edge.url(APP_HOST, path));
        // Long enough to be worth it, as an answer that repeats it.
        let request = request.header("X-Long", "x".repeat(4000));
        let answer = request.header(header::ACCEPT_ENCODING, "gzip").send().await;
        let told = answer.expect("answers").headers().get(header::CONTENT_ENCODING).cloned();
        told.map(|it| it.to_str().expect("text").to_owned())
    };
    assert_eq!(encoding("/").await.as_deref(), Some("gzip"));
    assert_eq!(encoding("/assets/index-0a1b2c3d.js").await.as_deref(), Some("gzip"));
    assert_eq!(encoding("/api/projects").await, None);
}

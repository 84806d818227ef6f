//! Calls over HTTP, to a stand-in that answers as providers document it.

use crate::bench::{Bench, ends_well};
use adapters::model_upstream::HttpModelUpstream;
use contracts::models::ProviderUrls;
use ports::usage::Used;
use serde_json::{Value, json};
use std::time::Duration;
use support::{
    model::{self, Options},
    server,
};

struct Provided {
    bench: Bench<HttpModelUpstream>,
    stand_in: server::Running,
}

impl Provided {
    async fn start() -> Self {
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        let options = Options {
            listen: listener.local_addr().expect("an address"),
            key_prefix: "sk-or-".to_owned(),
            model_id: "auto".to_owned(),
            word_pause_ms: 0,
        };
        let stand_in = server::start(listener, url.clone(), model::router(options));
        let urls = ProviderUrls {
            anthropic: format!("{url}/anthropic"),
            openai: format!("{url}/openai/v1"),
            google: format!("{url}/google/v1beta"),
            openrouter: format!("{url}/openrouter/api/v1"),
        };
        let upstream = HttpModelUpstream::new(format!("{url}/v1"), urls, Duration::from_secs(20));
        let bench = Bench::asking(upstream.expect("a client")).await;
        Self { bench, stand_in }
    }

    async fn tell(&self, what: &str, body: Value) {
        let url = format!("{}/_standin/{what}", self.stand_in.url);
        let told = reqwest::Client::new().put(url).json(&body).send().await.expect("an answer");
        assert!(told.status().is_success(), "{}", told.status());
    }

    async fn ask(&self, path: &str, streamed: bool) -> (u16, String) {
        let said = json!([{ "role": "user", "content": "What is 6 times 7?" }]);
        let body = json!({ "model": if path.starts_with("/platform") { "auto" } else { "claude-sonnet-4-6" },
            "stream": streamed, "max_tokens": 100, "messages": said });
        self.bench.ask("one", &self.bench.request(path, &body)).await
    }

    fn used(&self) -> Option<Used> {
        self.bench.used().pop()
    }
}

const PLATFORM: &str = "/platform/chat/completions";

#[tokio::test]
async fn what_the_provider_says_is_counted_streamed_or_not() {
    for streamed in [true, false] {
        let provided = Provided::start().await;
        let (status, body) = provided.ask(PLATFORM, streamed).await;
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("42"), "{body}");
        let used = provided.used().expect("it was counted");
        assert!(!used.is_estimated && used.tokens.input > 0 && used.tokens.output > 0, "{used:?}");
        assert_eq!(body.contains("data: "), streamed);
    }
}

#[tokio::test]
async fn what_the_provider_keeps_to_itself_is_estimated() {
    let provided = Provided::start().await;
    provided.tell("manner", json!({ "tells_usage": false })).await;
    let (status, body) = provided.ask(PLATFORM, true).await;
    assert_eq!(status, 200, "{body}");
    let used = provided.used().expect("it was counted");
    assert!(used.is_estimated && used.tokens.output > 0, "{used:?}");
}

#[tokio::test]
async fn a_provider_that_breaks_off_is_counted_as_far_as_it_came() {
    let provided = Provided::start().await;
    provided.tell("manner", json!({ "breaks_off": true })).await;
    let response = provided.bench.send("one", &provided.bench.chat()).await;
    assert!(!ends_well(response).await);
    assert!(provided.used().expect("it was counted").is_estimated);
}

#[tokio::test]
async fn a_limit_of_the_providers_is_passed_on() {
    let provided = Provided::start().await;
    provided.tell("limit", json!({ "requests": 1, "retry_after_s": 30 })).await;
    let (status, body) = provided.ask(PLATFORM, true).await;
    assert_eq!(status, 429, "{body}");
    assert_eq!(provided.used(), None);
    assert_eq!(provided.ask(PLATFORM, true).await.0, 200);
}

/// The owner's key of the bench is none that the stand-in knows.
#[tokio::test]
async fn a_key_that_the_provider_does_not_know_is_its_own_to_refuse() {
    let provided = Provided::start().await;
    let (status, body) = provided.ask("/anthropic/v1/messages", true).await;
    assert_eq!(status, 401, "{body}");
    assert!(body.contains("authentication_error"), "{body}");
    assert_eq!(provided.used(), None);
}

//! The model stand-in speaks the `OpenAI` API.

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use support::{
    model::{self, Options},
    server,
};

const KEY: &str = "sk-1mins-prj_4k2x9q7hzd";

struct Person {
    http: Client,
    model: server::Running,
}

impl Person {
    async fn start() -> Self {
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        let options = Options {
            listen: listener.local_addr().expect("an address"),
            key_prefix: "sk-1mins-".to_owned(),
            model_id: "stand-in".to_owned(),
            word_pause_ms: 0,
        };
        Self { http: Client::new(), model: server::start(listener, url, model::router(options)) }
    }

    async fn ask(&self, body: &Value) -> Response {
        let url = format!("{}/v1/chat/completions", self.model.url);
        self.http.post(url).bearer_auth(KEY).json(body).send().await.expect("an answer")
    }

    async fn seen(&self) -> Value {
        let url = format!("{}/_standin/requests", self.model.url);
        let seen: Value =
            self.http.get(url).send().await.expect("an answer").json().await.expect("JSON");
        seen["requests"].clone()
    }
}

fn question(content: &Value) -> Value {
    json!({ "model": "stand-in", "messages": [
        { "role": "system", "content": "You are an agent." },
        { "role": "user", "content": "An older question" },
        { "role": "assistant", "content": null, "tool_calls": [] },
        { "role": "user", "content": content },
    ]})
}

#[tokio::test]
async fn it_answers_the_last_question() {
    let person = Person::start().await;
    let response = person.ask(&question(&json!("What is 6 times 7?"))).await;
    let body: Value = response.json().await.unwrap();
    let answer = &body["choices"][0]["message"]["content"];
    assert_eq!(answer, "You said: \"What is 6 times 7?\" The answer is 42.");
    assert!(body["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn an_agents_request_of_sixty_kilobytes_with_parts_and_tools_is_understood() {
    let person = Person::start().await;
    let parts = json!([
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==" } },
        { "type": "text", "text": "Hello there" },
    ]);
    let mut request = question(&parts);
    request["messages"][0]["content"] = json!("rules ".repeat(10_000));
    request["tools"] =
        json!(vec![json!({ "type": "function", "function": { "name": "read" } }); 14]);
    request["stream_options"] = json!({ "include_usage": true });
    request["max_completion_tokens"] = json!(8192);
    let body: Value = person.ask(&request).await.json().await.unwrap();
    assert_eq!(body["choices"][0]["message"]["content"], "You said: \"Hello there\"");
    let seen = person.seen().await;
    assert_eq!(seen[0]["tools"], 14);
    assert!(seen[0]["body_bytes"].as_u64().unwrap() > 60_000);
}

#[tokio::test]
async fn a_stream_has_the_words_the_usage_and_an_end() {
    let person = Person::start().await;
    let mut request = question(&json!("hello you"));
    request["stream"] = json!(true);
    request["stream_options"] = json!({ "include_usage": true });
    let response = person.ask(&request).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(*data.last().unwrap(), "[DONE]");
    let chunks: Vec<Value> =
        data[..data.len() - 1].iter().map(|it| serde_json::from_str(it).unwrap()).collect();
    let words: String =
        chunks.iter().filter_map(|it| it["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(words, "You said: \"hello you\"");
    assert_eq!(chunks[chunks.len() - 2]["choices"][0]["finish_reason"], "stop");
    assert!(chunks.last().unwrap()["usage"]["prompt_tokens"].is_u64());
}

#[tokio::test]
async fn usage_is_told_to_who_asks_unless_it_is_told_not_to() {
    let person = Person::start().await;
    let mut request = question(&json!("hello you"));
    request["stream"] = json!(true);
    let silent = person.ask(&request).await.text().await.unwrap();
    assert!(silent.ends_with("[DONE]\n\n") && !silent.contains("prompt_tokens"), "{silent}");
    let manner = format!("{}/_standin/manner", person.model.url);
    person.http.put(&manner).json(&json!({ "tells_usage": false })).send().await.unwrap();
    request["stream_options"] = json!({ "include_usage": true });
    let silent = person.ask(&request).await.text().await.unwrap();
    assert!(!silent.contains("prompt_tokens"), "{silent}");
    person.http.put(&manner).json(&json!({ "breaks_off": true })).send().await.unwrap();
    assert!(person.ask(&request).await.text().await.is_err(), "the connection was cut");
}

#[tokio::test]
async fn only_keys_of_ours_are_good() {
    let person = Person::start().await;
    let url = format!("{}/v1/models", person.model.url);
    let none = person.http.get(&url).send().await.unwrap();
    assert_eq!(none.status(), StatusCode::UNAUTHORIZED);
    for key in ["sk-other", "sk-1mins-"] {
        let wrong = person.http.get(&url).bearer_auth(key).send().await.unwrap();
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED, "{key}");
        let body: Value = wrong.json().await.unwrap();
        assert_eq!(body["error"]["code"], "invalid_api_key");
    }
    let good: Value =
        person.http.get(&url).bearer_auth(KEY).send().await.unwrap().json().await.unwrap();
    assert_eq!(good["data"][0]["id"], "stand-in");
}

#[tokio::test]
async fn it_refuses_as_often_as_it_is_told_and_then_answers_again() {
    let person = Person::start().await;
    let limit = json!({ "requests": 1, "retry_after_s": 30 });
    let url = format!("{}/_standin/limit", person.model.url);
    person.http.put(url).json(&limit).send().await.unwrap();
    let refused = person.ask(&question(&json!("hello"))).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "30");
    assert_eq!(person.ask(&question(&json!("hello"))).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_it_remembers_of_a_key_is_a_fingerprint() {
    let person = Person::start().await;
    person.ask(&question(&json!("hello"))).await;
    let seen = person.seen().await;
    assert!(!seen.to_string().contains(KEY));
    assert_eq!(seen[0]["key_fingerprint"].as_str().unwrap().len(), 12);
}

/// Base address, where a key is shown, where it is asked, and a good key.
const PROVIDERS: [(&str, &str, &str, &str); 4] = [
    ("/anthropic/v1/models", "x-api-key", "/anthropic/v1/messages", "sk-ant-standin-1"),
    ("/openai/v1/models", "authorization", "/openai/v1/responses", "sk-standin-1"),
    (
        "/google/v1beta/models",
        "x-goog-api-key",
        "/google/v1beta/models/gemini-3.1-flash:streamGenerateContent?alt=sse",
        "AIzastandin-1",
    ),
    (
        "/openrouter/api/v1/key",
        "authorization",
        "/openrouter/api/v1/chat/completions",
        "sk-or-standin-1",
    ),
];

#[tokio::test]
async fn each_provider_knows_its_own_keys_and_refuses_others_in_its_own_way() {
    let person = Person::start().await;
    let shown = |header: &str, key: &str| {
        if header == "authorization" { format!("Bearer {key}") } else { key.to_owned() }
    };
    for (path, header, speak, good) in PROVIDERS {
        let ask = async |key: &str| {
            let request = person.http.get(format!("{}{path}", person.model.url));
            let request = request.header("anthropic-version", "2023-06-01");
            request.header(header, shown(header, key)).send().await.unwrap().status()
        };
        assert_eq!(ask(good).await, StatusCode::OK, "{path}");
        let google = path.starts_with("/google");
        let refused = if google { StatusCode::BAD_REQUEST } else { StatusCode::UNAUTHORIZED };
        let others = PROVIDERS.iter().map(|it| it.3).filter(|it| *it != good);
        for key in others.chain(["sk-ant-api03-nobodys", ""]) {
            assert_eq!(ask(key).await, refused, "{path}: {key}");
        }
        let speaking = person.http.post(format!("{}{speak}", person.model.url)).json(&json!({}));
        let answer = speaking.header(header, shown(header, "nobodys")).send().await.unwrap();
        assert_eq!(answer.status(), refused, "{speak}");
    }
}

#[tokio::test]
async fn each_provider_streams_the_answer_to_the_question() {
    let person = Person::start().await;
    let said = json!([{ "role": "user", "content": "2+2?", "parts": [{ "text": "2+2?" }] }]);
    let request = json!({ "model": "m", "messages": said, "input": said, "contents": said });
    for (_, header, speak, key) in PROVIDERS {
        let key = if header == "authorization" { format!("Bearer {key}") } else { key.to_owned() };
        let speaking = person.http.post(format!("{}{speak}", person.model.url)).json(&request);
        let answer = speaking.header(header, key).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream", "{speak}");
        let text = answer.text().await.unwrap();
        assert!(text.contains("The answer is 4."), "{speak}: {text}");
    }
    assert_eq!(person.seen().await.as_array().map(Vec::len), Some(4));
}

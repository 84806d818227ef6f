//! The page of the issuer, and what it refuses to whom.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{
    google::{Google, Settings},
    server,
};

const BACK: &str = "https://app.test/api/google/callback";
const VERIFIER: &str = "a-verifier-that-has-at-least-forty-three-characters";

struct Issuer {
    running: server::Running,
    browser: Client,
}

async fn issuer() -> Issuer {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let google = Google::open(Settings::for_tests(&url, "secret", BACK)).expect("it opens");
    let running = server::start(listener, url, google.router());
    let browser = Client::builder().redirect(Policy::none()).build().expect("a client");
    Issuer { running, browser }
}

fn ask() -> Vec<(&'static str, String)> {
    let ask = [
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "s&t=te"),
        ("nonce", "nonce"),
        ("code_challenge_method", "S256"),
    ];
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let ask = ask.map(|(name, value)| (name, value.to_owned()));
    ask.into_iter().chain([("code_challenge", challenge)]).collect()
}

fn ask_with(name: &str, value: &str) -> Vec<(&'static str, String)> {
    let mut ask = ask();
    let field = ask.iter_mut().find(|(it, _)| *it == name).expect("a field");
    value.clone_into(&mut field.1);
    ask
}

fn place(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[header::LOCATION].to_str().expect("text").to_owned()
}

fn code_in(url: &str) -> String {
    let url: reqwest::Url = url.parse().expect("an address");
    let found = url.query_pairs().find(|(name, _)| name == "code").map(|it| it.1.into_owned());
    found.unwrap_or_else(|| panic!("a code in {url}"))
}

impl Issuer {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url)
    }

    async fn ask(&self, ask: &[(&str, String)]) -> Response {
        let request = self.browser.get(self.url("/o/oauth2/v2/auth")).query(ask);
        request.send().await.expect("an answer")
    }

    async fn choose(&self, choice: &[(&str, &str)]) -> String {
        let request = self.browser.post(self.url("/o/oauth2/v2/auth")).query(&ask()).form(choice);
        place(&request.send().await.expect("an answer"))
    }

    async fn exchange(&self, code: &str, secret: &str) -> (StatusCode, Value) {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("client_id", "client"),
            ("client_secret", secret),
            ("code_verifier", VERIFIER),
        ];
        let request = self.browser.post(self.url("/token")).form(&form);
        let response = request.send().await.expect("an answer");
        (response.status(), response.json().await.expect("JSON"))
    }

    async fn put(&self, path: &str, body: &Value) -> StatusCode {
        let request = self.browser.put(self.url(path)).json(body);
        request.send().await.expect("an answer").status()
    }
}

fn claims(body: &Value) -> Value {
    let token = body["id_token"].as_str().expect("a token");
    let payload = token.split('.').nth(1).expect("a payload");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64");
    serde_json::from_slice(&payload).expect("JSON")
}

#[tokio::test]
async fn one_can_be_anybody() {
    let issuer = issuer().await;
    let page = issuer.ask(&ask()).await.text().await.unwrap();
    assert!(page.contains("name=\"email\"") && page.contains("state=s%26t%3Dte"), "{page}");

    let choice = [("email", "ada@example.com"), ("hd", "example.com"), ("email_verified", "on")];
    let back = issuer.choose(&choice).await;
    assert!(back.starts_with(&format!("{BACK}?state=s%26t%3Dte&code=")), "{back}");
    let (status, body) = issuer.exchange(&code_in(&back), "secret").await;
    assert_eq!(status, StatusCode::OK);
    let claims = claims(&body);
    assert_eq!(claims["email"], "ada@example.com");
    assert_eq!((&claims["hd"], &claims["email_verified"]), (&json!("example.com"), &json!(true)));
    assert_eq!((&claims["aud"], &claims["nonce"]), (&json!("client"), &json!("nonce")));

    let page = issuer.ask(&ask()).await.text().await.unwrap();
    assert!(page.contains(">ada@example.com</button>"), "one click the next time");
}

#[tokio::test]
async fn an_account_keeps_its_number_and_another_one_may_get_the_address() {
    let issuer = issuer().await;
    let mut subs = vec![];
    for choice in [
        vec![("email", "ada@gmail.com")],
        vec![("email", "ada@gmail.com")],
        vec![("email", "ada@gmail.com"), ("sub", "2")],
    ] {
        let code = code_in(&issuer.choose(&choice).await);
        let claims = claims(&issuer.exchange(&code, "secret").await.1);
        assert_eq!(claims["email_verified"], false, "the box was not ticked");
        subs.push(claims["sub"].clone());
    }
    assert_eq!(subs[0], subs[1]);
    assert_eq!(subs[2], "2");
}

#[tokio::test]
async fn cancelling_is_told_to_the_client() {
    let issuer = issuer().await;
    let back = issuer.choose(&[("answer", "cancel")]).await;
    assert_eq!(back, format!("{BACK}?state=s%26t%3Dte&error=access_denied"));
}

#[tokio::test]
async fn nobody_is_sent_to_a_strange_address() {
    let issuer = issuer().await;
    for strange in ["https://evil.test/", "https://app.test/api/google/callback/", ""] {
        let answer = issuer.ask(&ask_with("redirect_uri", strange)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{strange}");
    }
    let answer = issuer.ask(&ask_with("client_id", "another")).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_question_without_its_safeguards_is_refused() {
    let issuer = issuer().await;
    let cases = [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "email", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("nonce", "", "invalid_request"),
    ];
    for (field, value, error) in cases {
        let back = place(&issuer.ask(&ask_with(field, value)).await);
        assert!(back.ends_with(&format!("&error={error}")), "{field}: {back}");
    }
}

#[tokio::test]
async fn a_code_is_good_for_one_exchange_by_the_client_itself() {
    let issuer = issuer().await;
    let code = code_in(&issuer.choose(&[("email", "ada@gmail.com")]).await);
    let (status, body) = issuer.exchange(&code, "wrong").await;
    assert_eq!((status, &body["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    assert_eq!(issuer.exchange(&code, "secret").await.0, StatusCode::OK, "nothing was used up");
    let (status, body) = issuer.exchange(&code, "secret").await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
}

#[tokio::test]
async fn things_go_wrong_on_demand() {
    let issuer = issuer().await;
    let outage = issuer.put("/_standin/mode", &json!({ "mode": "outage" })).await;
    assert_eq!(outage, StatusCode::OK);
    assert_eq!(issuer.ask(&ask()).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let missing = json!({ "mode": "missing", "claim": "aud" });
    issuer.put("/_standin/mode", &missing).await;
    let code = code_in(&issuer.choose(&[("email", "ada@gmail.com")]).await);
    assert!(claims(&issuer.exchange(&code, "secret").await.1).get("aud").is_none());
    let unknown = issuer.put("/_standin/mode", &json!({ "mode": "moody" })).await;
    assert_eq!(unknown, StatusCode::UNPROCESSABLE_ENTITY);

    let rotated = issuer.browser.post(issuer.url("/_standin/keys/rotate")).send().await.unwrap();
    let kid = rotated.json::<Value>().await.unwrap()["kid"].clone();
    let keys = issuer.browser.get(issuer.url("/oauth2/v3/certs")).send().await.unwrap();
    assert_eq!(keys.headers()[header::CACHE_CONTROL], "public, max-age=3600, must-revalidate");
    let keys: Value = keys.json().await.unwrap();
    assert_eq!((&keys["keys"][0]["kid"], &keys["keys"][0]["alg"]), (&kid, &json!("RS256")));
}

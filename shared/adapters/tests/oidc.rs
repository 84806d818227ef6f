//! Signing in with Google against its stand-in, honest and not.

use adapters::oidc::{Oidc, Settings};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ports::{
    clock::Clock,
    identity_provider::{Claims, ExchangeError, IdentityProvider, Proof, Question},
};
use reqwest::{Client, StatusCode, Url, header, redirect::Policy};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use support::{
    clock,
    google::{Account, Asked, Google, Mode, Settings as StandIn},
    server,
};
use testkit::clock::FakeClock;

const BACK: &str = "https://app.test/api/google/callback";
const VERIFIER: &str = "a-verifier-that-has-at-least-forty-three-characters";

/// The stand-in's time at first, and then ours to move.
#[derive(Clone)]
struct Watch(Arc<FakeClock>);

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

struct Issuer {
    google: Arc<Google>,
    running: server::Running,
    watch: Watch,
    oidc: Oidc<Watch>,
}

async fn issuer_with(secret: &str) -> Issuer {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let google = Google::open(StandIn::for_tests(&url, "secret", BACK)).expect("it opens");
    let running = server::start(listener, url, google.router());
    let at = |path: &str| format!("{}{path}", running.url).parse().expect("an address");
    let settings = Settings {
        issuer: running.url.clone(),
        authorize_url: at("/o/oauth2/v2/auth"),
        token_url: at("/token"),
        jwks_url: at("/oauth2/v3/certs"),
        client_id: "client".to_owned(),
        client_secret: secret.to_owned(),
        redirect_uri: BACK.to_owned(),
    };
    let watch = Watch(Arc::new(FakeClock::at(clock::now())));
    let oidc = Oidc::new(settings, watch.clone()).expect("a client");
    Issuer { google, running, watch, oidc }
}

async fn issuer() -> Issuer {
    issuer_with("secret").await
}

fn proof() -> Proof {
    Proof { nonce: "nonce".to_owned(), verifier: VERIFIER.to_owned() }
}

impl Issuer {
    /// What the browser brings back after `email` signed in.
    async fn answer(&self, email: &str) -> Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let question = Question { state: "state", nonce: "nonce", challenge: &challenge };
        let mut url: Url = self.oidc.authorize_url(&question).parse().expect("an address");
        url.query_pairs_mut().append_pair("login_hint", email);
        let browser = Client::builder().redirect(Policy::none()).build().expect("a client");
        let response = browser.get(url).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let back = response.headers()[header::LOCATION].to_str().expect("text");
        assert!(back.starts_with(BACK), "{back}");
        back.parse().expect("an address")
    }

    async fn code(&self, email: &str) -> String {
        let url = self.answer(email).await;
        let found = url.query_pairs().find(|(name, _)| name == "code");
        found.unwrap_or_else(|| panic!("a code in {url}")).1.into_owned()
    }

    async fn sign_in(&self) -> Result<Claims, ExchangeError> {
        self.oidc.exchange(&self.code("ada@gmail.com").await, &proof()).await
    }

    fn asked(&self) -> Asked {
        self.google.asked()
    }
}

#[tokio::test]
async fn an_honest_answer_is_believed() {
    let issuer = issuer().await;
    let account = Account {
        sub: "4711".to_owned(),
        hd: Some("example.com".to_owned()),
        ..Account::of("Ada@example.com")
    };
    issuer.google.put_account(account);
    let code = issuer.code("Ada@example.com").await;
    let claims = issuer.oidc.exchange(&code, &proof()).await.unwrap();
    assert_eq!(claims.identity.issuer, issuer.running.url);
    assert_eq!(claims.identity.subject, "4711");
    assert_eq!(claims.email.unwrap().as_str(), "ada@example.com");
    assert!(claims.email_verified);
    assert_eq!(claims.organisation.as_deref(), Some("example.com"));
}

#[tokio::test]
async fn a_token_that_is_wrong_in_any_way_is_not_believed() {
    let issuer = issuer().await;
    let missing = |claim: &str| Mode::Missing { claim: claim.to_owned() };
    let modes = [
        Mode::WrongAudience,
        Mode::WrongIssuer,
        Mode::Expired,
        Mode::OtherNonce,
        Mode::OtherParty,
        missing("aud"),
        missing("iss"),
        missing("exp"),
        missing("sub"),
        missing("nonce"),
        Mode::Unsigned,
        Mode::Hmac,
        Mode::OtherKey,
    ];
    for mode in modes {
        issuer.google.set_mode(mode.clone());
        let result = issuer.sign_in().await;
        assert!(matches!(result, Err(ExchangeError::Untrusted(_))), "{mode:?}: {result:?}");
    }
    issuer.google.set_mode(Mode::Honest);
    assert!(issuer.sign_in().await.is_ok(), "and nothing of it is remembered");
}

#[tokio::test]
async fn a_token_says_whose_address_is_not_verified() {
    let issuer = issuer().await;
    issuer.google.set_mode(Mode::Missing { claim: "email_verified".to_owned() });
    assert!(!issuer.sign_in().await.unwrap().email_verified);
    issuer.google.set_mode(Mode::Missing { claim: "email".to_owned() });
    assert_eq!(issuer.sign_in().await.unwrap().email, None);
}

fn refused_as(result: &Result<Claims, ExchangeError>) -> &str {
    match result {
        Err(ExchangeError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_code_works_once_and_with_its_verifier_only() {
    let issuer = issuer().await;
    let code = issuer.code("ada@gmail.com").await;
    issuer.oidc.exchange(&code, &proof()).await.unwrap();
    let again = issuer.oidc.exchange(&code, &proof()).await;
    assert_eq!(refused_as(&again), "invalid_grant");

    let stolen = issuer.code("ada@gmail.com").await;
    let verifier = VERIFIER.replace("forty-three", "thirty-nine");
    let thief = Proof { verifier, ..proof() };
    assert_eq!(refused_as(&issuer.oidc.exchange(&stolen, &thief).await), "invalid_grant");
    let owner = issuer.oidc.exchange(&stolen, &proof()).await;
    assert_eq!(refused_as(&owner), "invalid_grant", "it is gone");
}

#[tokio::test]
async fn a_wrong_secret_is_named() {
    let issuer = issuer_with("wrong").await;
    assert_eq!(refused_as(&issuer.sign_in().await), "invalid_client");
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_when_they_are_old() {
    let issuer = issuer().await;
    for _ in 0..3 {
        issuer.sign_in().await.unwrap();
    }
    assert_eq!(issuer.asked(), Asked { token: 3, keys: 1 });
    issuer.watch.0.advance(Duration::from_mins(59));
    // The clock of the stand-in stands: its tokens last for an hour.
    issuer.sign_in().await.unwrap();
    assert_eq!(issuer.asked().keys, 1);
    issuer.watch.0.advance(Duration::from_secs(61));
    issuer.sign_in().await.unwrap();
    assert_eq!(issuer.asked().keys, 2);
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_an_unknown_one_is_looked_for_once_a_minute() {
    let issuer = issuer().await;
    issuer.sign_in().await.unwrap();
    issuer.google.rotate_key().unwrap();
    let early = issuer.sign_in().await;
    assert!(matches!(early, Err(ExchangeError::Untrusted(_))), "fetched a moment ago: {early:?}");
    assert_eq!(issuer.asked().keys, 1);
    issuer.watch.0.advance(Duration::from_mins(1));
    issuer.sign_in().await.unwrap();
    assert_eq!(issuer.asked().keys, 2);
}

#[tokio::test]
async fn an_outage_is_told_from_a_refusal() {
    let issuer = issuer().await;
    let code = issuer.code("ada@gmail.com").await;
    issuer.google.set_mode(Mode::Outage);
    let result = issuer.oidc.exchange(&code, &proof()).await;
    assert!(matches!(result, Err(ExchangeError::Unavailable(_))), "{result:?}");
    issuer.google.set_mode(Mode::Honest);
    issuer.oidc.exchange(&code, &proof()).await.unwrap();
}

#[tokio::test]
async fn an_issuer_that_takes_its_time_is_given_up() {
    let issuer = issuer().await;
    let code = issuer.code("ada@gmail.com").await;
    issuer.google.set_mode(Mode::Slow { ms: 20_000 });
    let began = clock::stopwatch();
    let result = issuer.oidc.exchange(&code, &proof()).await;
    assert!(matches!(result, Err(ExchangeError::Unavailable(_))), "{result:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn somebody_may_say_no() {
    let issuer = issuer().await;
    issuer.google.set_mode(Mode::AccessDenied);
    let url = issuer.answer("ada@gmail.com").await;
    let answer: Vec<_> = url.query_pairs().into_owned().collect();
    let answer: Vec<_> =
        answer.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(answer, [("state", "state"), ("error", "access_denied")]);
}

/// What the adapter is configured with is what the issuer says of itself.
#[tokio::test]
async fn the_stand_in_describes_itself() {
    let issuer = issuer().await;
    let url = format!("{}/.well-known/openid-configuration", issuer.running.url);
    let said: Value = Client::new().get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(said["issuer"], issuer.running.url);
    assert_eq!(said["token_endpoint"], format!("{}/token", issuer.running.url));
    assert_eq!(said["jwks_uri"], format!("{}/oauth2/v3/certs", issuer.running.url));
}

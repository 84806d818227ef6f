//! The whole way to Google and back: the API with its real client, a browser, and the stand-in.

use crate::bench::{self, APP_URL, Fakes};
use adapters::oidc::{self, Oidc};
use api::{Api, router};
use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode, header};
use jiff::Timestamp;
use ports::{clock::Clock, identities::Identities, identity_provider::Identity};
use reqwest::{Client, redirect::Policy};
use std::{sync::Arc, time::Duration};
use support::{
    clock,
    google::{Account, Google, Mode, Settings as StandIn},
    server,
};
use tower::ServiceExt;

/// The time of the stand-in, which no test may move.
#[derive(Debug)]
struct RealTime;

impl Clock for RealTime {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    async fn sleep(&self, duration: Duration) {
        clock::pause(duration).await;
    }
}

/// All in memory but the way to Google.
type Wired = Fakes<Oidc<RealTime>>;

struct Wire {
    google: Arc<Google>,
    running: server::Running,
    api: Arc<Api<Wired>>,
    router: Router,
}

impl Wire {
    async fn new() -> Self {
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        let back = format!("{APP_URL}/api/google/callback");
        let google = Google::open(StandIn::for_tests(&url, "secret", &back)).expect("it opens");
        let running = server::start(listener, url, google.router());
        let api = Arc::new(api(&running.url, back));
        Self { google, running, router: router(api.clone()), api }
    }

    async fn get(&self, path: &str, cookie: &str) -> HeaderMap {
        let request = Request::builder().uri(path).header(header::COOKIE, cookie);
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("it never fails");
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
        response.headers().clone()
    }

    /// Where `email` lands, and whether with a session.
    async fn sign_in(&self, email: &str) -> (String, bool) {
        let left = self.get("/api/google/start?return_to=/projects/prj_1", "").await;
        let cookie = left[header::SET_COOKIE].to_str().expect("text");
        let cookie = cookie.split(';').next().expect("a pair");
        let url = format!("{}&login_hint={email}", place(&left));
        let browser = Client::builder().redirect(Policy::none()).build().expect("a client");
        let answer = browser.get(url).send().await.expect("an answer");
        let back = place(answer.headers());
        let path = back.strip_prefix(APP_URL).expect("back to us");
        let landed = self.get(path, cookie).await;
        let cookies = landed.get_all(header::SET_COOKIE).iter();
        let signed_in = cookies.filter_map(|it| it.to_str().ok());
        let signed_in = signed_in.filter(|it| it.starts_with("__Host-refresh=usr_")).count() == 1;
        (place(&landed), signed_in)
    }
}

fn place(headers: &HeaderMap) -> String {
    headers[header::LOCATION].to_str().expect("text").to_owned()
}

fn api(issuer: &str, redirect_uri: String) -> Api<Wired> {
    let at = |path: &str| format!("{issuer}{path}").parse().expect("an address");
    let settings = oidc::Settings {
        issuer: issuer.to_owned(),
        authorize_url: at("/o/oauth2/v2/auth"),
        token_url: at("/token"),
        jwks_url: at("/oauth2/v3/certs"),
        client_id: "client".to_owned(),
        client_secret: "secret\n".to_owned(),
        redirect_uri,
    };
    bench::api(Oidc::new(settings, RealTime).expect("a client"))
}

#[tokio::test]
async fn a_browser_goes_to_google_and_comes_back_as_somebody() {
    let wire = Wire::new().await;
    wire.google.put_account(Account { sub: "4711".to_owned(), ..Account::of("ada@gmail.com") });
    let landed = (format!("{APP_URL}/projects/prj_1"), true);
    assert_eq!(wire.sign_in("ada@gmail.com").await, landed);
    let ada = Identity { issuer: wire.running.url.clone(), subject: "4711".to_owned() };
    let user = wire.api.accounts.find_identity(&ada).await.unwrap();
    assert!(user.is_some());
    assert_eq!(wire.sign_in("ada@gmail.com").await, landed);
    assert_eq!(wire.api.accounts.find_identity(&ada).await.unwrap(), user, "the same one");

    let foreign = (format!("{APP_URL}/sign-in?google=link_needed"), false);
    assert_eq!(wire.sign_in("ada@example.com").await, foreign);
    wire.google.put_account(Account {
        hd: Some("example.com".to_owned()),
        ..Account::of("ada@example.com")
    });
    assert_eq!(wire.sign_in("ada@example.com").await, landed, "their organisation knows them");
}

#[tokio::test]
async fn whoever_cannot_be_believed_gets_no_session() {
    let wire = Wire::new().await;
    let missing = |claim: &str| Mode::Missing { claim: claim.to_owned() };
    let modes = [
        (Mode::WrongAudience, "failed"),
        (Mode::WrongIssuer, "failed"),
        (Mode::Expired, "failed"),
        (Mode::OtherNonce, "failed"),
        (Mode::OtherParty, "failed"),
        (missing("iss"), "failed"),
        (missing("aud"), "failed"),
        (missing("exp"), "failed"),
        (missing("sub"), "failed"),
        (missing("nonce"), "failed"),
        (missing("email"), "link_needed"),
        (missing("email_verified"), "link_needed"),
        (Mode::Unsigned, "failed"),
        (Mode::Hmac, "failed"),
        (Mode::OtherKey, "failed"),
        (Mode::AccessDenied, "cancelled"),
    ];
    for (mode, word) in modes {
        wire.google.set_mode(mode.clone());
        let landed = (format!("{APP_URL}/sign-in?google={word}"), false);
        assert_eq!(wire.sign_in("ada@gmail.com").await, landed, "{mode:?}");
    }
}

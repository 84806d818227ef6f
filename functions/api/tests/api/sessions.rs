//! Where somebody is signed in, and ending it.

use crate::bench::{Bench, Browser, PASSWORD, from_site, request, through_front_door};
use http::{StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";

async fn two_browsers(bench: &Bench) -> (Browser, Browser) {
    bench.customer(ADA).await;
    bench.api.clock.advance(Duration::from_mins(1));
    (bench.browser(ADA).await, bench.browser(ADA).await)
}

fn id(browser: &Browser) -> String {
    browser.cookie.split('.').nth(1).expect("a session").to_owned()
}

async fn listed(bench: &Bench, browser: &Browser) -> Vec<Value> {
    let answer = bench.get("/api/sessions", Some(&browser.token)).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body.as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_list_says_where_one_is_signed_in() {
    let bench = Bench::new();
    bench.customer(ADA).await;
    bench.customer(EVE).await;
    bench.api.clock.advance(Duration::from_mins(5));
    let body = json!({ "email": ADA, "password": PASSWORD }).to_string();
    let mut asked = through_front_door(request("POST", "/api/sign-in", None, &body), "203.0.113.7");
    asked.headers_mut().insert(header::USER_AGENT, "Firefox on Linux".parse().unwrap());
    let answer = bench.send(asked).await;
    let browser = Browser { token: answer.text("access_token"), cookie: answer.cookie() };

    let sessions = listed(&bench, &browser).await;
    assert_eq!(sessions.len(), 2, "one's own, and no one else's");
    assert_eq!(sessions[0]["id"], id(&browser), "the last used first");
    assert_eq!(sessions[0]["current"], true);
    assert_eq!(sessions[0]["user_agent"], "Firefox on Linux");
    assert_eq!(sessions[0]["ip"], "203.0.113.7");
    assert_eq!(sessions[1]["current"], false);
    let created_at = sessions[0]["created_at"].clone();

    bench.api.clock.advance(Duration::from_mins(5));
    let next = bench.refresh(&browser.cookie).await;
    let browser = Browser { token: next.text("access_token"), cookie: next.cookie() };
    let sessions = listed(&bench, &browser).await;
    assert_eq!(sessions[0]["created_at"], created_at);
    assert_ne!(sessions[0]["last_used_at"], created_at);
}

#[tokio::test]
async fn a_session_that_is_ended_elsewhere_is_over_at_once() {
    let bench = Bench::new();
    let (phone, laptop) = two_browsers(&bench).await;
    let path = format!("/api/sessions/{}", id(&phone));
    for _ in 0..2 {
        let answer = bench.send(request("DELETE", &path, Some(&laptop.token), "")).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "again as well");
    }
    assert!(!bench.opens(&phone.token).await);
    assert_eq!(bench.refresh(&phone.cookie).await.status, StatusCode::UNAUTHORIZED);
    assert!(bench.opens(&laptop.token).await);
    assert!(!listed(&bench, &laptop).await.iter().any(|it| it["id"] == id(&phone)));
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    let bench = Bench::new();
    let (phone, _) = two_browsers(&bench).await;
    let eve = bench.customer(EVE).await;
    let path = format!("/api/sessions/{}", id(&phone));
    bench.send(request("DELETE", &path, Some(&eve.token), "")).await;
    assert!(bench.opens(&phone.token).await);
    let answer = bench.send(request("DELETE", "/api/sessions/prj_1", Some(&eve.token), "")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "no session's id");
}

#[tokio::test]
async fn signing_out_everywhere_leaves_nothing() {
    let bench = Bench::new();
    let (phone, laptop) = two_browsers(&bench).await;
    let eve = bench.customer(EVE).await;
    let answer = bench.send(request("DELETE", "/api/sessions", Some(&laptop.token), "")).await;
    assert_eq!((answer.status, answer.cookie()), (StatusCode::NO_CONTENT, String::new()));
    for browser in [phone, laptop] {
        assert!(!bench.opens(&browser.token).await);
        assert_eq!(bench.refresh(&browser.cookie).await.status, StatusCode::UNAUTHORIZED);
    }
    assert!(bench.opens(&eve.token).await);
}

/// Whatever fails on the way, the one who asks can ask again.
#[tokio::test]
async fn signing_out_everywhere_can_be_repeated() {
    for before in 1..5 {
        let bench = Bench::new();
        let (phone, laptop) = two_browsers(&bench).await;
        // The door reads the session once, then come the list and three deletions.
        bench.api.sessions.outage.begin_after(before, 1);
        let ask =
            async || bench.send(request("DELETE", "/api/sessions", Some(&laptop.token), "")).await;
        assert_eq!(ask().await.status, StatusCode::SERVICE_UNAVAILABLE, "{before}");
        assert_eq!(ask().await.status, StatusCode::NO_CONTENT, "{before}");
        assert!(!bench.opens(&phone.token).await && !bench.opens(&laptop.token).await, "{before}");
    }
}

#[tokio::test]
async fn a_browser_signs_out_with_whatever_it_has() {
    for (case, with_token, with_cookie) in
        [("both", true, true), ("a token", true, false), ("a cookie", false, true)]
    {
        let bench = Bench::new();
        let (phone, laptop) = two_browsers(&bench).await;
        let (token, cookie) = (phone.token.as_str(), phone.cookie.as_str());
        let asked = from_site(
            "POST",
            "/api/sign-out",
            with_cookie.then_some(cookie),
            with_token.then_some(token),
        );
        let answer = bench.send(asked).await;
        assert_eq!(
            (answer.status, answer.cookie()),
            (StatusCode::NO_CONTENT, String::new()),
            "{case}"
        );
        assert!(!bench.opens(&phone.token).await, "{case}");
        assert_eq!(bench.refresh(&phone.cookie).await.status, StatusCode::UNAUTHORIZED, "{case}");
        assert!(bench.opens(&laptop.token).await, "{case}");
    }
}

/// A refresh that is under way when its session is ended must not bring it back.
#[tokio::test]
async fn an_ended_session_stays_ended_whatever_was_under_way() {
    use ports::sessions::{Rotation, Sessions};
    let bench = Bench::new();
    let (phone, _) = two_browsers(&bench).await;
    let user = phone.cookie.split('.').next().unwrap().parse().unwrap();
    let session = id(&phone).parse().unwrap();
    // As the refresh read it, just before.
    let read = bench.api.sessions.find(&user, &session).await.unwrap().unwrap();
    bench.send(from_site("POST", "/api/sign-out", Some(&phone.cookie), None)).await;
    let rotation = Rotation {
        from: read.refresh.current.clone(),
        to: read.refresh.current,
        tenant: read.tenant,
        at: read.created_at,
        expires_at: read.expires_at,
    };
    assert!(!bench.api.sessions.rotate(&user, &session, &rotation).await.unwrap());
    assert_eq!(bench.api.sessions.find(&user, &session).await.unwrap(), None);
}

#[tokio::test]
async fn one_learns_who_one_is() {
    let bench = Bench::new();
    let ada = bench.customer(ADA).await;
    let me = bench.get("/api/me", Some(&ada.token)).await;
    let user_id = me.text("user_id");
    assert!(user_id.starts_with("usr_"));
    let expected = json!({
        "user_id": user_id, "email": ADA, "has_password": true, "google": false,
        "operator": false, "tenant_id": ada.tenant,
        "tenants": [{ "id": ada.tenant, "name": "ada", "subdomain": "ada", "role": "owner" }],
    });
    assert_eq!(me.body, expected);
    let root = bench.customer("root@example.com").await;
    assert_eq!(bench.get("/api/me", Some(&root.token)).await.body["operator"], true);
}

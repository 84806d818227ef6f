//! Sessions: what opens the door, and what does not.

use crate::bench::{APP_URL, Bench, KEY, request};
use api::Keys;
use http::{StatusCode, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ports::{
    accounts::{Credentials, TokenHash},
    clock::Clock,
    sessions::{Device, Refresh, Session, Sessions},
};
use serde_json::{Value, json};
use std::time::Duration;

const HOME: &str = "/api/projects";

#[tokio::test]
async fn signing_out_ends_a_session_and_no_other() {
    let bench = Bench::new();
    let phone = bench.customer("ada@example.com").await;
    let laptop = bench.sign_in("ada@example.com", crate::bench::PASSWORD).await;
    let laptop = laptop.text("access_token");
    let out = bench.post("/api/sign-out", Some(&phone.token), &Value::Null).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.get(HOME, Some(&phone.token)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.get(HOME, Some(&laptop)).await.status, StatusCode::OK);
    let again = bench.post("/api/sign-out", Some(&phone.token), &Value::Null).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_access_token_lasts_a_quarter_of_an_hour() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    bench.api.clock.advance(Duration::from_secs(899));
    assert_eq!(bench.get(HOME, Some(&customer.token)).await.status, StatusCode::OK);
    bench.api.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.get(HOME, Some(&customer.token)).await.status, StatusCode::UNAUTHORIZED);
}

/// A session that is in the table, for which tokens of all kinds can be forged.
async fn session(bench: &Bench) -> Value {
    let now = bench.api.clock.now();
    let user: domain::id::UserId = "usr_ada".parse().expect("as prepared");
    let tenant = "ten_ada".parse().expect("as prepared");
    let email = "ada@example.com".to_owned().try_into().expect("as prepared");
    let credentials = Credentials { user: user.clone(), password: None, generation: 3 };
    bench.api.accounts.put_account(&email, credentials, &tenant);
    let session = Session {
        id: "ses_real".parse().expect("as prepared"),
        user,
        tenant,
        generation: 3,
        refresh: Refresh { current: TokenHash(String::new()), previous: None, rotated_at: now },
        device: Device { user_agent: String::new(), ip: String::new() },
        created_at: now,
        last_used_at: now,
        expires_at: now + Duration::from_mins(10),
    };
    bench.api.sessions.record(&session).await.expect("as prepared");
    json!({
        "iss": APP_URL, "aud": format!("{APP_URL}/api"), "sub": "usr_ada", "sid": "ses_real",
        "tenant": "ten_ada", "iat": now.as_second(), "exp": now.as_second() + 60,
    })
}

fn signed(claims: &Value, key: &str) -> String {
    let key = EncodingKey::from_secret(key.as_bytes());
    encode(&Header::new(Algorithm::HS256), claims, &key).expect("as prepared")
}

#[tokio::test]
async fn a_token_must_agree_with_the_session_that_it_names() {
    let bench = Bench::new();
    let claims = session(&bench).await;
    let with = |claim: &str, value: &str| {
        let mut claims = claims.clone();
        claims[claim] = value.into();
        signed(&claims, KEY)
    };
    let cases = [
        ("as it is", signed(&claims, KEY), StatusCode::OK),
        ("another tenant", with("tenant", "ten_eve"), StatusCode::UNAUTHORIZED),
        ("another user", with("sub", "usr_eve"), StatusCode::UNAUTHORIZED),
        ("another session", with("sid", "ses_eve"), StatusCode::UNAUTHORIZED),
        ("another issuer", with("iss", "https://eve.test"), StatusCode::UNAUTHORIZED),
        ("another key", signed(&claims, &"x".repeat(32)), StatusCode::UNAUTHORIZED),
        ("noise", "a.b.c".to_owned(), StatusCode::UNAUTHORIZED),
    ];
    for (case, token, status) in cases {
        let answer = bench.get(HOME, Some(&token)).await;
        assert_eq!(answer.status, status, "{case}");
        if status == StatusCode::UNAUTHORIZED {
            assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer", "{case}");
            assert_eq!(answer.body["type"], "urn:1mins:problem:not-signed-in", "{case}");
        }
    }
}

#[tokio::test]
async fn only_the_authorization_header_opens_the_door() {
    let bench = Bench::new();
    let claims = session(&bench).await;
    let token = signed(&claims, KEY);
    let cases = [
        ("the usual", header::AUTHORIZATION, format!("Bearer {token}"), StatusCode::OK),
        ("lower case", header::AUTHORIZATION, format!("bearer {token}"), StatusCode::OK),
        ("no scheme", header::AUTHORIZATION, token.clone(), StatusCode::UNAUTHORIZED),
        ("another", header::AUTHORIZATION, format!("Basic {token}"), StatusCode::UNAUTHORIZED),
        ("a cookie", header::COOKIE, format!("token={token}"), StatusCode::UNAUTHORIZED),
    ];
    for (case, name, value, status) in cases {
        let mut asked = request("GET", HOME, None, "");
        asked.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(bench.send(asked).await.status, status, "{case}");
    }
    let asked = format!("{HOME}?access_token={token}");
    assert_eq!(bench.get(&asked, None).await.status, StatusCode::UNAUTHORIZED, "in the URL");
}

/// A door that cannot be checked stays shut, and says that it is not the token's fault.
#[tokio::test]
async fn nobody_gets_in_while_sessions_cannot_be_read() {
    let bench = Bench::new();
    let token = signed(&session(&bench).await, KEY);
    bench.api.accounts.outage.begin(1);
    assert_eq!(bench.get(HOME, Some(&token)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    bench.api.sessions.outage.begin(1);
    assert_eq!(bench.get(HOME, Some(&token)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(bench.get(HOME, Some(&token)).await.status, StatusCode::OK);
}

#[test]
fn a_key_shows_itself_to_no_log() {
    let keys = Keys::new(KEY, APP_URL).unwrap();
    assert!(!format!("{keys:?}").contains(KEY));
}

//! Webhooks between this project and Dodo's own libraries, both ways: what the stand-in signs and says
//! is what the libraries take, and what the libraries sign is what the intake takes.
//!
//! Each test says `needs Dodo's libraries`: `scripts/test` installs them and names them.

mod endpoint;
mod libraries;

use endpoint::Endpoint;
use http::{Request, StatusCode};
use libraries::{ALL, Delivered, ToSign, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{
    clock,
    dodo::{Dodo, Settings, events, signature},
    server,
};
use testkit::{deliveries::FakeDeliveries, queue::FakeQueue};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const KEY: &str = "dodo_test_key";
/// What a signature must not trip over.
const BODIES: [&str; 3] = [
    r#"{"type":"subscription.active","data":{"payload_type":"Subscription"}}"#,
    r#"{"type":"payment.succeeded","data":{"metadata":{"name":"Zoë 🦀 \u0000"}}}"#,
    "{ \"type\" :\r\n\t\"x.y\" , \"data\":{} }",
];

/// One of each of the 48 types, as the stand-in sends it.
async fn everything_that_is_sent() -> Vec<Delivered> {
    let endpoint = Endpoint::start().await;
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let secret = SECRET.parse().expect("a good secret");
    let settings = Settings::for_tests(&url, KEY, secret);
    let dodo = Dodo::open(settings).expect("the stand-in opens");
    let running = server::start(listener, url, dodo.router());
    let http = reqwest::Client::new();
    let post = async |path: &str, body: Value| -> Value {
        let request = http.post(format!("{}{path}", running.url)).bearer_auth(KEY).json(&body);
        let answer = request.send().await.expect("it answers");
        let answer = answer.error_for_status().expect("it agrees");
        answer.json().await.expect("JSON")
    };
    let cart = json!([{ "product_id": "pdt_standard", "quantity": 1 }]);
    let session = post("/checkouts", json!({ "product_cart": cart })).await;
    let session = session["session_id"].as_str().expect("an id").to_owned();
    let paid = post(&format!("/_standin/sessions/{session}/pay"), Value::Null).await;
    let about = json!({ "about": paid["subscription_id"], "amount": 100 });
    post("/_standin/refunds", about.clone()).await;
    post("/_standin/disputes", about).await;
    let webhook = json!({ "url": endpoint.url() });
    let path = format!("{}/_standin/webhook", running.url);
    http.put(path).json(&webhook).send().await.expect("it answers");
    for event in events::TYPES {
        post("/_standin/emit", json!({ "type": event })).await;
    }
    // Six were waiting for an endpoint.
    endpoint.wait_for(events::TYPES.len() + 6).await
}

#[tokio::test]
#[ignore = "needs Dodo's libraries"]
async fn every_event_of_the_stand_in_is_what_dodos_libraries_take() {
    let sent: Vec<_> = everything_that_is_sent().await;
    let sent: Vec<_> = sent.into_iter().map(|it| it.signed_with(SECRET)).collect();
    for library in ALL {
        let verdicts = library.verify(&sent);
        let taken: BTreeSet<&str> = verdicts.iter().filter_map(Verdict::taken).collect();
        let refused: Vec<_> = verdicts.iter().filter(|it| it.taken().is_none()).collect();
        assert!(refused.is_empty(), "{library:?}: {refused:#?}");
        assert_eq!(taken, BTreeSet::from(events::TYPES), "{library:?}");
    }
}

#[test]
#[ignore = "needs Dodo's libraries"]
fn what_we_sign_is_taken_and_what_was_changed_since_is_not() {
    let now = clock::now().as_second();
    let secrets = [OTHER.parse().expect("a secret"), SECRET.parse().expect("a secret")];
    let of = |body: &str, at: i64, secret: &str| {
        let signature = signature::sign(&secrets, "msg_1", at, body);
        Delivered::new("msg_1", at, &signature, body).signed_with(secret)
    };
    let mut good = Vec::new();
    for body in BODIES {
        good.extend([of(body, now, SECRET), of(body, now, OTHER)]);
    }
    let forged: Vec<_> = [
        ("another body", of(BODIES[0], now, SECRET).with_body("{}")),
        ("too old", of(BODIES[0], now - 600, SECRET)),
        ("from the future", of(BODIES[0], now + 600, SECRET)),
        ("another secret", of(BODIES[0], now, "whsec_plJ3nmyCDGBKInavdOK15jsl")),
    ]
    .into();
    for library in ALL {
        // The bodies are no events of Dodo's: only the signature is asked about.
        let verdicts = library.verify(&good);
        assert!(verdicts.iter().all(|it| !it.is_a_bad_signature()), "{library:?}: {verdicts:?}");
        for (case, delivery) in &forged {
            let verdicts = library.verify(std::slice::from_ref(delivery));
            assert!(verdicts[0].is_a_bad_signature(), "{library:?}, {case}: {verdicts:?}");
        }
    }
}

#[tokio::test]
#[ignore = "needs Dodo's libraries"]
async fn what_the_libraries_sign_is_what_the_intake_takes() {
    let now = clock::now();
    let bodies = BODIES.iter().enumerate();
    let wanted: Vec<_> = bodies
        .map(|(number, body)| ToSign::new(&format!("msg_{number}"), now.as_second(), body, SECRET))
        .collect();
    for library in ALL {
        for (it, signature) in wanted.iter().zip(library.sign(&wanted)) {
            let status = received(it, &signature, &it.body, now).await;
            assert_eq!(status, StatusCode::OK, "{library:?}: {}", it.body);
            let changed = received(it, &signature, &format!("{} ", it.body), now).await;
            assert_eq!(changed, StatusCode::UNAUTHORIZED, "{library:?}: {}", it.body);
        }
    }
}

/// What the intake answers to `body` under the signature of `it`.
async fn received(it: &ToSign, signature: &str, body: &str, now: jiff::Timestamp) -> StatusCode {
    let request = Request::post("/webhooks/dodo")
        .header("content-type", "application/json")
        .header("webhook-id", &it.id)
        .header("webhook-timestamp", it.at)
        .header("webhook-signature", signature)
        .body(body.as_bytes().to_vec())
        .expect("well-formed");
    let secrets = SECRET.parse().expect("a strong secret");
    let (deliveries, billing) = (FakeDeliveries::default(), FakeQueue::default());
    webhook_intake::handle(&deliveries, &billing, &secrets, now, &request).await.status()
}

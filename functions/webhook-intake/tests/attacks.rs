//! The intake from the attacker's side. Whatever comes, it answers, stores nothing and tells nobody.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, Request, StatusCode};
use ports::clock::Clock;
use sha2::Sha256;
use testkit::{clock::FakeClock, deliveries::FakeDeliveries, queue::FakeQueue};
use webhook_intake::{MAX_BODY_BYTES, handle};

const KEY: &[u8] = b"0123456789abcdef01234567";
const BODY: &[u8] = br#"{"type":"subscription.active","data":{"payload_type":"Subscription"}}"#;

fn signature(key: &[u8], id: &str, at: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn request(id: &str, at: &str, signature: &str, body: &[u8]) -> Request<Vec<u8>> {
    Request::post("/webhooks/dodo")
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at)
        .header("webhook-signature", signature)
        .body(body.to_vec())
        .expect("well-formed")
}

fn now_s() -> String {
    FakeClock::default().now().as_second().to_string()
}

/// Signed by the sender himself, just now.
fn genuine(body: &[u8]) -> Request<Vec<u8>> {
    let at = now_s();
    request("msg_1", &at, &signature(KEY, "msg_1", &at, body), body)
}

/// What the intake answers, and how many deliveries it stored.
async fn sent(request: &Request<Vec<u8>>) -> (StatusCode, usize) {
    let (deliveries, billing) = (FakeDeliveries::default(), FakeQueue::default());
    let secrets = format!("whsec_{}", STANDARD.encode(KEY)).parse().expect("a strong secret");
    let now = FakeClock::default().now();
    let answer = handle(&deliveries, &billing, &secrets, now, request).await;
    let stored = deliveries.stored.borrow().len();
    assert_eq!(stored, billing.sent().len(), "what is stored is told, and nothing else");
    (answer.status(), stored)
}

async fn assert_refused(case: &str, request: &Request<Vec<u8>>) {
    let (status, stored) = sent(request).await;
    assert!(status.is_client_error(), "{case}: {status}");
    assert_eq!(stored, 0, "{case}");
}

#[tokio::test]
async fn what_is_genuine_is_taken() {
    assert_eq!(sent(&genuine(BODY)).await, (StatusCode::OK, 1));
}

#[tokio::test]
async fn no_signature_but_the_senders_opens() {
    let at = now_s();
    let real = signature(KEY, "msg_1", &at, BODY);
    let bare = real.trim_start_matches("v1,").to_owned();
    let cases = [
        ("of an empty key", signature(b"", "msg_1", &at, BODY)),
        ("of another key", signature(b"another key of 24 bytes!", "msg_1", &at, BODY)),
        ("of the secret as it is written", signature(b"whsec_", "msg_1", &at, BODY)),
        ("without a version", bare.clone()),
        ("of a version that nobody knows", format!("v9,{bare}")),
        ("of the asymmetric version", format!("v1a,{bare}")),
        ("cut short", real[..real.len() - 4].to_owned()),
        ("with one byte too many", format!("v1,{}", STANDARD.encode([0; 33]))),
        ("of nothing", "v1,".to_owned()),
        ("that is no base64", "v1,%%%%".to_owned()),
        ("in capitals", real.to_uppercase()),
        ("ten thousand of them", "v1,AAAA ".repeat(10_000)),
    ];
    for (case, signature) in cases {
        assert_refused(case, &request("msg_1", &at, &signature, BODY)).await;
    }
}

#[tokio::test]
async fn a_signature_is_worth_nothing_for_anything_else() {
    let at = now_s();
    let real = signature(KEY, "msg_1", &at, BODY);
    let later = (at.parse::<i64>().expect("a number") + 1).to_string();
    // The same bytes in all, cut elsewhere: the dots are part of what is signed.
    let moved = [format!(".{at}.").as_bytes(), BODY].concat();
    let cases = [
        ("another id", request("msg_2", &at, &real, BODY)),
        ("another time", request("msg_1", &later, &real, BODY)),
        ("another body", request("msg_1", &at, &real, b"{}")),
        ("a longer body", request("msg_1", &at, &real, &[BODY, b" "].concat())),
        ("an id that took the time along", request(&format!("msg_1.{at}"), &at, &real, BODY)),
        ("a body that took the time along", request("msg_1", &at, &real, &moved)),
    ];
    for (case, request) in cases {
        assert_refused(case, &request).await;
    }
}

#[tokio::test]
async fn a_recorded_delivery_is_worth_nothing_after_five_minutes() {
    let now = FakeClock::default().now().as_second();
    for age_s in [301, 3_600, 86_400 * 365] {
        for at in [now - age_s, now + age_s] {
            let at = at.to_string();
            let real = signature(KEY, "msg_1", &at, BODY);
            assert_refused(&format!("{age_s} s"), &request("msg_1", &at, &real, BODY)).await;
        }
    }
}

#[tokio::test]
async fn a_time_that_is_none_is_refused_however_it_is_signed() {
    let times = [
        "",
        "now",
        "1e9",
        "-1",
        "0",
        "99999999999999999999",
        "9223372036854775807",
        "-9223372036854775808",
        "1795262400.5",
        " 1795262400",
        "0x6b016e00",
    ];
    for at in times {
        let real = signature(KEY, "msg_1", at, BODY);
        assert_refused(at, &request("msg_1", at, &real, BODY)).await;
    }
}

#[tokio::test]
async fn a_body_made_to_break_a_parser_is_refused_though_it_is_signed() {
    let deep = |open: &str, close: &str| {
        let levels = 100_000 / open.len();
        format!(r#"{{"data":{}1{}}}"#, open.repeat(levels), close.repeat(levels)).into_bytes()
    };
    let cases: [(&str, Vec<u8>); 9] = [
        ("cut short", BODY[..BODY.len() - 1].to_vec()),
        ("cut within a character", b"{\"type\":\"\xc3".to_vec()),
        ("half a surrogate", br#"{"type":"\ud800"}"#.to_vec()),
        ("a null byte between", b"{\"type\":\"x\"\0}".to_vec()),
        ("a null byte after", [BODY, b"\0"].concat()),
        ("lists in lists", deep("[", "]")),
        ("objects in objects", deep(r#"{"a":"#, "}")),
        ("a number beyond all numbers", br#"{"data":{"total_amount":1e999}}"#.to_vec()),
        (
            "a date beyond the calendar",
            br#"{"data":{"next_billing_date":"99999-01-01T00:00:00Z"}}"#.to_vec(),
        ),
    ];
    for (case, body) in cases {
        assert!(body.len() <= MAX_BODY_BYTES, "{case} is not refused for its size");
        assert_refused(case, &genuine(&body)).await;
    }
}

#[tokio::test]
async fn what_only_looks_wrong_is_taken_whole() {
    let many: Vec<_> = (0..5_000).map(|it| format!(r#""k{it}":{it},"#)).collect();
    let many = many.concat();
    let cases = [
        (
            "a null character in a text",
            r#"{"type":"x","data":{"metadata":{"a":"\u0000"}}}"#.to_owned(),
        ),
        (
            "a large number in a field that nobody reads",
            format!(r#"{{"seen":{}}}"#, "9".repeat(300)),
        ),
        ("thousands of fields", format!(r#"{{{many}"type":"x"}}"#)),
        ("one field twice", r#"{"extra":1,"extra":2,"type":"x"}"#.to_owned()),
    ];
    for (case, body) in cases {
        assert_eq!(sent(&genuine(body.as_bytes())).await, (StatusCode::OK, 1), "{case}");
    }
}

#[tokio::test]
async fn a_body_is_not_unpacked() {
    // gzip of `{}`
    let packed = STANDARD.decode("H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA==").expect("base64");
    for encoding in [None, Some("gzip")] {
        let mut request = genuine(&packed);
        if let Some(encoding) = encoding {
            request.headers_mut().insert("content-encoding", HeaderValue::from_static(encoding));
        }
        assert_refused("gzip", &request).await;
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_before_it_is_read() {
    for length in [MAX_BODY_BYTES + 1, 6 * 1024 * 1024] {
        let body = vec![b' '; length];
        let (status, stored) = sent(&genuine(&body)).await;
        assert_eq!((status, stored), (StatusCode::PAYLOAD_TOO_LARGE, 0), "{length}");
    }
}

#[tokio::test]
async fn two_headers_of_one_name_are_not_two_chances() {
    let at = now_s();
    let mut request = genuine(BODY);
    let first = signature(b"another key of 24 bytes!", "msg_1", &at, BODY);
    let headers = request.headers_mut();
    let second = headers.insert("webhook-signature", first.parse().expect("plain"));
    headers.append("webhook-signature", second.expect("it was there"));
    assert_refused("a second signature header", &request).await;
}

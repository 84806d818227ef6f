//! What the intake takes, what it refuses, and what a repeat of either does.

use base64::{Engine, engine::general_purpose::STANDARD};
use contracts::billing::Message;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Response, StatusCode};
use ports::clock::Clock;
use sha2::Sha256;
use testkit::{clock::FakeClock, deliveries::FakeDeliveries, queue::FakeQueue};
use webhook_intake::{MAX_BODY_BYTES, handle};

const KEY: &[u8] = b"0123456789abcdef01234567";
const ID: &str = "msg_1";
const BODY: &[u8] = br#"{"type":"subscription.active","data":{"payload_type":"Subscription"}}"#;

#[derive(Default)]
struct Bench {
    deliveries: FakeDeliveries,
    billing: FakeQueue<Message>,
    clock: FakeClock,
}

impl Bench {
    async fn receive(&self, request: &Request<Vec<u8>>) -> Response<String> {
        let secrets = format!("whsec_{}", STANDARD.encode(KEY)).parse().expect("a strong secret");
        handle(&self.deliveries, &self.billing, &secrets, self.clock.now(), request).await
    }

    /// Sends `body` as the sender would, `late_s` seconds after it was signed.
    async fn deliver(&self, body: &[u8], late_s: i64) -> Response<String> {
        self.receive(&signed(ID, self.clock.now().as_second() - late_s, body)).await
    }

    fn told(&self) -> Vec<String> {
        let id = |it| match it {
            Message::Delivery { delivery_id, .. } => delivery_id,
            _ => panic!("the intake hands on deliveries: {it:?}"),
        };
        self.billing.sent().into_iter().map(id).collect()
    }

    fn assert_untouched(&self, case: &str) {
        assert!(self.deliveries.stored.borrow().is_empty(), "{case}: nothing is stored");
        assert!(self.told().is_empty(), "{case}: billing is told nothing");
    }
}

fn signed(id: &str, at: i64, body: &[u8]) -> Request<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("any length is a key");
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    Request::post("/webhooks/dodo")
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at)
        .header("webhook-signature", format!("v1,{signature}"))
        .body(body.to_vec())
        .expect("well-formed")
}

/// The `detail` of a refusal, having checked that it is one of `status`.
fn detail(response: &Response<String>, status: StatusCode, case: &str) -> String {
    assert_eq!(response.status(), status, "{case}: {}", response.body());
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{case}");
    let problem: serde_json::Value = serde_json::from_str(response.body()).expect("is JSON");
    assert_eq!(problem["status"], status.as_u16(), "{case}");
    problem["detail"].as_str().expect("has a detail").to_owned()
}

#[tokio::test]
async fn a_signed_delivery_is_stored_as_received_and_billing_is_told() {
    let bench = Bench::default();
    let response = bench.deliver(BODY, 0).await;
    assert_eq!(
        (response.status(), response.body().as_str()),
        (StatusCode::OK, r#"{"received":true}"#)
    );
    let stored = bench.deliveries.stored.borrow()[ID].clone();
    assert_eq!(stored.body.as_bytes(), BODY);
    assert_eq!(stored.received_at, bench.clock.now());
    assert_eq!(bench.told(), [ID]);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let padded = |length: usize| {
        let frame = r#"{"pad":""}"#.len();
        format!(r#"{{"pad":"{}"}}"#, "x".repeat(length - frame)).into_bytes()
    };
    let bench = Bench::default();
    let response = bench.deliver(&padded(MAX_BODY_BYTES + 1), 0).await;
    detail(&response, StatusCode::PAYLOAD_TOO_LARGE, "one byte over");
    bench.assert_untouched("one byte over");
    assert_eq!(bench.deliver(&padded(MAX_BODY_BYTES), 0).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_header_that_cannot_be_right_is_refused_by_name() {
    let overlong = "m".repeat(129);
    let cases = [
        ("no id", "webhook-id", None),
        ("empty id", "webhook-id", Some("")),
        ("an id longer than a key", "webhook-id", Some(overlong.as_str())),
        ("an id with a space", "webhook-id", Some("msg 1")),
        ("an id that is no text", "webhook-id", Some("msg_\u{e9}")),
        ("no timestamp", "webhook-timestamp", None),
        ("empty timestamp", "webhook-timestamp", Some("")),
        ("no signature", "webhook-signature", None),
        ("empty signature", "webhook-signature", Some("")),
    ];
    for (case, name, value) in cases {
        let bench = Bench::default();
        let mut request = signed(ID, bench.clock.now().as_second(), BODY);
        request.headers_mut().remove(name);
        if let Some(value) = value {
            request.headers_mut().insert(name, value.try_into().expect("goes over the wire"));
        }
        let detail = detail(&bench.receive(&request).await, StatusCode::BAD_REQUEST, case);
        assert!(detail.contains(&format!("`{name}`")), "{case}: {detail}");
        bench.assert_untouched(case);
    }
}

#[tokio::test]
async fn the_longest_id_is_taken() {
    let bench = Bench::default();
    let longest = "m".repeat(128);
    let request = signed(&longest, bench.clock.now().as_second(), BODY);
    assert_eq!(bench.receive(&request).await.status(), StatusCode::OK);
    assert_eq!(bench.told(), [longest]);
}

#[tokio::test]
async fn a_delivery_that_is_not_signed_now_and_by_the_sender_is_refused() {
    type Change = fn(&mut Request<Vec<u8>>);
    let cases: [(&str, i64, Change); 7] = [
        ("stale", 301, |_| ()),
        ("from the future", -301, |_| ()),
        ("another body", 0, |it| it.body_mut().push(b' ')),
        ("another id", 0, |it| replace(it, "webhook-id", "msg_2")),
        ("another time", 1, |it| replace(it, "webhook-timestamp", "1795262400")),
        ("a time that is no number", 0, |it| replace(it, "webhook-timestamp", "now")),
        ("somebody else's signature", 0, |it| replace(it, "webhook-signature", "v1,AAAA")),
    ];
    for (case, late_s, change) in cases {
        let bench = Bench::default();
        let mut request = signed(ID, bench.clock.now().as_second() - late_s, BODY);
        change(&mut request);
        detail(&bench.receive(&request).await, StatusCode::UNAUTHORIZED, case);
        bench.assert_untouched(case);
    }
}

fn replace(request: &mut Request<Vec<u8>>, name: &'static str, value: &'static str) {
    request.headers_mut().insert(name, http::HeaderValue::from_static(value));
}

#[tokio::test]
async fn a_clock_that_is_five_minutes_off_is_put_up_with() {
    for late_s in [-300, 300] {
        let status = Bench::default().deliver(BODY, late_s).await.status();
        assert_eq!(status, StatusCode::OK, "{late_s} s late");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_though_it_is_signed() {
    let cases: [(&str, &[u8]); 9] = [
        ("empty", b""),
        ("text", b"hello"),
        ("half an object", br#"{"type":"#),
        ("two objects", b"{}{}"),
        ("not UTF-8", b"{\"type\":\"\xff\"}"),
        ("null", b"null"),
        ("a string", br#""subscription.active""#),
        ("a number", b"7"),
        ("a type that is no text", br#"{"type":7}"#),
    ];
    for (case, body) in cases {
        let bench = Bench::default();
        detail(&bench.deliver(body, 0).await, StatusCode::BAD_REQUEST, case);
        bench.assert_untouched(case);
    }
}

#[tokio::test]
async fn a_list_is_no_object() {
    for (case, body) in [("empty", "[]"), ("in the order of our fields", r#"["x.y", {}]"#)] {
        let bench = Bench::default();
        detail(&bench.deliver(body.as_bytes(), 0).await, StatusCode::BAD_REQUEST, case);
        bench.assert_untouched(case);
    }
}

#[tokio::test]
async fn what_the_sender_may_add_tomorrow_is_stored() {
    let cases = [
        ("an unknown type", r#"{"type":"dispute.reopened","data":{"payload_type":"Dispute"}}"#),
        ("an unknown field", r#"{"type":"payment.succeeded","shard":3,"data":{"colour":[1]}}"#),
        ("an unknown status", r#"{"type":"subscription.x","data":{"status":"dormant"}}"#),
        ("no data", r#"{"type":"ping"}"#),
        ("nothing that we know", "{}"),
    ];
    for (case, body) in cases {
        let bench = Bench::default();
        assert_eq!(bench.deliver(body.as_bytes(), 0).await.status(), StatusCode::OK, "{case}");
        assert_eq!(bench.deliveries.stored.borrow()[ID].body, body, "{case}");
        assert_eq!(bench.told(), [ID], "{case}");
    }
}

#[tokio::test]
async fn the_same_delivery_twice_is_stored_once_and_billing_is_told_twice() {
    let bench = Bench::default();
    let first = bench.clock.now();
    assert_eq!(bench.deliver(BODY, 0).await.status(), StatusCode::OK);
    bench.clock.advance(std::time::Duration::from_mins(10));
    // The sender renders a repeat anew, with the state of today.
    assert_eq!(
        bench.deliver(br#"{"type":"subscription.on_hold"}"#, 0).await.status(),
        StatusCode::OK
    );
    let stored = bench.deliveries.stored.borrow();
    assert_eq!(stored.len(), 1);
    assert_eq!((stored[ID].received_at, stored[ID].body.as_bytes()), (first, BODY));
    assert_eq!(bench.told(), [ID, ID]);
}

#[tokio::test]
async fn while_the_store_is_away_the_sender_is_asked_to_repeat() {
    let bench = Bench::default();
    bench.deliveries.outage.begin(1);
    detail(&bench.deliver(BODY, 0).await, StatusCode::SERVICE_UNAVAILABLE, "store away");
    bench.assert_untouched("store away");
    assert_eq!(bench.deliver(BODY, 0).await.status(), StatusCode::OK);
    assert_eq!((bench.deliveries.stored.borrow().len(), bench.told()), (1, vec![ID.to_owned()]));
}

#[tokio::test]
async fn a_repeat_heals_a_delivery_that_billing_was_never_told_of() {
    let bench = Bench::default();
    bench.billing.outage.begin(1);
    let response = bench.deliver(BODY, 0).await;
    detail(&response, StatusCode::SERVICE_UNAVAILABLE, "queue away");
    assert!(bench.deliveries.stored.borrow().contains_key(ID));
    assert!(bench.told().is_empty());
    assert_eq!(bench.deliver(BODY, 0).await.status(), StatusCode::OK);
    assert_eq!((bench.deliveries.stored.borrow().len(), bench.told()), (1, vec![ID.to_owned()]));
}

#[tokio::test]
async fn a_refusal_repeats_nothing_of_the_body() {
    let bench = Bench::default();
    let response = bench.deliver(b"<script>the-body</script>", 0).await;
    assert!(!response.body().contains("the-body"), "{}", response.body());
}

#[tokio::test]
async fn what_is_not_plain_json_is_refused_by_name() {
    let cases = [
        ("a form", "content-type", "application/x-www-form-urlencoded"),
        ("text", "content-type", "text/plain"),
        ("almost", "content-type", "application/jsonp"),
        ("compressed", "content-encoding", "gzip"),
        ("twice", "content-encoding", "br, gzip"),
    ];
    for (case, name, value) in cases {
        let bench = Bench::default();
        let mut request = signed(ID, bench.clock.now().as_second(), BODY);
        replace(&mut request, name, value);
        let response = bench.receive(&request).await;
        let detail = detail(&response, StatusCode::UNSUPPORTED_MEDIA_TYPE, case);
        assert!(detail.contains(&format!("`{name}`")), "{case}: {detail}");
        bench.assert_untouched(case);
    }
    let bench = Bench::default();
    let mut request = signed(ID, bench.clock.now().as_second(), BODY);
    replace(&mut request, "content-type", "application/json; charset=utf-8");
    assert_eq!(bench.receive(&request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn billing_is_told_whose_order_a_delivery_keeps() {
    let overlong = "s".repeat(129);
    let cases = [
        (r#"{"data":{"subscription_id":"sub_1"}}"#, Some("sub_1")),
        (r#"{"data":{"payment_id":"pay_1"}}"#, None),
        (r#"{"data":{"subscription_id":""}}"#, None),
        (r#"{"data":{"subscription_id":"a b"}}"#, None),
        (&format!(r#"{{"data":{{"subscription_id":"{overlong}"}}}}"#), None),
    ];
    for (body, subscription) in cases {
        let bench = Bench::default();
        assert_eq!(bench.deliver(body.as_bytes(), 0).await.status(), StatusCode::OK, "{body}");
        let subscription_id = subscription.map(str::to_owned);
        let told = Message::Delivery { delivery_id: ID.to_owned(), subscription_id };
        assert_eq!(bench.billing.sent(), [told], "{body}");
    }
}

//! The golden events, as API Gateway would send them.

use crate::bench::Bench;
use http::StatusCode;
use lambda_http::{RequestExt, request};

#[tokio::test]
async fn every_golden_event_finds_its_handler() {
    let bench = Bench::new();
    let cases = [
        ("health", include_str!("../../../../events/api/health.json"), StatusCode::OK),
        ("plans", include_str!("../../../../events/api/plans.json"), StatusCode::OK),
        ("sign-up", include_str!("../../../../events/api/sign-up.json"), StatusCode::ACCEPTED),
        ("sign-in", include_str!("../../../../events/api/sign-in.json"), StatusCode::UNAUTHORIZED),
        ("refresh", include_str!("../../../../events/api/refresh.json"), StatusCode::UNAUTHORIZED),
        (
            "create-project",
            include_str!("../../../../events/api/create-project.json"),
            StatusCode::UNAUTHORIZED,
        ),
        (
            "google-start",
            include_str!("../../../../events/api/google-start.json"),
            StatusCode::SEE_OTHER,
        ),
        (
            "google-callback",
            include_str!("../../../../events/api/google-callback.json"),
            StatusCode::SEE_OTHER,
        ),
        ("intent", include_str!("../../../../events/api/intent.json"), StatusCode::UNAUTHORIZED),
        (
            "create-key",
            include_str!("../../../../events/api/create-key.json"),
            StatusCode::UNAUTHORIZED,
        ),
        (
            "choose-model",
            include_str!("../../../../events/api/choose-model.json"),
            StatusCode::UNAUTHORIZED,
        ),
        (
            "connect-telegram",
            include_str!("../../../../events/api/connect-telegram.json"),
            StatusCode::UNAUTHORIZED,
        ),
        (
            "show-project",
            include_str!("../../../../events/api/show-project.json"),
            StatusCode::UNAUTHORIZED,
        ),
    ];
    for (case, event, status) in cases {
        let event = request::from_str(event).expect("API Gateway's format 2.0");
        assert!(event.raw_http_path().starts_with("/api/"), "{case}");
        assert_eq!(bench.send(event.map(axum::body::Body::new)).await.status, status, "{case}");
    }
}

/// API Gateway takes cookies out of the headers; they must be back where they are looked for.
#[tokio::test]
async fn a_cookie_arrives_through_api_gateway() {
    let bench = Bench::new();
    let event = include_str!("../../../../events/api/refresh.json");
    let event = request::from_str(event).expect("API Gateway's format 2.0");
    let mut asked = event.map(axum::body::Body::new);
    asked.headers_mut().remove("x-requested-with");
    // Without a cookie nobody would ask where the request is from.
    assert_eq!(bench.send(asked).await.status, StatusCode::FORBIDDEN);
}

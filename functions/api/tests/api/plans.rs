//! Prices: of today if possible, of yesterday if not.

use crate::bench::Bench;
use http::StatusCode;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn plans_show_what_they_cost_and_give() {
    let bench = Bench::new();
    let answer = bench.get("/api/plans", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected = json!([
        { "id": "standard", "name": "Standard", "price_minor": 4900, "currency": "USD",
          "memory_mib": 1536, "cpu_millis": 750 },
        { "id": "pro", "name": "Pro", "price_minor": 6500, "currency": "USD",
          "memory_mib": 3584, "cpu_millis": 2000 },
        { "id": "dedicated", "name": "Dedicated", "price_minor": 9900, "currency": "USD",
          "memory_mib": 3584, "cpu_millis": 2000 },
    ]);
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn prices_are_asked_for_once_an_hour() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.get("/api/plans", None).await;
    }
    assert_eq!(bench.api.payments.price_looks(), 3, "one look for each plan");
    bench.api.clock.advance(Duration::from_secs(3601));
    bench.get("/api/plans", None).await;
    assert_eq!(bench.api.payments.price_looks(), 6);
}

#[tokio::test]
async fn the_last_good_prices_outlive_an_outage() {
    let bench = Bench::new();
    let good = bench.get("/api/plans", None).await.body;
    bench.api.clock.advance(Duration::from_secs(3601));
    bench.api.payments.outage.begin(u32::MAX);
    for _ in 0..5 {
        assert_eq!(bench.get("/api/plans", None).await.body, good);
    }
    assert_eq!(bench.api.payments.price_looks(), 4, "the provider is left in peace for a minute");
}

#[tokio::test]
async fn without_any_price_nothing_is_on_sale() {
    let bench = Bench::new();
    bench.api.payments.outage.begin(1);
    assert_eq!(bench.get("/api/plans", None).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(bench.get("/api/plans", None).await.status, StatusCode::OK);
}

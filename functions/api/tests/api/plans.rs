//! Prices: the last good ones, whether the payment provider is there or not.

use crate::bench::Bench;
use domain::plan::PlanId;
use http::StatusCode;
use ports::{
    clock::Clock,
    prices::Listed,
    throttles::{Throttle, Throttles},
};
use serde_json::json;
use std::time::Duration;
use testkit::payments::usd;

#[tokio::test]
async fn plans_show_what_they_cost_and_give() {
    let bench = Bench::new();
    let answer = bench.get("/api/plans", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected = json!([
        { "id": "standard", "name": "Standard", "price_minor": 4900, "currency": "USD",
          "memory_mib": 1536, "cpu_millis": 750, "storage_mib": 10240,
          "sleeps_after_minutes": 15 },
        { "id": "pro", "name": "Pro", "price_minor": 6500, "currency": "USD",
          "memory_mib": 3584, "cpu_millis": 2000, "storage_mib": 30720,
          "sleeps_after_minutes": null },
        { "id": "dedicated", "name": "Dedicated", "price_minor": 9900, "currency": "USD",
          "memory_mib": 3584, "cpu_millis": 2000, "storage_mib": 61440,
          "sleeps_after_minutes": null },
    ]);
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn only_a_new_stage_asks_the_provider_and_only_once() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.get("/api/plans", None).await;
        bench.api.clock.advance(Duration::from_hours(1_000));
    }
    assert_eq!(bench.api.payments.price_looks(), 3, "one look for each plan");
}

#[tokio::test]
async fn what_is_kept_is_shown_however_old_and_whether_the_provider_is_there() {
    let bench = Bench::new();
    let as_of = bench.api.clock.now();
    for (plan, minor) in
        [(PlanId::Standard, 4_100), (PlanId::Pro, 4_200), (PlanId::Dedicated, 4_300)]
    {
        bench.api.prices.put(Listed { plan, price: usd(minor), as_of });
    }
    bench.api.payments.outage.begin(u32::MAX);
    bench.api.clock.advance(Duration::from_hours(1_000));
    let shown = bench.get("/api/plans", None).await.body;
    let prices = shown.as_array().unwrap().iter().map(|it| it["price_minor"].as_u64().unwrap());
    assert!(prices.eq([4_100, 4_200, 4_300]), "{shown}");
    assert_eq!(bench.api.payments.price_looks(), 0);
}

#[tokio::test]
async fn a_plan_whose_price_is_lost_is_asked_for_and_the_others_are_not() {
    let bench = Bench::new();
    bench.api.payments.outage.begin_after(1, 1);
    let away = bench.get("/api/plans", None).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(bench.api.prices.of(PlanId::Standard).is_some(), "what was heard is kept");
    assert_eq!(bench.get("/api/plans", None).await.status, StatusCode::OK);
    assert_eq!(bench.api.payments.price_looks(), 4);
}

#[tokio::test]
async fn the_first_prices_are_asked_for_by_one_at_a_time() {
    let bench = Bench::new();
    // As the first request leaves it while it talks to the provider.
    let turn = Throttle { key: "first_prices".to_owned(), window: Duration::from_secs(30) };
    bench.api.throttles.count_try(&turn, bench.api.clock.now()).await.unwrap();
    let second = bench.get("/api/plans", None).await;
    assert_eq!(second.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(bench.api.payments.price_looks(), 0);
    // It died. Its turn ends by itself.
    bench.api.clock.advance(Duration::from_secs(31));
    assert_eq!(bench.get("/api/plans", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nothing_is_given_away() {
    let bench = Bench::new();
    bench.api.payments.set_price(PlanId::Pro, usd(0));
    assert_eq!(bench.get("/api/plans", None).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(bench.api.prices.of(PlanId::Pro), None);
    bench.api.prices.outage.begin(1);
    assert_eq!(bench.get("/api/plans", None).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

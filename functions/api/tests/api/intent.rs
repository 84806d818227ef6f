//! Who looks as if they were about to buy.

use crate::bench::{Answer, Bench, Customer};
use contracts::warm::Poke;
use domain::plan::PlanId;
use http::{StatusCode, header};
use ports::{clock::Clock, intents::Intents};
use serde_json::{Value, json};
use std::time::Duration;

async fn intend(bench: &Bench, customer: &Customer, plan: &str) -> Answer {
    bench.post("/api/intents", Some(&customer.token), &json!({ "plan": plan })).await
}

async fn wanted(bench: &Bench) -> Vec<PlanId> {
    bench.api.intents.wanted(bench.api.clock.now()).await.expect("is up")
}

#[tokio::test]
async fn an_intent_is_known_for_five_minutes_and_pokes_the_pool() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let answer = intend(&bench, &customer, "pro").await;
    assert_eq!((answer.status, answer.body), (StatusCode::NO_CONTENT, Value::Null));
    assert_eq!(bench.api.pokes.sent(), [Poke {}]);
    bench.api.clock.advance(Duration::from_secs(299));
    assert_eq!(wanted(&bench).await, [PlanId::Pro]);
    bench.api.clock.advance(Duration::from_secs(1));
    assert_eq!(wanted(&bench).await, []);
}

#[tokio::test]
async fn the_last_word_of_a_user_counts_and_each_user_is_one() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let eve = bench.customer("eve@example.com").await;
    for plan in ["pro", "standard", "standard"] {
        intend(&bench, &ada, plan).await;
    }
    assert_eq!(wanted(&bench).await, [PlanId::Standard]);
    intend(&bench, &eve, "standard").await;
    assert_eq!(wanted(&bench).await, [PlanId::Standard; 2]);
}

#[tokio::test]
async fn more_than_ten_a_minute_are_refused_to_that_user_only() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let eve = bench.customer("eve@example.com").await;
    for _ in 0..10 {
        assert_eq!(intend(&bench, &ada, "standard").await.status, StatusCode::NO_CONTENT);
    }
    let refused = intend(&bench, &ada, "standard").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header(header::RETRY_AFTER), "60");
    assert_eq!(bench.api.pokes.sent().len(), 10, "nobody was poked for it");
    assert_eq!(intend(&bench, &eve, "standard").await.status, StatusCode::NO_CONTENT);
    bench.api.clock.advance(Duration::from_mins(1));
    assert_eq!(intend(&bench, &ada, "standard").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_poke_that_is_lost_is_sent_by_the_repeat() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    bench.api.pokes.outage.begin(1);
    let lost = intend(&bench, &customer, "standard").await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(intend(&bench, &customer, "standard").await.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.api.pokes.sent().len(), 1);
    assert_eq!(wanted(&bench).await, [PlanId::Standard]);
}

//! Caps and rates: what is refused, how, and that many calls at once do not get around it.

use crate::bench::{Bench, COST, good_answer, question};
use domain::usage::{Hold, MAX_IN_FLIGHT, Micros, Month, Whose};
use http::{Request, Response};
use jiff::SignedDuration;
use lambda_runtime::streaming::Body;
use ports::{clock::Clock, usage::Usage};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::model_upstream::FakeAnswer;

async fn refused(response: Response<Body>) -> (u16, u64, Value) {
    let wait =
        response.headers().get("retry-after").map_or("0", |it| it.to_str().expect("is text"));
    let wait = wait.parse().expect("is a number");
    let (status, body) = crate::bench::read(response).await;
    (status, wait, serde_json::from_str(&body).expect("is JSON"))
}

/// What [`question`] may cost of a model whose price nobody knows: a thousand tokens at 75 dollars, and less
/// for what it reads.
const HELD: u64 = 75_000;

#[tokio::test]
async fn at_the_cap_a_call_is_told_to_wait_and_never_to_pay() {
    let bench = Bench::new().await;
    bench.world.usage.set_cap(&bench.project.id, Some(Micros(HELD / 2))).await.unwrap();
    let (status, wait_s, body) = refused(bench.send("one", &bench.chat()).await).await;
    assert_eq!((status, wait_s), (429, 3_600));
    assert_eq!(body["error"]["type"], "rate_limit_error");
    assert_eq!(body["error"]["code"], "spend_cap_reached");
    assert!(body["error"]["message"].as_str().unwrap().contains("settings"), "{body}");
    assert!(bench.world.upstream.asked().is_empty());
    bench.world.usage.set_cap(&bench.project.id, None).await.unwrap();
    bench.will_answer(good_answer());
    assert_eq!(bench.ask("two", &bench.chat()).await.0, 200, "the cap was lifted");
}

#[tokio::test]
async fn what_a_plan_includes_is_not_exceeded_and_an_own_key_goes_on() {
    let bench = Bench::new().await;
    let month = Month::of(bench.world.clock.now());
    let included = bench.project.plan.plan().included;
    let mut account = bench.account();
    (account.spent, account.spent_ours) = (included, included);
    bench.world.usage.keep(&bench.project.id, month, &account).await.unwrap();
    let (status, _, body) = refused(bench.send("one", &bench.chat()).await).await;
    assert_eq!((status, &body["error"]["code"]), (429, &json!("included_usage_reached")));
    bench.will_answer(good_answer());
    let own = json!({ "model": "claude-sonnet-4-6", "max_tokens": 10 });
    let own = bench.request("/anthropic/v1/messages", &own);
    assert_eq!(bench.ask("two", &own).await.0, 200);
    // The next month begins anew.
    bench.world.clock.advance(Duration::from_hours(24 * 31));
    bench.will_answer(good_answer());
    assert_eq!(bench.ask("three", &bench.chat()).await.0, 200);
}

#[tokio::test]
async fn anthropics_clients_are_refused_in_anthropics_words() {
    let bench = Bench::new().await;
    bench.world.usage.set_cap(&bench.project.id, Some(Micros(0))).await.unwrap();
    let request = bench.request("/anthropic/v1/messages", &json!({ "model": "claude-sonnet-4-6" }));
    let (status, _, body) = refused(bench.send("one", &request).await).await;
    assert_eq!((status, &body["type"]), (429, &json!("error")));
    assert_eq!(body["error"]["type"], "rate_limit_error");
}

/// Ten calls begin before one of them has ended.
#[tokio::test]
async fn calls_at_once_do_not_overshoot_the_cap_by_more_than_they_may_each() {
    let bench = Bench::new().await;
    let cap = Micros(4 * HELD);
    bench.world.usage.set_cap(&bench.project.id, Some(cap)).await.unwrap();
    let (mut open, mut turned_away) = (vec![], 0);
    for call in 0..10 {
        bench.will_answer(good_answer());
        let response = bench.send(&call.to_string(), &bench.chat()).await;
        match response.status().as_u16() {
            200 => open.push(response),
            429 => turned_away += 1,
            other => panic!("{other}"),
        }
        assert!(bench.account().committed() <= cap);
    }
    assert_eq!((open.len(), turned_away), (3, 7), "each holds a little more than a quarter");
    for response in open {
        crate::bench::read(response).await;
    }
    assert_eq!(bench.account().spent, Micros(3 * COST));
    bench.will_answer(good_answer());
    assert_eq!(bench.ask("later", &bench.chat()).await.0, 200, "what was held came back");
}

#[tokio::test]
async fn of_calls_that_race_for_the_account_none_is_forgotten() {
    let bench = Bench::new().await;
    let calls: Vec<_> = (0..MAX_IN_FLIGHT)
        .map(|call| {
            bench.will_answer(good_answer());
            let (world, request) = (bench.world.clone(), bench.chat());
            tokio::spawn(async move {
                let response = model_meter::handle(&world, &call.to_string(), &request).await;
                crate::bench::read(response).await.0
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
    assert_eq!(bench.account().spent, Micros(MAX_IN_FLIGHT as u64 * COST));
    assert_eq!(bench.used().len(), MAX_IN_FLIGHT);
}

#[tokio::test]
async fn who_calls_too_often_is_told_for_how_long_to_wait() {
    let bench = Bench::new().await;
    let free = || FakeAnswer::new(400, "application/json").saying("{}");
    let limited = loop {
        bench.will_answer(free());
        let response = bench.send("call", &bench.chat()).await;
        if response.status() == 429 {
            break refused(response).await;
        }
        assert!(bench.world.upstream.asked().len() < 100, "nobody stops it");
    };
    assert_eq!((limited.1, &limited.2["error"]["code"]), (1, &json!("rate_limit_exceeded")));
    bench.world.clock.advance(Duration::from_secs(limited.1));
    assert_eq!(bench.ask("later", &bench.chat()).await.0, 400, "the provider is asked again");
}

#[tokio::test]
async fn a_hold_of_a_function_that_was_killed_expires() {
    let bench = Bench::new().await;
    let (now, month) = (bench.world.clock.now(), Month::of(bench.world.clock.now()));
    let expires_at = now + SignedDuration::from_mins(11);
    let dead = Hold { amount: Micros(10 * HELD), whose: Whose::Platform, expires_at };
    let mut account = bench.account();
    account.holds.insert("dead".to_owned(), dead);
    bench.world.usage.keep(&bench.project.id, month, &account).await.unwrap();
    bench.world.usage.set_cap(&bench.project.id, Some(Micros(10 * HELD))).await.unwrap();
    assert_eq!(bench.ask("one", &bench.chat()).await.0, 429);
    bench.world.clock.advance(Duration::from_mins(11));
    bench.will_answer(good_answer());
    assert_eq!(bench.ask("two", &bench.chat()).await.0, 200);
    assert_eq!(bench.account().spent, Micros(COST));
}

#[tokio::test]
async fn what_it_may_cost_is_held_by_how_long_the_answer_may_be() {
    let bench = Bench::new().await;
    bench.world.usage.set_cap(&bench.project.id, Some(Micros(HELD))).await.unwrap();
    let short = json!({ "model": "auto", "stream": true, "max_tokens": 10 });
    let request: Request<String> = bench.request("/platform/chat/completions", &short);
    bench.will_answer(good_answer());
    assert_eq!(bench.ask("one", &request).await.0, 200);
    let long = bench.request("/platform/chat/completions", &question());
    assert_eq!(bench.ask("two", &long).await.0, 429);
}

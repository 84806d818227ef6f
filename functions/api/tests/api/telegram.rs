//! The bot that speaks for a project.

use crate::bench::{Answer, Bench, Customer, request};
use http::StatusCode;
use serde_json::{Value, json};

const TOKEN: &str = "123456789:AAE_-abcdefghijklmnopqrstuvwxyz0123";
/// Of the same bot, after its owner has asked for another one.
const NEWER_TOKEN: &str = "123456789:BBE_-abcdefghijklmnopqrstuvwxyz4567";

async fn call(bench: &Bench, who: &Customer, method: &str, project: &str, token: &str) -> Answer {
    let path = format!("/api/projects/{project}/telegram");
    let body = if method == "PUT" { json!({ "token": token }).to_string() } else { String::new() };
    bench.send(request(method, &path, Some(&who.token), &body)).await
}

#[tokio::test]
async fn a_bot_comes_and_goes_and_its_token_is_never_shown() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let project = bench.running_project(&ada).await;
    let view = |last4: Value, bot: Value, version: u32| {
        json!({
            "last4": last4, "bot_id": bot, "version": version, "applied_version": 0,
            "applied_at": null, "failed": null,
        })
    };
    let none = call(&bench, &ada, "GET", &project, "").await;
    assert_eq!(none.body, view(Value::Null, Value::Null, 0));
    for round in ["once", "twice"] {
        let set = call(&bench, &ada, "PUT", &project, TOKEN).await;
        assert_eq!(set.status, StatusCode::ACCEPTED, "{round}");
        assert_eq!(set.body, view(json!("0123"), json!("123456789"), 1), "{round}");
    }
    let newer = call(&bench, &ada, "PUT", &project, NEWER_TOKEN).await;
    assert_eq!(newer.body, view(json!("4567"), json!("123456789"), 2));
    let configuration = bench.api.configurations.of(&project.parse().unwrap());
    let sealed = String::from_utf8(configuration.telegram.unwrap().sealed).unwrap();
    assert_eq!(sealed, format!("sealed|{}|telegram_token|{NEWER_TOKEN}", ada.tenant));
    for round in ["once", "twice"] {
        let gone = call(&bench, &ada, "DELETE", &project, "").await;
        assert_eq!(gone.status, StatusCode::ACCEPTED, "{round}");
        assert_eq!(gone.body, view(Value::Null, Value::Null, 3), "{round}");
    }
    let started: Vec<_> = bench.api.configures.started().into_iter().map(|(it, _)| it).collect();
    let expected: Vec<_> = (1..=3).map(|it| format!("configure-{project}-{it}")).collect();
    assert_eq!(started, expected);
}

#[tokio::test]
async fn a_bot_speaks_for_one_project_whoevers_it_is_and_is_free_when_it_left() {
    let bench = Bench::new();
    let (ada, eve) =
        (bench.customer("ada@example.com").await, bench.customer("eve@example.com").await);
    let (first, second) = (bench.project(&ada).await, bench.project(&eve).await);
    assert_eq!(call(&bench, &ada, "PUT", &first, TOKEN).await.status, StatusCode::ACCEPTED);
    for token in [TOKEN, NEWER_TOKEN] {
        let taken = call(&bench, &eve, "PUT", &second, token).await;
        assert_eq!(taken.status, StatusCode::CONFLICT);
        assert!(!taken.body.to_string().contains(&first), "and does not say whose");
    }
    call(&bench, &ada, "DELETE", &first, "").await;
    assert_eq!(call(&bench, &eve, "PUT", &second, TOKEN).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_is_no_token_is_refused_by_its_field() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let project = bench.project(&ada).await;
    for token in ["", "123456789", "123456789:short", "x:AAE_-abcdefghijklmnopqrstuvwxyz0123"] {
        let answer = call(&bench, &ada, "PUT", &project, token).await;
        assert_eq!((answer.status, answer.fields()), (StatusCode::BAD_REQUEST, vec!["token"]));
    }
}

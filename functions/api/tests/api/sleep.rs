//! An owner's word on sleep, and what can be done with a project that sleeps.

use crate::bench::{Bench, Customer};
use domain::project::{Event, Purpose, State};
use http::StatusCode;
use ports::projects::Projects;
use serde_json::{Value, json};

async fn sleeper() -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let project = bench.subscribed_project(&customer).await;
    let (id, projects) = (project.parse().expect("an id"), &bench.api.projects);
    projects.change(&id, 1, Event::HaltBegan, None).await.expect("runs");
    projects.record_halted(&id, 1, Purpose::Sleep, None).await.expect("halts");
    (bench, customer, project)
}

#[tokio::test]
async fn a_project_shows_that_it_sleeps_and_when_it_would() {
    let (bench, customer, project) = sleeper().await;
    let shown = bench.get(&format!("/api/projects/{project}"), Some(&customer.token)).await;
    assert_eq!(shown.text("state"), "asleep");
    assert_eq!(shown.body["sleeps_after_minutes"], json!(15));
    assert_eq!(shown.body["keep_awake"], json!(false));
}

#[tokio::test]
async fn its_owner_wakes_it_and_a_second_click_changes_nothing() {
    let (bench, customer, project) = sleeper().await;
    for click in 0..2 {
        let path = format!("/api/projects/{project}/start");
        let answer = bench.post(&path, Some(&customer.token), &Value::Null).await;
        let expected = (StatusCode::ACCEPTED, "pending".to_owned());
        assert_eq!((answer.status, answer.text("state")), expected, "click {click}");
        let started = bench.api.sagas.started();
        let names: Vec<_> = started.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [format!("provision-{project}-2")], "click {click}");
    }
}

#[tokio::test]
async fn what_sleeps_is_neither_stopped_nor_restarted_nor_talked_to() {
    let (bench, customer, project) = sleeper().await;
    for act in ["stop", "restart", "chat"] {
        let path = format!("/api/projects/{project}/{act}");
        let answer = bench.post(&path, Some(&customer.token), &Value::Null).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{act}");
    }
}

#[tokio::test]
async fn its_owner_keeps_it_awake_or_lets_it_sleep_as_often_as_they_like() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let project = bench.subscribed_project(&customer).await;
    let path = format!("/api/projects/{project}/keep-awake");
    for keep_awake in [true, true, false] {
        let body = json!({ "keep_awake": keep_awake });
        let answer = bench.call("PUT", &path, Some(&customer.token), &body).await;
        assert_eq!(
            (answer.status, &answer.body["keep_awake"]),
            (StatusCode::OK, &json!(keep_awake))
        );
        let kept = bench.api.projects.find(&project.parse().expect("an id")).await.expect("is up");
        let kept = kept.expect("it is there");
        assert_eq!((kept.keep_awake, kept.state), (keep_awake, State::Running));
    }
    for body in [json!({}), json!({ "keep_awake": "yes" }), json!({ "keep_awake": true, "x": 1 })] {
        let answer = bench.call("PUT", &path, Some(&customer.token), &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
}

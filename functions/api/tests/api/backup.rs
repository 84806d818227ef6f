//! Backups and the way back to them.

use crate::bench::{Answer, Bench, Customer};
use contracts::halt::Saga;
use domain::{
    backup::{BackupName, StoredBackup},
    project::{Event, Purpose, State},
};
use http::StatusCode;
use ports::{clock::Clock, projects::Projects};
use serde_json::{Value, json};
use std::time::Duration;

async fn start() -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let project = bench.subscribed_project(&customer).await;
    (bench, customer, project)
}

/// A backup of `project`, so many hours old.
fn keep(bench: &Bench, project: &str, number: u32, hours: u64) -> StoredBackup {
    let project = project.parse().expect("an id");
    let stored_at = bench.api.clock.now() - Duration::from_hours(hours);
    let name = BackupName { project, attempt: 1, number };
    let backup = StoredBackup { name, bytes: 4_096, stored_at };
    bench.api.backups.keep(backup.clone());
    backup
}

async fn restore(bench: &Bench, customer: &Customer, project: &str, backup: &str) -> Answer {
    let path = format!("/api/projects/{project}/restore");
    bench.post(&path, Some(&customer.token), &json!({ "backup_id": backup })).await
}

async fn stop(bench: &Bench, project: &str) {
    let (id, projects) = (project.parse().expect("an id"), &bench.api.projects);
    projects.change(&id, 1, Event::HaltBegan, None).await.expect("runs");
    projects.record_halted(&id, 1, Purpose::Stop, None).await.expect("halts");
}

#[tokio::test]
async fn backups_are_listed_newest_first_and_only_ones_own() {
    let (bench, customer, project) = start().await;
    let path = format!("/api/projects/{project}/backups");
    assert_eq!(bench.get(&path, Some(&customer.token)).await.body, json!([]));
    keep(&bench, &project, 10, 2);
    let newest = keep(&bench, &project, 12, 1);
    keep(&bench, &project, 11, 3);
    keep(&bench, "prj_another", 99, 0);
    let listed = bench.get(&path, Some(&customer.token)).await;
    assert_eq!(listed.status, StatusCode::OK);
    let ids: Vec<_> = listed.body.as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert_eq!(ids, ["1-12", "1-10", "1-11"]);
    let expected =
        json!({ "id": "1-12", "taken_at": newest.stored_at.to_string(), "bytes": 4_096 });
    assert_eq!(listed.body[0], expected);
    bench.api.backups.outage.begin(1);
    let away = bench.get(&path, Some(&customer.token)).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_runs_is_halted_to_go_back_and_a_second_click_changes_nothing() {
    let (bench, customer, project) = start().await;
    let kept = keep(&bench, &project, 10, 2);
    for _ in 0..2 {
        let answer = restore(&bench, &customer, &project, "1-10").await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    }
    let [(name, input)] = bench.api.halts.started().try_into().expect("one execution");
    assert_eq!(name, format!("halt-{project}-1-0"));
    let saga: Saga = serde_json::from_str(&input).unwrap();
    assert_eq!(saga.purpose, Purpose::Restore { choice: kept.choice() });
}

/// The time, or what is wrong with it.
async fn restore_as_of(bench: &Bench, customer: &Customer, project: &str, time: &str) -> Answer {
    let path = format!("/api/projects/{project}/restore");
    bench.post(&path, Some(&customer.token), &json!({ "time": time })).await
}

#[tokio::test]
async fn a_time_chooses_the_newest_backup_that_was_there_by_then() {
    let (bench, customer, project) = start().await;
    keep(&bench, &project, 10, 3);
    let chosen = keep(&bench, &project, 11, 2);
    keep(&bench, &project, 12, 1);
    let time = (chosen.stored_at + Duration::from_mins(59)).to_string();
    let answer = restore_as_of(&bench, &customer, &project, &time).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    let [(_, input)] = bench.api.halts.started().try_into().expect("one execution");
    let saga: Saga = serde_json::from_str(&input).unwrap();
    assert_eq!(saga.purpose, Purpose::Restore { choice: chosen.choice() });
}

#[tokio::test]
async fn a_time_without_a_backup_is_refused_with_the_oldest_one() {
    let (bench, customer, project) = start().await;
    let now = bench.api.clock.now().to_string();
    let none = restore_as_of(&bench, &customer, &project, &now).await;
    assert!(none.body["errors"][0]["message"].as_str().unwrap().contains("no backup"), "{none:?}");
    let oldest = keep(&bench, &project, 10, 3).stored_at;
    let early = (oldest - Duration::from_secs(1)).to_string();
    let refused = restore_as_of(&bench, &customer, &project, &early).await;
    assert_eq!((refused.status, refused.fields()), (StatusCode::BAD_REQUEST, vec!["time"]));
    let said = refused.body["errors"][0]["message"].as_str().unwrap();
    assert!(said.contains(&oldest.to_string()), "{said}");
    for odd in ["yesterday", "", "2026-11-21"] {
        let refused = restore_as_of(&bench, &customer, &project, odd).await;
        assert_eq!(refused.fields(), ["time"], "{odd}");
    }
    let path = format!("/api/projects/{project}/restore");
    for (body, field) in
        [(json!({}), "backup_id"), (json!({ "backup_id": "1-10", "time": now }), "time")]
    {
        let refused = bench.post(&path, Some(&customer.token), &body).await;
        assert_eq!((refused.status, refused.fields()), (StatusCode::BAD_REQUEST, vec![field]));
    }
    assert!(bench.api.halts.started().is_empty());
}

#[tokio::test]
async fn what_is_stopped_goes_back_with_its_next_start() {
    let (bench, customer, project) = start().await;
    keep(&bench, &project, 10, 2);
    stop(&bench, &project).await;
    for _ in 0..2 {
        let answer = restore(&bench, &customer, &project, "1-10").await;
        assert_eq!((answer.status, answer.text("state")), (StatusCode::ACCEPTED, "stopped".into()));
    }
    assert!(bench.api.halts.started().is_empty());
    let found = bench.api.projects.find(&project.parse().unwrap()).await.unwrap().unwrap();
    let chosen = found.backup.expect("is chosen");
    assert_eq!((chosen.attempt, chosen.number, chosen.replaces), (1, 10, Some(1)));
}

#[tokio::test]
async fn nobody_goes_back_to_what_is_not_theirs() {
    let (bench, customer, project) = start().await;
    keep(&bench, &project, 10, 2);
    keep(&bench, "prj_another", 99, 0);
    for state in [State::Running, State::Stopped] {
        if state == State::Stopped {
            stop(&bench, &project).await;
        }
        for backup in ["1-99", "1-1", "", "../prj_another/1-99", "prj_another/1-99"] {
            let answer = restore(&bench, &customer, &project, backup).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{state:?} {backup}");
            assert_eq!(answer.fields(), ["backup_id"], "{state:?} {backup}");
        }
    }
    assert!(bench.api.halts.started().is_empty());
    let bob = bench.customer("bob@example.com").await;
    let answer = restore(&bench, &bob, &project, "1-10").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let path = format!("/api/projects/{project}/backups");
    assert_eq!(bench.get(&path, Some(&bob.token)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_on_its_way_is_left_alone() {
    let (bench, customer, project) = start().await;
    keep(&bench, &project, 10, 2);
    let id = project.parse().unwrap();
    bench.api.projects.change(&id, 1, Event::HaltBegan, None).await.expect("runs");
    let answer = restore(&bench, &customer, &project, "1-10").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_ne!(answer.body["detail"], Value::Null);
    assert!(bench.api.halts.started().is_empty());
}

//! Bringing along what an OpenClaw knew elsewhere.

use crate::bench::{Answer, Bench, Customer};
use contracts::import::{Checked, LeftOut, Refused, Report, Saga, TakenOver};
use domain::{backup::Choice, project::Event};
use http::StatusCode;
use ports::{clock::Clock, projects::Projects};
use serde_json::{Value, json};

async fn start() -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let id = bench.subscribed_project(&customer).await;
    (bench, customer, id)
}

async fn create(bench: &Bench, customer: &Customer, id: &str, bytes: u64) -> Answer {
    let path = format!("/api/projects/{id}/imports");
    bench.post(&path, Some(&customer.token), &json!({ "bytes": bytes })).await
}

async fn take_in(bench: &Bench, customer: &Customer, id: &str, import: &str) -> Answer {
    let path = format!("/api/projects/{id}/imports/{import}");
    bench.call("POST", &path, Some(&customer.token), &Value::Null).await
}

async fn show(bench: &Bench, customer: &Customer, id: &str, import: &str) -> Answer {
    bench.get(&format!("/api/projects/{id}/imports/{import}"), Some(&customer.token)).await
}

#[tokio::test]
async fn an_archive_is_uploaded_by_a_link_and_taken_in_once() {
    let (bench, ada, id) = start().await;
    let ticket = create(&bench, &ada, &id, 4_096).await;
    assert_eq!(ticket.status, StatusCode::CREATED, "{ticket:?}");
    let import = ticket.text("id");
    assert_eq!(ticket.text("upload_url"), format!("https://imports.test/{id}/{import}?put=4096"));
    assert!(bench.api.intakes.started().is_empty(), "nothing happens by itself");
    assert_eq!(show(&bench, &ada, &id, &import).await.status, StatusCode::NOT_FOUND);

    for _ in 0..2 {
        let answer = take_in(&bench, &ada, &id, &import).await;
        assert_eq!((answer.status, answer.text("state")), (StatusCode::ACCEPTED, "running".into()));
    }
    let [(name, input)] = bench.api.intakes.started().try_into().expect("one execution");
    let saga: Saga = serde_json::from_str(&input).expect("as agreed");
    assert_eq!(name, Saga::execution_name(&saga.project_id, &saga.id));
    assert_eq!((saga.project_id.as_str(), saga.attempt, saga.id.as_str()), (&*id, 1, &*import));
    assert_eq!(show(&bench, &ada, &id, &import).await.text("state"), "running");
}

#[tokio::test]
async fn it_is_said_what_was_taken_and_what_left_out_or_which_entry_was_wrong() {
    let (bench, ada, id) = start().await;
    let import = create(&bench, &ada, &id, 1).await.text("id");
    take_in(&bench, &ada, &id, &import).await;
    let [(name, input)] = bench.api.intakes.started().try_into().expect("one execution");
    let saga: Saga = serde_json::from_str(&input).expect("as agreed");
    let now = bench.api.clock.now();
    let ended = |checked, taken_over| {
        let saga = Saga { checked: Some(checked), taken_over: Some(taken_over), ..saga.clone() };
        bench.api.intakes.finish(&name, now, serde_json::to_string(&saga).expect("is JSON"));
    };

    let left_out = vec![LeftOut { name: "openclaw.json".to_owned(), entries: 1 }];
    let report = Report { files: 2, bytes: 12, left_out, ..Report::default() };
    let choice = Choice { attempt: 1, number: saga.number, bytes: 9, taken_at: now };
    let accepted = Checked::Accepted { choice, sha256: String::new(), report };
    for (taken_over, state) in [
        (TakenOver::AtOnce, "taken"),
        (TakenOver::WithTheNextStart, "taken_with_next_start"),
        (TakenOver::NotNow, "kept"),
    ] {
        ended(accepted.clone(), taken_over);
        let shown = show(&bench, &ada, &id, &import).await;
        assert_eq!((shown.text("state"), &shown.body["files"]), (state.to_owned(), &json!(2)));
        assert_eq!(shown.body["left_out"], json!([{ "name": "openclaw.json", "entries": 1 }]));
    }

    let refused = Refused { entry: Some("../x".to_owned()), reason: "has `..`".to_owned() };
    ended(Checked::Refused(refused), TakenOver::Nothing);
    let shown = show(&bench, &ada, &id, &import).await;
    let said = ["state", "entry", "reason"].map(|it| shown.text(it));
    assert_eq!(said, ["refused", "../x", "has `..`"]);
}

#[tokio::test]
async fn what_is_too_large_or_for_nothing_is_refused_before_it_is_uploaded() {
    let (bench, ada, id) = start().await;
    for bytes in [0, 134_217_729] {
        let refused = create(&bench, &ada, &id, bytes).await;
        assert_eq!((refused.status, refused.fields()), (StatusCode::BAD_REQUEST, vec!["bytes"]));
    }
    let unpaid = bench.project(&ada).await;
    let refused = create(&bench, &ada, &unpaid, 1).await;
    assert_eq!(refused.body["type"], "urn:1mins:problem:payment-needed");
    let project = id.parse().expect("an id");
    bench.api.projects.change(&project, 1, Event::HaltBegan, None).await.expect("it runs");
    assert_eq!(create(&bench, &ada, &id, 1).await.status, StatusCode::CONFLICT);
    assert_eq!(take_in(&bench, &ada, &id, "imp_a").await.status, StatusCode::CONFLICT);
    assert!(bench.api.intakes.started().is_empty());
}

//! The golden inputs under `events/`: one at least for each function, each one that it understands.

use contracts::{billing::Message, mail::Letter, routes::WakeUp};
use serde_json::Value;
use std::{fs, path::PathBuf};

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut names: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|it| it.path().is_dir())
        .map(|it| it.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn every_function_has_a_golden_input() {
    assert_eq!(names("events"), names("functions"));
}

#[test]
fn every_golden_input_is_understood() {
    for function in names("events") {
        let folder = root().join("events").join(&function);
        for entry in fs::read_dir(folder).expect("the folder is there").filter_map(Result::ok) {
            let text = fs::read_to_string(entry.path()).expect("the file can be read");
            let event: Value = serde_json::from_str(&text).expect("the file is JSON");
            understand(&function, &event, &entry.path().display().to_string());
        }
    }
}

/// Panics if `function` could not read `event`.
fn understand(function: &str, event: &Value, case: &str) {
    // These tell for themselves who calls.
    if function == "instance-watch" {
        let read = serde_json::from_value::<instance_watch::Trigger>(event.clone());
        assert!(read.is_ok(), "{case}");
    } else if function == "sleep-watch" {
        assert!(serde_json::from_value::<sleep_watch::Trigger>(event.clone()).is_ok(), "{case}");
    } else if function == "worker-watch" {
        assert!(serde_json::from_value::<worker_watch::Trigger>(event.clone()).is_ok(), "{case}");
    } else if function == "warm-pool" {
        assert!(serde_json::from_value::<warm_pool::Input>(event.clone()).is_ok(), "{case}");
    } else if let Some(records) = event["Records"].as_array() {
        for record in records {
            let body = record["body"].as_str().expect("a record has a body");
            let read = match function {
                "billing" => serde_json::from_str::<Message>(body).is_ok(),
                "notify" => serde_json::from_str::<Letter>(body).is_ok(),
                "route-publisher" => serde_json::from_str::<WakeUp>(body).is_ok(),
                other => panic!("{case}: `{other}` reads no queue"),
            };
            assert!(read, "{case}");
        }
    } else if event["requestContext"].is_object() {
        assert_eq!(event["version"], "2.0", "{case}");
        assert!(matches!(function, "api" | "model-meter" | "webhook-intake"), "{case}");
    } else {
        let event = event.clone();
        let read = match function {
            "placement" => serde_json::from_value::<placement::Call>(event).is_ok(),
            "project-state" => serde_json::from_value::<project_state::Call>(event).is_ok(),
            "provision" => serde_json::from_value::<provision::Call>(event).is_ok(),
            "docker-run" => serde_json::from_value::<docker_run::Call>(event).is_ok(),
            "health-check" => serde_json::from_value::<health_check::Call>(event).is_ok(),
            "route" => serde_json::from_value::<route::Call>(event).is_ok(),
            "notify" => serde_json::from_value::<notify::Call>(event).is_ok(),
            "erase" => serde_json::from_value::<erase::Call>(event).is_ok(),
            "import" => serde_json::from_value::<import::Call>(event).is_ok(),
            "drain" => serde_json::from_value::<drain::Call>(event).is_ok(),
            "billing-watch" => serde_json::from_value::<billing_watch::Input>(event).is_ok(),
            // They take no input.
            "backup" | "reaper" => event.is_object(),
            "operator" => {
                operator::Command::read(&event).is_ok()
                    || serde_json::from_value::<operator::Step>(event).is_ok()
            }
            other => panic!("{case}: `{other}` is no step"),
        };
        assert!(read, "{case}");
    }
}

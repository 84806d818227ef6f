//! The bench's Lambda service, against a function of a few lines of shell.

use e2e::bench::cold_start::start_once;
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

fn function(name: &str, script: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("bench-{name}-{}", std::process::id()));
    fs::write(
        &path,
        format!("#!/bin/sh\nA=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime\n{script}"),
    )
    .expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

#[tokio::test]
async fn the_first_request_for_work_ends_the_cold_start() {
    let script = "sleep 0.3; curl -s $A/invocation/next >/dev/null\n\
                  sleep 0.2; curl -s -d null $A/invocation/1/response; sleep 9";
    let path = function("good", script);
    let round = start_once(&path).await.expect("measured");
    fs::remove_file(path).expect("removed");
    assert!(round.init >= Duration::from_millis(300), "{round:?}");
    assert!(round.answer.expect("answered") >= Duration::from_millis(200), "{round:?}");
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why() {
    let path = function("bad", "curl -s -d 'SOME_TABLE is not set' $A/init/error; exit 1");
    let error = start_once(&path).await.expect_err("it never asks for work");
    fs::remove_file(path).expect("removed");
    assert!(error.to_string().contains("SOME_TABLE is not set"), "{error}");
}

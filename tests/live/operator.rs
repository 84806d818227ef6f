//! Somebody who runs the platform, and what they type.

use e2e::{environment::Environment, executions::aws};
use std::process::{Command, Output};

/// How `scripts/ops` ends, well or not.
pub(crate) fn try_ops(arguments: &[&str]) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/ops");
    Command::new(script).args(arguments).output().expect("the script can be run")
}

/// What `scripts/ops` prints.
pub(crate) fn ops(arguments: &[&str]) -> String {
    let run = try_ops(arguments);
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    said
}

/// Has a function that a schedule calls do its work now.
pub(crate) async fn invoke(environment: &Environment, function: &str) {
    let name = format!("1mins-local-{function}");
    let arguments = ["lambda", "invoke", "--function-name", &name, "--cli-read-timeout", "300"];
    let answer = [&arguments[..], &["/dev/null"]].concat();
    let answer = aws(environment, &answer).await.expect("the function answers");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(!answer.contains("FunctionError"), "{answer}");
}

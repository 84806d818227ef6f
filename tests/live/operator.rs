//! Somebody who runs the platform, and what they type.

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

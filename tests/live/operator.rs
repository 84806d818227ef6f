//! Somebody who runs the platform, and what they type.

use std::process::Command;

/// What `scripts/ops` prints.
pub(crate) fn ops(arguments: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/ops");
    let run = Command::new(script).args(arguments).output().expect("the script can be run");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    said
}

//! What wakes a person: lines of logs on which the stacks have an alarm.

use std::{fs, path::Path, sync::LazyLock};
use testkit::logs::Logs;

/// Which function wakes somebody by which words, as `infra-cdk/lib` says.
static CALLS: LazyLock<Vec<(String, String)>> = LazyLock::new(read_calls);

#[derive(Debug)]
pub(super) struct Alarms {
    logs: Logs,
    rung: Vec<String>,
}

impl Alarms {
    /// Listens to this thread.
    pub(super) fn listen() -> Self {
        Self { logs: Logs::catch_errors(), rung: Vec::new() }
    }

    /// What `function` has logged since the last time, and whether that rings.
    pub(super) fn hear(&mut self, function: &str) -> Vec<String> {
        let lines = self.logs.take();
        let rings = |line: &&String| {
            CALLS.iter().any(|(caller, says)| caller == function && line.contains(says))
        };
        self.rung.extend(lines.iter().filter(rings).cloned());
        lines
    }

    /// Whether somebody was woken by a line that holds all of `words`.
    pub(super) fn rang(&self, words: &[&str]) -> bool {
        self.rung.iter().any(|line| words.iter().all(|it| line.contains(it)))
    }
}

/// From the table of functions, whose rows begin at two spaces.
fn read_calls() -> Vec<(String, String)> {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra-cdk/lib/fleet-functions.ts");
    let table = fs::read_to_string(Path::new(table)).expect("the table of functions is there");
    let mut function = String::new();
    let mut calls = Vec::new();
    for line in table.lines() {
        let row = line.strip_prefix("  ").and_then(|it| it.strip_suffix(": {"));
        if let Some(row) = row.filter(|it| !it.starts_with(' ')) {
            row.trim_matches('\'').clone_into(&mut function);
        }
        if let Some(says) = line.trim().strip_prefix("says: '") {
            calls.push((function.clone(), says.trim_end_matches("',").to_owned()));
        }
    }
    calls
}

#[test]
fn the_alarms_of_the_stacks_are_the_ones_that_are_listened_to() {
    let known = |function: &str, says: &str| {
        CALLS.iter().any(|it| (it.0.as_str(), it.1.as_str()) == (function, says))
    };
    assert!(known("worker-watch", "worker lost"), "{CALLS:?}");
    assert!(known("reaper", "reaper stopped itself"), "{CALLS:?}");
}

//! Everything that the stand-in remembers.

use super::{Settings, options::OptionsError};
use crate::clock;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr, path::Path};

/// An action that nobody asks for is over by itself after that.
const SETTLES_AFTER_S: i64 = 2;
const FIRST_SERVER: u64 = 4_700_001;
const FIRST_ACTION: u64 = 9_100_001;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Books {
    pub(super) servers: BTreeMap<u64, Server>,
    pub(super) actions: BTreeMap<u64, Action>,
    servers_ever: u64,
    actions_ever: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Server {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) location: String,
    pub(super) image: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) firewalls: Vec<u64>,
    pub(super) created: Timestamp,
    pub(super) address: Option<Ipv4Addr>,
    pub(super) is_on: bool,
    pub(super) is_protected: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Action {
    pub(super) id: u64,
    pub(super) server: u64,
    pub(super) command: String,
    pub(super) started: Timestamp,
    /// `None`: still at work. Otherwise whether it went well, or the code with which it did not.
    pub(super) outcome: Option<Result<(), String>>,
    /// How often it still has to be asked for until it tells.
    pub(super) looks_left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Running,
    Success,
    Error,
}

impl Action {
    /// What it tells of itself at `now`.
    pub(super) fn progress(&self, now: Timestamp) -> Progress {
        let is_held_back =
            self.looks_left > 0 && now.as_second() - self.started.as_second() < SETTLES_AFTER_S;
        match &self.outcome {
            None => Progress::Running,
            Some(_) if is_held_back => Progress::Running,
            Some(Ok(())) => Progress::Success,
            Some(Err(_)) => Progress::Error,
        }
    }
}

impl Books {
    pub(super) fn open(settings: &Settings) -> Result<Self, OptionsError> {
        let Some(path) = settings.state_file.as_ref().filter(|it| it.exists()) else {
            return Ok(Self::default());
        };
        let text = std::fs::read(path)
            .map_err(|source| OptionsError::File { path: path.clone(), source })?;
        serde_json::from_slice(&text)
            .map_err(|source| OptionsError::State { path: path.clone(), source })
    }

    /// Replaces the file in one step: a crash leaves the old books or the new ones.
    pub(super) fn save(&self, path: &Path) -> std::io::Result<()> {
        let draft = path.with_extension("draft");
        std::fs::write(&draft, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(draft, path)
    }

    pub(super) fn new_server_id(&mut self) -> u64 {
        self.servers_ever += 1;
        FIRST_SERVER + self.servers_ever
    }

    pub(super) fn begin(&mut self, server: u64, command: &str, looks: u32) -> u64 {
        self.actions_ever += 1;
        let id = FIRST_ACTION + self.actions_ever;
        let (command, started) = (command.to_owned(), clock::now());
        let action = Action { id, server, command, started, outcome: None, looks_left: looks };
        self.actions.insert(id, action);
        id
    }

    pub(super) fn finish(&mut self, action: u64, outcome: Result<(), String>) {
        if let Some(action) = self.actions.get_mut(&action) {
            action.outcome = Some(outcome);
        }
    }

    /// What is being done to `server`, if anything is.
    pub(super) fn under_way(&self, server: u64) -> Option<&Action> {
        let now = clock::now();
        let mut actions = self.actions.values().rev().filter(|it| it.server == server);
        actions.find(|it| it.progress(now) == Progress::Running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_over_once_it_is_done_and_was_asked_for_often_enough_or_long_ago() {
        let started = clock::now();
        let action = |outcome, looks_left| Action {
            id: 1,
            server: 1,
            command: "poweron".into(),
            started,
            outcome,
            looks_left,
        };
        let soon = started;
        let later = started + jiff::SignedDuration::from_secs(SETTLES_AFTER_S);
        let failed = Some(Err("action_failed".to_owned()));
        let cases = [
            ("at work", action(None, 0), later, Progress::Running),
            ("done, but slow", action(Some(Ok(())), 1), soon, Progress::Running),
            ("done", action(Some(Ok(())), 0), soon, Progress::Success),
            ("done long ago", action(Some(Ok(())), 9), later, Progress::Success),
            ("failed", action(failed, 0), soon, Progress::Error),
        ];
        for (case, action, now, expected) in cases {
            assert_eq!(action.progress(now), expected, "{case}");
        }
    }
}

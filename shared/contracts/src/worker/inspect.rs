//! Commands that look into an instance and leave it as it is, or run what an operator wants.

use super::argv;
use crate::exec::{Ended, Outcome};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::id::ProjectId;
use jiff::Timestamp;
use serde::Deserialize;

/// Puts the last lines that an instance has printed, without its secrets, where `upload_url` leads.
/// Also those of one that has stopped. A repeat does all of it again.
#[derive(Clone, Debug)]
pub struct ReadLogs<'a> {
    pub project: &'a ProjectId,
    pub generation: u32,
    pub tail: u32,
    pub since: Option<Timestamp>,
    pub upload_url: &'a str,
}

impl ReadLogs<'_> {
    pub fn argv(&self) -> Vec<String> {
        let mut flags = vec![
            ("project", self.project.to_string()),
            ("generation", self.generation.to_string()),
            ("tail", self.tail.to_string()),
            ("upload-url", self.upload_url.to_owned()),
        ];
        flags.extend(self.since.map(|it| ("since", it.to_string())));
        argv("logs", &flags)
    }
}

/// What `logs` uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct LogsAnswer {
    pub bytes: u64,
    pub truncated: bool,
}

/// `None` if it says nothing of the kind.
pub fn read_logs(answer: &str) -> Option<LogsAnswer> {
    serde_json::from_str(answer).ok()
}

/// Runs a command in an instance, once a number, and ends it after `wait_s`.
#[derive(Clone, Debug)]
pub struct Exec<'a> {
    pub project: &'a ProjectId,
    pub generation: u32,
    /// Only grows. Who repeats one is told how it ended.
    pub number: u64,
    pub words: &'a [String],
    pub wait_s: u32,
}

impl Exec<'_> {
    pub fn argv(&self) -> Vec<String> {
        // As one word of plain letters: on its way nobody can take a part of it for something else.
        let words = STANDARD.encode(serde_json::json!(self.words).to_string());
        argv(
            "exec",
            &[
                ("project", self.project.to_string()),
                ("generation", self.generation.to_string()),
                ("number", self.number.to_string()),
                ("argv", words),
                ("wait", self.wait_s.to_string()),
            ],
        )
    }
}

/// What `exec` prints: how the command ended, or that nobody knows. `None` if it says neither.
pub fn read_exec(answer: &str) -> Option<Outcome> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Answer {
        Ended { exit_code: i32, timed_out: bool, stdout: String, stderr: String, truncated: bool },
        Interrupted { interrupted: bool },
    }
    match serde_json::from_str(answer).ok()? {
        Answer::Ended { exit_code, timed_out, stdout, stderr, truncated } => {
            let (stdout, stderr) = (text(&stdout)?, text(&stderr)?);
            Some(Outcome::Ended(Ended { exit_code, timed_out, stdout, stderr, truncated }))
        }
        Answer::Interrupted { interrupted } => interrupted.then_some(Outcome::Interrupted),
    }
}

fn text(base64: &str) -> Option<String> {
    let bytes = STANDARD.decode(base64).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> ProjectId {
        ProjectId::new("a").unwrap()
    }

    #[test]
    fn a_command_travels_as_one_plain_word_whatever_is_in_it() {
        let words = ["sh".to_owned(), "-c".to_owned(), "echo '$HOME' \"\n; reboot".to_owned()];
        let command =
            Exec { project: &project(), generation: 2, number: 7, words: &words, wait_s: 30 };
        let line = command.argv();
        let at = line.iter().position(|it| it == "--argv").unwrap() + 1;
        assert!(line[at].bytes().all(|it| it.is_ascii_alphanumeric() || b"+/=".contains(&it)));
        let read: Vec<String> =
            serde_json::from_slice(&STANDARD.decode(&line[at]).unwrap()).unwrap();
        assert_eq!(read, words);
    }

    #[test]
    fn what_a_command_printed_is_read_even_if_it_is_no_text() {
        let answer = r#"{"executed":true,"exit_code":124,"timed_out":true,"stdout":"b2sK","stderr":"/w==","truncated":false}"#;
        let ended = Ended {
            exit_code: 124,
            timed_out: true,
            stdout: "ok\n".to_owned(),
            stderr: "\u{fffd}".to_owned(),
            truncated: false,
        };
        let cases = [
            (answer, Some(Outcome::Ended(ended))),
            (r#"{"executed":true,"interrupted":true}"#, Some(Outcome::Interrupted)),
            (r#"{"executed":true,"interrupted":false}"#, None),
            (r#"{"executed":true}"#, None),
            ("", None),
        ];
        for (answer, expected) in cases {
            assert_eq!(read_exec(answer), expected, "{answer}");
        }
    }

    #[test]
    fn logs_are_asked_for_by_lines_and_by_time_and_answered_by_their_size() {
        let since = Some("2026-11-21T20:00:00.5Z".parse().unwrap());
        let asked =
            ReadLogs { project: &project(), generation: 2, tail: 9, since, upload_url: "u" };
        assert_eq!(
            asked.argv()[1..].join(" "),
            "logs --project prj_a --generation 2 --tail 9 --upload-url u --since 2026-11-21T20:00:00.5Z"
        );
        let answer = read_logs(r#"{"read":true,"bytes":7,"truncated":true}"#);
        assert_eq!(answer, Some(LogsAnswer { bytes: 7, truncated: true }));
        assert_eq!(read_logs(""), None);
    }
}

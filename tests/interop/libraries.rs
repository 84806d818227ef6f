//! Dodo's libraries, each a process of its own that is asked over standard input.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
};

/// In the language of each.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Library {
    Node,
    Python,
}

pub(crate) const ALL: [Library; 2] = [Library::Node, Library::Python];

/// A delivery as it came, and the secret to hold against it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Delivered {
    headers: BTreeMap<&'static str, String>,
    body: String,
    secret: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ToSign {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) body: String,
    secret: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Type(String),
    Refused(String),
}

impl Delivered {
    pub(crate) fn new(id: &str, at: i64, signature: &str, body: &str) -> Self {
        let headers = BTreeMap::from([
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", signature.to_owned()),
        ]);
        Self { headers, body: body.to_owned(), secret: String::new() }
    }

    pub(crate) fn signed_with(self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self }
    }

    pub(crate) fn with_body(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }
}

impl ToSign {
    pub(crate) fn new(id: &str, at: i64, body: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), at, body: body.to_owned(), secret: secret.to_owned() }
    }
}

impl Verdict {
    /// The type of the event, if it was taken.
    pub(crate) fn taken(&self) -> Option<&str> {
        match self {
            Self::Type(event) => Some(event),
            Self::Refused(_) => None,
        }
    }

    /// Refused for its signature or its time, not for what it says.
    pub(crate) fn is_a_bad_signature(&self) -> bool {
        let Self::Refused(why) = self else { return false };
        ["No matching signature found", "Message timestamp too"].iter().any(|it| why.contains(it))
    }
}

impl Library {
    pub(crate) fn verify(self, deliveries: &[Delivered]) -> Vec<Verdict> {
        self.ask(&json!({ "verify": deliveries }))
    }

    pub(crate) fn sign(self, wanted: &[ToSign]) -> Vec<String> {
        self.ask(&json!({ "sign": wanted }))
    }

    fn ask<T: for<'de> Deserialize<'de>>(self, question: &Value) -> Vec<T> {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/interop");
        let mut command = match self {
            Self::Node => Command::new("node"),
            Self::Python => Command::new("python3"),
        };
        let program = match self {
            Self::Node => "sdk.mjs",
            Self::Python => "sdk.py",
        };
        let mut process = command
            .arg(program)
            .current_dir(here)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node and python are installed");
        let mut input = process.stdin.take().expect("it is piped");
        input.write_all(question.to_string().as_bytes()).expect("it listens");
        drop(input);
        let output = process.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{self:?} failed");
        serde_json::from_slice(&output.stdout).expect("it answers in JSON")
    }
}

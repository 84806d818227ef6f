//! One bot: what waits for it, what it has said, and who polls it.

use crate::clock;
use serde::Serialize;
use serde_json::{Value, json};

/// Who writes to every bot.
const WRITER: i64 = 4_711;

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Bot {
    pub(super) username: String,
    /// Empty: it is polled.
    pub(super) webhook: String,
    /// Not confirmed yet, oldest first.
    pub(super) updates: Vec<Value>,
    /// What it has sent.
    pub(super) sent: Vec<Value>,
    /// Of the last poll: an earlier one that still waits is turned away.
    pub(super) poll: u64,
    last_update: i64,
}

impl Bot {
    pub(super) fn named(username: &str) -> Self {
        Self { username: username.to_owned(), ..Self::default() }
    }

    pub(super) fn take_message(&mut self, text: &str) {
        self.last_update += 1;
        let writer = json!({ "id": WRITER, "is_bot": false, "first_name": "Ada" });
        self.updates.push(json!({
            "update_id": self.last_update,
            "message": {
                "message_id": self.last_update,
                "date": clock::now().as_second(),
                "chat": { "id": WRITER, "type": "private", "first_name": "Ada" },
                "from": writer,
                "text": text,
            },
        }));
    }

    /// Everything before `offset` was seen. A negative one leaves that many of the newest.
    pub(super) fn confirm(&mut self, offset: i64) {
        if offset < 0 {
            let kept = usize::try_from(-offset).unwrap_or_default();
            let gone = self.updates.len().saturating_sub(kept);
            self.updates.drain(..gone);
        } else {
            self.updates.retain(|it| it["update_id"].as_i64() >= Some(offset));
        }
    }

    pub(super) fn say(&mut self, chat: &Value, text: &Value) -> Value {
        let message_id = self.sent.len() + 1;
        let date = clock::now().as_second();
        let message =
            json!({ "message_id": message_id, "date": date, "chat": { "id": chat }, "text": text });
        self.sent.push(message.clone());
        message
    }
}

//! One letter, from the engine's words into ours.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// As the engine keeps it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EngineLetter {
    message_id: String,
    source: String,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    body_text: Option<String>,
    #[serde(default)]
    body_html: Option<String>,
    timestamp: f64,
}

/// As the pages and `/api/messages` show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    pub id: String,
    pub from: String,
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    pub sent_at: Timestamp,
}

impl From<EngineLetter> for Letter {
    fn from(it: EngineLetter) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit an i64")]
        let sent_ms = (it.timestamp * 1000.0) as i64;
        Self {
            id: it.message_id,
            from: it.source,
            to: it.to,
            subject: it.subject.unwrap_or_default(),
            text: it.body_text.unwrap_or_default(),
            html: it.body_html.filter(|html| !html.is_empty()),
            sent_at: Timestamp::from_millisecond(sent_ms).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

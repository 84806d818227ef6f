//! Reads what the engine keeps instead of sending.

use super::letters::{EngineLetter, Letter};
use reqwest::Client;
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};

const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub struct Outbox {
    http: Client,
    engine_url: String,
}

#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    #[error("the engine does not answer at `{url}`; is the system up?")]
    Unreachable { url: String, source: reqwest::Error },
    #[error("the engine's outbox at `{url}` could not be understood")]
    Unintelligible { url: String, source: reqwest::Error },
}

/// Letters by account.
#[derive(Deserialize)]
struct Kept {
    messages: BTreeMap<String, Vec<EngineLetter>>,
}

impl Outbox {
    pub fn of(engine_url: &str) -> Result<Self, reqwest::Error> {
        let http = Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self { http, engine_url: engine_url.trim_end_matches('/').to_owned() })
    }

    /// Newest first; all of them, or those to one address.
    pub async fn letters(&self, to: Option<&str>) -> Result<Vec<Letter>, OutboxError> {
        let url = format!("{}/_ministack/ses/messages", self.engine_url);
        let answer = self
            .http
            .get(&url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|source| OutboxError::Unreachable { url: url.clone(), source })?;
        let kept: Kept =
            answer.json().await.map_err(|source| OutboxError::Unintelligible { url, source })?;
        let mut letters: Vec<Letter> =
            kept.messages.into_values().flatten().map(Letter::from).collect();
        letters
            .retain(|it| to.is_none_or(|to| it.to.iter().any(|one| one.eq_ignore_ascii_case(to))));
        letters.sort_by_key(|it| std::cmp::Reverse(it.sent_at));
        Ok(letters)
    }
}
